// The telephones of a number, in the order in which they ring: a SIP telephone with its login, or a mobile.
import { html, useEffect, useState } from "../lib/preact.js";
import { address } from "../routes.js";
import { newLogin, password, prefixOf, rightsFor, ringing } from "../ringing.js";
import { Choice, Count, Field, Sect, Select, Telephone } from "./form.js";
import { Icon } from "./icons.js";
import { useOrder } from "./order.js";
import { RIGHTS } from "./rights.js";
import { Setup } from "./setup.js";

const MOST = 4;
const EVERYWHERE = "0.0.0.0/0";

/** @param {any} props */
export function Devices(props) {
  const { t, item, logins, live } = props;
  const { draft, edit } = item;
  const [setup, setSetup] = useState(/** @type {any} */ (null));
  const names = draft.devices.map((/** @type {any} */ device, /** @type {number} */ nth) => nameOf(device, live, t, draft.devices, nth));
  const said = (/** @type {any} */ device) => names[draft.devices.indexOf(device)];
  const order = useOrder({ t, list: draft.devices, onOrder: (devices) => edit({ devices }), said });
  const change = (/** @type {number} */ nth, /** @type {any} */ part) => edit((/** @type {any} */ before) => ({ devices: before.devices.map((/** @type {any} */ device, /** @type {number} */ one) => (one === nth ? { ...device, ...part, local: keyOf(device) } : device)) }));
  const add = (/** @type {any} */ device) => edit({ devices: [...draft.devices, { ...device, ring_seconds: 20, local: Date.now() }] });
  const addSip = () => {
    const taken = [...logins, ...draft.devices.map((/** @type {any} */ device) => device.login ?? "")];
    add({ kind: "sip", login: newLogin(prefixOf(logins), draft.number, taken), allow_from: [EVERYWHERE], forward: { mode: "none" }, mac: "", model: "", srtp: "optional" });
  };
  const help = html`<p><b>${t(`ring_${/** @type {"parallel" | "sequential"} */ (draft.ring)}`)}</b>: ${t(`ring_${/** @type {"parallel" | "sequential"} */ (draft.ring)}_why`)}</p>
    <p class="note"><${Icon} name="info" /><span>${t("ring_hand")}</span></p>`;
  const choice = html`<${Choice} label=${t("ring_order")} value=${draft.ring} onValue=${(/** @type {string} */ ring) => edit({ ring })} options=${[{ key: "parallel", text: t("ring_parallel") }, { key: "sequential", text: t("ring_sequential") }]} />`;
  return html`<${Sect} id="devices" title=${t("ext_devices")} head=${draft.devices.length > 1 && choice} help=${help}>
    <ul class="devices" ref=${order.holder}>
      ${draft.devices.map((/** @type {any} */ device, /** @type {number} */ nth) => html`<li class=${order.dragged === nth ? "tel dragged" : "tel"} key=${keyOf(device)} ...${order.row(nth)}>
        ${order.grip(nth)}
        <${device.kind === "mobile" ? Mobile : Sip} ...${props} device=${device} nth=${nth} name=${names[nth]} onChange=${(/** @type {any} */ part) => change(nth, part)} onSetup=${() => setSetup(device)}
          onRemove=${draft.devices.length > 1 ? () => edit({ devices: draft.devices.filter((/** @type {any} */ one) => one !== device) }) : null} />
      </li>`)}
    </ul>
    ${order.aloud}
    ${item.fault?.at("/devices") && html`<p class="fault">${item.fault.at("/devices")}</p>`}
    <div class="adds">
      <button class="button" type="button" disabled=${draft.devices.length >= MOST} onClick=${addSip}><${Icon} name="plus" />${t("device_sip")}</button>
      <button class="button" type="button" disabled=${draft.devices.length >= MOST} onClick=${() => add({ kind: "mobile", number: "", confirm: true })}><${Icon} name="plus" />${t("device_mobile")}</button>
      <span class="hint">${t("device_most")}</span>
    </div>
    <${RingLine} t=${t} draft=${draft} names=${names} />
    ${setup && html`<${Setup} ...${props} device=${setup} number=${item.name} onClose=${() => setSetup(null)} />`}
  <//>`;
}

