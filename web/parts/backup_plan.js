// Copies by themselves: on which days, with which word, and where to.
import { FIELDS, SHORTEST, blank, told, weekdays } from "../backups.js";
import { html, useState } from "../lib/preact.js";
import { size } from "../machine.js";
import { DAYS } from "../timetable.js";
import { Count, Field, Sect, Switch } from "./form.js";
import { Icon } from "./icons.js";
import { useDeed, Wrong } from "./machine.js";

/** @typedef {import("../words.js").Key} Key */

/** @param {any} props */
export function Timetable(props) {
  const { t, item, admin } = props;
  const { draft, was, edit, fault } = item;
  const on = weekdays(draft.weekdays);
  const turn = (/** @type {number} */ day) => edit({ weekdays: told(on.map((is, nth) => (nth === day ? !is : is)), was.weekdays) });
  const short = draft.passphrase && draft.passphrase.length < SHORTEST;
  return html`<${Sect} id="plan" title=${t("plan")} help=${html`<p>${t("plan_why")}</p><p>${t("plan_proof")}</p><p>${t("copy_word_why")}</p>`}>
      <${Switch} id="plan-enabled" label=${t("plan_enabled")} hint=${draft.places.length === 0 ? t("plan_nowhere") : t("plan_enabled_why")} on=${draft.enabled} fault=${fault?.at("/enabled")} onTurn=${(/** @type {boolean} */ enabled) => edit({ enabled })} />
      <div class="field"><span class="label" id="plan-days">${t("plan_days")}</span><div class="days" role="group" aria-labelledby="plan-days">${DAYS.map((day, nth) => html`<button type="button" key=${day} aria-pressed=${String(on[nth])} onClick=${() => turn(nth)}>${t(/** @type {Key} */ (`day_${day}`))}</button>`)}</div>
        ${fault?.at("/weekdays") && html`<small class="fault">${fault.at("/weekdays")}</small>`}</div>
      <div class="cols"><${Field} id="plan-hour" label=${t("plan_hour")} type="time" span=${3} value=${draft.hour} fault=${fault?.at("/hour")} onValue=${(/** @type {string} */ hour) => edit({ hour })} />
        <${Count} id="plan-keep" label=${t("plan_keep")} hint=${t("plan_keep_why")} span=${3} value=${draft.keep} fault=${fault?.at("/keep")} onValue=${(/** @type {number} */ keep) => edit({ keep })} />
        <${Field} id="plan-word" label=${t("copy_word")} span=${6} secret optional autocomplete="new-password" value=${draft.passphrase ?? ""} placeholder=${t(draft.has_passphrase ? "hook_kept" : "plan_no_word")}
          fault=${fault?.at("/passphrase") ?? (short ? t("copy_word_short", { count: SHORTEST }) : "")} onValue=${(/** @type {string} */ text) => edit({ passphrase: text || undefined })} /></div>
      <div class="turns"><${Switch} id="plan-recordings" label=${t("copy_recordings")} hint=${t("copy_recordings_why")} on=${draft.recordings} onTurn=${(/** @type {boolean} */ recordings) => edit({ recordings })} />
        ${draft.on_box !== undefined && html`<${Switch} id="plan-on-box" label=${t("plan_on_box")} hint=${t("plan_on_box_why")} on=${draft.on_box} onTurn=${(/** @type {boolean} */ onBox) => edit({ on_box: onBox })} />`}</div>
    <//>
    <${Sect} id="places" title=${t("copy_places")} help=${html`<p>${t("copy_places_why")}</p>`}>
      ${draft.places.length === 0 && html`<p class="second">${t("copy_places_none")}</p>`}
      ${draft.places.map((/** @type {any} */ place, /** @type {number} */ nth) => html`<${Place} key=${nth} ...${props} place=${place} nth=${nth} />`)}
      ${admin && html`<${Add} t=${t} draft=${draft} edit=${edit} />`}
    <//>`;
}

