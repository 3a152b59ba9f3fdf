// «Защита»: whether all is well, what happened, who is blocked, what was called today; and the limits that hold.
import { Refused } from "../api.js";
import { HOME, bare, networks, secondsLeft, sorted } from "../guard.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Alarms } from "../parts/alarms.js";
import { Bans } from "../parts/bans.js";
import { Field, Sect, useTask } from "../parts/form.js";
import { ItemPage, useItem } from "../parts/item.js";
import { LimitFields } from "../parts/limits.js";
import { useStyle } from "../parts/style.js";
import { Allowances, Usage } from "../parts/usage.js";

/** What calls use up is asked again so often. Milliseconds. */
const AGAIN = 30_000;

/** @param {any} props */
export function Protection(props) {
  const styled = useStyle("guard");
  return styled ? html`<${Styled} ...${props} />` : html`<p class="empty" aria-busy="true">${props.t("loading")}</p>`;
}

/** @param {any} props */
function Styled(props) {
  const { t, language, box, now, admin } = props;
  const watch = useWatch(props);
  const item = useItem(props, { collection: "settings", name: t("guard"), keyed: "name", alone: true, send: ({ limits, protection }) => ({ limits, protection }) });
  const { draft, was, edit, fault } = item;
  const { alarms, bans, usage, allowances } = watch;
  const deeds = useDeeds(props, watch.load);
  const part = (/** @type {string} */ table) => (/** @type {string} */ key) => ({
    id: `${table}-${key}`,
    value: draft[table][key],
    fault: fault?.at(`/${table}/${key}`) ?? fault?.problem?.errors?.find(({ pointer }) => pointer?.startsWith(`/${table}/${key}/`))?.detail,
    onValue: (/** @type {any} */ value) => edit((/** @type {any} */ before) => ({ [table]: { ...before[table], [key]: value } })),
  });
  const own = Object.fromEntries(box.extensions.map((/** @type {any} */ one) => [one.number, one.limits ?? {}]));
  const labels = { limits: t("limits"), protection: t("trusted") };
  const allowed = (allowances ?? []).map(({ extension }) => extension);
  const known = alarms !== null && bans !== null;
  const frame = { t, language, box, now, admin, busy: deeds.busy };
  const lead = html`${watch.fault && !known && html`<p class="empty">${watch.fault} <button class="button" type="button" onClick=${watch.load}>${t("try_again")}</button></p>`}
    ${deeds.fault && html`<p class="note bad" role="alert">${deeds.fault.message}</p>`}
    ${known && html`<div class="columns">
      <div class="column"><${Alarms} ...${frame} alarms=${alarms} bans=${bans} allowed=${allowed} onSeen=${deeds.seen} onAct=${deeds.act} />
        <${Bans} ...${frame} bans=${bans} onLift=${deeds.lift} onBan=${deeds.ban} /></div>
      <div class="column"><${Usage} t=${t} box=${box} usage=${usage} limits=${was?.limits ?? null} own=${own} />
        <${Allowances} ...${frame} allowances=${allowances ?? []} onAllow=${deeds.allow} onEnd=${deeds.end} /></div>
    </div>`}`;
  const fresh = sorted(alarms ?? []).fresh.length;
  const dropped = (bans ?? []).reduce((sum, one) => sum + one.dropped, 0);
  const second = known && html`${bans.length === 0 ? t("guard_bans_none") : t("guard_bans_now", { count: bans.length })}${dropped > 0 && ` ${t("guard_dropped", { count: dropped.toLocaleString(language) })}`}`;
  const title = known ? html`<span class="verdict-word">${t("guard")}.</span> ${fresh > 0 ? t("guard_look", { count: fresh }) : t("guard_calm")}` : t("guard");
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${title} second=${second} labels=${labels} lead=${lead} under="" fixed />`;
  const differ = box.extensions.filter((/** @type {any} */ one) => Object.values(one.limits ?? {}).some((value) => value !== null));
  return html`<${ItemPage} item=${item} admin=${admin} title=${title} second=${second} labels=${labels} lead=${lead} under="" fixed>
    ${draft.limits && html`<${LimitFields} t=${t} language=${language} limits=${part("limits")} usage=${usage} own=${differ} admin=${admin} />`}
    <${Sect} id="trusted" title=${t("trusted")} help=${html`<p>${t("trusted_why")}</p><p>${t("trusted_always")}</p>`}>
      <div class="cols"><${Networks} ...${part("protection")("trusted_networks")} t=${t} /></div>
    <//>
  <//>`;
}

/** @param {any} props */
function Networks({ t, value, onValue, fault, ...field }) {
  const [text, setText] = useState(() => value.join(", "));
  useEffect(() => {
    // Somebody took the changes back.
    if (networks(text).join() !== value.join()) setText(value.join(", "));
  }, [value]);
  const lacking = HOME.filter((network) => !value.includes(network));
  const hint = value.length === 0 ? t("trusted_none", { networks: HOME.join(", ") }) : html`${t("trusted_only")} ${lacking.length > 0 && html`<button class="plain" type="button" onClick=${() => onValue([...value, ...lacking])}>${t("trusted_add")}</button>`}`;
  return html`<${Field} ...${field} label=${t("trusted_field")} hint=${hint} span=${12} mono optional value=${text} fault=${fault} placeholder="192.168.1.0/24"
    onValue=${(/** @type {string} */ next) => (setText(next), onValue(networks(next)))} />`;
}

