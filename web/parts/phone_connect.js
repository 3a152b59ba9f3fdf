// «Подключить»: a telephone gets its numbers with one click; then how far it has got, in words, until it is registered.
import { second as clock } from "../format.js";
import { html, useState } from "../lib/preact.js";
import { MOST_LINES, SCANS, condition, device, mac as macOf, progress, proposal, title } from "../phones.js";
import { address } from "../routes.js";
import { Field, submit } from "./form.js";
import { Icon } from "./icons.js";
import { Copied, Reset } from "./phone_setup.js";
import { useDeed, useLater } from "./phone_live.js";
import { Code } from "./setup_code.js";

/** In place of a MAC: one that is typed, or a program that scans a code. */
export const TYPED = "new";
export const PROGRAM = "program";
/** A telephone that takes longer gets help. Milliseconds. */
const PATIENCE = 60_000;

/** The address that opens this card. @param {string} mac */
export const connecting = (mac) => `#/phones?connect=${encodeURIComponent(mac)}`;

/**
 * @param {any} props `mac`: which, or `new`, or `program`; `phones`: all of them; `onMade`: hears the MAC of one that was connected;
 *   `onClose`: absent when the card is all there is
 */
export function Connect(props) {
  const { t, mac, phones, box, now, onClose } = props;
  const phone = phones.find((/** @type {any} */ one) => one.mac === mac);
  const named = phone && (title(phone) || t("tel_some"));
  const word = phone ? named : t(mac === PROGRAM ? "tel_program" : "tel_typed");
  const lines = phone?.bound ? phone.lines.map((/** @type {any} */ line) => line.extension).join(", ") : "";
  const is = phone && condition(phone, box.extensions, now + box.skew);
  return html`<section class="card connect" aria-labelledby="connect-title">
    <header><${Icon} name="phones" /><div class="grow"><h2 id="connect-title">${word}${lines && ` ${t("arrow")} ${lines}`}</h2>${phone && html`<small class="hint mono">${phone.mac}</small>`}</div>
      ${onClose && html`<button class="button quiet square" type="button" title=${t("close")} aria-label=${t("close")} onClick=${onClose}><${Icon} name="close" /></button>`}</header>
    ${phone?.bound ? html`<${Progress} ...${props} key=${phone.mac} phone=${phone} is=${is} />` : html`<${Choose} ...${props} key=${mac} phone=${phone} />`}
  </section>`;
}

