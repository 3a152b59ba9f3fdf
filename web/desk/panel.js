// Beside the desk: what is chosen, set up in words. Looking, it tells the same without fields.
import { html, useState } from "../lib/preact.js";
import { MakeMessage, MakeSchedule } from "./make.js";
import { Glyph } from "./glyphs.js";
import { KEYS, freeKey, hasInput, outs, referenceOf, shownOuts } from "./kinds.js";
import { Week } from "./week.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {import("./telling.js").Teller} Teller
 * @typedef {{ t: import("../words.js").Say, api: import("../api.js").Api, tell: Teller, desk: import("./model.js").Desk, things: import("./telling.js").Things,
 *   at: import("./telling.js").Moment, editing: boolean, problems: import("./tree.js").Problem[], onAct: (action: import("./model.js").Action) => void,
 *   onMade: () => Promise<void>, onClose: () => void, onDouble: () => void }} Props
 */

/** Where each kind is set up. @type {Partial<Record<import("./kinds.js").Kind, (element: Element) => string>>} */
const ROOMS = {
  incoming: () => "#/trunks",
  extension: ({ extension }) => `#/extensions/${encodeURIComponent(extension ?? "")}`,
  group: ({ group }) => `#/groups/${encodeURIComponent(group ?? "")}`,
  voice_menu: ({ voice_menu }) => `#/voice-menus/${encodeURIComponent(voice_menu ?? "")}`,
  voice_message: ({ voice_message }) => `#/voice-messages/${encodeURIComponent(voice_message ?? "")}`,
  schedule: ({ schedule }) => `#/schedules/${encodeURIComponent(schedule ?? "")}`,
  dial_extension: ({ prompt }) => `#/voice-messages/${encodeURIComponent(prompt ?? "")}`,
};

/** @param {Props} props */
export function Panel(props) {
  const { t, desk, editing } = props;
  const { chosen } = desk;
  const element = chosen.length === 1 ? desk.elements.find(({ id }) => id === chosen[0]) : undefined;
  if (element) return html`<${One} key=${element.id} ...${props} element=${element} />`;
  if (!editing) return null;
  // It scrolls on small screens and holds nothing that keys could reach, so it is reached itself (WCAG 2.1.1).
  return chosen.length > 1 ? html`<${Many} ...${props} />` : html`<aside class="desk-side" aria-label=${t("desk_panel_none")} tabindex="0"><${Help} ...${props} /></aside>`;
}

/** @param {Props} props */
function Help({ t }) {
  /** @type {[string[], import("../words.js").Key][]} */
  const rows = [
    [["1–8"], "desk_key_put"], [["L"], "desk_key_link"], [["Tab", "← ↑ ↓ →"], "desk_key_walk"], [["Alt", "← ↑ ↓ →"], "desk_key_move"], [["Del"], "desk_key_remove"],
    [["Ctrl", "C V D"], "desk_key_copy"], [["Ctrl", "Z Y"], "desk_key_undo"], [["Shift"], "desk_key_choose"], [["+", "−", "0"], "desk_key_zoom"], [["W"], "desk_key_whatif"], [["P"], "desk_key_problem"],
  ];
  return html`<h2>${t("desk_panel_none")}</h2><p class="second">${t("desk_panel_help")}</p><h3>${t("desk_panel_keys")}</h3>
    <dl class="desk-keys">${rows.map(([keys, word]) => html`<div key=${word}><dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${t(word)}</dd></div>`)}</dl>`;
}

/** @param {Props} props */
function Many({ t, desk, onAct, onDouble }) {
  const words = t("desk_panel_many", { count: desk.chosen.length });
  return html`<aside class="desk-side" aria-label=${words}><h2>${words}</h2>
    <div class="desk-acts"><button class="button" type="button" onClick=${onDouble}><${Glyph} name="copy" />${t("desk_double")}</button>
    <button class="button danger" type="button" onClick=${() => onAct({ type: "remove", ids: desk.chosen })}><${Glyph} name="remove" />${t("desk_remove")}</button></div></aside>`;
}

