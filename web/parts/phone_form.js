// One telephone: its lines and keys, what it is told beside them, what it fetched; and what can be done with it.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { SCANS, condition, mac as macOf, title } from "../phones.js";
import { address } from "../routes.js";
import { letGo } from "./address.js";
import { Field, Sect, Select } from "./form.js";
import { Icon } from "./icons.js";
import { ItemPage, useItem } from "./item.js";
import { useList } from "./list.js";
import { moment } from "./moment.js";
import { Progress, Scan } from "./phone_connect.js";
import { FirmwareChoice } from "./phone_firmware.js";
import { Fetches, Preview } from "./phone_files.js";
import { Lamps, Lines } from "./phone_keys.js";
import { useDeed } from "./phone_live.js";

const TRANSPORTS = /** @type {const} */ (["auto", "udp", "tcp", "tls"]);

/** @param {any} props `phone`: as it is now */
export function PhoneForm(props) {
  const { t, api, box, now, admin, mac, phone, go, load } = props;
  const item = useItem(props, { collection: "phones", name: mac, keyed: "mac", send });
  const templates = useList(props, "phone-templates");
  const places = usePlaces(props);
  const { busy, fault, act } = useDeed(props);
  const [replacing, setReplacing] = useState(false);
  const name = title(phone) || t("tel_some");
  const labels = Object.fromEntries(Object.entries(LABELS).map(([key, word]) => [key, t(word)]));
  const is = condition(phone, box.extensions, now + box.skew);
  const path = `phones/${encodeURIComponent(mac)}`;
  const sync = (/** @type {boolean} */ restart) => act(() => api.write("POST", `${path}/sync${restart ? "?restart=true" : ""}`), { text: t(restart ? "tel_restarted" : "tel_sent") });
  const unbind = () =>
    act(() => api.write("DELETE", path), {
      text: t("tel_unbound", { name, numbers: phone.lines.map((/** @type {any} */ { extension }) => extension).join(", ") }),
      then: () => (letGo(), load(), go(address("phones"))),
      back: () => (load(), go(address("phones", mac))),
    });
  const replace = (/** @type {string} */ by) =>
    act(() => api.write("POST", `${path}/replace`, { by }), {
      text: t("tel_replaced", { by }),
      then: () => (setReplacing(false), letGo(), load(), go(address("phones", by))),
      back: () => (load(), go(address("phones", mac))),
    });
  if (!item.draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} fixed />`;
  const { draft, edit } = item;
  const field = (/** @type {string} */ key) => ({ id: `tel-${key}`, label: labels[key], value: draft[key], fault: item.fault?.at(`/${key}`), onValue: (/** @type {string} */ value) => edit({ [key]: value.trim() }) });
  const known = [phone.seen?.address, phone.seen?.firmware && t("tel_firmware_is", { firmware: phone.seen.firmware }), phone.given && t("tel_carries", { version: phone.given.version, when: moment(phone.given.at, box, now, t) })];
  const second = html`<span class=${`lamp ${is.lamp}`}>${t(/** @type {"tel_is_new"} */ (`tel_is_${is.what}`))}${is.what === "silent" && ` ${t("since", { when: moment(is.since ?? "", box, now, t) })}`}</span>
    <span class="mono">${mac}</span> <span>${known.filter(Boolean).join(", ")}</span>`;
  const actions = admin && html`
    <button class="button" type="button" disabled=${busy} onClick=${() => sync(false)}><${Icon} name="refresh" />${t("tel_send")}</button>
    <button class="button quiet" type="button" disabled=${busy} onClick=${() => sync(true)}>${t("tel_restart")}</button>
    <button class="button quiet" type="button" disabled=${busy} onClick=${() => setReplacing(true)}>${t("tel_replace")}</button>
    <button class="button quiet danger" type="button" disabled=${busy} onClick=${unbind}>${t("tel_unbind")}</button>`;
  const connects = ["accepted", "took", "waiting", "never"].includes(is.what);
  const named = (/** @type {string} */ name) => templates.rows?.find((one) => one.name === name)?.title || name;
  const used = draft.template || phone.template_used;
  const auto = phone.template ? t("tel_template_auto") : t("tel_template_auto_is", { name: named(phone.template_used) });
  const options = [{ key: "", text: auto }, ...(templates.rows ?? []).map((one) => ({ key: one.name, text: one.built_in ? one.title || one.name : t("tel_template_own", { name: one.name }) }))];
  const stamp = `${phone.given?.at} ${phone.seen?.last_at} ${phone.window_until}`;
  return html`${fault && html`<p class="note bad" role="alert"><${Icon} name="alert" /><span>${fault.message}</span></p>`}
    <${ItemPage} item=${item} admin=${admin} title=${name} second=${second} actions=${actions} labels=${labels} fixed>
    ${connects && html`<section class="card connect" aria-labelledby="progress-title"><header><h2 id="progress-title">${t("tel_connecting_title")}</h2></header><${Progress} ...${props} is=${is} onDropped=${() => (letGo(), load(), go(address("phones")))} /></section>`}
    ${is.what === "old" && html`<p class="note warn"><${Icon} name="alert" /><span>${t("tel_old_why")}</span></p>`}
    ${draft.template === SCANS && admin && !connects && html`<${Sect} id="scan" title=${t("tel_scan")} help=${html`<p>${t("tel_scan_secret")}</p>`}><${Scan} ...${props} /><//>`}
    <${Lines} ...${props} item=${item} />
    <${Lamps} ...${props} item=${item} places=${places} />
    <${Sect} id="tel" title=${t("tel_itself")} help=${html`<p><b>${t("tel_template")}</b>: ${t("tel_template_why")} ${used && html`<a href=${address("phone-templates", used)}>${t("tel_template_look")}</a>`}</p><p><b>${t("tel_transport")}</b>: ${t("tel_transport_why")}</p>`}>
      <div class="cols">
        <${Field} ...${field("model")} span=${6} optional />
        <${Select} ...${field("template")} span=${6} options=${options} />
        <${Select} ...${field("transport")} span=${6} options=${TRANSPORTS.map((key) => ({ key, text: t(`tel_transport_${key}`) }))} />
        <${FirmwareChoice} ...${props} field=${{ ...field("firmware"), hint: t("tel_firmware_why") }} />
        ${admin && draft.template !== SCANS && html`<${Password} ...${props} path=${path} />`}
      </div>
    <//>
    <${Fetches} ...${props} stamp=${stamp} />
    <${Preview} ...${props} stamp=${item.was && JSON.stringify(send(item.was))} />
  <//>
  ${replacing && html`<${Replace} ...${props} busy=${busy} onBy=${replace} onClose=${() => setReplacing(false)} />`}`;
}

/** What is sent of a telephone. @param {any} body */
function send({ mac, vendor, model, template, lamps, keys, firmware, transport, lines }) {
  return { mac, vendor, model, template, lamps, keys, firmware, transport, lines: lines.map((/** @type {any} */ { extension, login }) => ({ extension, ...(login && { login }) })) };
}

/** Numbers beside people's that have a lamp: groups, rooms, parking places. @param {any} props */
function usePlaces(props) {
  const { t, api, settings } = props;
  const groups = useList(props, "groups").rows ?? [];
  const rooms = useList(props, "conferences").rows ?? [];
  const [parking, setParking] = useState(/** @type {{ first: number, last: number }} */ ({ first: 1, last: 0 }));
  useEffect(() => {
    api.get("parking", { background: true }).then(setParking, () => {});
  }, [settings]);
  const places = Array.from({ length: parking.last > 0 ? parking.last - parking.first + 1 : 0 }, (_, nth) => String(parking.first + nth));
  const named = (/** @type {any} */ one) => ({ key: one.number, text: `${one.number} ${one.name}`.trim() });
  return [...groups.map(named), ...rooms.map(named), ...places.map((key) => ({ key, text: t("tel_place", { number: key }) }))];
}

/** The password of the telephone's own page: shown to an admin who asks. @param {any} props */
function Password({ t, api, tell, onRefused, path, phone }) {
  const [word, setWord] = useState("");
  const attempt = async (/** @type {(word: string) => unknown} */ then) => {
    try {
      then(word || (await api.get(`${path}/password`)).password);
    } catch (error) {
      onRefused(error);
      tell({ text: error instanceof Error ? error.message : "" });
    }
  };
  const copy = () => attempt((known) => navigator.clipboard.writeText(known).then(() => tell({ text: t("copied") }), () => {}));
  const square = (/** @type {string} */ icon, /** @type {string} */ label, /** @type {() => void} */ act) => html`<button class="button square" type="button" title=${label} aria-label=${label} onClick=${act}><${Icon} name=${icon} /></button>`;
  if (!phone.has_admin_password) return null;
  const page = phone.seen && html` <a href=${`http://${phone.seen.address}/`} target="_blank" rel="noreferrer">${t("tel_own_page")}</a>`;
  return html`<${Field} id="tel-password" label=${t("tel_password")} span=${6} mono fixed optional value=${word || "••••••••••••"} hint=${html`${t("tel_password_why")}${page}`}
    after=${html`${square("eye", t(word ? "device_password_hide" : "device_password_show"), () => (word ? setWord("") : attempt(setWord)))}${square("copy", t("copy"), copy)}`} />`;
}

/** «Заменить телефон»: another takes the place of a broken one. @param {any} props */
function Replace({ t, phones, busy, onBy, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [typed, setTyped] = useState("");
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const seen = phones.filter((/** @type {any} */ one) => !one.bound);
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && dialog.current?.close();
  return html`<dialog ref=${dialog} class="dialog setup" aria-labelledby="replace-title" onClose=${onClose} onClick=${outside}><div class="dialog-in">
    <h2 id="replace-title">${t("tel_replace_title")}</h2>
    <p class="second">${t(seen.length ? "tel_replace_why" : "tel_replace_none")}</p>
    ${seen.length > 0 && html`<ul class="members">${seen.map((/** @type {any} */ one) => html`<li class="member" key=${one.mac}><div class="member-in start"><span><b>${title(one) || t("tel_some")}</b> <small class="hint mono">${one.mac} ${one.seen.address}</small></span></div>
      <button class="button" type="button" disabled=${busy} aria-label=${t("tel_replace_by", { name: `${title(one)} ${one.mac}` })} onClick=${() => onBy(one.mac)}>${t("tel_replace_this")}</button></li>`)}</ul>`}
    <details class="letter"><summary>${t("tel_type_mac")}</summary><${Field} id="replace-mac" label=${t("tel_mac")} hint=${t("tel_mac_why")} mono value=${typed} onValue=${setTyped} placeholder="80:5e:c0:12:34:56"
      after=${html`<button class="button" type="button" disabled=${busy || !macOf(typed)} onClick=${() => onBy(macOf(typed))}>${t("tel_replace_this")}</button>`} /></details>
    <div class="buttons"><button class="button" type="button" onClick=${() => dialog.current?.close()}>${t("cancel")}</button></div>
  </div></dialog>`;
}

/** @type {Record<string, import("../words.js").Key>} */
const LABELS = { lines: "tel_lines", lamps: "tel_lamps", keys: "tel_keys", model: "tel_model", template: "tel_template", transport: "tel_transport", firmware: "tel_firmware" };
