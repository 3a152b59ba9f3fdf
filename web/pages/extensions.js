// «Внутренние номера»: the list, and one number with its telephones, where it may call, and what happens when nobody answers.
import { number } from "../format.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Devices } from "../parts/device.js";
import { Field, Sect, Select, Switch } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { OwnLimits } from "../parts/limits.js";
import { List, useList } from "../parts/list.js";
import { Rights } from "../parts/rights.js";
import { freeNumber, newLogin, prefixOf } from "../ringing.js";
import { doing, sipDevices } from "../store.js";

/** @typedef {any} Props */

/** @param {Props} props */
export function Extensions(props) {
  const { rest } = props;
  return rest[0] ? html`<${Extension} key=${rest[0]} ...${props} name=${rest[0]} />` : html`<${Numbers} ...${props} />`;
}

/** How each state of an extension is lit. @type {Record<string, string>} */
const LAMPS = { talking: "live", ringing: "ring", dialling: "ring", free: "ok", offline: "bad", never: "off", mobile: "off" };

/** @param {Props} props */
function Numbers({ t, box, admin }) {
  const country = box.system?.country;
  const state = (/** @type {any} */ row) => {
    const { what } = doing(row, box.calls);
    const mobile = row.devices.find((/** @type {any} */ device) => device.kind === "mobile");
    return html`<span class=${`lamp ${LAMPS[what]}`}>${what === "mobile" ? t("phone_mobile", { number: number(mobile?.number ?? "", country) }) : t(/** @type {any} */ (`phone_${what}`))}</span>`;
  };
  const phones = (/** @type {any} */ row) =>
    row.devices.map((/** @type {any} */ device) => (device.kind === "mobile" ? number(device.number, country) : device.registration.contacts[0]?.user_agent || t("device_sip"))).join(", ");
  const columns = [
    { head: t("ext_number"), cell: (/** @type {any} */ row) => html`<b>${row.number}</b> ${row.employee}` },
    { head: t("ext_state"), cell: state },
    { head: t("ext_phones"), cell: phones, look: "second" },
    { head: t("ext_outgoing"), cell: (/** @type {any} */ row) => row.outgoing_number && number(row.outgoing_number, country), look: "second wide-only" },
  ];
  const words = (/** @type {any} */ row) => `${row.number} ${row.employee} ${row.email} ${phones(row)}`;
  return html`<${List} t=${t} collection="extensions" title=${t("extensions")} why=${t("extensions_why")} add=${t("extensions_add")} rows=${box.extensions} keyed="number"
    columns=${columns} words=${words} empty=${t("extensions_none")} admin=${admin} />`;
}

