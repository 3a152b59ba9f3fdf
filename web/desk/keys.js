// What the keys do on the desk, by their place on the keyboard, so that they do in any layout; and linking without a pointer. Pure.
import { toward } from "./geometry.js";
import { ORDER, freeKey, outs } from "./kinds.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {import("./geometry.js").Card} Card
 * @typedef {"left" | "right" | "up" | "down"} Direction
 * @typedef {{ code: string, key?: string, ctrlKey?: boolean, metaKey?: boolean, shiftKey?: boolean, altKey?: boolean }} Pressed
 * @typedef {{ does: "go" | "shift", to: Direction }
 *   | { does: "put", kind: import("./kinds.js").Kind }
 *   | { does: "open" | "close" | "link" | "remove" | "copy" | "paste" | "double" | "undo" | "redo" | "apply" | "near" | "far" | "whole" | "whatif"
 *       | "problem" | "all" | "choose" | "edit" }} Command
 * @typedef {{ from: string, out: string, to: string | null }} Linking `to`: `null` while the output is chosen
 */

/** @type {Record<string, Direction>} */
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
/** @type {Record<string, Command["does"]>} */
const PLAIN = {
  Enter: "open", Escape: "close", KeyL: "link", Delete: "remove", Backspace: "remove", Equal: "near", NumpadAdd: "near", Minus: "far",
  NumpadSubtract: "far", Digit0: "whole", Numpad0: "whole", KeyW: "whatif", KeyP: "problem", Space: "choose", KeyE: "edit",
};
/** @type {Record<string, Command["does"]>} */
const WITH_CTRL = { KeyC: "copy", KeyV: "paste", KeyD: "double", KeyZ: "undo", KeyY: "redo", KeyS: "apply", KeyA: "all" };

/**
 * @param {Pressed} pressed
 * @returns {Command | null}
 */
export function command({ code, ctrlKey, metaKey, shiftKey, altKey }) {
  const arrow = ARROWS[code];
  if (ctrlKey || metaKey) {
    if (altKey) return null;
    const does = code === "KeyZ" && shiftKey ? "redo" : WITH_CTRL[code];
    return does ? /** @type {Command} */ ({ does }) : null;
  }
  if (arrow) return { does: altKey ? "shift" : "go", to: arrow };
  if (altKey) return null;
  const digit = /^Digit([1-8])$/.exec(code)?.[1];
  const kind = digit && !shiftKey ? ORDER[Number(digit) - 1] : undefined;
  if (kind) return { does: "put", kind };
  const does = PLAIN[code];
  return does ? /** @type {Command} */ ({ does }) : null;
}

/**
 * A link begins at an element: at the output that most likely is meant.
 * @param {Element} element
 * @param {string} [wanted] this output
 * @returns {Linking | null}
 */
export function startLinking(element, wanted) {
  const all = outs(element.kind);
  const out = wanted ?? freeKey(element) ?? all.find((one) => element.links[one] === undefined) ?? all[0];
  return out === undefined ? null : { from: element.id, out, to: null };
}

/**
 * An arrow while a link is made: first up and down choose the output, right goes on to the targets; there all arrows go by position,
 * and back to the outputs from the one where it starts.
 * @param {Linking} linking
 * @param {Direction} direction
 * @param {Element} element where it starts
 * @param {Card[]} cards
 * @returns {Linking}
 */
export function turn(linking, direction, element, cards) {
  if (linking.to === null) {
    if (direction === "right") return aim(linking, cards);
    if (direction === "left") return linking;
    const all = outs(element.kind);
    const next = all[all.indexOf(linking.out) + (direction === "down" ? 1 : -1)];
    return next === undefined ? linking : { ...linking, out: next };
  }
  const here = cards.find(({ id }) => id === linking.to);
  const next = here && toward(here, targets(linking, cards), direction);
  return next ? { ...linking, to: next.id } : linking;
}

/**
 * From the output to a first target: the nearest on the right, else any.
 * @param {Linking} linking
 * @param {Card[]} cards
 * @returns {Linking}
 */
export function aim(linking, cards) {
  const start = cards.find(({ id }) => id === linking.from);
  const open = targets(linking, cards);
  const first = (start && toward(start, open, "right")) ?? open[0];
  return first ? { ...linking, to: first.id } : linking;
}

/**
 * @param {Linking} linking
 * @param {Card[]} cards
 */
function targets(linking, cards) {
  return cards.filter(({ id, jack }) => id !== linking.from && jack !== null);
}