/** @param {Props & { element: Element }} props */
function One(props) {
  const { t, tell, element, editing, problems, onAct, onClose, onDouble } = props;
  const { id, kind } = element;
  const own = problems.filter((problem) => problem.element === id);
  const room = ROOMS[kind];
  const reference = referenceOf(kind);
  const named = kind === "incoming" || (reference && element[reference]);
  return html`<aside class="desk-side" aria-label=${`${tell.kind(element)}: ${tell.name(element)}`}>
    <header><span class="desk-glyph"><${Glyph} name=${kind} /></span><span class="desk-names"><small class="hint">${tell.say(`desk_kind_${kind}`)}</small><h2>${tell.name(element)}</h2></span>
      <button class="button quiet square" type="button" title=${t("desk_close")} aria-label=${t("desk_close")} onClick=${onClose}><${Glyph} name="close" /></button></header>
    ${own.map(({ text, severity }) => html`<p key=${text} class=${`note ${severity === "error" ? "bad" : "warn"}`}><${Glyph} name="alert" /><span>${text}</span></p>`)}
    ${kind === "incoming" ? html`<${Numbers} ...${props} />` : reference ? html`<${Stands} ...${props} />` : html`<p class="second">${tell.say(`desk_does_${kind}`)}</p>`}
    ${kind === "dial_extension" && html`<${Dial} ...${props} />`}
    ${kind === "schedule" && html`<${Hours} ...${props} />`}
    ${outs(kind).length > 0 && html`<${Ways} ...${props} />`}
    ${room && named && html`<p><a href=${room(element)} target=${editing ? "_blank" : null}>${t("desk_settings_of")}</a>${editing && html`<small class="hint block">${t("desk_new_tab")}</small>`}</p>`}
    ${editing && html`<div class="desk-acts"><button class="button quiet" type="button" onClick=${onDouble}><${Glyph} name="copy" />${t("desk_double")}</button>
      <button class="button quiet danger" type="button" onClick=${() => onAct({ type: "remove", ids: [id] })}><${Glyph} name="remove" />${t("desk_remove")}</button></div>`}
  </aside>`;
}

/** @param {Props & { element: Element }} props */
function Numbers({ t, tell, element, desk, editing, onAct }) {
  const own = element.numbers ?? [];
  const all = [...new Set([...tell.numbers, ...own])];
  const holder = (/** @type {string} */ number) => desk.elements.find(({ id, numbers }) => id !== element.id && numbers?.includes(number));
  const toggle = (/** @type {string} */ number) => {
    const numbers = own.includes(number) ? own.filter((one) => one !== number) : [...own, number];
    onAct({ type: "edit", id: element.id, change: { numbers } });
  };
  return html`<fieldset class="desk-numbers"><legend>${t("desk_numbers")}</legend>
    ${all.length === 0 && html`<p class="second">${t("desk_numbers_none")} <a href="#/trunks" target="_blank">${t("desk_go_make")}</a></p>`}
    ${all.map((number) => {
      const other = holder(number);
      if (!editing && !own.includes(number)) return null;
      return html`<label class="check" key=${number}>${editing && html`<input type="checkbox" checked=${own.includes(number)} onChange=${() => toggle(number)} />`}
        <span>${tell.dialled(number)}${other && html`<small class="hint">${t("desk_number_elsewhere", { name: tell.name(other) })}</small>`}</span></label>`;
    })}</fieldset>`;
}

/** What it stands for: chosen among what there is, or made on the fly. @param {Props & { element: Element }} props */
function Stands(props) {
  const { t, api, tell, element, things, editing, onAct, onMade } = props;
  const [making, setMaking] = useState(false);
  const { id, kind } = element;
  const reference = /** @type {import("./kinds.js").Reference} */ (referenceOf(kind));
  const value = element[reference] ?? "";
  const choices = tell.choices(kind);
  const missing = value && !choices.some((choice) => choice.value === value);
  const maker = kind === "schedule" ? "desk_new_schedule" : kind === "voice_message" || kind === "dial_extension" ? "desk_new_message" : null;
  const take = (/** @type {string} */ next) => onAct({ type: "edit", id, change: { [reference]: next } });
  const made = async (/** @type {string} */ name) => {
    await onMade();
    setMaking(false);
    take(name);
  };
  const label = kind === "dial_extension" ? t("desk_prompt") : kind === "schedule" ? t("desk_timetable") : tell.say(`desk_kind_${kind}`);
  if (!editing) return kind === "dial_extension" && value ? html`<div class="desk-way"><span class="hint">${label}</span><b>${value}</b></div>` : html`<p class="second">${tell.sub(element, true, props.at)}</p>`;
  const elsewhere = { extension: "#/extensions", group: "#/groups", voice_menu: "#/voice-menus" }[/** @type {"group"} */ (kind)];
  return html`<div class="field"><label for="desk-stands">${label}</label>
      <select class="input" id="desk-stands" value=${value} onChange=${(/** @type {Event} */ event) => take(/** @type {HTMLSelectElement} */ (event.target).value)}>
        ${!value && html`<option value="">${tell.say(`desk_choose_${reference}`)}</option>`}
        ${missing && html`<option value=${value}>${t("desk_gone", { name: value })}</option>`}
        ${choices.map((choice) => html`<option key=${choice.value} value=${choice.value}>${choice.words}</option>`)}
      </select>
      ${kind === "schedule" && html`<small class="hint">${t("desk_shared")}</small>`}${kind === "dial_extension" && html`<small class="hint">${t("desk_prompt_why")}</small>`}
      ${editing && choices.length === 0 && elsewhere && html`<small class="hint">${t("desk_none_there")} <a href=${elsewhere} target="_blank">${t("desk_go_make")}</a></small>`}
    </div>
    ${editing && maker && html`<button class="button desk-new" type="button" onClick=${() => setMaking(true)}><${Glyph} name="plus" />${t(maker)}</button>`}
    ${making && (kind === "schedule"
      ? html`<${MakeSchedule} t=${t} api=${api} tell=${tell} things=${things} onMade=${made} onClose=${() => setMaking(false)} />`
      : html`<${MakeMessage} t=${t} api=${api} things=${things} onMade=${made} onClose=${() => setMaking(false)} />`)}`;
}