/** @param {any} props */
function Add({ t, draft, edit }) {
  const kinds = /** @type {import("../backups.js").Kind[]} */ (Object.keys(FIELDS));
  const add = (/** @type {Event} */ event) => {
    const select = /** @type {HTMLSelectElement} */ (event.target);
    const kind = /** @type {import("../backups.js").Kind} */ (select.value);
    select.value = "";
    if (kind) edit({ places: [...draft.places, blank(kind, t(`place_name_${kind}`), draft.places.map((/** @type {any} */ { name }) => name))] });
  };
  return html`<div class="adds"><label class="unseen" for="place-add">${t("place_add")}</label>
    <select class="input narrow" id="place-add" value="" onChange=${add}><option value="">${t("place_add")}…</option>${kinds.map((kind) => html`<option key=${kind} value=${kind}>${t(`place_${kind}`)}</option>`)}</select></div>`;
}

/** @param {any} props */
function Place(props) {
  const { t, api, item, place, nth, admin, language } = props;
  const { draft, was, edit, fault } = item;
  const [said, setSaid] = useState("");
  const { busy, fault: refused, act, clear } = useDeed(props);
  const change = (/** @type {any} */ part) => (clear(), setSaid(""), edit({ places: draft.places.map((/** @type {any} */ one, /** @type {number} */ at) => (at === nth ? { ...one, ...part } : one)) }));
  const remove = () => edit({ places: draft.places.filter((/** @type {any} */ _, /** @type {number} */ at) => at !== nth) });
  const check = () =>
    act(async () => {
      setSaid("");
      const { value } = await api.write("POST", "backup/check", { place: place.name });
      const free = typeof value?.free_bytes === "number" ? size(value.free_bytes, language) : null;
      setSaid(free ? t("place_good_free", { size: t(free.word, free.values) }) : t("place_good"));
      // A server with SSH has shown its key, which is kept from now on.
      if (place.kind === "sftp" && !place.host_key) item.load();
    });
  const fields = FIELDS[/** @type {import("../backups.js").Kind} */ (place.kind)] ?? [];
  const saved = was.places.some((/** @type {any} */ one) => one.name === place.name);
  return html`<fieldset class="tel place-form"><legend class="unseen">${place.name}</legend><div class="tel-in">
    <div class="tel-head"><b>${t(/** @type {Key} */ (`place_${place.kind}`))}</b>
      ${admin && html`<button class="button quiet square" type="button" title=${t("delete")} aria-label=${`${t("delete")}: ${place.name}`} onClick=${remove}><${Icon} name="close" /></button>`}</div>
    <div class="cols"><${Field} id=${`place-${nth}-name`} label=${t("place_name")} span=${12} value=${place.name} fault=${fault?.at(`/places/${nth}/name`)} onValue=${(/** @type {string} */ name) => change({ name })} />
      ${fields.map(({ key, label, hint, secret, optional, lines, span, example }) => {
        const typed = (/** @type {string} */ text) => change({ [key]: secret ? text || undefined : text.trim() });
        const field = { id: `place-${nth}-${key}`, label: t(label), hint: hint && t(hint), span, value: String(place[key] ?? ""), fault: fault?.at(`/places/${nth}/${key}`), onValue: typed, placeholder: secret && place[`has_${key}`] ? t("hook_kept") : example };
        return lines ? html`<${Lines} key=${key} ...${field} />` : html`<${Field} key=${key} ...${field} mono=${!secret} secret=${secret} optional=${optional} autocomplete=${secret ? "new-password" : "off"} />`;
      })}</div>
    ${admin && html`<div class="adds"><button class="button" type="button" disabled=${busy || item.changed || !saved} onClick=${check}>${t(busy ? "place_checking" : "place_check")}</button>
      <span role="status">${said && html`<span class="lamp ok">${said}</span>`}${(item.changed || !saved) && html`<span class="hint">${t("hook_test_first")}</span>`}</span></div><${Wrong} fault=${refused} />`}
  </div></fieldset>`;
}

/** A key of several lines. @param {any} props */
function Lines({ id, label, hint, span, value, fault, placeholder, onValue }) {
  return html`<div class=${`field c${span} ${fault ? "bad" : ""}`}><label for=${id}>${label}</label>
    <textarea class="input mono" id=${id} rows="2" spellcheck=${false} autocomplete="off" placeholder=${placeholder} value=${value} aria-invalid=${fault ? "true" : null} aria-describedby=${`${id}-told`}
      onInput=${(/** @type {InputEvent} */ event) => onValue(/** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea><small id=${`${id}-told`} class=${fault ? "fault" : "hint"}>${fault || hint}</small></div>`;
}
