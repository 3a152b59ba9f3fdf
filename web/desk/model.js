// The desk being edited: its elements, and the way back. State and action in, state out; nothing here knows a screen.
import { fresh, hasInput, isComplete, outs } from "./kinds.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {import("./kinds.js").Kind} Kind
 * @typedef {{ what: "put" | "move" | "link" | "unlink" | "remove" | "paste" | "edit" | "arrange" | "take", element?: Element, other?: Element,
 *   out?: string, count?: number }} Deed what was done, for the words of undo; the elements as they were then
 * @typedef {{ elements: Element[], deed: Deed }} Step
 * @typedef {{ base: Element[], elements: Element[], past: Step[], future: Step[], chosen: string[] }} Desk
 *   `base`: what the box has; `past`: what was before each deed, the latest last; `chosen`: ids
 * @typedef {{ type: "put", kind: Kind, x: number, y: number, holds?: Partial<Element> }
 *   | { type: "move", ids: string[], dx: number, dy: number, together?: boolean }
 *   | { type: "link", from: string, out: string, to: string, instead?: { from: string, out: string } }
 *   | { type: "unlink", from: string, out: string }
 *   | { type: "rekey", id: string, was: string, out: string }
 *   | { type: "remove", ids: string[] }
 *   | { type: "paste", elements: Element[], dx: number, dy: number }
 *   | { type: "edit", id: string, change: Partial<Element> }
 *   | { type: "arrange", places: Record<string, { x: number, y: number }> }
 *   | { type: "take", elements: Element[] }
 *   | { type: "choose", ids: string[] }
 *   | { type: "undo" } | { type: "redo" }
 *   | { type: "applied", elements: Element[] }} Action
 */

/** Positions are multiples of it. Pixels. */
export const GRID = 20;
/** So many steps back are kept. */
const STEPS_KEPT = 200;

/** @param {number} place */
export function snap(place) {
  return Math.round(place / GRID) * GRID || 0; // never -0
}

/**
 * @param {Element[]} base
 * @param {Element[]} [elements] unsaved work that is taken up again
 * @returns {Desk}
 */
export function open(base, elements = base) {
  return { base, elements, past: [], future: [], chosen: [] };
}

/**
 * @param {Desk} desk
 * @param {string | undefined} id
 */
export function find(desk, id) {
  return desk.elements.find((element) => element.id === id);
}

/**
 * The desk after an action. What changes nothing gives the same desk.
 * @param {Desk} desk
 * @param {Action} action
 * @returns {Desk}
 */
export function act(desk, action) {
  switch (action.type) {
    case "put":
      return put(desk, action);
    case "move":
      return move(desk, action);
    case "link":
      return link(desk, action);
    case "unlink":
      return unlink(desk, action);
    case "rekey":
      return rekey(desk, action);
    case "remove":
      return remove(desk, action.ids);
    case "paste":
      return paste(desk, action);
    case "edit":
      return edit(desk, action);
    case "arrange":
      return done(desk, moved(desk.elements, (element) => action.places[element.id]), { what: "arrange" });
    case "take":
      return { ...done(desk, action.elements, { what: "take" }), base: action.elements };
    case "choose":
      return sameList(desk.chosen, action.ids) ? desk : { ...desk, chosen: action.ids };
    case "undo":
      return back(desk);
    case "redo":
      return forth(desk);
    case "applied":
      return { ...desk, base: action.elements, elements: action.elements, past: [], future: [] };
  }
}

/**
 * A step is made: the way back is kept, the way forward is gone.
 * @param {Desk} desk
 * @param {Element[]} elements
 * @param {Deed} deed
 * @returns {Desk}
 */
function done(desk, elements, deed) {
  const past = [...desk.past, { elements: desk.elements, deed }].slice(-STEPS_KEPT);
  return { ...desk, elements, past, future: [] };
}

/** @param {Desk} desk */
function back(desk) {
  const step = desk.past.at(-1);
  if (!step) return desk;
  const future = [...desk.future, { elements: desk.elements, deed: step.deed }];
  return kept({ ...desk, elements: step.elements, past: desk.past.slice(0, -1), future });
}

/** @param {Desk} desk */
function forth(desk) {
  const step = desk.future.at(-1);
  if (!step) return desk;
  const past = [...desk.past, { elements: desk.elements, deed: step.deed }];
  return kept({ ...desk, elements: step.elements, past, future: desk.future.slice(0, -1) });
}

/**
 * Only what is there can be chosen.
 * @param {Desk} desk
 * @returns {Desk}
 */
function kept(desk) {
  return { ...desk, chosen: desk.chosen.filter((id) => find(desk, id)) };
}

