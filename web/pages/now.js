// «Сейчас»: the verdict first, then calls in progress, who waits, the day so far, trunks and phones.
import { officeTime, today as officeDay } from "../calls/clock.js";
import { offsetOf } from "../calls/filter.js";
import { date, dateInWords, daysBefore, hour, number, span } from "../format.js";
import { html, useMemo, useState } from "../lib/preact.js";
import { useDesk } from "../parts/call_desk.js";
import { Facts, Plot, useSummary } from "../parts/call_summary.js";
import { Dial } from "../parts/dial.js";
import { Question } from "../parts/dialog.js";
import { Hints, useHints } from "../parts/box_hints.js";
import { Cord, Icon } from "../parts/icons.js";
import { Listen, useListening } from "../parts/listen.js";
import { namer } from "../parts/party.js";
import { Todo } from "../parts/todo.js";
import { Waiting } from "../parts/waiting.js";
import { doing, sipDevices, waitingCount } from "../store.js";
import { isKey } from "../words.js";
import { verdict } from "../verdict.js";

/**
 * @typedef {import("../store.js").Box} Box
 * @typedef {import("../store.js").Call} Call
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", box: Box, now: number, admin: boolean,
 *   api: import("../api.js").Api, changes: number, settings: number, go: (href: string) => void, tell: (toast: { text: string }) => void,
 *   onHangUp: (id: string) => Promise<void>, onRefused: (error: unknown) => void }} Props
 * @typedef {Props & { desk: ReturnType<typeof useDesk>, name: (digits: string, name?: string) => string }} Inside
 */

/** @param {Props} props */
export function Now(props) {
  const { t, box, now } = props;
  const desk = useDesk(props);
  const name = useMemo(() => namer(box, t), [box.extensions, box.system?.country, t]);
  const inside = { ...props, desk, name };
  const hints = useHints(/** @type {any} */ (props));
  return html`<${Verdict} ...${inside} /><${Hints} t=${t} list=${hints} loud=${true} />
    <div class="columns">
      <div class="column"><${Calls} ...${inside} /><${Waiting} t=${t} box=${box} now=${now} groups=${desk.list} name=${name} /><${Today} ...${props} /></div>
      <div class="column"><${Todo} ...${props} /><${Hints} t=${t} list=${hints} loud=${false} /><${Dial} ...${inside} /><${Trunks} ...${props} /><${Phones} ...${props} /></div>
    </div>`;
}

/** @param {Props} props */
function Today(props) {
  const { t, box, now, go } = props;
  const today = officeDay(box, now);
  const { summary, days } = useSummary({ ...props, when: "today", today, offset: offsetOf(officeTime(box, now)) });
  if (!summary) return null;
  const waiting = summary.missed.length + summary.more;
  return html`<section class="card" aria-labelledby="today-title">
    <header><h2 id="today-title">${t("today")}</h2>${waiting > 0 && html`<a class="hint" href="#/calls?when=today">${t("now_not_called_back", { count: waiting })}</a>`}</header>
    <${Facts} t=${t} summary=${summary} />
    <div class="in plot-in"><${Plot} ...${props} summary=${summary} days=${days} today=${today} onDay=${() => go("#/calls?when=today")} /></div>
  </section>`;
}

/** @param {Inside} props */
function Verdict({ t, language, box, now }) {
  const { level, sentences, troubles, more } = verdict(box);
  const country = box.system?.country;
  const named = troubles.map(({ kind, number: digits, text }) =>
    kind === "trunk"
      ? html`<a href="#/now" class="trouble" onClick=${show(`trunk-${digits}`)}>${t("verdict_number", { number: number(digits, country) })}</a>${text && level === "bad" ? ` (${text})` : ""}`
      : html`<a href="#/now" class="trouble" onClick=${show(`phone-${digits}`)}>${t("verdict_phone", { number: digits })}</a>`,
  );
  if (more) named.push(t("verdict_more", { count: more }));
  const list = named.map((one, index) => [index === 0 ? " " : index === named.length - 1 ? ` ${t("and")} ` : ", ", one]);
  const look = level === "bad" || named.length === 0 ? "" : ` ${t("verdict_look")}`;
  const time = officeTime(box, now);
  const waiting = waitingCount(box);
  return html`<header class="head">
    <h1 class=${`verdict ${level}`}>${sentences.map(({ key, values }) => t(key, values)).join(" ")}${look}${list}${named.length > 0 && "."}</h1>
    <p class="second">${t("calls_now", { count: box.calls.length })}${waiting > 0 && ` ${t("now_people_wait", { count: waiting })}`} ${dateInWords(date(time), language)}, ${hour(time)}.</p>
  </header>`;
}

/**
 * Goes to a row and lights it for a moment.
 * @param {string} id
 */