/**
 * The same thing while its login or number is typed.
 * @param {any} device
 */
function keyOf(device) {
  return device.local ?? device.login ?? device.number;
}

/**
 * @param {any} device
 * @param {any} live
 * @param {import("../words.js").Say} t
 * @param {any[]} devices
 * @param {number} nth
 * @returns {string}
 */
function nameOf(device, live, t, devices, nth) {
  if (device.kind === "mobile") return t("device_mobile");
  const contact = live?.devices.find((/** @type {any} */ one) => one.login === device.login)?.registration?.contacts[0];
  const word = contact?.user_agent?.split(/[/(]/)[0]?.trim() || device.model;
  if (word) return word;
  const more = devices.filter((one) => one.kind === "sip").length > 1;
  return more ? `${t("device_sip")} ${devices.slice(0, nth + 1).filter((one) => one.kind === "sip").length}` : t("device_sip");
}

/** @param {any} props */
function DeviceHead({ t, icon, name, note, onRemove }) {
  return html`<div class="tel-head"><${Icon} name=${icon} /><b>${name}</b>${note}
    ${onRemove && html`<button class="button quiet square" type="button" title=${t("device_remove", { what: name })} aria-label=${t("device_remove", { what: name })} onClick=${onRemove}><${Icon} name="close" /></button>`}</div>`;
}

/** @param {any} props */
function Mobile({ t, item, country, device, nth, name, onChange, onRemove }) {
  const at = (/** @type {string} */ key) => item.fault?.at(`/devices/${nth}/${key}`);
  return html`<div class="tel-in">
    <${DeviceHead} t=${t} icon="mobile" name=${name} note=${html`<span class="hint">${t("device_mobile_why")}</span>`} onRemove=${onRemove} />
    <div class="cols">
      <${Telephone} id=${`number-${nth}`} label=${t("device_number")} span=${7} country=${country} value=${device.number} fault=${at("number")} onValue=${(/** @type {string} */ number) => onChange({ number })} placeholder="8 921 123-45-67" />
      <${Count} id=${`seconds-${nth}`} label=${t("device_seconds")} span=${2} value=${device.ring_seconds} fault=${at("ring_seconds")} onValue=${(/** @type {number} */ ring_seconds) => onChange({ ring_seconds })} />
    </div>
    <label class="check"><input type="checkbox" checked=${device.confirm} onChange=${() => onChange({ confirm: !device.confirm })} /><span>${t("device_confirm")}<small class="hint">${t("device_confirm_why")}</small></span></label>
  </div>`;
}

/** @param {any} props */
function Sip(props) {
  const { t, item, live, logins, device, nth, name, onChange, onRemove, onSetup } = props;
  const at = (/** @type {string} */ key) => item.fault?.at(`/devices/${nth}/${key}`);
  const prefix = prefixOf(logins);
  const fixed = prefix && device.login.startsWith(prefix) ? prefix : "";
  const saved = item.was?.devices?.some((/** @type {any} */ one) => one.login === device.login) && !item.fresh;
  const registered = live?.devices.find((/** @type {any} */ one) => one.login === device.login)?.registration?.registered;
  const note = saved ? html`<span class=${`lamp ${registered ? "ok" : "off"}`}>${t(registered ? "device_online" : "device_offline")}</span>` : html`<span class="hint">${t("device_new")}</span>`;
  const anywhere = device.allow_from.length === 1 && device.allow_from[0] === EVERYWHERE;
  const addresses = (/** @type {string} */ text) => onChange({ allow_from: text.split(/[,;\s]+/).filter(Boolean) });
  const wrongAddress = at("allow_from") || device.allow_from.map((/** @type {string} */ _, /** @type {number} */ one) => at(`allow_from/${one}`)).find(Boolean);
  return html`<div class="tel-in">
    <${DeviceHead} t=${t} icon="extension" name=${name} note=${note} onRemove=${onRemove} />
    <div class="cols">
      <${Field} id=${`login-${nth}`} label=${t("device_login")} span=${5} mono optional before=${fixed} value=${device.login.slice(fixed.length)} fault=${at("login")} placeholder=${t("device_login_empty")}
        onValue=${(/** @type {string} */ text) => onChange({ login: fixed + text.replaceAll(/[^A-Za-z0-9+._-]/g, "") })} />
      <${Password} ...${props} saved=${saved} fault=${at("password")} />
      <${Count} id=${`seconds-${nth}`} label=${t("device_seconds")} span=${2} value=${device.ring_seconds} fault=${at("ring_seconds")} onValue=${(/** @type {number} */ ring_seconds) => onChange({ ring_seconds })} />
    </div>
    <${Forwarding} ...${props} at=${at} />
    <div class="cols">
      <${Addresses} id=${`allow-${nth}`} t=${t} list=${device.allow_from} fault=${wrongAddress} onText=${addresses}
        after=${html`<button class="button" type="button" disabled=${anywhere} onClick=${() => onChange({ allow_from: [EVERYWHERE] })}>${t("allow_all")}</button>`} />
      <div class="c5 end">${device.mac
        ? html`<a class="button quiet" href=${address("phones", device.mac)}><${Icon} name="phones" />${t("tel_open")}</a>`
        : html`<button class="button quiet" type="button" onClick=${onSetup}><${Icon} name="info" />${t("device_setup")}</button>`}</div>
    </div>
  </div>`;
}

/** A list that is typed as one line: what is typed stays as it is. @param {any} props */
function Addresses({ id, t, list, fault, onText, after }) {
  const [text, setText] = useState(() => list.join(", "));
  const alike = text.split(/[,;\s]+/).filter(Boolean).join() === list.join();
  return html`<${Field} id=${id} label=${t("allow_from")} span=${7} mono value=${alike ? text : list.join(", ")} fault=${fault} hint=${t("allow_from_why")} after=${after}
    onValue=${(/** @type {string} */ next) => (setText(next), onText(next))} />`;
}

/** The password: shown to an admin who asks, or a new one. @param {any} props */
function Password({ t, api, admin, onRefused, item, tell, device, nth, saved, fault, onChange }) {
  const [known, setKnown] = useState("");
  const [open, setOpen] = useState(false);
  const ask = async () => {
    if (device.password) return device.password;
    if (known) return known;
    const { password: word } = await api.get(`extensions/${encodeURIComponent(item.name)}/devices/${encodeURIComponent(device.login)}/password`);
    setKnown(word);
    return word;
  };
  const attempt = async (/** @type {(word: string) => unknown} */ then) => {
    try {
      await then(await ask());
    } catch (error) {
      onRefused(error);
      tell({ text: error instanceof Error ? error.message : "" });
    }
  };
  const copy = () => attempt((word) => navigator.clipboard.writeText(word).then(() => tell({ text: t("copied") })));
  const make = () => (onChange({ password: password(crypto.getRandomValues(new Uint8Array(64))) }), setOpen(true));
  const word = device.password ?? (open ? known : "");
  const asks = saved || device.password;
  const square = (/** @type {string} */ icon, /** @type {string} */ label, /** @type {() => void} */ act) => html`<button class="button square" type="button" title=${label} aria-label=${label} onClick=${act}><${Icon} name=${icon} /></button>`;
  return html`<${Field} id=${`password-${nth}`} label=${t("device_password")} span=${5} mono fixed optional fault=${fault} value=${open && word ? word : asks ? "••••••••••••" : ""} placeholder=${t("device_password_new")}
    hint=${device.password && t("device_password_waits")}
    after=${admin && html`${asks && square("eye", t(open ? "device_password_hide" : "device_password_show"), () => (open ? setOpen(false) : attempt(() => setOpen(true))))}
      ${asks && square("copy", t("copy"), copy)}
      ${square("refresh", t("device_password_make"), make)}`} />`;
}

/** @param {any} props */
function Forwarding({ t, api, item, box, country, device, nth, at, onChange }) {
  const { forward } = device;
  const set = (/** @type {any} */ part) => onChange({ forward: { ...forward, ...part } });
  const turn = (/** @type {string} */ mode) => onChange({ forward: mode === "always" ? { mode, to: forward.busy || forward.no_answer || "" } : mode === "conditional" ? { mode, busy: "", no_answer: forward.to ?? "" } : { mode } });
  const mend = (/** @type {string} */ target) => {
    const missing = rightsFor(target, box.system?.area_code ?? "").filter((right) => !item.draft.permissions.includes(right));
    if (!/^\d{6,}/.test(target) || missing.length === 0) return null;
    const allow = () => item.edit({ permissions: RIGHTS.filter((right) => item.draft.permissions.includes(right) || missing.includes(right)) });
    return html`<button class="plain" type="button" onClick=${allow}>${t("forward_allow")}</button>`;
  };
  const target = (/** @type {"to" | "busy" | "no_answer"} */ key, /** @type {string} */ label, /** @type {number} */ span) =>
    html`<${Telephone} id=${`forward-${key}-${nth}`} label=${label} span=${span} country=${country} optional=${key !== "to"} value=${forward[key] ?? ""} placeholder=${key === "to" ? "201" : t("forward_off")}
      hint=${html`<${Meaning} ...${{ api, item, target: forward[key] ?? "" }} />`} fault=${at(`forward/${key}`)} mend=${mend(forward[key] ?? "")} onValue=${(/** @type {string} */ value) => set({ [key]: value })} />`;
  return html`<div class="cols">
    <${Select} id=${`forward-${nth}`} label=${t("forward")} span=${4} value=${forward.mode} fault=${at("forward") || at("forward/mode")} onValue=${turn}
      options=${[{ key: "none", text: t("forward_none") }, { key: "always", text: t("forward_always") }, { key: "conditional", text: t("forward_conditional") }]} />
    ${forward.mode === "always" && target("to", t("forward_to"), 8)}
    ${forward.mode === "conditional" && html`${target("busy", t("forward_busy"), 4)}${target("no_answer", t("forward_no_answer"), 4)}`}
  </div>`;
}

/** So long is waited for the next digit. Milliseconds. */
const SETTLE = 400;

/** How the box understands a number that is typed. @param {any} props */
function Meaning({ api, item, target }) {
  const [text, setText] = useState("");
  useEffect(() => {
    setText("");
    if (item.fresh || target.length < 2) return;
    let here = true;
    const ask = () => api.write("POST", `extensions/${encodeURIComponent(item.name)}/dial`, { number: target }).then((/** @type {any} */ { value }) => here && setText(value.text), () => {});
    const timer = setTimeout(ask, SETTLE);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [target, item.name]);
  return text;
}

/** Who rings when, as a drawing. @param {any} props */
function RingLine({ t, draft, names }) {
  const { bars, end } = ringing(draft.devices, draft.ring);
  if (bars.length === 0 || end === 0) return null;
  const part = (/** @type {number} */ seconds) => `${(seconds / end) * 100}%`;
  const lanes = draft.ring === "sequential" ? [bars] : bars.map((bar) => [bar]);
  const ticks = [...new Set([0, ...bars.map(({ to }) => to)])].sort((one, other) => one - other).filter((tick, nth, all) => nth === 0 || (tick - (all[nth - 1] ?? 0)) / end > 0.12);
  const words = bars.map(({ nth, from, to }) => t("ring_from_to", { name: names[nth], from, to })).join(", ");
  return html`<div class="ringline" role="img" aria-label=${t("ring_all", { list: words })}>
    <div class="lanes">${lanes.map((lane) => html`<div class="lane">${lane.map(({ nth, from, to }) => html`<span style=${{ width: part(to - from) }}>${names[nth]}, ${t("seconds", { count: to - from })}</span>`)}</div>`)}</div>
    <span>${t(draft.voicemail ? "ring_then_mailbox" : "ring_then")}</span>
    <div class="ticks">${ticks.map((tick) => html`<span style=${{ left: part(tick) }}>${t("seconds", { count: tick })}</span>`)}</div>
  </div>`;
}
