// How wide a card must be for its words: fonts differ by a fifth from one system to another.
import { WIDTH } from "./geometry.js";

/** @typedef {{ kind: string, name: string, sub: string, rows: { to: string, out: string, key: boolean }[], members: { employee: string, word: string }[], burger: boolean }} Words */

/** Edges, and what a browser rounds. Pixels. */
const SLACK = 6;

/** @type {CanvasRenderingContext2D | null} */
let paper = null;
let family = "";
/** @type {Map<string, number>} */
const known = new Map();

/**
 * @param {string} text
 * @param {number} size pixels
 * @param {boolean} [strong]
 */
function length(text, size, strong = false) {
  const name = `${strong ? 600 : 400} ${size}px`;
  const key = `${name} ${text}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  paper ??= document.createElement("canvas").getContext("2d");
  family ||= getComputedStyle(document.body).fontFamily;
  if (!paper) return text.length * size * 0.55;
  paper.font = `${name} ${family}`;
  const width = paper.measureText(text).width;
  if (known.size > 2000) known.clear();
  known.set(key, width);
  return width;
}

/**
 * The width of a card. Pixels.
 * @param {Words} words
 */
export function widthFor({ kind, name, sub, rows, members, burger }) {
  const head = SLACK + 60 + Math.max(length(kind, 11), length(name, 13, true)) + (burger ? 33 : 0);
  const lines = rows.map(({ to, out, key }) => SLACK + 36 + length(to, 12) + (key ? 22 : length(out, 12)));
  const people = members.map(({ employee, word }) => SLACK + 24 + 42 + length(employee, 12) + 23 + length(word, 12));
  const widest = Math.max(head, SLACK + 24 + length(sub, 12), ...lines, ...people);
  return Math.min(WIDTH.most, Math.max(WIDTH.least, Math.ceil(widest / 2) * 2));
}
