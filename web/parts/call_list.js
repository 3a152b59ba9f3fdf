// The history by days. Only the rows on the screen are there: a million may stand behind them. Arrows go from row to row.
import { linesOf, part, stepped, tops } from "../calls/rows.js";
import { dateInWords, dateInside, daysBefore, hour, span } from "../format.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { look } from "../story.js";
import { isKey } from "../words.js";
import { Icon } from "./icons.js";
import { Sign } from "./call_signs.js";

/**
 * @typedef {import("../story.js").Row} Row
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", box: import("../store.js").Box, now: number, today: string,
 *   rows: Row[], next: string | null, busy: boolean, failed: boolean, opened: string | null, name: (digits: string, name?: string) => string,
 *   link: (id: string) => string, onMore: () => void, onPlay: (row: Row) => void }} Props
 */

/** Until they are measured. Pixels. */
const HEIGHTS = { day: 42, row: 41 };
/** The next page is asked for when so many lines are left. */
const AHEAD = 40;
/** Rows that Page Up and Page Down pass. */
const LEAP = 10;

/** @param {Props} props */
export function List(props) {
  const { t, language, today, rows, next, busy, failed, opened, onMore } = props;
  const lines = useMemo(() => linesOf(rows), [rows]);
  const table = useRef(/** @type {HTMLTableElement | null} */ (null));
  const { shown, all } = useWindow(table, lines, opened);
  const keys = useKeys(props, table, lines, all);
  useEffect(() => {
    if (next && !busy && !failed && shown.to > lines.length - AHEAD) onMore();
  }, [shown.to, lines.length, next, busy, failed]);
  return html`<table class="table history" ref=${table} aria-rowcount=${next ? -1 : rows.length + 1} aria-label=${t("calls")} onKeyDown=${keys}>
      <thead><tr aria-rowindex="1"><th class="when">${t("when")}</th><th class="who">${t("who")}</th><th>${t("whom")}</th><th class="how">${t("outcome")}</th><th class="long right">${t("length")}</th></tr></thead>
      <tbody>
        <${Gap} height=${shown.before} />
        ${lines.slice(shown.from, shown.to).map((line) =>
          line.kind === "day"
            ? html`<tr class="day" key=${line.day}><th colspan="5" scope="rowgroup">${dayInWords(line.day, today, language, t)}</th></tr>`
            : html`<${RowOf} key=${line.row.id} ...${props} row=${line.row} nth=${line.nth} />`,
        )}
        <${Gap} height=${shown.after} />
      </tbody>
    </table>
    <footer class="card-foot" role="status">${next ? (failed ? html`${t("no_answer")} <button class="button" type="button" onClick=${onMore}>${t("try_again")}</button>` : t("loading")) : t("calls_shown", { count: rows.length })}</footer>`;
}

/** @param {{ height: number }} props */
function Gap({ height }) {
  return html`<tr class="gap" aria-hidden="true"><td colspan="5" style=${{ height: `${height}px` }}></td></tr>`;
}

/**
 * Which lines are drawn: measured once by what is there, followed by scrolling.
 * @param {{ current: HTMLTableElement | null }} table
 * @param {import("../calls/rows.js").Line[]} lines
 * @param {string | null} opened the page is laid out anew when a call opens
 */
function useWindow(table, lines, opened) {
  const [heights, setHeights] = useState(HEIGHTS);
  const [sight, setSight] = useState({ from: 0, to: 2000 });
  const all = useMemo(() => tops(lines, heights), [lines, heights]);
  const shown = part(all, sight.from, sight.to);
  const measure = () => {
    const height = (/** @type {string} */ row) => table.current?.querySelector(row)?.getBoundingClientRect().height ?? 0;
    const found = { day: height("tr.day"), row: height("tr.call") };
    if (found.day && found.row && (found.day !== heights.day || found.row !== heights.row)) setHeights(found);
  };
  useLayoutEffect(measure);
  useEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      const top = table.current?.tBodies[0]?.getBoundingClientRect().top ?? 0;
      setSight((before) => (Math.abs(before.from + top) < 100 && before.to === before.from + innerHeight ? before : { from: -top, to: innerHeight - top }));
    };
    const soon = () => {
      frame ||= requestAnimationFrame(look);
    };
    look();
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
    };
  }, [lines.length === 0, opened]);
  return { shown, all };
}

/**
 * Arrows, Home, End and pages go from row to row, wherever the row is; Space plays its recording.
 * @param {Props} props
 * @param {{ current: HTMLTableElement | null }} table
 * @param {import("../calls/rows.js").Line[]} lines
 * @param {number[]} all
 */