/**
 * Alarms, bans, usage and allowances as they are now: read at first, when the box tells of news, and now and then.
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, onRefused: (error: unknown) => void, box: import("../store.js").Box, now: number, alerts: number, changes: number, settings: number }} props
 */
function useWatch({ t, api, onRefused, box, now, alerts, changes, settings }) {
  const [read, setRead] = useState(/** @type {{ alarms: import("../guard.js").Alarm[] | null, bans: import("../guard.js").Ban[] | null, usage: any, allowances: import("../parts/usage.js").Allowance[] | null }} */ ({ alarms: null, bans: null, usage: null, allowances: null }));
  const [beat, setBeat] = useState(0);
  const [fault, setFault] = useState("");
  const asked = useRef(0);
  const load = async () => {
    const mine = (asked.current = (asked.current ?? 0) + 1);
    const how = { background: true };
    // What calls cost is told beside the rest, and is missing rather than in the way.
    const spent = Promise.all([api.get("usage", how), api.all("allowances", how)]).catch(() => [null, null]);
    try {
      const [alarms, bans, [usage, allowances]] = await Promise.all([api.get("alarms?limit=200", how), api.all("bans", how), spent]);
      // What was asked later knows more.
      if (mine === asked.current) setRead({ alarms: alarms.items, bans, usage, allowances });
      setFault("");
    } catch (error) {
      onRefused(error);
      setFault(error instanceof Refused && error.problem ? error.message : t("no_answer"));
    }
  };
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && setBeat((count) => count + 1), AGAIN);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    load();
  }, [alerts, changes, settings, beat]);
  const time = now + box.skew;
  const lasts = (/** @type {{ until: string | null }} */ { until }) => until === null || Date.parse(until) > time;
  return { ...read, bans: read.bans?.filter(lasts) ?? null, allowances: read.allowances?.filter(lasts) ?? null, load, fault };
}

/**
 * What an admin does about it, each with its way back.
 * @param {any} props
 * @param {() => Promise<unknown>} load
 */
function useDeeds({ t, api, tell, onRefused, onAlert, box, now }, load) {
  const task = useTask(t);
  const run = (/** @type {() => Promise<void>} */ deed) =>
    task.run(async () => {
      try {
        await deed();
      } catch (error) {
        onRefused(error);
        throw error;
      } finally {
        load();
      }
    });
  const again = async (/** @type {() => Promise<unknown>} */ deed) => {
    await deed();
    await load();
  };
  const allow = (/** @type {string} */ extension) =>
    run(async () => {
      await api.write("POST", "allowances", { extension });
      tell({ text: t("allow_made", { number: extension }), act: () => again(() => api.write("DELETE", `allowances/${encodeURIComponent(extension)}`)) });
    });
  const lift = (/** @type {import("../guard.js").Ban} */ one) =>
    run(async () => {
      await api.write("DELETE", `bans/${encodeURIComponent(one.id)}`);
      const seconds = secondsLeft(one, now + box.skew);
      const back = seconds === null ? {} : { act: () => again(() => api.write("POST", "bans", { address: bare(one.address), seconds })) };
      tell({ text: t("ban_lifted", { address: one.address }), ...back });
    });
  return {
    busy: task.busy,
    fault: task.fault,
    allow,
    lift,
    end: (/** @type {import("../parts/usage.js").Allowance} */ { extension, until }) =>
      run(async () => {
        await api.write("DELETE", `allowances/${encodeURIComponent(extension)}`);
        const seconds = Math.ceil((Date.parse(until) - now - box.skew) / 1000);
        tell({ text: t("allow_ended", { number: extension }), ...(seconds > 0 && { act: () => again(() => api.write("POST", "allowances", { extension, seconds })) }) });
      }),
    seen: (/** @type {import("../guard.js").Alarm | null} */ alarm) =>
      run(async () => {
        await api.write("POST", alarm ? `alarms/${encodeURIComponent(alarm.id)}/seen` : "alarms/seen");
        onAlert();
      }),
    // What is wrong with the address stands at its field.
    ban: async (/** @type {string} */ address, /** @type {number} */ seconds) => {
      const { value } = await api.write("POST", "bans", { address, seconds }).catch((/** @type {unknown} */ error) => {
        onRefused(error);
        throw error;
      });
      await load();
      tell({ text: t("ban_made", { address: value.address }), act: () => again(() => api.write("DELETE", `bans/${encodeURIComponent(value.id)}`)) });
    },
    act: (/** @type {import("../guard.js").Act} */ act) => (act.kind === "allow" ? allow(act.extension ?? "") : act.ban && lift(act.ban)),
  };
}
