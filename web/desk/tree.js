// The route as a list that reads from top to bottom: for narrow screens. And its problems, the worst first. Pure.
import { isComplete, outs, shownOuts } from "./kinds.js";
import { linked } from "./model.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {{ level: number, from: string | null, out: string | null, element: Element | null, again: boolean, loose: boolean, key: string }} Line
 *   `from`, `out`: the output that leads there; `out` is `null` where it goes without saying; `element`: `null` where an output leads nowhere; `again`: what follows stands above already
 * @typedef {{ element: string | null, number?: string | null, out?: string | null, severity: "error" | "warning", text: string }} Problem
 */

/** Deeper lines are not moved further in: a telephone is narrow. */
export const DEEPEST = 4;

/**
 * @param {Element[]} elements
 * @returns {Line[]}
 */
export function outline(elements) {
  const byId = new Map(elements.map((element) => [element.id, element]));
  const part = linked(elements);
  const seen = new Set();
  /** @type {Line[]} */
  const lines = [];
  const visit = (/** @type {Element | null} */ element, /** @type {number} */ level, /** @type {string | null} */ from, /** @type {string | null} */ out, /** @type {string} */ key) => {
    const again = element !== null && seen.has(element.id);
    lines.push({ level: Math.min(level, DEEPEST), from, out, element, again: again && outs(element.kind).length > 0, loose: false, key });
    if (!element || again) return;
    seen.add(element.id);
    const ways = shownOuts(element);
    for (const way of ways) {
      const next = element.links[way];
      // A single way on needs no step to the right.
      visit(next === undefined ? null : (byId.get(next) ?? null), level + (ways.length > 1 || element.kind === "group" || element.kind === "dial_extension" ? 1 : 0), `${element.id}.${way}`, way === "next" ? null : way, `${key}/${way}`);
    }
  };
  const roots = elements.filter(({ id, kind }) => part.has(id) && kind === "incoming");
  for (const root of roots) visit(root, 0, null, null, root.id);
  for (const element of elements) if (part.has(element.id) && !seen.has(element.id)) visit(element, 0, null, null, element.id);
  for (const element of elements) if (!part.has(element.id)) lines.push({ level: 0, from: null, out: null, element, again: false, loose: true, key: element.id });
  return lines;
}

/**
 * The box's problems and those that need no box, the worst first, those on elements before those of numbers.
 * @param {Problem[]} told
 * @param {Element[]} elements
 * @param {(element: Element) => string} incomplete the words for an element that stands for nothing yet
 * @returns {Problem[]}
 */
export function problems(told, elements, incomplete) {
  const ids = new Set(elements.map(({ id }) => id));
  const own = elements.filter((element) => !isComplete(element)).map((element) => ({ element: element.id, severity: /** @type {const} */ ("error"), text: incomplete(element) }));
  const open = new Set(own.map(({ element }) => element));
  const rest = told.filter(({ element, severity }) => element === null || (ids.has(element) && !(severity === "error" && open.has(element))));
  const rank = (/** @type {Problem} */ { severity, element }) => (severity === "error" ? 0 : 2) + (element === null ? 1 : 0);
  return [...own, ...rest].sort((a, b) => rank(a) - rank(b));
}

/**
 * What a refused desk says of its elements: `/elements/3/group` is about the fourth.
 * @param {{ pointer?: string, detail: string }[]} errors
 * @param {Element[]} elements
 * @returns {Problem[]}
 */
export function refusals(errors, elements) {
  return errors.map(({ pointer = "", detail }) => {
    const nth = /^\/elements\/(\d+)/.exec(pointer)?.[1];
    return { element: nth === undefined ? null : (elements[Number(nth)]?.id ?? null), severity: "error", text: detail };
  });
}
