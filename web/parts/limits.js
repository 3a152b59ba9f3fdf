// The limits of outside calls in a form: of the office, of an extension, where nobody may call, and when.
import { OWN, WHOLE } from "../guard.js";
import { html } from "../lib/preact.js";
import { Field, Sect, Switch } from "./form.js";
import { Places } from "./places.js";
import { RIGHTS } from "./rights.js";
import { Bar } from "./usage.js";

/** Longer figures nobody needs. Digits. */
const LONGEST = 7;

/**
 * A limit: a whole number, or none.
 * @param {{ value: number | null, none: number | undefined, onValue: (value: number | undefined) => void } & Record<string, any>} props
 *   `none`: what an empty field means
 */
function Limit({ value, none, onValue, ...rest }) {
  const typed = (/** @type {string} */ text) => {
    const digits = text.replaceAll(/\D/g, "").slice(0, LONGEST);
    onValue(digits === "" ? none : Number(digits));
  };
  const shown = value === null || value === none ? "" : String(value);
  return html`<${Field} ...${rest} optional digits value=${shown} onValue=${typed} />`;
}

const WORDS = /** @type {const} */ ({ calls: "limit_calls", outside_calls: "limit_calls", calls_a_day: "limit_calls_a_day", minutes_a_day: "limit_minutes_a_day" });

/**
 * @typedef {(key: string) => { id: string, value: any, fault?: string, onValue: (value: any) => void }} Part a field of `limits`
 * @param {{ t: import("../words.js").Say, language: string, limits: Part, usage: { office: import("../guard.js").Tally, items: import("../guard.js").Use[] } | null,
 *   own: { number: string, employee: string }[], admin: boolean }} props `own`: extensions with limits of their own
 */
export function LimitFields({ t, language, limits, usage, own, admin }) {
  const most = (/** @type {"calls" | "calls_today" | "minutes_today"} */ counted) => {
    const top = [...(usage?.items ?? [])].sort((one, other) => other[counted] - one[counted])[0];
    if (!top || top[counted] === 0) return "";
    return t(counted === "calls" ? "limit_most_now" : "limit_most", { used: top[counted], number: top.extension });
  };
  return html`<${Sect} id="limits" title=${t("limits")} help=${html`<p>${t("limits_why")}</p><p>${t("limits_end")}</p><p>${t("limits_emergency")}</p>`}>
      <div class="limit-row"><h3>${t("limits_each")}</h3><div class="cols">${OWN.map(([key, office, counted]) => html`<${Limit} key=${key} ...${limits(office)} none=${0} span=${4} label=${t(WORDS[key])} placeholder=${t("limit_none")} hint=${most(counted) || null} />`)}</div></div>
      <div class="limit-row"><h3>${t("limits_whole")}</h3><div class="cols">${WHOLE.map(([key, counted]) => {
        const field = limits(key);
        const used = usage?.office[counted] ?? 0;
        return html`<div class="c4 limit-used" key=${key}><${Limit} ...${field} none=${0} label=${t(WORDS[key])} placeholder=${t("limit_none")} />
          ${usage && html`<${Bar} t=${t} what=${t(counted === "calls" ? "limit_at_once" : "limit_so_far")} used=${used} most=${field.value} />`}</div>`;
      })}</div></div>
      <p class="second">${own.length > 0 ? html`${t("limits_own")}: ${own.map(({ number, employee }, nth) => html`${nth > 0 && ", "}<a href=${`#/extensions/${encodeURIComponent(number)}`}>${number} ${employee}</a>`)}` : t("limits_own_none")}</p>
    <//>
    <${Sect} id="places" title=${t("places")} help=${html`<p>${t("places_why")}</p><p><b>${t("places_open")}</b>. ${t("places_open_why")}</p>`}>
      <${Places} t=${t} language=${language} ...${limits("blocked")} label=${t("places_blocked")} none=${t("places_blocked_none")} fixed=${!admin} />
      <${Places} t=${t} language=${language} ...${limits("countries")} label=${t("places_open")} none=${t("places_open_none")} fixed=${!admin} />
      <div class="turns"><${Paid} t=${t} ...${limits("paid_services")} /></div>
    <//>
    <${QuietHours} t=${t} limits=${limits} />`;
}

/** @param {any} props */
function Paid({ t, id, value, fault, onValue }) {
  return html`<${Switch} id=${id} label=${t("places_paid")} hint=${t("places_paid_why")} on=${value} fault=${fault} onTurn=${onValue} />`;
}

/** @param {{ t: import("../words.js").Say, limits: Part }} props */
function QuietHours({ t, limits }) {
  const [from, to, classes] = [limits("quiet_from"), limits("quiet_to"), limits("quiet_classes")];
  const off = !from.value && !to.value;
  const turn = (/** @type {string} */ right) => classes.onValue(RIGHTS.filter((one) => (one === right) !== classes.value.includes(one)));
  return html`<${Sect} id="quiet" title=${t("quiet")} help=${html`<p>${t("quiet_why")}</p>`}>
    <div class="cols"><${Field} ...${from} type="time" optional label=${t("quiet_from")} span=${3} /><${Field} ...${to} type="time" optional label=${t("quiet_to")} span=${3} /></div>
    ${off ? html`<p class="second">${t("quiet_off")}</p>` : html`<fieldset class="options"><legend>${t("quiet_classes")}</legend>
      <div class="checks">${RIGHTS.filter((right) => right !== "internal").map((right) => html`<label class="check" key=${right}><input type="checkbox" checked=${classes.value.includes(right)} onChange=${() => turn(right)} /><span>${t(`right_${right}`)}</span></label>`)}</div>
      ${classes.value.length === 0 && html`<p class="note warn">${t("quiet_none")}</p>`}</fieldset>`}
  <//>`;
}

/**
 * The limits of one extension, folded away: most have those of the office.
 * @param {{ t: import("../words.js").Say, own: import("../guard.js").OwnLimits, limits: import("../guard.js").Limits | null, use: import("../guard.js").Use | null,
 *   fault: import("../api.js").Refused | null, onOwn: (own: import("../guard.js").OwnLimits) => void }} props
 */
export function OwnLimits({ t, own, limits, use, fault, onOwn }) {
  const set = (/** @type {string} */ key, /** @type {number | undefined} */ value) => {
    const { [key]: _, ...rest } = /** @type {Record<string, number>} */ (own);
    onOwn(value === undefined ? rest : { ...rest, [key]: value });
  };
  const differs = OWN.some(([key]) => own[key] !== undefined && own[key] !== null);
  return html`<${Sect} id="own-limits" title=${t("ext_limits")} fold open=${differs} help=${html`<p>${t("ext_limits_why")}</p><p><a href="#/protection">${t("ext_limits_office")}</a></p>`}>
    <div class="cols">${OWN.map(([key, office, counted]) => html`<${Limit} key=${key} id=${`own-${key}`} span=${4} label=${t(WORDS[key])} value=${own[key] ?? null} none=${undefined} fault=${fault?.at(`/limits/${key}`)}
      placeholder=${limits ? t("ext_limit_as", { most: limits[office] }) : ""} hint=${use && (use[counted] > 0 ? t(counted === "calls" ? "limit_now" : "limit_today", { used: use[counted] }) : null)} onValue=${(/** @type {number | undefined} */ value) => set(key, value)} />`)}</div>
  <//>`;
}
