// Addresses that telephony does not answer: who, why, until when; taken back or made by hand.
import { html, useState } from "../lib/preact.js";
import { Field, Select, submit, useTask } from "./form.js";
import { moment } from "./moment.js";

/** How long an address may be blocked by hand. Seconds. */
const SPANS = /** @type {const} */ ([["ban_hour", 3600], ["ban_day", 86_400], ["ban_week", 7 * 86_400], ["ban_year", 365 * 86_400]]);

/**
 * @typedef {import("../guard.js").Ban} Ban
 * @typedef {{ t: import("../words.js").Say, language: string, box: import("../store.js").Box, now: number, admin: boolean, bans: Ban[], busy: boolean,
 *   onLift: (ban: Ban) => void, onBan: (address: string, seconds: number) => Promise<void> }} Props
 */

/** @param {Props} props */
export function Bans(props) {
  const { t, bans, admin } = props;
  return html`<section class="card" aria-labelledby="bans-title">
    <header><h2 id="bans-title">${t("bans")}</h2>${bans.length > 0 && html`<b class="count">${bans.length}</b>`}</header>
    <p class="in second">${t(bans.length === 0 ? "bans_none" : "bans_why")}</p>
    <ul>${bans.map((ban) => html`<${Row} key=${ban.id} ...${props} ban=${ban} />`)}</ul>
    ${admin && html`<${ByHand} ...${props} />`}
  </section>`;
}

/** @param {Props & { ban: Ban }} props */
function Row({ t, language, box, now, admin, ban, busy, onLift }) {
  const { address, text, until, times, dropped, logins, user_agent: agent } = ban;
  const facts = [
    until && t("ban_until", { when: moment(until, box, now, t) }),
    times > 1 && t("ban_again", { times }),
    dropped > 0 && t("ban_dropped", { count: dropped.toLocaleString(language), packets: dropped }),
    logins.length > 0 && t("ban_logins", { logins: logins.join(", ") }),
    agent && t("ban_agent", { name: agent }),
  ].filter(Boolean);
  return html`<li class="room ban"><span class="who"><b class="mono">${address}</b> <span>${text}</span><small>${facts.join(" · ")}</small></span>
    ${admin && html`<button class="button quiet" type="button" disabled=${busy} aria-label=${t("ban_lift_of", { address })} onClick=${() => onLift(ban)}>${t("ban_lift")}</button>`}</li>`;
}

/** @param {Props} props */
function ByHand({ t, onBan }) {
  const [address, setAddress] = useState("");
  const [span, setSpan] = useState("86400");
  const { busy, fault, run, clear } = useTask(t);
  const send = () =>
    run(async () => {
      await onBan(address.trim(), Number(span));
      setAddress("");
    });
  const typed = (/** @type {string} */ value) => {
    clear();
    setAddress(value);
  };
  const at = fault?.at("/address") ?? (fault ? fault.message : undefined);
  const spans = SPANS.map(([word, seconds]) => ({ key: String(seconds), text: t(word) }));
  return html`<form class="by-hand" novalidate onSubmit=${submit(send)}><div class="row-form">
    <${Field} id="ban-address" label=${t("ban_address")} mono value=${address} onValue=${typed} placeholder="203.0.113.5" fault=${at} />
    <${Select} id="ban-span" label=${t("ban_for")} value=${span} onValue=${setSpan} options=${spans} />
    <button class="button" disabled=${busy || !address.trim()}>${t("ban_make")}</button>
  </div></form>`;
}
