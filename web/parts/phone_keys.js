// What stands on a telephone's keys: its own lines in their order, the lamps of colleagues, pickup and parking.
import { html } from "../lib/preact.js";
import { MOST_LINES } from "../phones.js";
import { address } from "../routes.js";
import { Sect, Switch } from "./form.js";
import { Icon } from "./icons.js";
import { useOrder } from "./order.js";

/** Which keys there are beside the lamps. */
const KEYS = /** @type {const} */ (["pickup", "parking"]);

/** @param {any} props `moves`: their order is set by hand */
function Ordered({ t, admin, list, named, onList, row, removes, moves }) {
  const order = useOrder({ t, list, onOrder: onList, said: named });
  return html`<ul class="members" ref=${order.holder}>${list.map((/** @type {any} */ one, /** @type {number} */ nth) => html`<li class=${order.dragged === nth ? "member dragged" : "member"} key=${one.local ?? one.login ?? one.extension ?? one} ...${moves ? order.row(nth) : {}}>
      ${admin && moves && order.grip(nth)}<div class="member-in">${row(one)}</div>
      ${admin && removes && html`<button class="button quiet square" type="button" title=${t("tel_take_away")} aria-label=${`${t("tel_take_away")}: ${named(one)}`} onClick=${() => onList(list.filter((/** @type {any} */ other) => other !== one))}><${Icon} name="close" /></button>`}</li>`)}</ul>
    ${order.aloud}`;
}

/** @param {any} props */
function Add({ id, label, options, onAdd }) {
  if (options.length === 0) return null;
  const add = (/** @type {Event} */ event) => {
    const select = /** @type {HTMLSelectElement} */ (event.target);
    if (select.value) onAdd(select.value);
    select.value = "";
  };
  return html`<label class="unseen" for=${id}>${label}</label>
    <select class="input narrow" id=${id} value="" onChange=${add}><option value="">${label}…</option>${options.map((/** @type {any} */ one) => html`<option key=${one.key} value=${one.key}>${one.text}</option>`)}</select>`;
}

/** @param {any} props */
export function Lines({ t, item, box, admin }) {
  const { draft, edit, fault } = item;
  const named = (/** @type {any} */ { extension }) => `${extension} ${box.extensions.find((/** @type {any} */ one) => one.number === extension)?.employee ?? ""}`.trim();
  const options = box.extensions.map((/** @type {any} */ one) => ({ key: one.number, text: `${one.number} ${one.employee}`.trim() }));
  const here = (/** @type {any} */ { login }) => box.extensions.flatMap((/** @type {any} */ one) => one.devices).find((/** @type {any} */ one) => login && one.login === login)?.registration;
  const row = (/** @type {any} */ line) => html`<span><a href=${address("extensions", line.extension)}>${named(line)}</a>${line.login && html` <small class="hint mono">${line.login}</small>`}</span>
    ${line.login ? html`<span class=${here(line)?.registered ? "lamp ok" : "lamp off"}>${t(here(line)?.registered ? "device_online" : "device_offline")}</span>` : html`<span class="hint">${t("device_new")}</span>`}`;
  const faults = [fault?.at("/lines"), ...draft.lines.flatMap((/** @type {any} */ _, /** @type {number} */ nth) => [fault?.at(`/lines/${nth}/extension`), fault?.at(`/lines/${nth}/login`)])].filter(Boolean);
  return html`<${Sect} id="lines" title=${t("tel_lines")} help=${html`<p>${t("tel_lines_why")}</p>`}>
    <${Ordered} t=${t} admin=${admin} list=${draft.lines} named=${named} row=${row} removes=${draft.lines.length > 1} moves=${draft.lines.length > 1} onList=${(/** @type {any[]} */ lines) => edit({ lines })} />
    ${faults.map((one) => html`<p class="fault">${one}</p>`)}
    ${admin && draft.lines.length < MOST_LINES && html`<div class="adds"><${Add} id="line-add" label=${t("tel_line_add")} options=${options} onAdd=${(/** @type {string} */ extension) => edit({ lines: [...draft.lines, { extension, local: Date.now() }] })} /></div>`}
  <//>`;
}

/** @param {any} props `places`: further numbers whose lamps may be shown: groups, rooms, parking places */
export function Lamps({ t, item, box, admin, places }) {
  const { draft, edit, fault } = item;
  const own = draft.lines.map((/** @type {any} */ line) => line.extension);
  const people = box.extensions.map((/** @type {any} */ one) => ({ key: one.number, text: `${one.number} ${one.employee}`.trim() })).filter((/** @type {any} */ one) => !own.includes(one.key));
  const all = [...people, ...places];
  const named = (/** @type {string} */ number) => all.find(({ key }) => key === number)?.text ?? number;
  const free = all.filter(({ key }) => !draft.lamps.includes(key));
  const missing = people.filter((/** @type {any} */ { key }) => !draft.lamps.includes(key)).map((/** @type {any} */ { key }) => key);
  const faults = [fault?.at("/lamps"), ...draft.lamps.map((/** @type {any} */ _, /** @type {number} */ nth) => fault?.at(`/lamps/${nth}`))].filter(Boolean);
  const turn = (/** @type {string} */ key, /** @type {boolean} */ on) => edit({ keys: KEYS.filter((one) => (one === key ? on : draft.keys.includes(one))) });
  return html`<${Sect} id="lamps" title=${t("tel_lamps")} help=${html`<p>${t("tel_lamps_why")}</p><p>${t("tel_keys_why")}</p>`}>
    ${draft.lamps.length === 0 && html`<p class="second">${t("tel_lamps_none")}</p>`}
    <${Ordered} t=${t} admin=${admin} list=${draft.lamps} named=${named} row=${named} removes moves onList=${(/** @type {string[]} */ lamps) => edit({ lamps })} />
    ${faults.map((one) => html`<p class="fault">${one}</p>`)}
    ${admin && html`<div class="adds"><${Add} id="lamp-add" label=${t("tel_lamp_add")} options=${free} onAdd=${(/** @type {string} */ number) => edit({ lamps: [...draft.lamps, number] })} />
      ${missing.length > 0 && html`<button class="button" type="button" onClick=${() => edit({ lamps: [...draft.lamps, ...missing] })}>${t("tel_lamps_all")}</button>`}
      ${draft.lamps.length > 1 && html`<button class="button quiet" type="button" onClick=${() => edit({ lamps: [] })}>${t("tel_lamps_clear")}</button>`}</div>`}
    <div class="turns">${KEYS.map((key) => html`<${Switch} key=${key} id=${`key-${key}`} label=${t(`tel_key_${key}`)} hint=${t(`tel_key_${key}_why`)} on=${draft.keys.includes(key)} fault=${key === "pickup" && fault?.at("/keys")} onTurn=${(/** @type {boolean} */ on) => turn(key, on)} />`)}</div>
  <//>`;
}
