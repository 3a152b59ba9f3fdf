// «What if»: the question as it is asked, and which part of the desk the answer lights. Pure.

import { sendable } from "./model.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {{ number: string, from: string, at: string, keys: string[], busy: string[], offline: string[] }} Question
 *   `at`: wall clock of the office, "2026-11-25T14:20"; empty: now
 * @typedef {{ element: string | null, after_seconds: number, text: string, out?: string | null }} Step
 * @typedef {{ elements: Map<string, boolean>, wires: Map<string, boolean> }} Lit by id and by "id.out"; `true`: only if nobody answers
 */

/**
 * What the box is asked: the office's own clock counts, and no time means now.
 * @param {Question} question
 * @param {Element[]} elements
 */
export function body({ at, ...question }, elements) {
  return { ...question, ...(at ? { at: at.replace("T", " ") } : {}), elements: sendable(elements) };
}

/**
 * Keys as they are typed: those of one prompt together, prompts apart; a dash is silence.
 * @param {string} text "2 201" or "2 -"
 */
export function keys(text) {
  return text.trim().split(/[\s,]+/).filter(Boolean).map((word) => (/^[-—–]+$/.test(word) ? "" : word.replaceAll(/[^\d*#]/g, "")));
}

/** @param {string[]} list */
export function typed(list) {
  return list.map((word) => word || "–").join(" ");
}

/** Elements that ring somebody: what comes after them comes only if nobody answers. */
const RINGS = ["group", "extension", "dial_extension"];

/**
 * The part of the desk that the way takes.
 * @param {Step[]} steps
 * @param {Element[]} elements
 * @returns {Lit}
 */
export function lit(steps, elements) {
  const byId = new Map(elements.map((element) => [element.id, element]));
  /** @type {Lit} */
  const way = { elements: new Map(), wires: new Map() };
  let maybe = false;
  steps.forEach((step, nth) => {
    const element = byId.get(step.element ?? "");
    if (!element) return;
    if (!way.elements.has(element.id)) way.elements.set(element.id, maybe);
    const next = steps.slice(nth + 1).find((one) => one.element !== element.id || one.out);
    const leaves = next !== undefined && (next.element !== element.id || steps[nth + 1]?.element !== element.id);
    const out = step.out ?? (leaves ? Object.keys(element.links).find((one) => element.links[one] === next?.element) : undefined);
    if (out && RINGS.includes(element.kind)) maybe = true;
    if (out && element.links[out] !== undefined && !way.wires.has(`${element.id}.${out}`)) way.wires.set(`${element.id}.${out}`, maybe);
  });
  return way;
}

/**
 * The strip below: one entry for each element that the way comes to, with what happens there.
 * @param {Step[]} steps
 * @param {Lit} way
 */
export function strip(steps, way) {
  /** @type {{ element: string | null, after: number, texts: string[], maybe: boolean }[]} */
  const entries = [];
  let maybe = false;
  for (const step of steps) {
    const last = entries.at(-1);
    maybe ||= step.element !== null && way.elements.get(step.element) === true;
    if (last && last.element === step.element) last.texts.push(step.text);
    else entries.push({ element: step.element, after: step.after_seconds, texts: [step.text], maybe });
  }
  return entries;
}