/** @param {Props} props */
function Extension(props) {
  const { t, api, box, name, admin } = props;
  const country = box.system?.country;
  const groups = useList(props, "groups");
  const spent = useSpent(props);
  const media = useList(props, "media");
  const logins = box.extensions.flatMap((/** @type {any} */ one) => sipDevices(one).map(({ login }) => login));
  const blank = async () => {
    const free = freeNumber([...box.extensions, ...(await api.all("groups"))].map((one) => one.number));
    const device = { kind: "sip", login: newLogin(prefixOf(logins), free, logins), ring_seconds: 20, allow_from: ["0.0.0.0/0"], forward: { mode: "none" }, mac: "", model: "", srtp: "optional", local: 1 };
    return { number: free, employee: "", email: "", ring: "parallel", outgoing_number: "", permissions: ["internal", "city"], record: false, voicemail: false, voicemail_greeting: "",
      call_waiting: true, do_not_disturb: false, limits: {}, devices: [device] };
  };
  const item = useItem(props, { collection: "extensions", name, keyed: "number", blank, send });
  const { draft, edit, fault, fresh, was } = item;
  const labels = Object.fromEntries(Object.entries(LABELS).map(([key, word]) => [key, t(word)]));
  const others = box.extensions.filter((/** @type {any} */ one) => one.number !== name).map((/** @type {any} */ one) => ({ key: one.number, text: `${one.number} ${one.employee}`.trim() }));
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} />`;
  const live = box.extensions.find((/** @type {any} */ one) => one.number === name);
  const what = live && doing(live, box.calls).what;
  const inGroups = (groups.rows ?? []).filter((group) => group.members.includes(name));
  const field = (/** @type {string} */ key) => ({ id: `ext-${key}`, value: draft[key] ?? "", fault: fault?.at(`/${key}`), onValue: (/** @type {string} */ value) => edit({ [key]: value.trimStart() }) });
  const renumber = (/** @type {string} */ typed) => {
    const next = typed.replaceAll(/\D/g, "").slice(0, 5);
    // While nothing is saved, the proposed login goes with the number.
    edit((/** @type {any} */ before) => ({ number: next, devices: !fresh ? before.devices : before.devices.map((/** @type {any} */ device) => (device.kind === "sip" && next ? { ...device, login: device.login.replace(`user${before.number}s`, `user${next}s`) } : device)) }));
  };
  const numbers = box.trunks.flatMap((/** @type {any} */ trunk) => [trunk.number, ...trunk.numbers]).map((/** @type {string} */ own) => ({ key: own, text: number(own, country) }));
  const shadow = /^[89]/.test(draft.number) && !fault?.at("/number") ? t("ext_shadow") : "";
  const turn = (/** @type {string} */ key, /** @type {any} */ label, /** @type {any} */ hint) => html`<${Switch} id=${`ext-${key}`} label=${t(label)} hint=${t(hint)} on=${draft[key]} fault=${fault?.at(`/${key}`)} onTurn=${(/** @type {boolean} */ on) => edit({ [key]: on })} />`;
  const second = what && html`<span class=${`lamp ${LAMPS[what]}`}>${what === "mobile" ? t("device_mobile") : t(/** @type {any} */ (`phone_${what}`))}</span>
    ${inGroups.map((group) => html` <a class="hint" href=${`#/groups/${group.number}`}>${group.number} ${group.name}</a>`)}`;
  const actions = !fresh && html`<a class="button" href=${`#/calls?extension=${name}`}><${Icon} name="calls" />${t("ext_calls")}</a>`;
  return html`<${ItemPage} item=${item} admin=${admin} title=${fresh ? t("ext_new") : `${was.number} ${was.employee}`} second=${second} actions=${actions} labels=${labels} others=${others}>
    <${Sect} id="person" title=${t("ext_person")} help=${html`<p><b>${t("ext_number")}</b>: ${t("ext_number_why")}</p><p><b>${t("ext_email")}</b>: ${t("ext_email_why")}</p><p><b>${t("ext_outgoing")}</b> ${t("ext_outgoing_why")}</p>`}>
      <div class="cols">
        <${Field} ...${field("number")} label=${t("ext_number")} span=${2} digits first=${fresh} onValue=${renumber} placeholder=${t("ext_number_empty")} />
        <${Field} ...${field("employee")} label=${t("ext_employee")} span=${5} optional />
        <${Field} ...${field("email")} label=${t("ext_email")} span=${5} optional type="email" placeholder="name@example.org" />
        <${Select} ...${field("outgoing_number")} label=${t("ext_outgoing")} span=${6} options=${[{ key: "", text: t("ext_outgoing_first") }, ...numbers]} />
      </div>
      ${shadow && html`<p class="note warn"><${Icon} name="alert" />${shadow}</p>`}
    <//>
    <${Devices} ...${props} item=${item} country=${country} logins=${logins} live=${live} />
    <${Rights} t=${t} item=${item} box=${box} groups=${groups.rows ?? []} />
    ${draft.limits && html`<${OwnLimits} t=${t} own=${draft.limits} limits=${spent.limits} use=${spent.uses.find(({ extension }) => extension === name) ?? null} fault=${fault} onOwn=${(/** @type {any} */ limits) => edit({ limits })} />`}
    <${Sect} id="more" title=${t("ext_more")}>
      <div class="turns">
        ${turn("record", "ext_record", "ext_record_why")}
        ${turn("call_waiting", "ext_waiting", "ext_waiting_why")}
        ${turn("do_not_disturb", "ext_dnd", "ext_dnd_why")}
        ${turn("voicemail", "ext_voicemail", "ext_voicemail_why")}
      </div>
      ${draft.voicemail && html`<div class="cols">
        <${Field} ...${field("voicemail_pin")} label=${t("ext_pin")} span=${6} digits optional longest=${10} placeholder=${t(draft.voicemail_pin === "" ? "ext_pin_none" : draft.has_voicemail_pin ? "ext_pin_kept" : "ext_pin_none")}
          hint=${html`${draft.voicemail_pin === "" && was.has_voicemail_pin ? t("ext_pin_dropped") : t("ext_pin_why")} ${was.has_voicemail_pin && draft.voicemail_pin !== "" && html`<button class="plain" type="button" onClick=${() => edit({ voicemail_pin: "" })}>${t("ext_pin_drop")}</button>`}`} />
        <${Select} ...${field("voicemail_greeting")} label=${t("ext_greeting")} span=${6} options=${[{ key: "", text: t("ext_greeting_office") }, ...(media.rows ?? []).map((one) => ({ key: one.name, text: one.name }))]} />
      </div>`}
    <//>
  <//>`;
}

/**
 * The office's limits of outside calls, and what was called today; empty where they can't be had.
 * @param {Props} props
 */
function useSpent({ api, changes, settings }) {
  const [spent, setSpent] = useState(/** @type {{ limits: import("../guard.js").Limits | null, uses: import("../guard.js").Use[] }} */ ({ limits: null, uses: [] }));
  useEffect(() => {
    let here = true;
    const how = { background: true };
    Promise.all([api.get("settings", how), api.get("usage", how)]).then(([{ limits }, { items }]) => here && setSpent({ limits: limits ?? null, uses: items }), () => {});
    return () => {
      here = false;
    };
  }, [changes, settings]);
  return spent;
}

/**
 * An empty number or login is for the box to choose.
 * @param {any} body
 */
function send(body) {
  const { number: own, ...rest } = body;
  const devices = body.devices.map((/** @type {any} */ device) => {
    if (device.kind !== "sip" || device.login) return device;
    const { login, ...others } = device;
    return others;
  });
  return own ? { ...rest, number: own, devices } : { ...rest, devices };
}

/** @type {Record<string, import("../words.js").Key>} */
const LABELS = { number: "ext_number", employee: "ext_employee", email: "ext_email", ring: "ring_order", outgoing_number: "ext_outgoing", permissions: "rights", limits: "ext_limits", record: "ext_record",
  voicemail: "ext_voicemail", voicemail_pin: "ext_pin", voicemail_greeting: "ext_greeting", call_waiting: "ext_waiting", do_not_disturb: "ext_dnd", devices: "ext_devices" };
