// «Офис»: what holds for the whole office: its name and time, music, recordings, mailboxes, listening in.
import { html } from "../lib/preact.js";
import { Count, Field, Sect, Select } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { useList } from "../parts/list.js";
import { useOrder } from "../parts/order.js";

/** @param {any} props */
export function Office(props) {
  const { t, admin } = props;
  const media = useList(props, "media");
  const item = useItem(props, { collection: "settings", name: t("office"), keyed: "name", alone: true });
  const { draft, edit, fault } = item;
  const labels = { office: t("office_main"), recordings: t("recordings"), voicemail: t("voicemail"), protection: t("listening") };
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${t("office")} labels=${labels} fixed />`;
  const part = (/** @type {string} */ table) => (/** @type {string} */ key) => ({
    id: `${table}-${key}`,
    value: draft[table][key],
    fault: fault?.at(`/${table}/${key}`),
    onValue: (/** @type {any} */ value) => edit((/** @type {any} */ before) => ({ [table]: { ...before[table], [key]: value } })),
  });
  const [office, recordings, voicemail, protection] = ["office", "recordings", "voicemail", "protection"].map(part);
  if (!office || !recordings || !voicemail || !protection) return null;
  const sounds = (media.rows ?? []).map((one) => ({ key: one.name, text: one.name }));
  return html`<${ItemPage} item=${item} admin=${admin} title=${t("office")} second=${t("office_why")} labels=${labels} fixed>
    <${Sect} id="office" title=${t("office_main")} help=${html`<p><b>${t("office_timezone")}</b>: ${t("office_timezone_why")}</p><p><b>${t("office_language")}</b>: ${t("office_language_why")}</p>
        <p><b>${t("office_country")}</b>: ${t("office_country_why")}</p><p><b>${t("office_area")}</b> ${t("office_area_why")}</p>`}>
      <div class="cols">
        <${Field} ...${office("name")} label=${t("office_name")} span=${6} optional />
        <${Select} ...${office("language")} label=${t("office_language")} span=${6} options=${[{ key: "ru", text: t("language_ru") }, { key: "en", text: t("language_en") }]} />
        <${Select} ...${office("timezone")} label=${t("office_timezone")} span=${6} options=${zones()} />
        <${Field} ...${office("country")} label=${t("office_country")} span=${3} longest=${2} onValue=${(/** @type {string} */ value) => office("country").onValue(value.toUpperCase())} />
        <${Field} ...${office("area_code")} label=${t("office_area")} span=${3} optional digits longest=${5} />
      </div>
    <//>
    <${Music} t=${t} admin=${admin} sounds=${sounds} ...${office("music")} />
    <${Sect} id="recordings" title=${t("recordings")} help=${html`<p>${t("recordings_why")}</p>`}>
      <div class="cols">
        <${Select} ...${recordings("format")} label=${t("recordings_format")} span=${6} options=${[{ key: "opus", text: t("recordings_opus") }, { key: "wav", text: t("recordings_wav") }]} />
        <${Count} ...${recordings("keep_days")} label=${t("recordings_days")} span=${3} />
        <${Count} ...${recordings("keep_gigabytes")} label=${t("recordings_gigabytes")} span=${3} />
      </div>
    <//>
    <${Sect} id="voicemail" title=${t("voicemail")}>
      <div class="cols">
        <${Select} ...${voicemail("greeting")} label=${t("voicemail_greeting")} span=${6} options=${[{ key: "", text: t("voicemail_built_in") }, ...sounds]} />
        <${Count} ...${voicemail("max_seconds")} label=${t("voicemail_seconds")} span=${3} />
        <${Count} ...${voicemail("keep_days")} label=${t("voicemail_days")} span=${3} hint=${t("voicemail_days_why")} />
      </div>
    <//>
    <${Sect} id="protection" title=${t("listening")} help=${html`<p>${t("listening_law")}</p>`}>
      <div class="cols"><${Select} ...${protection("listening")} label=${t("listening")} hint=${t("listening_why")} span=${6} options=${[{ key: "off", text: t("listening_off") }, { key: "told", text: t("listening_told") }, { key: "silent", text: t("listening_silent") }]} /></div>
    <//>
  <//>`;
}

/** The zones that the browser knows; the box judges. */
function zones() {
  const known = /** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? [];
  return known.map((/** @type {string} */ zone) => ({ key: zone, text: zone.replaceAll("_", " ") }));
}

/** Melodies, heard in this order. @param {any} props */
function Music({ t, admin, sounds, value, onValue, fault }) {
  const order = useOrder({ t, list: value, onOrder: onValue, said: (name) => name });
  const free = sounds.filter((/** @type {any} */ one) => !value.includes(one.key));
  const add = (/** @type {Event} */ event) => {
    const select = /** @type {HTMLSelectElement} */ (event.target);
    if (select.value) onValue([...value, select.value]);
    select.value = "";
  };
  return html`<${Sect} id="music" title=${t("office_music")} help=${html`<p>${t("office_music_why")}</p>`}>
    ${value.length === 0 && html`<p class="second">${t("office_music_none")}</p>`}
    <ul class="members" ref=${order.holder}>${value.map((/** @type {string} */ name, /** @type {number} */ nth) => html`<li class=${order.dragged === nth ? "member dragged" : "member"} key=${name} ...${order.row(nth)}>
      ${order.grip(nth)}<div class="member-in">${name}</div>
      <button class="button quiet square" type="button" title=${t("schedule_remove")} aria-label=${`${t("schedule_remove")}: ${name}`} onClick=${() => onValue(value.filter((/** @type {string} */ one) => one !== name))}><${Icon} name="close" /></button></li>`)}</ul>
    ${order.aloud}
    ${fault && html`<p class="fault">${fault}</p>`}
    ${admin && free.length > 0 && html`<div class="adds"><label class="unseen" for="melody">${t("office_music_add")}</label>
      <select class="input narrow" id="melody" value="" onChange=${add}><option value="">${t("office_music_add")}…</option>${free.map((/** @type {any} */ one) => html`<option key=${one.key} value=${one.key}>${one.text}</option>`)}</select></div>`}
  <//>`;
}
