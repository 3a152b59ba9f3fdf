// «Внешние номера»: the office's numbers at its carriers, with their state in words; and «Подключить номер», six fields.
import { CARRIERS, PLAIN, filled } from "../carriers.js";
import { number } from "../format.js";
import { html, useState } from "../lib/preact.js";
import { Doctor, useDoctor } from "../parts/doctor.js";
import { Count, Field, Sect, Select, Switch, Telephone } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { List } from "../parts/list.js";
import { moment } from "../parts/moment.js";

/** @param {any} props */
export function Trunks(props) {
  const { rest } = props;
  return rest[0] ? html`<${Trunk} key=${rest[0]} ...${props} name=${rest[0]} />` : html`<${Lines} ...${props} />`;
}

/** @param {string} code */
function lamp(code) {
  return code === "registered" || code === "reachable" ? "ok" : code === "starting" ? "off" : "bad";
}

/** @param {any} props */
function Lines({ t, box, now, admin }) {
  const country = box.system?.country;
  const state = (/** @type {any} */ { state: { code, text, since } }) => html`<span class=${`lamp ${lamp(code)}`}>${text}${since && ` ${t("since", { when: moment(since, box, now, t) })}`}</span>`;
  const columns = [
    { head: t("trunk_number"), cell: (/** @type {any} */ row) => html`<b class="whole">${number(row.number, country)}</b>` },
    { head: t("trunk_state"), cell: state },
    { head: t("trunk_name"), cell: (/** @type {any} */ row) => row.name, look: "second" },
    { head: t("trunk_comment"), cell: (/** @type {any} */ row) => row.comment, look: "second wide-only" },
  ];
  return html`<${List} t=${t} collection="trunks" title=${t("trunk_lines")} why=${t("trunk_lines_why")} add=${t("trunk_add")} rows=${box.trunks} keyed="name" columns=${columns}
    words=${(/** @type {any} */ row) => `${number(row.number, country)} ${row.name} ${row.comment}`} empty=${t("trunk_none")} admin=${admin} />`;
}

/** @param {any} props */
function Trunk(props) {
  const { t, language, box, now, name, admin } = props;
  const country = box.system?.country;
  const [carrier, setCarrier] = useState("");
  const item = useItem(props, { collection: "trunks", name, keyed: "name", blank: () => ({ ...PLAIN }) });
  const { draft, edit, fault, fresh } = item;
  const doctor = useDoctor(props, name, item.load);
  const live = box.trunks.find((/** @type {any} */ trunk) => trunk.name === name)?.state;
  const labels = Object.fromEntries(Object.entries(LABELS).map(([key, word]) => [key, t(word)]));
  const others = box.trunks.filter((/** @type {any} */ trunk) => trunk.name !== name).map((/** @type {any} */ trunk) => ({ key: trunk.name, text: `${number(trunk.number, country)} ${trunk.name}` }));
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} />`;
  const field = (/** @type {string} */ key) => ({ id: `trunk-${key}`, label: t(LABELS[key] ?? "trunk_name"), value: draft[key], fault: fault?.at(`/${key}`), onValue: (/** @type {any} */ value) => edit({ [key]: value }) });
  const text = (/** @type {string} */ key) => ({ ...field(key), onValue: (/** @type {string} */ value) => edit({ [key]: value.trim() }), span: 6, mono: true });
  const words = (/** @type {string} */ key, /** @type {readonly string[]} */ options, /** @type {(word: any) => string} */ say) => html`<${Select} ...${field(key)} span=${6} options=${options.map((one) => ({ key: one, text: say(one) }))} />`;
  const note = CARRIERS.find(({ id }) => id === carrier)?.note?.[/** @type {"ru" | "en"} */ (language)];
  const choose = (/** @type {string} */ id) => (setCarrier(id), edit((/** @type {any} */ before) => filled(before, id)));
  const numbers = (/** @type {string} */ typed) => edit({ numbers: typed.split(/[,;]+/).map((one) => one.replaceAll(/\D/g, "")).filter(Boolean) });
  const actions = admin && !fresh && html`<button class="button" type="button" disabled=${doctor.busy} onClick=${doctor.begin}><${Icon} name="check" />${t("doctor")}</button>`;
  const second = live && html`<span class=${`lamp ${lamp(live.code)}`}>${live.text}${live.since && ` ${t("since", { when: moment(live.since, box, now, t) })}`}</span>`;
  const advanced = ADVANCED.some((key) => JSON.stringify(draft[key]) !== JSON.stringify(PLAIN[/** @type {keyof typeof PLAIN} */ (key)]));
  const faulty = ADVANCED.some((key) => fault?.problem?.errors?.some(({ pointer = "" }) => pointer.startsWith(`/${key}`)));
  return html`<${ItemPage} item=${item} admin=${admin} title=${fresh ? t("trunk_new") : number(item.was.number, country)} second=${second} actions=${actions} labels=${labels} others=${others}>
    <${Doctor} ...${props} ...${doctor} />
    ${live?.advice && html`<p class="note warn"><${Icon} name="alert" /><span>${live.advice}${live.status !== null && html`<br /><span class="hint">${t("trunk_said", { status: live.status, reason: live.reason ?? "" })}</span>`}</span></p>`}
    <${Sect} id="contract" title=${t("trunk_main")} help=${html`<p>${t("trunk_main_why")}</p>${note && html`<p class="note"><${Icon} name="info" /><span>${note}</span></p>`}`}>
      ${fresh && country === "RU" && html`<div class="cols"><${Select} id="carrier" label=${t("trunk_carrier")} hint=${t("trunk_carrier_why")} span=${6} value=${carrier} onValue=${choose}
        options=${[{ key: "", text: t("trunk_carrier_other") }, ...CARRIERS.map(({ id, name: word }) => ({ key: id, text: word }))]} /></div>`}
      <div class="cols">
        <${Field} ...${field("name")} span=${6} first=${fresh} hint=${t("trunk_name_why")} placeholder=${t("trunk_name_example")} />
        <${Telephone} ...${field("number")} span=${6} country=${country} placeholder="+7 812 612-29-81" />
        <${Field} ...${text("server")} hint=${t("trunk_server_why")} placeholder="sip.example.ru" />
        <${Field} ...${text("login")} optional=${!draft.register} />
        ${admin && html`<${Field} ...${field("password")} value=${draft.password ?? ""} span=${6} secret optional autocomplete="new-password" placeholder=${fresh ? "" : t("trunk_password_kept")}
          onValue=${(/** @type {string} */ value) => edit({ password: value || undefined })} />`}
        <${Field} ...${field("comment")} span=${6} optional placeholder=${t("trunk_comment_example")} />
      </div>
    <//>
    <${Sect} id="advanced" title=${t("advanced")} help=${html`<p>${t("trunk_advanced_why")}</p>`} fold open=${advanced || faulty}>
        <${Switch} id="trunk-register" label=${t("trunk_register")} hint=${t("trunk_register_why")} on=${draft.register} fault=${fault?.at("/register")} onTurn=${(/** @type {boolean} */ register) => edit({ register })} />
        <div class="cols">
          <${Numbers} ...${field("numbers")} list=${draft.numbers} onText=${numbers} hint=${t("trunk_numbers_why")} />
          ${words("transport", ["udp", "tcp", "tls"], (word) => word.toUpperCase())}
          <${Field} ...${text("auth_login")} optional hint=${t("trunk_auth_why")} />
          <${Field} ...${text("outbound_proxy")} optional />
          <${Field} ...${text("from_domain")} optional hint=${t("trunk_domain_why")} />
          ${words("number_format", ["e164", "plus", "national"], (word) => t(/** @type {"format_plus"} */ (`format_${word}`)))}
          ${words("caller_id_in", ["from", "pai", "rpid", "ppi"], (word) => t(/** @type {"caller_pai"} */ (`caller_${word}`)))}
          <${Count} ...${field("max_calls")} span=${3} hint=${t("trunk_max_why")} />
          <${Count} ...${field("register_every")} span=${3} />
          ${words("srtp", ["off", "optional", "required"], (word) => t(/** @type {"srtp_off"} */ (`srtp_${word}`)))}
          <${Codecs} t=${t} list=${draft.codecs} fault=${fault?.at("/codecs")} onList=${(/** @type {string[]} */ codecs) => edit({ codecs })} />
        </div>
    <//>
  <//>`;
}

