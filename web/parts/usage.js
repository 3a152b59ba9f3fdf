// What today has used up of the limits of outside calls, and who may go on beyond them.
import { NEARLY, callers, part } from "../guard.js";
import { html, useState } from "../lib/preact.js";
import { Select, submit } from "./form.js";
import { Icon } from "./icons.js";
import { moment } from "./moment.js";

/** So many extensions are shown at first. */
const SHOWN = 6;

/**
 * How much of a limit is used: a bar and its figures.
 * @param {{ t: import("../words.js").Say, what: string, used: number, most: number, named?: boolean }} props `named`: a head above says what it is
 */
export function Bar({ t, what, used, most, named }) {
  const share = part(used, most);
  const percent = Math.round(share * 100);
  const look = share >= 1 ? "meter full" : share >= NEARLY ? "meter near" : "meter";
  return html`<span class="use-one"><span class="use-figure">${most > 0 ? t("use_of", { used, most }) : String(used)}${!named && html` <small>${what}</small>`}</span>
    ${most > 0 && html`<progress class=${look} max="100" value=${percent} aria-label=${t("use_bar", { what, percent })}></progress>`}</span>`;
}

/**
 * @param {{ t: import("../words.js").Say, box: import("../store.js").Box, usage: { office: import("../guard.js").Tally, items: import("../guard.js").Use[] } | null,
 *   limits: import("../guard.js").Limits | null, own: Record<string, import("../guard.js").OwnLimits> }} props
 */
export function Usage({ t, box, usage, limits, own }) {
  const [all, setAll] = useState(false);
  if (!usage || !limits) return null;
  const rows = callers(usage.items, limits, own);
  const shown = all || rows.length === SHOWN + 1 ? rows : rows.slice(0, SHOWN);
  const { office } = usage;
  const name = (/** @type {string} */ number) => box.extensions.find((one) => one.number === number)?.employee ?? "";
  return html`<section class="card" aria-labelledby="use-title">
    <header><h2 id="use-title">${t("use")}</h2>${office.calls > 0 && html`<b class="count live">${t("use_now", { count: office.calls })}</b>`}</header>
    ${rows.length === 0 && office.calls_today === 0 ? html`<p class="empty">${t("use_none")}</p>` : html`<ul>
      <li class="use heads" aria-hidden="true"><span class="who"></span><small>${t("use_calls")}</small><small>${t("use_minutes")}</small></li>
      <li class="use"><span class="who"><b>${t("use_office")}</b></span><${Bar} t=${t} what=${t("use_calls")} used=${office.calls_today} most=${limits.calls_a_day} named /><${Bar} t=${t} what=${t("use_minutes")} used=${office.minutes_today} most=${limits.minutes_a_day} named /></li>
      ${shown.map(({ use, limits: theirs, own: differs }) => html`<li class="use" key=${use.extension}>
        <span class="who"><b><a class="quiet-link" href=${`#/extensions/${encodeURIComponent(use.extension)}`}>${use.extension}</a></b> ${name(use.extension)}${differs && html`<small>${t("use_own")}</small>`}</span>
        <${Bar} t=${t} what=${t("use_calls")} used=${use.calls_today} most=${theirs.calls_a_day} named /><${Bar} t=${t} what=${t("use_minutes")} used=${use.minutes_today} most=${theirs.minutes_a_day} named /></li>`)}
    </ul>`}
    ${shown.length < rows.length && html`<div class="card-foot"><button class="button quiet" type="button" onClick=${() => setAll(true)}>${t("use_all", { count: rows.length - shown.length })}</button></div>`}
  </section>`;
}

/**
 * @typedef {{ extension: string, until: string, by: string }} Allowance
 * @param {{ t: import("../words.js").Say, box: import("../store.js").Box, now: number, admin: boolean, allowances: Allowance[], busy: boolean,
 *   onAllow: (extension: string) => Promise<unknown>, onEnd: (allowance: Allowance) => void }} props
 */
export function Allowances({ t, box, now, admin, allowances, busy, onAllow, onEnd }) {
  const [chosen, setChosen] = useState("");
  const free = box.extensions.filter(({ number }) => !allowances.some(({ extension }) => extension === number));
  const name = (/** @type {string} */ number) => `${number} ${box.extensions.find((one) => one.number === number)?.employee ?? ""}`.trim();
  const send = () => chosen && onAllow(chosen).then(() => setChosen(""));
  return html`<section class="card" aria-labelledby="allowances-title">
    <header><h2 id="allowances-title">${t("allowances")}</h2>${allowances.length > 0 && html`<b class="count">${allowances.length}</b>`}</header>
    <p class="in second">${t(allowances.length === 0 ? "allowances_none" : "allowances_why")}</p>
    <ul>${allowances.map((one) => html`<li class="room" key=${one.extension}><${Icon} name="clock" /><span class="who"><b>${name(one.extension)}</b>
      <small>${t("allow_until", { when: moment(one.until, box, now, t) })}, ${t("allow_by", { who: one.by })}</small></span>
      ${admin && html`<button class="button quiet" type="button" disabled=${busy} aria-label=${t("allow_end_of", { number: one.extension })} onClick=${() => onEnd(one)}>${t("allow_end")}</button>`}</li>`)}</ul>
    ${admin && free.length > 0 && html`<form class="by-hand" novalidate onSubmit=${submit(send)}><div class="row-form">
      <${Select} id="allow-number" label=${t("allow_number")} value=${chosen} onValue=${setChosen} options=${[{ key: "", text: t("allow_choose") }, ...free.map(({ number }) => ({ key: number, text: name(number) }))]} />
      <button class="button" disabled=${busy || !chosen}>${t("allow_hour")}</button></div></form>`}
  </section>`;
}