/** @param {any} props */
function Choose(props) {
  const { t, api, box, mac, phone, phones, admin, onMade, onDropped } = props;
  const typed = mac === TYPED;
  const [spelled, setSpelled] = useState("");
  const [lines, setLines] = useState(() => [proposal(box.extensions, phones, phone?.known_as)]);
  const { busy, fault, act, clear } = useDeed(props);
  if (!admin) return html`<p class="in second">${t("admin_only")}</p>`;
  if (box.extensions.length === 0) return html`<p class="in second">${t("tel_no_extensions")} <a href=${address("extensions", "new")}>${t("extensions_add")}</a></p>`;
  const own = mac === PROGRAM ? {} : { mac: typed ? macOf(spelled) || spelled : mac };
  const free = box.extensions.filter((/** @type {any} */ one) => !lines.includes(one.number));
  const change = (/** @type {string[]} */ next) => (clear(), setLines(next));
  const send = () =>
    act(() => api.write("POST", "phones", { ...own, ...(mac === PROGRAM && { template: SCANS }), lines: lines.map((extension) => ({ extension })) }), {
      text: t("tel_connects", { numbers: lines.join(", ") }),
      then: (/** @type {any} */ { value }) => onMade(value.mac),
      back: onDropped,
    });
  const at = (/** @type {number} */ nth) => fault?.at(`/lines/${nth}/extension`) ?? fault?.at(`/lines/${nth}/login`) ?? (nth === 0 ? fault?.at("/lines") : undefined);
  const other = fault && !fault.at("/mac") && !lines.some((_, nth) => at(nth));
  return html`<form class="in form" novalidate onSubmit=${submit(send)}>
    ${phone?.seen && html`<p class="second">${[t("tel_seen_at", { address: phone.seen.address }), phone.seen.firmware && t("tel_firmware_is", { firmware: phone.seen.firmware })].filter(Boolean).join(", ")}</p>`}
    ${mac === PROGRAM && html`<p class="second">${t("tel_program_why")}</p>`}
    ${typed && html`<${Field} id="connect-mac" label=${t("tel_mac")} hint=${t("tel_mac_why")} value=${spelled} mono first fault=${fault?.at("/mac")} onValue=${(/** @type {string} */ next) => (clear(), setSpelled(next))} placeholder="80:5e:c0:12:34:56" />`}
    ${lines.map((number, nth) => html`<${Line} key=${nth} ...${props} nth=${nth} number=${number} fault=${at(nth)} alone=${lines.length === 1} free=${free}
      onNumber=${(/** @type {string} */ next) => change(lines.map((one, place) => (place === nth ? next : one)))} onRemove=${() => change(lines.filter((_, place) => place !== nth))} />`)}
    ${mac !== PROGRAM && free.length > 0 && lines.length < MOST_LINES && html`<div><button class="plain" type="button" onClick=${() => change([...lines, free[0].number])}>${t("tel_more_line")}</button>
      <small class="hint below">${t("tel_more_line_why")}</small></div>`}
    <div role="alert">${other && html`<p class="fault">${fault.problem?.errors?.[0]?.detail ?? fault.message}</p>`}</div>
    <div class="buttons"><button class="button primary" disabled=${busy}>${t(busy ? "tel_connecting" : "tel_connect")}</button></div>
  </form>`;
}

/** @param {any} props */
function Line({ t, box, nth, number, fault, alone, free, onNumber, onRemove }) {
  const choices = box.extensions.filter((/** @type {any} */ one) => one.number === number || free.includes(one));
  const { login, full } = device(box.extensions, number);
  const id = `connect-line-${nth}`;
  const told = fault || t(full ? "tel_device_full" : login ? "tel_device_free" : "tel_device_new", { login });
  return html`<div class=${fault ? "field bad" : "field"}>
    <label for=${id}>${t(alone ? "tel_whose" : "tel_line", { nth: nth + 1 })}</label>
    <div class="affix"><select class="input" id=${id} value=${number} aria-invalid=${fault ? "true" : null} aria-describedby=${`${id}-told`} onChange=${(/** @type {Event} */ event) => onNumber(/** @type {HTMLSelectElement} */ (event.target).value)}>
        ${choices.map((/** @type {any} */ one) => html`<option key=${one.number} value=${one.number}>${`${one.number} ${one.employee}`.trim()}</option>`)}</select>
      ${!alone && html`<button class="button square" type="button" title=${t("tel_line_remove")} aria-label=${`${t("tel_line_remove")}: ${number}`} onClick=${onRemove}><${Icon} name="close" /></button>`}</div>
    <small class=${fault ? "fault" : "hint"} id=${`${id}-told`}>${told}</small>
  </div>`;
}