/** Several numbers in one line: what is typed stays as it is. @param {any} props */
function Numbers({ id, label, hint, fault, list, onText }) {
  const [text, setText] = useState(() => list.join(", "));
  return html`<${Field} id=${id} label=${label} hint=${hint} fault=${fault} span=${6} optional value=${text} onValue=${(/** @type {string} */ next) => (setText(next), onText(next))} />`;
}

const KNOWN = ["pcma", "pcmu", "g722", "opus"];
/** @type {Record<string, string>} */
const CODEC_NAMES = { pcma: "G.711 A", pcmu: "G.711 µ", g722: "G.722", opus: "Opus" };

/** Ticked codecs in the order in which they were ticked. @param {any} props */
function Codecs({ t, list, fault, onList }) {
  const turn = (/** @type {string} */ codec) => onList(list.includes(codec) ? list.filter((/** @type {string} */ one) => one !== codec) : [...list, codec]);
  return html`<fieldset class="options c6" aria-describedby=${fault ? "codecs-fault" : null}><legend class="second">${t("trunk_codecs")}</legend>
    <div class="checks">${[...list, ...KNOWN.filter((one) => !list.includes(one))].map((codec) => html`<label class="check" key=${codec}><input type="checkbox" checked=${list.includes(codec)} onChange=${() => turn(codec)} /><span>${CODEC_NAMES[codec] ?? codec}</span></label>`)}</div>
    ${fault && html`<small class="fault" id="codecs-fault">${fault}</small>`}</fieldset>`;
}

/** @type {Record<string, import("../words.js").Key>} */
const LABELS = { name: "trunk_name", number: "trunk_number", numbers: "trunk_numbers", server: "trunk_server", login: "trunk_login", password: "trunk_password", comment: "trunk_comment", register: "trunk_register",
  transport: "trunk_transport", auth_login: "trunk_auth", outbound_proxy: "trunk_proxy", from_domain: "trunk_domain", number_format: "trunk_format", caller_id_in: "trunk_caller", codecs: "trunk_codecs",
  max_calls: "trunk_max", register_every: "trunk_every", srtp: "trunk_srtp" };
/** Folded away. */
const ADVANCED = ["register", "numbers", "transport", "auth_login", "outbound_proxy", "from_domain", "number_format", "caller_id_in", "codecs", "max_calls", "register_every", "srtp"];
