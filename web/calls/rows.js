// The rows of the history as they are shown: pages that are joined, days between them, and the few of a million that are on the
// screen. Pure.
import { date } from "../format.js";

/**
 * @typedef {import("../story.js").Row} Row
 * @typedef {{ rows: Row[], next: string | null }} List `next`: the cursor of the next page
 * @typedef {{ kind: "day", day: string } | { kind: "row", row: Row, nth: number }} Line `nth`: of the row among rows
 * @typedef {{ from: number, to: number, before: number, after: number }} Part lines from, up to and without `to`; pixels before and after
 */

/**
 * The list after its first page was read anew. Rows that are older stay, unless so much happened that there may be a gap. A page without a
 * row whose search goes on tells of nothing new.
 * @param {List} list
 * @param {{ items: Row[], next_cursor: string | null }} page
 * @returns {List}
 */
export function renewed(list, page) {
  if (page.items.length === 0 && page.next_cursor !== null && list.rows.length > 0) return list;
  const fresh = new Set(page.items.map((row) => row.id));
  const overlap = list.rows.some((row) => fresh.has(row.id));
  if (!overlap || page.next_cursor === null) return { rows: page.items, next: page.next_cursor };
  return { rows: [...page.items, ...list.rows.filter((row) => !fresh.has(row.id))], next: list.next ?? null };
}

/**
 * @param {List} list
 * @param {{ items: Row[], next_cursor: string | null }} page the next one
 * @returns {List}
 */
export function longer(list, page) {
  const known = new Set(list.rows.map((row) => row.id));
  return { rows: [...list.rows, ...page.items.filter((row) => !known.has(row.id))], next: page.next_cursor };
}

/**
 * @param {Row[]} rows newest first
 * @returns {Line[]}
 */
export function linesOf(rows) {
  /** @type {Line[]} */
  const lines = [];
  let day = "";
  rows.forEach((row, nth) => {
    if (date(row.started_at) !== day) lines.push({ kind: "day", day: (day = date(row.started_at)) });
    lines.push({ kind: "row", row, nth });
  });
  return lines;
}

/**
 * Where each line begins, and after the last the end. Pixels.
 * @param {Line[]} lines
 * @param {{ day: number, row: number }} heights
 */
export function tops(lines, heights) {
  const tops = [0];
  let top = 0;
  for (const line of lines) tops.push((top += heights[line.kind]));
  return tops;
}

/**
 * The lines that can be seen between two heights, with some more on either side.
 * @param {number[]} tops
 * @param {number} from pixels
 * @param {number} to pixels
 * @param {number} [spare] lines
 * @returns {Part}
 */
export function part(tops, from, to, spare = 12) {
  const count = tops.length - 1;
  const first = Math.max(0, Math.min(count, lowest(tops, from) - 1 - spare));
  const last = Math.min(count, Math.max(first, lowest(tops, to) + spare));
  const at = (/** @type {number} */ nth) => tops[nth] ?? 0;
  return { from: first, to: last, before: at(first), after: at(count) - at(last) };
}

/**
 * The first place that is not above `value`.
 * @param {number[]} sorted
 * @param {number} value
 */
function lowest(sorted, value) {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The line of the row that is some rows further than this one; days are passed over.
 * @param {Line[]} lines
 * @param {number} at line; -1: before the first
 * @param {number} steps
 */
export function stepped(lines, at, steps) {
  const way = Math.sign(steps);
  let [found, left] = [at, Math.abs(steps)];
  for (let line = at + way; left > 0 && line >= 0 && line < lines.length; line += way) {
    if (lines[line]?.kind !== "row") continue;
    found = line;
    left -= 1;
  }
  return found;
}