/** @param {any} props */
export function Progress(props) {
  const { t, api, phone, is, box, admin, onClose, onDropped = () => {} } = props;
  const { busy, fault, act } = useDeed(props);
  const late = useLater(PATIENCE);
  const path = `phones/${encodeURIComponent(phone.mac)}`;
  const done = is.what === "online" || is.what === "old";
  const scans = phone.template === SCANS;
  const stop = () => act(() => api.write("DELETE", path), { text: t("tel_stopped"), then: onDropped });
  const again = () => act(() => api.write("POST", `${path}/accept`));
  const names = phone.lines.map((/** @type {any} */ { extension }) => `${extension} ${box.extensions.find((/** @type {any} */ one) => one.number === extension)?.employee ?? ""}`.trim()).join(", ");
  /** @param {import("../phones.js").Step} step */
  const said = ({ key, stage }) => {
    if (key === "known") return [t(phone.seen ? "tel_step_known" : "tel_step_noted"), [title(phone), phone.seen?.firmware && t("tel_firmware_is", { firmware: phone.seen.firmware })].filter(Boolean).join(", ")];
    if (key === "chosen") return [t("tel_step_chosen", { numbers: names }), ""];
    if (key === "takes") return stage === "done" ? [t("tel_step_took"), ""] : is.what === "waiting" ? [t("tel_step_late"), t("tel_step_late_why")] : [t("tel_step_takes"), t(scans ? "tel_step_scan_why" : "tel_step_takes_why")];
    return stage === "done" ? [t("tel_step_registered"), t("tel_step_registered_why")] : [t("tel_step_registers"), stage === "now" ? t("tel_step_registers_why") : ""];
  };
  return html`<div role="status"><ol class="todo steps">${progress(phone, is.what).map((step, nth) => {
      const [text, why] = said(step);
      const waits = step.stage === "now" && is.lamp === "ring";
      return html`<li key=${step.key} class=${step.stage === "done" ? "done" : ""}>
        <span class=${waits ? "tick busy" : "tick"}>${step.stage === "done" ? html`<${Icon} name="check" />` : waits ? "" : nth + 1}</span>
        <span class="what">${step.stage === "now" ? html`<b>${text}</b>` : text}${why && html`<small>${why}</small>`}</span>
        ${step.at && html`<time class="hint">${clock(step.at)}</time>`}
      </li>`;
    })}</ol></div>
    <div class="in form progress-foot">
      ${!done && scans && admin && html`<${Scan} ...${props} mac=${phone.mac} />`}
      ${!done && !scans && (late || is.what !== "accepted") && is.what !== "took" && html`<${Help} ...${props} />`}
      <div role="alert">${fault && html`<p class="fault">${fault.message}</p>`}</div>
      ${done && html`<p class="note ok"><${Icon} name="check" /><span>${t("tel_works")}</span></p>`}
      <div class="buttons">
        ${!done && html`<span class="hint grow">${t("tel_may_close")}</span>`}
        ${admin && !done && html`<button class="button quiet" type="button" disabled=${busy} onClick=${stop}>${t("tel_stop")}</button>`}
        ${admin && is.what === "waiting" && html`<button class="button primary" type="button" disabled=${busy} onClick=${again}>${t("tel_again")}</button>`}
        ${onClose && done && html`<a class="button" href=${address("phones", phone.mac)}>${t("tel_open")}</a><button class="button primary" type="button" onClick=${onClose}>${t("tel_done")}</button>`}
      </div>
    </div>`;
}

/** The code that a program scans. @param {any} props */
export function Scan({ t, api, mac, onRefused, tell }) {
  const [url, setUrl] = useState("");
  const show = () =>
    api.get(`phones/${encodeURIComponent(mac)}/address`).then(
      (/** @type {any} */ answer) => setUrl(answer.url),
      (/** @type {any} */ error) => (onRefused(error), tell({ text: error.message })),
    );
  return html`<p class="second">${t("tel_scan_why")}</p>
    ${url
      ? html`<${Code} label=${t("tel_scan")} text=${url} /><${Copied} t=${t} tell=${tell} label=${t("tel_scan_link")} text=${url} /><small class="hint">${t("tel_scan_secret")}</small>`
      : html`<div><button class="button" type="button" onClick=${show}><${Icon} name="qr" />${t("tel_scan_show")}</button></div>`}`;
}

/** What to do at a telephone that does not come. @param {any} props */
function Help({ t, phone, setup }) {
  return html`<div class="note warn help"><${Icon} name="alert" /><div><b>${t("tel_help")}</b>
    <ol><li>${t("tel_help_power")}</li><li>${t("tel_help_reset")} <${Reset} t=${t} setup=${setup} vendor=${phone.vendor} /></li>
      <li>${t("tel_help_router")} <a href=${address("phone-search")}>${t("tel_help_router_how")}</a></li></ol></div></div>`;
}
