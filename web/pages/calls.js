// «Звонки»: the last hundred calls by day, and the story of the one that was opened.
import { date, dateInWords, dateInside, daysBefore, hour, later, second, span } from "../format.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Icon } from "../parts/icons.js";
import { namer } from "../parts/party.js";
import { lines, look } from "../story.js";
import { isKey } from "../words.js";

/**
 * @typedef {import("../story.js").Row} Row
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", box: import("../store.js").Box, now: number,
 *   api: import("../api.js").Api, opened: string | null, changes: number, onRefused: (error: unknown) => void }} Props
 */

/** Calls on a page. */
const PAGE = 100;
/** Several things happen at once when a call ends; the list is read once for all of them. Milliseconds. */
const SETTLE = 700;

/** @param {Props} props */
export function Calls(props) {
  const { t, opened } = props;
  const history = useHistory(props);
  return html`<header class="head line"><h1>${t("calls")}</h1>${history.rows && history.rows.length > 0 && html`<p class="second">${t("history_head", { count: history.rows.length })}</p>`}</header>
    <div class=${opened ? "split open" : "split"}>
      <section class="card" aria-label=${t("calls")}><${List} ...${props} ...${history} /></section>
      ${opened && html`<${Story} key=${opened} ...${props} id=${opened} />`}
    </div>`;
}

/**
 * The rows, read anew when a call begins or ends.
 * @param {Props} props
 */
function useHistory({ api, changes, onRefused }) {
  const [rows, setRows] = useState(/** @type {Row[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);
  const loaded = useRef(false);

  const read = (/** @type {boolean} */ background) =>
    api.get(`history?limit=${PAGE}`, { background }).then(
      (page) => {
        setRows((before) => merge(page.items, before ?? []));
        if (!loaded.current) setNext(page.next_cursor);
        loaded.current = true;
        setFailed(false);
      },
      (error) => {
        setFailed(true);
        onRefused(error);
      },
    );

  useEffect(() => {
    if (!loaded.current) {
      read(false);
      return;
    }
    const timer = setTimeout(() => read(true), SETTLE);
    return () => clearTimeout(timer);
  }, [changes]);

  const more = async () => {
    if (!next || busy) return;
    setBusy(true);
    try {
      const page = await api.get(`history?limit=${PAGE}&cursor=${encodeURIComponent(next)}`);
      setRows((before) => merge(before ?? [], page.items));
      setNext(page.next_cursor);
    } catch (error) {
      onRefused(error);
    }
    setBusy(false);
  };
  return { rows, next, failed, busy, more, again: () => read(false) };
}

/**
 * Newer rows, then the older ones that are not among them.
 * @param {Row[]} newer
 * @param {Row[]} older
 */
function merge(newer, older) {
  const ids = new Set(newer.map((row) => row.id));
  return [...newer, ...older.filter((row) => !ids.has(row.id))];
}

/** @param {Props & ReturnType<typeof useHistory>} props */
function List(props) {
  const { t, rows, next, failed, busy, more, again, language, box, now } = props;
  if (rows === null && failed) return html`<p class="empty">${t("no_answer")} <button class="button" type="button" onClick=${again}>${t("try_again")}</button></p>`;
  if (rows === null) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  if (rows.length === 0) return html`<p class="empty">${t("history_empty")}</p>`;
  const today = box.system ? date(later(box.system.time, now + box.skew - Date.parse(box.system.time))) : "";
  const name = namer(box, t);
  return html`<table class="table">
      <thead><tr><th>${t("when")}</th><th>${t("who")}</th><th>${t("whom")}</th><th>${t("outcome")}</th><th class="right">${t("length")}</th></tr></thead>
      ${byDay(rows).map(
        ([day, calls]) => html`<tbody key=${day}>
          <tr class="day"><th colspan="5" scope="rowgroup">${dayInWords(day, today, language, t)}</th></tr>
          ${calls.map((row) => html`<${RowOf} key=${row.id} ...${props} row=${row} name=${name} />`)}
        </tbody>`,
      )}
    </table>
    ${next && html`<footer class="card-foot"><button class="button" type="button" disabled=${busy} onClick=${more}>${t(busy ? "loading" : "more")}</button></footer>`}`;
}