/**
 * A name that no element has: `group`, `group_2` …
 * @param {Kind} kind
 * @param {Set<string>} taken
 */
function newId(kind, taken) {
  let id = /** @type {string} */ (kind);
  for (let nth = 2; taken.has(id); nth += 1) id = `${kind}_${nth}`;
  return id;
}

/** @param {Desk} desk */
const idsOf = (desk) => new Set(desk.elements.map(({ id }) => id));

/**
 * @param {Desk} desk
 * @param {Extract<Action, { type: "put" }>} action
 */
function put(desk, { kind, x, y, holds }) {
  const id = newId(kind, idsOf(desk));
  /** @type {Element} */
  const element = { id, kind, ...fresh(kind), ...holds, x: snap(x), y: snap(y), links: {} };
  return { ...done(desk, [...desk.elements, element], { what: "put", element }), chosen: [id] };
}

/**
 * @param {Desk} desk
 * @param {Extract<Action, { type: "move" }>} action `together`: with the move before it, one step back
 */
function move(desk, { ids, dx, dy, together }) {
  const [right, down] = [snap(dx), snap(dy)];
  if (right === 0 && down === 0) return desk;
  const elements = moved(desk.elements, (element) => (ids.includes(element.id) ? { x: element.x + right, y: element.y + down } : undefined));
  const last = desk.past.at(-1);
  if (together && last?.deed.what === "move" && desk.future.length === 0 && sameList(desk.chosen, ids)) return { ...desk, elements };
  return done(desk, elements, { what: "move", element: find(desk, ids[0]), count: ids.length });
}

/**
 * @param {Element[]} elements
 * @param {(element: Element) => { x: number, y: number } | undefined} place
 */
function moved(elements, place) {
  return elements.map((element) => {
    const to = place(element);
    return to ? { ...element, x: to.x, y: to.y } : element;
  });
}

/**
 * Whether this output may lead there.
 * @param {Desk} desk
 * @param {string} from
 * @param {string} out
 * @param {string} to
 */
export function mayLink(desk, from, out, to) {
  const [source, target] = [find(desk, from), find(desk, to)];
  return Boolean(source && target && source !== target && outs(source.kind).includes(out) && hasInput(target.kind));
}

/**
 * @param {Desk} desk
 * @param {Extract<Action, { type: "link" }>} action `instead`: the link that is taken away for it, when an end is put elsewhere
 */
function link(desk, { from, out, to, instead }) {
  if (!mayLink(desk, from, out, to)) return desk;
  const same = find(desk, from)?.links[out] === to;
  if (same && (!instead || (instead.from === from && instead.out === out))) return desk;
  const without = instead ? cut(desk.elements, instead.from, instead.out) : desk.elements;
  const elements = without.map((element) => (element.id === from ? { ...element, links: { ...element.links, [out]: to } } : element));
  return done(desk, elements, { what: "link", element: find(desk, from), other: find(desk, to), out });
}

/**
 * @param {Element[]} elements
 * @param {string} from
 * @param {string} out
 */
function cut(elements, from, out) {
  return elements.map((element) => {
    if (element.id !== from) return element;
    const { [out]: _, ...links } = element.links;
    return { ...element, links };
  });
}

/**
 * @param {Desk} desk
 * @param {Extract<Action, { type: "unlink" }>} action
 */
function unlink(desk, { from, out }) {
  const element = find(desk, from);
  const to = element?.links[out];
  if (to === undefined) return desk;
  return done(desk, cut(desk.elements, from, out), { what: "unlink", element, other: find(desk, to), out });
}

/**
 * What one key of a menu did, another does; what that one did, the first.
 * @param {Desk} desk
 * @param {Extract<Action, { type: "rekey" }>} action
 */
function rekey(desk, { id, was, out }) {
  const element = find(desk, id);
  const to = element?.links[was];
  if (!element || to === undefined || was === out || !outs(element.kind).includes(out)) return desk;
  const { [was]: _, [out]: other, ...rest } = element.links;
  const links = { ...rest, [out]: to, ...(other === undefined ? {} : { [was]: other }) };
  const elements = desk.elements.map((one) => (one.id === id ? { ...one, links } : one));
  return done(desk, elements, { what: "link", element, other: find(desk, to), out });
}

/**
 * @param {Desk} desk
 * @param {string[]} ids
 */
function remove(desk, ids) {
  const gone = desk.elements.filter((element) => ids.includes(element.id));
  if (gone.length === 0) return desk;
  const elements = desk.elements
    .filter((element) => !ids.includes(element.id))
    .map((element) => (Object.values(element.links).some((to) => ids.includes(to)) ? { ...element, links: inside(element.links, (to) => !ids.includes(to)) } : element));
  return kept(done(desk, elements, { what: "remove", element: gone[0], count: gone.length }));
}