/** @param {Props & { element: Element }} props */
function Dial({ t, element, editing, onAct }) {
  const { id, digits = 3, timeout_seconds = 5 } = element;
  const wait = (/** @type {Event} */ event) => {
    const seconds = Math.min(300, Math.max(1, Math.round(Number(/** @type {HTMLInputElement} */ (event.target).value)) || 5));
    onAct({ type: "edit", id, change: { timeout_seconds: seconds } });
  };
  if (!editing) return html`<p class="second">${t("desk_digits", { count: digits })}, ${t("desk_sub_dial", { seconds: timeout_seconds })}</p>`;
  return html`<div class="pair"><div class="field"><label for="desk-digits">${t("desk_count_digits")}</label>
      <select class="input" id="desk-digits" value=${String(digits)}
        onChange=${(/** @type {Event} */ event) => onAct({ type: "edit", id, change: { digits: Number(/** @type {HTMLSelectElement} */ (event.target).value) } })}>
        ${[3, 4, 5].map((count) => html`<option key=${count} value=${String(count)}>${count}</option>`)}</select></div>
    <div class="field"><label for="desk-wait">${t("desk_wait")}</label><input class="input" id="desk-wait" type="number" min="1" max="300" value=${timeout_seconds} onChange=${wait} /></div></div>`;
}

/** @param {Props & { element: Element }} props */
function Hours({ t, tell, element, things, at }) {
  const schedule = things.schedules.find(({ name }) => name === element.schedule);
  return schedule ? html`<${Week} t=${t} tell=${tell} schedule=${schedule} at=${at} />` : null;
}

/** Where each output leads: what dragging does, by choosing. @param {Props & { element: Element }} props */
function Ways({ t, tell, element, desk, editing, onAct }) {
  const { id, kind, links } = element;
  const targets = desk.elements.filter((one) => one.id !== id && hasInput(one.kind));
  const named = (/** @type {Element} */ one) => {
    const name = tell.name(one);
    const alone = targets.filter((other) => tell.name(other) === name).length === 1;
    return alone ? name : `${name} · ${tell.say(`desk_kind_${one.kind}`)} (${one.id})`;
  };
  const next = freeKey(element);
  const isKey = (/** @type {string} */ out) => /^[\d*#]$/.test(out);
  const label = (/** @type {string} */ out) => (isKey(out) ? t("desk_where_key", { key: out }) : tell.say(`desk_where_${out}`));
  const lead = (/** @type {string} */ out, /** @type {string} */ to) => onAct(to ? { type: "link", from: id, out, to } : { type: "unlink", from: id, out });
  const row = (/** @type {string} */ out, /** @type {boolean} */ added) => {
    const field = `desk-way-${out === "*" ? "star" : out === "#" ? "hash" : out}`;
    const key = isKey(out) && !added && html`<select class="input desk-key" value=${out} aria-label=${label(out)} onChange=${(/** @type {Event} */ event) =>
      onAct({ type: "rekey", id, was: out, out: /** @type {HTMLSelectElement} */ (event.target).value })}>${KEYS.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select>`;
    if (!editing) {
      const to = targets.find((one) => one.id === links[out]);
      return html`<div key=${out} class="desk-way"><span class="hint">${label(out)}</span><b>${to ? tell.name(to) : t("desk_to_nowhere")}</b></div>`;
    }
    return html`<div key=${out} class="field"><label for=${field}>${added ? t("desk_add_key") : label(out)}</label><div class="desk-row">${key}
      <select class="input" id=${field} value=${links[out] ?? ""} onChange=${(/** @type {Event} */ event) => lead(out, /** @type {HTMLSelectElement} */ (event.target).value)}>
        <option value="">${added ? t("desk_add_to") : t(isKey(out) ? "desk_to_none" : "desk_to_nowhere")}</option>
        ${targets.map((one) => html`<option key=${one.id} value=${one.id}>${named(one)}</option>`)}
      </select></div></div>`;
  };
  return html`<div class="desk-ways"><h3>${t("desk_where")}</h3>${shownOuts(element).map((out) => row(out, false))}${editing && kind === "voice_menu" && next && row(next, true)}</div>`;
}