function show(id) {
  return (/** @type {MouseEvent} */ event) => {
    event.preventDefault();
    const row = document.getElementById(id);
    row?.scrollIntoView({ block: "center", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
    row?.focus({ preventScroll: true });
  };
}

/** @param {Inside} props */
function Calls(props) {
  const { t, box, now, admin, onHangUp, name } = props;
  const [asking, setAsking] = useState(/** @type {string | null} */ (null));
  const [ending, setEnding] = useState(/** @type {string[]} */ ([]));
  const [heard, setHeard] = useState(/** @type {string | null} */ (null));
  const listening = useListening(props);
  const listened = box.calls.find((call) => call.id === heard);
  const asked = box.calls.find((call) => call.id === asking);
  const hangUp = () => {
    if (!asked) return;
    const { id } = asked;
    setAsking(null);
    setEnding((ids) => [...ids, id]);
    onHangUp(id).catch(() => setEnding((ids) => ids.filter((one) => one !== id)));
  };
  return html`<section class="card" aria-labelledby="calls-title">
    <header><h2 id="calls-title">${t("in_progress")}</h2>${box.calls.length > 0 && html`<b class="count live">${box.calls.length}</b>`}</header>
    ${box.calls.length === 0 && html`<p class="empty">${t("no_calls_now")}</p>`}
    <ul>
      ${box.calls.map((call) => {
        const here = { ...props, call, ending: ending.includes(call.id), onAsk: () => setAsking(call.id), onListen: listening !== "off" && canBeHeard(call) ? () => setHeard(call.id) : null };
        return html`<${Talk} key=${call.id} ...${here} />`;
      })}
    </ul>
    ${asked &&
    admin &&
    html`<${Question} question=${t("hang_up_question")} why=${t("hang_up_why")} yes=${t("hang_up")} no=${t("keep_call")} onYes=${hangUp} onNo=${() => setAsking(null)}>
      <p><b>${name(asked.caller, asked.caller_name)}</b> ${t("arrow")} <b>${other(asked, name) || t("with_nobody")}</b>, ${span(now + box.skew - Date.parse(asked.answered_at ?? asked.started_at))}</p>
    <//>`}
    ${listened && html`<${Listen} ...${props} call=${listened} listening=${listening} title=${`${name(listened.caller, listened.caller_name)} ${t("arrow")} ${other(listened, name)}`} onClose=${() => setHeard(null)} />`}
  </section>`;
}

/** Whether two talk there. @param {Call} call */
function canBeHeard({ state, with: others }) {
  return (state === "talking" || state === "held") && others.length === 1;
}

/** @param {Inside & { call: Call, ending: boolean, onAsk: () => void, onListen: (() => void) | null }} props */
function Talk({ t, box, now, admin, call, name, desk, ending, onAsk, onListen }) {
  const state = `state_${call.state}`;
  const word = ending ? t("hanging_up") : isKey(state) ? t(state) : call.state;
  const trunk = box.trunks.find((one) => one.name === call.trunk);
  const over = trunk && number(trunk.number, box.system?.country);
  const from = call.direction === "inbound" ? name(call.called) : over;
  const place = call.element ? desk.names.get(call.element) : "";
  return html`<li class="talk">
    <div class="who"><b><a class="quiet-link" href=${`#/calls/${call.id}`}>${name(call.caller, call.caller_name)}</a></b><small>${t(`dir_${call.direction}`)}${from ? `, ${from}` : ""}</small></div>
    <div class="link"><${Cord} state=${call.state} /><span>${word}</span></div>
    <div class="who"><b>${other(call, name) || place || t("with_nobody")}</b>${place && other(call, name) && html`<small>${place}</small>`}</div>
    <div class="length">${span(now + box.skew - Date.parse(call.answered_at ?? call.started_at))}</div>
    ${admin && html`<div class="talk-acts">${onListen && html`<button class="button quiet square" type="button" title=${t("listen")} aria-label=${t("listen")} onClick=${onListen}><${Icon} name="ear" /></button>`}
      <button class="button quiet square danger" type="button" title=${t("hang_up")} aria-label=${t("hang_up")} disabled=${ending} onClick=${onAsk}><${Icon} name="hang" /></button></div>`}
  </li>`;
}

/**
 * The other side: who talks or is rung.
 * @param {Call} call
 * @param {(digits: string) => string} name
 */
function other(call, name) {
  const with_ = call.with.length > 0 ? call.with : call.direction === "inbound" ? [] : [call.called];
  return with_.map((one) => name(one)).join(", ");
}

/** @param {Props} props */
function Trunks(props) {
  const { t, box } = props;
  return html`<section class="card" aria-labelledby="trunks-title">
    <header><h2 id="trunks-title">${t("trunks")}</h2></header>
    ${box.trunks.length === 0 && html`<p class="empty">${t("no_trunks")} <a href="#/trunks">${t("now_connect_number")}</a></p>`}
    <ul>${box.trunks.map((trunk) => html`<${TrunkRow} key=${trunk.name} ...${props} trunk=${trunk} />`)}</ul>
    ${box.trunks.length > 0 && box.system?.country === "RU" && html`<p class="empty hint">${box.system.mobile_ranges_date ? t("mobile_ranges", { date: box.system.mobile_ranges_date }) : t("no_mobile_ranges")}</p>`}
  </section>`;
}

/** @param {Props & { trunk: import("../store.js").Trunk }} props */
function TrunkRow({ t, box, now, trunk }) {
  const { code, text, since, advice, status, reason } = trunk.state;
  const lamp = code === "registered" || code === "reachable" ? "ok" : code === "starting" ? "off" : "bad";
  const country = box.system?.country;
  const talks = box.calls.filter((call) => call.trunk === trunk.name).length;
  const further = trunk.numbers.map((one) => number(one, country)).join(", ");
  return html`<li class="trunk" id=${`trunk-${trunk.number}`} tabindex="-1">
    <${Icon} name="trunk" />
    <div>
      <b>${number(trunk.number, country)}</b>${further && html` <span class="second">${t("more_numbers", { numbers: further })}</span>`}
      <small>${trunk.name}</small>
      <span class=${`lamp ${lamp}`}>${text}${since && ` ${t("since", { when: moment(since, box, now, t) })}`}</span>
      ${advice && html`<p class="advice">${advice}${status !== null && html`<br /><span class="hint">${t("carrier_said", { status, reason: reason ?? "" })}</span>`}</p>`}
    </div>
    ${talks > 0 && html`<span class="hint">${t("now_talks", { count: talks })}</span>`}
  </li>`;
}

/** @param {Props} props */
function Phones(props) {
  const { t, box } = props;
  const states = box.extensions.map((extension) => ({ extension, ...doing(extension, box.calls) }));
  const here = states.filter(({ what }) => what !== "offline" && what !== "never").length;
  return html`<section class="card" aria-labelledby="phones-title">
    <header><h2 id="phones-title">${t("phones")}</h2>${states.length > 0 && html`<span class="hint">${t("phones_online", { here, all: states.length })}</span>`}</header>
    ${states.length === 0 && html`<p class="empty">${t("no_extensions")} <a href="#/extensions">${t("now_add_extension")}</a></p>`}
    <ul class="phones">${states.map((state) => html`<${Phone} key=${state.extension.number} ...${props} ...${state} />`)}</ul>
    ${states.length > 0 && here === 0 && html`<p class="empty">${t("how_to_register")}</p>`}
  </section>`;
}

const LAMPS = { talking: "live", ringing: "ring", dialling: "ring", free: "ok", offline: "bad", never: "off", mobile: "off" };

/** @param {Props & { extension: import("../store.js").Extension } & ReturnType<typeof doing>} props */
function Phone({ t, box, now, extension, what, since }) {
  const ground = { talking: "live", ringing: "live", dialling: "live", offline: "bad" }[/** @type {string} */ (what)] ?? "";
  const mobile = extension.devices.find((device) => device.kind === "mobile");
  const mobileNumber = mobile ? number(mobile.number, box.system?.country) : "";
  const word = what === "mobile" ? t("phone_mobile", { number: mobileNumber }) : t(`phone_${what}`);
  const tail = since === null ? "" : what === "talking" ? ` ${span(now + box.skew - Date.parse(since))}` : what === "offline" ? ` ${t("since", { when: moment(since, box, now, t) })}` : "";
  const contacts = sipDevices(extension).flatMap((device) => device.registration.contacts);
  return html`<li class=${`phone ${ground}`} id=${`phone-${extension.number}`} tabindex="-1">
    <div class="phone-head"><b><a class="quiet-link" href=${`#/calls?extension=${extension.number}`} title=${t("now_calls_of", { number: extension.number })}>${extension.number}</a></b><span>${extension.employee}</span></div>
    <span class=${`lamp ${LAMPS[what]}`}>${word}${tail}</span>
    ${contacts.map((contact) => html`<small class="device" title=${contact.user_agent}><span>${contact.user_agent}</span><span>${contact.address.replace(/:5060$/, "")}</span></small>`)}
    ${what !== "mobile" && mobileNumber && html`<small class="device"><span>${t("phone_mobile", { number: mobileNumber })}</span></small>`}
  </li>`;
}

/**
 * "9:02", "вчера 9:02" or the date: since when, as short as it can be said.
 * @param {string} time
 * @param {Box} box
 * @param {number} now
 * @param {import("../words.js").Say} t
 */
function moment(time, box, now, t) {
  if (!box.system) return hour(time);
  const today = officeDay(box, now);
  const day = date(time);
  if (day === today) return hour(time);
  if (day === daysBefore(today, 1)) return `${t("yesterday").toLowerCase()} ${hour(time)}`;
  return `${day.slice(8, 10)}.${day.slice(5, 7)}.${day.slice(0, 4)}`;
}
