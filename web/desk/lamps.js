// Calls in progress on the desk: which element each is at and since when, and which wires they went along. Pure.

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {{ id: string, element?: string | null, element_since?: string | null, state: string, started_at: string, answered_at: string | null }} Call
 * @typedef {{ element: string, since: number }} Place `since`: milliseconds of the page's clock
 * @typedef {{ call: string, from: string, out: string, to: string, at: number }} Move
 * @typedef {{ places: Map<string, Place>, moves: Move[] }} Track
 * @typedef {{ all: number, waiting: number, talking: number, since: number, calls: string[] }} Lamp
 *   `waiting`: not answered; `since`: when the one who waits longest came there
 */

/** @type {Track} */
export const NOBODY = { places: new Map(), moves: [] };
/** A lamp takes so long along a wire. Milliseconds. */
export const TRAVEL = 700;

/**
 * The calls a moment later.
 * @param {Track} track
 * @param {Call[]} calls
 * @param {Element[]} elements
 * @param {number} now milliseconds of the page's clock
 * @param {number} skew what the box's clock is ahead of the page's
 * @returns {Track}
 */
export function follow(track, calls, elements, now, skew) {
  const byId = new Map(elements.map((element) => [element.id, element]));
  /** @type {Track["places"]} */
  const places = new Map();
  const moves = track.moves.filter(({ at }) => now - at < TRAVEL);
  for (const call of calls) {
    if (!call.element || !byId.has(call.element)) continue;
    const before = track.places.get(call.id);
    if (before?.element === call.element) {
      places.set(call.id, before);
      continue;
    }
    const came = call.element_since ?? (before ? null : call.started_at);
    places.set(call.id, { element: call.element, since: came ? Math.min(now, Date.parse(came) - skew) : now });
    const way = before ? wayBetween(byId, before.element, call.element) : [];
    way.forEach((step, nth) => moves.push({ call: call.id, ...step, at: now + nth * TRAVEL }));
  }
  return { places, moves };
}

/**
 * The links from an element to another one; over elements that take no time, two at most.
 * @param {Map<string, Element>} byId
 * @param {string} from
 * @param {string} to
 */
function wayBetween(byId, from, to) {
  const leave = (/** @type {string} */ id) => Object.entries(byId.get(id)?.links ?? {}).map(([out, next]) => ({ from: id, out, to: next }));
  const first = leave(from);
  const straight = first.find((step) => step.to === to);
  if (straight) return [straight];
  for (const step of first) {
    const second = leave(step.to).find((next) => next.to === to);
    if (second) return [step, second];
  }
  return [];
}

/**
 * What each element shows.
 * @param {Track} track
 * @param {Call[]} calls
 * @returns {Map<string, Lamp>}
 */
export function lamps(track, calls) {
  /** @type {Map<string, Lamp>} */
  const shown = new Map();
  for (const call of calls) {
    const place = track.places.get(call.id);
    if (!place) continue;
    const lamp = shown.get(place.element) ?? { all: 0, waiting: 0, talking: 0, since: Infinity, calls: [] };
    const talking = call.answered_at !== null && call.state !== "prompt" && call.state !== "ringing";
    shown.set(place.element, {
      all: lamp.all + 1,
      waiting: lamp.waiting + (talking ? 0 : 1),
      talking: lamp.talking + (talking ? 1 : 0),
      since: talking ? lamp.since : Math.min(lamp.since, place.since),
      calls: [...lamp.calls, call.id],
    });
  }
  return shown;
}

/**
 * Lamps that are on their way, those of one wire at one time as one with a number.
 * @param {Move[]} moves
 * @param {number} now
 */
export function sparks(moves, now) {
  /** @type {Map<string, { from: string, out: string, part: number, count: number }>} */
  const shown = new Map();
  for (const { from, out, at } of moves) {
    const part = (now - at) / TRAVEL;
    if (part < 0 || part >= 1) continue;
    const key = `${from}.${out}`;
    const other = shown.get(key);
    shown.set(key, { from, out, part: Math.max(part, other?.part ?? 0), count: (other?.count ?? 0) + 1 });
  }
  return [...shown.values()];
}
