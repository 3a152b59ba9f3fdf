// «Голосовая почта»: the messages of all mailboxes, newest first; one is open with its player.
import { today as officeDay } from "../calls/clock.js";
import { date, dateInside, daysBefore, hour, span } from "../format.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { CallButton } from "../parts/call_out.js";
import { Icon } from "../parts/icons.js";
import { namer } from "../parts/party.js";
import { Player } from "../parts/player.js";

/**
 * @typedef {{ id: string, extension: string, at: string, caller: string, caller_name: string, duration_ms: number, bytes: number, heard: boolean }} Message
 * @typedef {import("./calls.js").Props} Props
 */

const PAGE = 100;
/** A message is complete a moment after its call has ended. Milliseconds. */
const SETTLE = 1_500;

/** @param {Props} props */
export function Voicemail(props) {
  const { t, box, now, query, opened, go } = props;
  const mailbox = /^\d{1,8}$/.test(query.get("extension") ?? "") ? (query.get("extension") ?? "") : "";
  const today = officeDay(box, now);
  const name = useMemo(() => namer(box, t), [box.extensions, box.system?.country, t]);
  const { messages, next, failed, busy, more, again, change } = useMessages(props, mailbox);
  const tail = mailbox ? `?extension=${mailbox}` : "";
  const unheard = messages?.filter(({ heard }) => !heard).length ?? 0;
  const choose = (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    go(value ? `#/voicemail?extension=${value}` : "#/voicemail");
  };
  return html`<header class="head line"><h1>${t("calls_voicemail")}</h1>${messages && messages.length > 0 && html`<p class="second">${t("calls_voicemail_new", { count: unheard })}</p>`}</header>
    <div class="filters"><label class=${mailbox ? "filter on" : "filter"}><span>${t("calls_mailbox")}</span>
      <select value=${mailbox} onChange=${choose}><option value="">${t("calls_mailbox_all")}</option>
        ${box.extensions.map(({ number, employee }) => html`<option key=${number} value=${number} selected=${number === mailbox}>${number} ${employee}</option>`)}</select></label></div>
    <section class="card" aria-label=${t("calls_voicemail")}>
      ${messages === null && html`<p class="empty" aria-busy=${!failed} role=${failed ? "alert" : null}>${t(failed ? "no_answer" : "loading")} ${failed && html`<button class="button" type="button" onClick=${again}>${t("try_again")}</button>`}</p>`}
      ${messages?.length === 0 && html`<p class="empty">${t(mailbox ? "calls_voicemail_none_here" : "calls_voicemail_none")} ${mailbox && html`<a href="#/voicemail">${t("calls_voicemail_every")}</a>`}</p>`}
      <ul class="messages">${messages?.map((message) => html`<${MessageOf} key=${message.id} ...${props} message=${message} name=${name} today=${today} open=${opened === message.id} tail=${tail} onChange=${change} />`)}</ul>
      ${next && html`<footer class="card-foot"><button class="button" type="button" disabled=${busy} onClick=${more}>${t(busy ? "loading" : "more")}</button></footer>`}
    </section>`;
}

/**
 * @param {Props & { message: Message, name: (digits: string, name?: string) => string, today: string, open: boolean, tail: string,
 *   onChange: (id: string, next: Message | null) => void }} props
 */