function useKeys({ onPlay }, table, lines, all) {
  const wanted = useRef("");
  useLayoutEffect(() => {
    if (!wanted.current) return;
    const link = table.current?.querySelector(`a[data-call="${wanted.current}"]`);
    if (!(link instanceof HTMLElement)) return;
    wanted.current = "";
    link.focus({ preventScroll: true });
    link.closest("tr")?.scrollIntoView({ block: "nearest" });
  });
  const goTo = (/** @type {number} */ at) => {
    const line = lines[at];
    const body = table.current?.tBodies[0];
    if (line?.kind !== "row" || !body) return;
    const there = table.current?.querySelector(`a[data-call="${line.row.id}"]`);
    if (there instanceof HTMLElement) {
      there.focus({ preventScroll: true });
      there.closest("tr")?.scrollIntoView({ block: "nearest" });
      return;
    }
    wanted.current = line.row.id;
    const top = body.getBoundingClientRect().top + scrollY + (all[at] ?? 0);
    scrollTo({ top: Math.max(0, top - innerHeight / 2) });
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const id = event.target instanceof HTMLElement ? event.target.dataset.call : undefined;
    const at = id ? lines.findIndex((line) => line.kind === "row" && line.row.id === id) : -1;
    const line = lines[at];
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: LEAP, PageUp: -LEAP, Home: -lines.length, End: lines.length }[event.key];
    if (steps !== undefined) goTo(stepped(lines, at, steps));
    else if (event.key === " " && line?.kind === "row") onPlay(line.row);
    else return;
    event.preventDefault();
  };
  useEffect(() => {
    // The first arrow on a page where nothing has the focus enters the list.
    const first = (/** @type {KeyboardEvent} */ event) => {
      if (event.target === document.body && (event.key === "ArrowDown" || event.key === "ArrowUp") && !document.querySelector("dialog[open]")) pressed(event);
    };
    addEventListener("keydown", first);
    return () => removeEventListener("keydown", first);
  }, [lines, all]);
  return pressed;
}

/** @param {Props & { row: Row & { recordings?: string[] }, nth: number }} props */
function RowOf({ t, box, now, opened, name, link, row, nth }) {
  const goes = row.ended_at === null;
  const length = goes ? now + box.skew - Date.parse(row.answered_at ?? row.started_at) : row.talk_ms || row.ring_ms;
  const whom = row.answered_by ?? row.called;
  return html`<tr class="call" aria-selected=${opened === row.id ? "true" : null} aria-rowindex=${nth + 2}>
    <td class="when"><time datetime=${row.started_at}>${hour(row.started_at)}</time></td>
    <td class="from"><span class="direction" title=${t(`dir_${row.direction}`)}><${Icon} name=${row.direction} /><span class="unseen">${t(`dir_${row.direction}`)}</span></span>
      <a href=${link(row.id)} data-call=${row.id} aria-current=${opened === row.id ? "true" : null}>${name(row.caller, row.caller_name)}</a></td>
    <td class="to">${name(whom)}</td>
    <td class="how"><${Outcome} t=${t} row=${row} />${(row.recordings?.length ?? 0) > 0 && html`<span class="taped" title=${t("calls_recorded")}><${Sign} name="tape" /><span class="unseen">${t("calls_recorded")}</span></span>`}</td>
    <td class=${row.talk_ms > 0 || goes ? "long right" : "long right waited"}>${span(length)}</td>
  </tr>`;
}

/** @param {{ t: import("../words.js").Say, row: Row }} props */
export function Outcome({ t, row }) {
  const { lamp, missed } = look(row);
  const key = `outcome_${row.outcome}`;
  const word = row.ended_at === null ? t("going_on") : missed ? t("missed") : isKey(key) ? t(key) : row.outcome_text;
  return html`<span class=${lamp ? `lamp ${lamp}` : ""}>${word}</span>`;
}

/**
 * @param {string} day
 * @param {string} today
 * @param {string} language
 * @param {import("../words.js").Say} t
 */
export function dayInWords(day, today, language, t) {
  const near = day === today ? "today" : day === daysBefore(today, 1) ? "yesterday" : null;
  if (near) return `${t(near)}, ${dateInside(day, language)}`;
  return day.slice(0, 4) === today.slice(0, 4) ? dateInWords(day, language) : `${dateInWords(day, language)} ${day.slice(0, 4)}`;
}