/** @param {Props & { row: Row, name: (digits: string, name?: string) => string }} props */
function RowOf({ t, row, opened, name, box, now }) {
  const whom = row.answered_by ?? row.called;
  const length = row.ended_at === null ? now + box.skew - Date.parse(row.answered_at ?? row.started_at) : row.talk_ms;
  return html`<tr class="call" aria-selected=${opened === row.id ? "true" : null}>
    <td class="when">${hour(row.started_at)}</td>
    <td class="from"><span class="direction" title=${t(`dir_${row.direction}`)}><${Icon} name=${row.direction} /><span class="unseen">${t(`dir_${row.direction}`)}</span></span>
      <a href=${`#/calls/${row.id}`} aria-current=${opened === row.id ? "true" : null}>${name(row.caller, row.caller_name)}</a></td>
    <td class="to">${name(whom)}</td>
    <td class="how"><${Outcome} t=${t} row=${row} /></td>
    <td class="long right">${row.ended_at !== null && row.talk_ms === 0 ? "–" : span(length)}</td>
  </tr>`;
}

/** @param {{ t: import("../words.js").Say, row: Row }} props */
function Outcome({ t, row }) {
  const { lamp, missed } = look(row);
  const key = `outcome_${row.outcome}`;
  const word = row.ended_at === null ? t("going_on") : missed ? t("missed") : isKey(key) ? t(key) : row.outcome_text;
  return html`<span class=${lamp ? `lamp ${lamp}` : ""}>${word}</span>`;
}

/** @param {Props & { id: string }} props */
function Story({ t, language, api, id, box, now, changes, onRefused }) {
  const [row, setRow] = useState(/** @type {Row | null} */ (null));
  const [gone, setGone] = useState(false);
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  const goes = row?.ended_at === null;
  useEffect(() => {
    if (row && !goes) return;
    const timer = setTimeout(
      () =>
        api.get(`history/${id}`, { background: row !== null }).then(setRow, (error) => {
          setGone(true);
          onRefused(error);
        }),
      row ? SETTLE : 0,
    );
    return () => clearTimeout(timer);
  }, [id, goes ? changes : 0]);
  useEffect(() => panel.current?.focus({ preventScroll: true }), [id]);
  useEffect(() => {
    const close = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && (location.hash = "#/calls");
    addEventListener("keydown", close);
    return () => removeEventListener("keydown", close);
  }, []);
  const name = namer(box, t);
  return html`<section class="card story-card" ref=${panel} tabindex="-1" aria-labelledby="story-title" aria-busy=${row === null && !gone}>
    <header>
      <div>
        <h2 id="story-title">${row ? `${name(row.caller, row.caller_name)} ${t("arrow")} ${name(row.answered_by ?? row.called)}` : gone ? t("no_answer") : t("loading")}</h2>
        ${row && html`<p class="second">${dateInWords(date(row.started_at), language)}, ${hour(row.started_at)}${row.talk_ms > 0 ? `, ${t("talked", { span: span(row.talk_ms) })}` : ""}</p>`}
      </div>
      <a class="button quiet square" href="#/calls" title=${t("close")} aria-label=${t("close")}><${Icon} name="close" /></a>
    </header>
    ${row && html`<div class="in"><h3>${t("story")}</h3><${Steps} t=${t} row=${row} name=${name} now=${now} /></div>`}
  </section>`;
}

/** @param {{ t: import("../words.js").Say, row: Row, name: (digits: string, name?: string) => string, now: number }} props */
function Steps({ t, row, name }) {
  const who = name(row.caller, row.caller_name);
  const first = t(row.direction === "inbound" ? "step_called_in" : "step_dialled", { who, whom: name(row.called) });
  const waited = row.answered_at ? t("waited", { span: span(row.ring_ms) }) : "";
  const ended = row.cause && isKey(`end_${row.cause}`) ? t(/** @type {import("../words.js").Key} */ (`end_${row.cause}`)) : "";
  return html`<ol class="story">
    <${Step} at=${row.started_at} text=${first} hint=${row.trunk ? t("via", { trunk: row.trunk }) : ""} lamp="" />
    ${lines(row).map(({ at, key, values, parties, lamp }) => {
      const text = t(key, { ...values, who: parties.map((one) => name(one)).join(", ") });
      return html`<${Step} at=${at} text=${text} hint=${key === "step_answered" ? waited : ""} lamp=${lamp} />`;
    })}
    ${row.ended_at && html`<${Step} at=${row.ended_at} text=${ended || row.outcome_text} hint=${ended ? row.outcome_text : ""} lamp=${look(row).lamp} />`}
  </ol>`;
}

/** @param {{ at: string, text: string, hint: string, lamp: string }} props */
function Step({ at, text, hint, lamp }) {
  return html`<li class=${lamp}><time datetime=${at}>${second(at)}</time><i></i><span>${text}${hint && html`<small>${hint}</small>`}</span></li>`;
}

/**
 * @param {Row[]} rows newest first
 * @returns {[string, Row[]][]}
 */
function byDay(rows) {
  /** @type {Map<string, Row[]>} */
  const days = new Map();
  for (const row of rows) {
    const day = date(row.started_at);
    days.set(day, [...(days.get(day) ?? []), row]);
  }
  return [...days];
}

/**
 * @param {string} day
 * @param {string} today
 * @param {string} language
 * @param {import("../words.js").Say} t
 */
function dayInWords(day, today, language, t) {
  const near = day === today ? "today" : today && day === daysBefore(today, 1) ? "yesterday" : null;
  return near ? `${t(near)}, ${dateInside(day, language)}` : dateInWords(day, language);
}