function MessageOf(props) {
  const { t, language, api, admin, session, message, name, today, open, tail, onChange, onRefused, tell } = props;
  const { id, caller, caller_name, extension, at, duration_ms, heard } = message;
  const [fault, setFault] = useState("");
  const item = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (open) item.current?.scrollIntoView({ block: "nearest" });
  }, [open]);
  const mayHear = admin || session?.may_hear_recordings === true;
  const send = async (/** @type {() => Promise<Message | null>} */ task) => {
    setFault("");
    try {
      onChange(id, await task());
    } catch (error) {
      onRefused(error);
      setFault(/** @type {Error} */ (error).message);
    }
  };
  const mark = () => send(async () => (await api.write("PUT", `voicemail/${id}`, { heard: !heard })).value);
  const remove = async () => {
    await api.write("DELETE", `voicemail/${id}`).catch((error) => {
      onRefused(error);
      throw error;
    });
    onChange(id, null);
    tell({ text: t("calls_message_deleted") });
  };
  const day = date(at);
  const near = day === today ? t("today") : day === daysBefore(today, 1) ? t("yesterday") : dateInside(day, language);
  return html`<li class=${open ? "open" : ""} ref=${item}>
    <div class="message-row">
      <span class=${heard ? "lamp off" : "lamp live"}>${t(heard ? "calls_heard_already" : "calls_new_message")}</span>
      <a class="who" href=${open ? `#/voicemail${tail}` : `#/voicemail/${id}${tail}`} aria-expanded=${String(open)}><b>${name(caller, caller_name)}</b><small>${t("calls_to_mailbox", { name: name(extension) })}</small></a>
      <span class="second">${near}, ${hour(at)}</span><span class="length">${span(duration_ms)}</span>
    </div>
    ${open &&
    html`<div class="message-open">
      ${mayHear
        ? html`<${Player} t=${t} address=${`/api/v1/voicemail/${id}/audio`} file=${`${extension}-${at.slice(0, 19).replaceAll(":", "-")}.ogg`} lengthMs=${duration_ms} bytes=${message.bytes} sides=${[name(caller, caller_name)]} question=${t("calls_message_delete_question")} onDelete=${admin ? remove : null} />`
        : html`<p class="note player-note"><${Icon} name="lock" />${t("calls_may_not_hear")}</p>`}
      <div class="message-tools">
        ${admin && html`<button class="button small" type="button" onClick=${mark}><${Icon} name="check" />${t(heard ? "calls_mark_new" : "calls_mark_heard")}</button>`}
        ${caller.length > 2 && html`<${CallButton} ...${props} to=${caller} word=${t("calls_call_back")} />`}
        <span class="fault" role="alert">${fault}</span>
      </div>
    </div>`}
  </li>`;
}

/**
 * The messages of a mailbox, or of all, read anew when a call has ended.
 * @param {Props} props
 * @param {string} mailbox
 */
function useMessages({ api, changes, onRefused }, mailbox) {
  const [list, setList] = useState(/** @type {{ mailbox: string, messages: Message[], next: string | null } | null} */ (null));
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);
  const here = list?.mailbox === mailbox;
  const page = (/** @type {string} */ cursor, background = false) => {
    const query = new URLSearchParams({ limit: String(PAGE), ...(mailbox && { extension: mailbox }), ...(cursor && { cursor }) });
    return api.get(`voicemail?${query}`, { background });
  };
  const failing = (/** @type {unknown} */ error) => {
    setFailed(true);
    onRefused(error);
  };
  const first = () =>
    page("", here).then((found) => {
      setFailed(false);
      setList((before) => {
        const fresh = new Set(found.items.map((/** @type {Message} */ one) => one.id));
        const older = before?.mailbox === mailbox && found.next_cursor ? before.messages.filter((one) => !fresh.has(one.id)) : [];
        return { mailbox, messages: [...found.items, ...older], next: older.length && before ? before.next : found.next_cursor };
      });
    }, failing);
  useEffect(() => {
    const timer = setTimeout(first, here ? SETTLE : 0);
    return () => clearTimeout(timer);
  }, [mailbox, changes]);
  const more = async () => {
    if (!list?.next || busy) return;
    setBusy(true);
    try {
      const found = await page(list.next);
      setList((before) => before && { ...before, messages: [...before.messages, ...found.items], next: found.next_cursor });
    } catch (error) {
      failing(error);
    }
    setBusy(false);
  };
  const change = (/** @type {string} */ id, /** @type {Message | null} */ next) =>
    setList((before) => before && { ...before, messages: before.messages.flatMap((one) => (one.id === id ? (next ? [next] : []) : [one])) });
  return { messages: here ? list.messages : null, next: here ? list.next : null, failed, busy, more, again: first, change };
}