/**
 * @param {Record<string, string>} links
 * @param {(to: string) => boolean} stays
 */
function inside(links, stays) {
  return Object.fromEntries(Object.entries(links).filter(([, to]) => stays(to)));
}

/**
 * Copies, linked among themselves as the first ones are.
 * @param {Desk} desk
 * @param {Extract<Action, { type: "paste" }>} action
 */
function paste(desk, { elements, dx, dy }) {
  if (elements.length === 0) return desk;
  const taken = idsOf(desk);
  /** @type {Map<string, string>} */
  const named = new Map();
  for (const { id, kind } of elements) {
    const copy = newId(kind, taken);
    taken.add(copy);
    named.set(id, copy);
  }
  const copies = elements.map((element) => {
    const links = Object.fromEntries(Object.entries(element.links).flatMap(([out, to]) => (named.has(to) ? [[out, /** @type {string} */ (named.get(to))]] : [])));
    return { ...element, id: /** @type {string} */ (named.get(element.id)), x: snap(element.x + dx), y: snap(element.y + dy), links };
  });
  const next = done(desk, [...desk.elements, ...copies], { what: "paste", element: copies[0], count: copies.length });
  return { ...next, chosen: copies.map(({ id }) => id) };
}

/**
 * @param {Desk} desk
 * @param {Extract<Action, { type: "edit" }>} action
 */
function edit(desk, { id, change }) {
  const element = find(desk, id);
  if (!element) return desk;
  const next = { ...element, ...change };
  if (alike(element, next)) return desk;
  return done(desk, desk.elements.map((one) => (one.id === id ? next : one)), { what: "edit", element: next });
}

/**
 * Elements that differ from what the box has: new, gone or changed.
 * @param {Desk} desk
 */
export function changes(desk) {
  if (desk.base === desk.elements) return 0;
  const was = new Map(desk.base.map((element) => [element.id, element]));
  const gone = desk.base.filter(({ id }) => !find(desk, id)).length;
  return gone + desk.elements.filter((element) => !alike(was.get(element.id), element)).length;
}

/**
 * @param {Element | undefined} one
 * @param {Element} other
 */
function alike(one, other) {
  return one === other || (one !== undefined && JSON.stringify(ordered(one)) === JSON.stringify(ordered(other)));
}

/** @param {any} value @returns {any} */
function ordered(value) {
  if (Array.isArray(value) || value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, ordered(value[key])]));
}

/**
 * @param {string[]} one
 * @param {string[]} other
 */
function sameList(one, other) {
  return one.length === other.length && one.every((id, nth) => id === other[nth]);
}

/**
 * The elements that take part: a link comes in or goes out.
 * @param {Element[]} elements
 */
export function linked(elements) {
  const ids = new Set(elements.flatMap((element) => Object.values(element.links)));
  for (const { id, links } of elements) if (Object.keys(links).length > 0) ids.add(id);
  return ids;
}

/**
 * All links, as (from, out, to).
 * @param {Element[]} elements
 */
export function links(elements) {
  return elements.flatMap(({ id, kind, links }) => outs(kind).flatMap((out) => (links[out] === undefined ? [] : [{ from: id, out, to: /** @type {string} */ (links[out]) }])));
}

/**
 * The elements as a call meets them: from the starts along the wires, depth first; what takes no part at last. Tab goes so.
 * @param {Element[]} elements
 */
export function wireOrder(elements) {
  const byId = new Map(elements.map((element) => [element.id, element]));
  const part = linked(elements);
  /** @type {Element[]} */
  const order = [];
  const seen = new Set();
  const visit = (/** @type {Element} */ start) => {
    const stack = [start];
    for (let element = stack.pop(); element; element = stack.pop()) {
      if (seen.has(element.id)) continue;
      seen.add(element.id);
      order.push(element);
      const { links: ways, kind } = element;
      for (const out of [...outs(kind)].reverse()) {
        const next = byId.get(ways[out] ?? "");
        if (next && !seen.has(next.id)) stack.push(next);
      }
    }
  };
  elements.filter(({ kind, id }) => kind === "incoming" && part.has(id)).forEach(visit);
  elements.filter(({ id }) => part.has(id)).forEach(visit);
  elements.forEach(visit);
  return order;
}

/**
 * What the box can judge while it is drawn: without elements that stand for nothing yet, and without the links to them.
 * @param {Element[]} elements
 */
export function sendable(elements) {
  const whole = elements.filter(isComplete);
  if (whole.length === elements.length) return elements;
  const ids = new Set(whole.map(({ id }) => id));
  return whole.map((element) => ({ ...element, links: inside(element.links, (to) => ids.has(to)) }));
}
