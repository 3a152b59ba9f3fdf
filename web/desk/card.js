// One element on the desk: a card with its jacks.
import { span } from "../format.js";
import { html } from "../lib/preact.js";
import { Glyph } from "./glyphs.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {import("./telling.js").Teller} Teller
 * @typedef {{ out: string, to: string, word: string, key: boolean, spare: boolean, dead: boolean }} Row
 * @typedef {{ kind: string, name: string, sub: string, rows: Row[], members: import("./telling.js").Member[], outHead: boolean }} Told
 * @typedef {{ chosen: boolean, loose: boolean, lit: "" | "lit" | "maybe", fault: "" | "error" | "warning", open: boolean,
 *   linking: string | null, aimed: boolean, litOuts: Map<string, boolean>, litIn: boolean, fed: boolean, badOuts: Set<string> }} Looks
 *   `badOuts`: outputs that the box has something against
 *   `linking`: the output that a link is made from; `aimed`: a link would end here; `fed`: a link comes in
 */

/**
 * @param {{ t: import("../words.js").Say, element: Element, card: import("./geometry.js").Card, told: Told, looks: Looks, chip: string,
 *   editing: boolean, troubles: string[], onMembers: () => void }} props
 */
export function ElementCard({ t, element, card, told, looks, chip, editing, troubles, onMembers }) {
  const { id, kind, links } = element;
  const { chosen, loose, lit, fault, open, linking, aimed, litOuts, litIn, fed, badOuts } = looks;
  const ends = kind === "incoming" ? "start" : kind === "hang_up" ? "stop" : "";
  const names = ["desk-el", ends, chosen && "chosen", loose && "loose", lit, fault, aimed && "aimed", linking !== null && "from"].filter(Boolean).join(" ");
  const outs = told.rows.filter(({ spare }) => !spare).map(({ word, to }) => `${word}: ${to}`);
  const label = [t("desk_card", told), chip, outs.length ? t("desk_card_outs", { outs: outs.join(", ") }) : "", ...troubles].filter(Boolean).join(". ");
  const jack = (/** @type {string} */ out) => {
    const state = [litOuts.has(out) && "what", badOuts.has(out) && "bad", links[out] === undefined && "free", linking === out && "taken"].filter(Boolean).join(" ");
    return html`<i class=${`desk-jack out ${state}`} data-jack=${out} title=${editing ? t("desk_jack_out", { out: told.rows.find((row) => row.out === out)?.word ?? "" }) : null}></i>`;
  };
  const place = { left: `${card.x}px`, top: `${card.y}px`, width: `${card.w}px` };
  return html`<article class=${names} data-card=${id} tabindex="0" role="group" aria-label=${label} aria-current=${chosen ? "true" : null} style=${place}>
    ${card.jack && html`<i class=${`desk-jack in ${litIn ? "what" : ""} ${fed ? "" : "free"}`} data-in="1"></i>`}
    <header>
      <span class=${ends ? "desk-glyph ink" : "desk-glyph"}><${Glyph} name=${kind} /></span>
      <span class="desk-names"><span class="kind">${told.kind}</span><span class="name">${told.name}</span></span>
      ${kind === "group" && element.group && html`<button class="button quiet desk-burger" type="button" aria-expanded=${open ? "true" : "false"} title=${t("desk_members")}
        aria-label=${`${t("desk_members")}: ${told.name}`} onClick=${onMembers}><${Glyph} name="burger" /></button>`}
      ${told.outHead && jack("next")}
    </header>
    ${told.sub && html`<p class="sub">${told.sub}</p>`}
    ${open && html`<ul class="desk-members">${told.members.map((member) => html`<li key=${member.number}><b>${member.number}</b><span class="cut">${member.employee}</span>
      <${MemberLamp} t=${t} what=${member.what} /></li>`)}</ul>`}
    ${!told.outHead && told.rows.length > 0 && html`<ul class="desk-ports">${told.rows.map((row) => html`<li key=${row.out} class=${row.spare ? "spare" : ""}>
      <span class=${row.dead ? "to dead cut" : "to cut"}>${row.to}</span>${row.key ? html`<kbd class=${litOuts.has(row.out) ? "what" : ""}>${row.out}</kbd>` : html`<span>${row.word}</span>`}
      ${jack(row.out)}</li>`)}</ul>`}
    ${chip && html`<span class="desk-chip">${chip}</span>`}
  </article>`;
}

const LAMPS = { talking: "live", ringing: "ring", dialling: "ring", free: "ok", resting: "off", do_not_disturb: "off", offline: "off", never: "off", mobile: "off" };
/** @type {Record<string, import("../words.js").Key>} */
const WORDS = { talking: "phone_talking", ringing: "phone_ringing", dialling: "phone_dialling", free: "phone_free", offline: "phone_offline", never: "phone_offline",
  resting: "phone_resting", do_not_disturb: "phone_do_not_disturb" };

/**
 * What a member is doing, shortly.
 * @param {import("../words.js").Say} t
 * @param {import("./telling.js").Member["what"]} what
 */
export function memberWord(t, what) {
  const word = WORDS[what];
  return word ? t(word) : t("phone_mobile", { number: "" }).trim();
}

/** @param {{ t: import("../words.js").Say, what: import("./telling.js").Member["what"] }} props */
function MemberLamp({ t, what }) {
  return html`<span class=${`lamp ${LAMPS[what]}`}>${memberWord(t, what)}</span>`;
}

/**
 * What the chip of an element says of the calls that are there.
 * @param {import("../words.js").Say} t
 * @param {import("./kinds.js").Kind} kind
 * @param {import("./lamps.js").Lamp | undefined} lamp
 * @param {number} now
 */
export function chipWords(t, kind, lamp, now) {
  if (!lamp) return "";
  const { all, waiting, talking, since } = lamp;
  const words = [];
  if (waiting > 0) {
    if (kind === "group" || kind === "extension") words.push(t("desk_live_waiting", { count: waiting, span: span(now - since) }));
    else if (kind === "voice_message" || kind === "voice_menu") words.push(t("desk_live_hearing", { count: waiting }));
    else if (kind === "dial_extension") words.push(t("desk_live_dialling", { count: waiting }));
    else words.push(t("desk_live_here", { count: waiting }));
  }
  if (talking > 0) words.push(t("desk_live_talking", { count: talking }));
  return words.join(", ") || t("desk_live_here", { count: all });
}
