// What an admin must learn: each alarm with what to do and the one thing to press.
import { advice, sorted } from "../guard.js";
import { html } from "../lib/preact.js";
import { SECTIONS } from "../routes.js";
import { Icon } from "./icons.js";
import { moment } from "./moment.js";

/** Those that have been seen are told so far back. */
const EARLIER = 100;

/**
 * @typedef {import("../guard.js").Alarm} Alarm
 * @typedef {{ t: import("../words.js").Say, box: import("../store.js").Box, now: number, admin: boolean, alarms: Alarm[], bans: import("../guard.js").Ban[], allowed: string[],
 *   busy: boolean, onSeen: (alarm: Alarm | null) => void, onAct: (act: import("../guard.js").Act) => void }} Props
 *   `allowed`: extensions that may call beyond their limits already; `onSeen`: of one, or of all
 */

/** @param {Props} props */
export function Alarms(props) {
  const { t, alarms, admin, busy, onSeen } = props;
  const { fresh, seen } = sorted(alarms);
  return html`<section class="card" aria-labelledby="alarms-title">
    <header><h2 id="alarms-title">${t("alarms")}</h2>${fresh.length > 0 && html`<b class="count bad">${fresh.length}</b>`}
      ${admin && fresh.length > 1 && html`<button class="button quiet" type="button" disabled=${busy} onClick=${() => onSeen(null)}>${t("alarms_all")}</button>`}</header>
    ${fresh.length === 0 && html`<p class="empty">${t(alarms.length === 0 ? "alarms_none" : "alarms_no_news")}</p>`}
    <ul class="alarms">${fresh.map((alarm) => html`<${Fresh} key=${alarm.id} ...${props} alarm=${alarm} />`)}</ul>
    ${seen.length > 0 && html`<details class="earlier"><summary>${t("alarms_seen", { count: seen.length })}</summary>
      <ul>${seen.slice(0, EARLIER).map((alarm) => html`<li key=${alarm.id} class="earlier-one"><${When} ...${props} alarm=${alarm} /><span>${alarm.text}</span></li>`)}</ul></details>`}
  </section>`;
}

/** @param {Props & { alarm: Alarm }} props */
function Fresh(props) {
  const { t, alarm, admin, busy, bans, allowed, onSeen, onAct } = props;
  const { word, act } = advice(alarm, { bans, allowed, sections: SECTIONS.map(({ at }) => at) });
  const pressed = admin && act && (act.kind === "open" ? html`<a class="button" href=${act.href}>${t(act.word)}</a>` : html`<button class="button" type="button" disabled=${busy} onClick=${() => onAct(act)}>${t(act.word)}</button>`);
  return html`<li class=${`alarm ${alarm.severity === "alarm" ? "bad" : "warn"}`}>
    <${Icon} name=${alarm.severity === "alarm" ? "alert" : "info"} />
    <div><p><b>${alarm.text}</b></p>${word && html`<p class="second">${t(word)}</p>`}<${When} ...${props} alarm=${alarm} />
      ${admin && html`<div class="actions">${pressed}<button class="button quiet" type="button" disabled=${busy} aria-label=${t("alarm_seen_of", { text: alarm.text })} onClick=${() => onSeen(alarm)}>${t("alarm_seen")}</button></div>`}</div>
  </li>`;
}

/** @param {Props & { alarm: Alarm }} props */
function When({ t, box, now, alarm }) {
  const last = moment(alarm.last_at, box, now, t);
  return html`<small class="hint">${moment(alarm.at, box, now, t)}${alarm.count > 1 && `, ${t("alarm_times", { count: alarm.count, when: last })}`}</small>`;
}
