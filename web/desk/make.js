// A voice message or a timetable made while the desk is edited: in a dialog, so that nothing drawn is lost.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Field, submit, useTask } from "../parts/form.js";
import { DAYS, spelled } from "../timetable.js";
import { Glyph } from "./glyphs.js";

/**
 * @typedef {import("../words.js").Say} Say
 * @typedef {{ t: Say, api: import("../api.js").Api, things: import("./telling.js").Things, onMade: (name: string) => Promise<void>, onClose: () => void }} Props
 */

/** @param {{ t: Say, title: string, busy: boolean, fault: import("../api.js").Refused | null, onSend: () => void, onClose: () => void, children?: unknown }} props */
function Sheet({ t, title, busy, fault, onSend, onClose, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const whole = fault && !fault.problem?.errors?.some(({ pointer }) => pointer);
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="desk-sheet" onClose=${onClose}>
    <form class="dialog-in" novalidate onSubmit=${submit(onSend)}><h2 id="desk-sheet">${title}</h2>${children}
      <div role="alert">${whole && html`<span class="fault">${fault.message}</span>`}</div>
      <div class="buttons"><button class="button" type="button" onClick=${() => dialog.current?.close()}>${t("cancel")}</button>
        <button class="button primary" disabled=${busy}>${t(busy ? "saving" : "desk_create")}</button></div></form>
  </dialog>`;
}

/**
 * What is wrong with a name before the box is asked.
 * @param {Say} t
 * @param {string} name
 * @param {{ name: string }[]} others
 */
function nameFault(t, name, others) {
  if (!name.trim()) return t("desk_name_needed");
  return others.some((one) => one.name === name.trim()) ? t("desk_name_taken") : "";
}

/** @param {Props} props */
export function MakeMessage({ t, api, things, onMade, onClose }) {
  const [name, setName] = useState("");
  const [media, setMedia] = useState(things.media[0]?.name ?? "");
  const [repeat, setRepeat] = useState(1);
  const [tried, setTried] = useState(false);
  const { busy, fault, run } = useTask(t);
  const wrong = nameFault(t, name, things.messages);
  const send = () => {
    setTried(true);
    if (wrong || !media) return;
    run(async () => {
      await api.write("POST", "voice-messages", { name: name.trim(), media, repeat });
      await onMade(name.trim());
    });
  };
  return html`<${Sheet} t=${t} title=${t("desk_new_message")} busy=${busy} fault=${fault} onSend=${send} onClose=${onClose}>
    <${Field} id="desk-made" label=${t("desk_name")} value=${name} onValue=${setName} first fault=${(tried && wrong) || fault?.at("/name")} />
    <div class=${fault?.at("/media") ? "field bad" : "field"}><label for="desk-media">${t("desk_media")}</label>
      <select class="input" id="desk-media" value=${media} onChange=${(/** @type {Event} */ event) => setMedia(/** @type {HTMLSelectElement} */ (event.target).value)}>
        ${things.media.map((one) => html`<option key=${one.name} value=${one.name}>${one.name}</option>`)}</select>
      ${things.media.length === 0 && html`<small class=${tried ? "fault" : "hint"}>${t("desk_media_none")} <a href="#/media" target="_blank">${t("desk_go_make")}</a></small>`}
      ${fault?.at("/media") && html`<small class="fault">${fault.at("/media")}</small>`}</div>
    <div class="field"><label for="desk-repeat">${t("desk_repeat")}</label><input class="input desk-short" id="desk-repeat" type="number" min="1" max="100" value=${repeat}
      onChange=${(/** @type {Event} */ event) => setRepeat(Math.min(100, Math.max(1, Math.round(Number(/** @type {HTMLInputElement} */ (event.target).value)) || 1)))} /></div>
  <//>`;
}

/** @typedef {{ on: boolean[], from: string, to: string }} Row */

/** @param {Props & { tell: import("./telling.js").Teller }} props */
export function MakeSchedule({ t, api, tell, things, onMade, onClose }) {
  const [name, setName] = useState("");
  const [rows, setRows] = useState(/** @type {Row[]} */ ([{ on: DAYS.map((_, day) => day < 5), from: "09:00", to: "18:00" }]));
  const [tried, setTried] = useState(false);
  const { busy, fault, run } = useTask(t);
  const wrong = nameFault(t, name, things.schedules);
  const noDays = rows.some(({ on }) => !on.includes(true));
  const send = () => {
    setTried(true);
    if (wrong || noDays) return;
    run(async () => {
      const hours = rows.map(({ on, from, to }) => ({ days: spelled(on), from, to: to === "00:00" ? "24:00" : to }));
      await api.write("POST", "schedules", { name: name.trim(), hours });
      await onMade(name.trim());
    });
  };
  const change = (/** @type {number} */ nth, /** @type {Partial<Row>} */ part) => setRows(rows.map((row, at) => (at === nth ? { ...row, ...part } : row)));
  const time = (/** @type {number} */ nth, /** @type {"from" | "to"} */ end) => html`<input class="input" type="time" required value=${rows[nth]?.[end]} aria-label=${t(end === "from" ? "desk_from" : "desk_till")}
    onChange=${(/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).value && change(nth, { [end]: /** @type {HTMLInputElement} */ (event.target).value })} />`;
  const toggle = (/** @type {number} */ nth, /** @type {number} */ day) => change(nth, { on: (rows[nth]?.on ?? []).map((one, at) => (at === day ? !one : one)) });
  return html`<${Sheet} t=${t} title=${t("desk_new_schedule")} busy=${busy} fault=${fault} onSend=${send} onClose=${onClose}>
    <${Field} id="desk-made" label=${t("desk_name")} value=${name} onValue=${setName} first fault=${(tried && wrong) || fault?.at("/name")} />
    <div class="field"><span>${t("desk_hours")}</span>
      ${rows.map((row, nth) => html`<div key=${nth} class="desk-hours" role="group" aria-label=${`${t("desk_hours")} ${nth + 1}`}>
        <div class="desk-days">${DAYS.map((word, day) => html`<button key=${word} type="button" aria-pressed=${row.on[day] ? "true" : "false"} onClick=${() => toggle(nth, day)}>${tell.say(`desk_day_${word}`)}</button>`)}</div>
        <div class="desk-row">${time(nth, "from")}<span>–</span>${time(nth, "to")}${rows.length > 1 && html`<button class="button quiet square" type="button" title=${t("desk_hours_remove")} aria-label=${t("desk_hours_remove")}
          onClick=${() => setRows(rows.filter((_, at) => at !== nth))}><${Glyph} name="close" /></button>`}</div>
        ${tried && !row.on.includes(true) && html`<small class="fault">${t("desk_days_needed")}</small>`}</div>`)}
      <small class="hint">${t("desk_hours_why")}</small></div>
    <div><button class="button" type="button" onClick=${() => setRows([...rows, { on: DAYS.map((_, day) => day === 5), from: "10:00", to: "15:00" }])}><${Glyph} name="plus" />${t("desk_hours_add")}</button></div>
  <//>`;
}
