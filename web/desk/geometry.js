// Where everything on the desk is: cards, jacks, wires, and what of it is on the screen. Pixels of the desk unless said otherwise; pure.
import { GRID } from "./model.js";
import { hasInput, outAtHead, outs, shownOuts } from "./kinds.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ x: number, y: number, w: number, h: number }} Box
 * @typedef {Box & { id: string, rows: { out: string, y: number, spare?: boolean }[], jack: Point | null }} Card
 *   `rows`: its outputs with the height of their jacks; `spare`: a key that a new link would get; `jack`: of the input
 * @typedef {{ from: string, out: string, to: string, d: string, points: Point[], label: Point }} Wire
 * @typedef {{ x: number, y: number, k: number }} View a point p of the desk is at x + k·p of the window
 */

/** The parts of a card. They are also in desk.css. */
export const HEAD = 50;
export const SUB = 26;
export const ROW = 26;
export const ROWS_PAD = 7;
export const WIDTH = { least: 150, most: 230 };
/** A jack may be missed by so much. */
const REACH = 18;
/** A wire that goes back runs so far beside its card. */
const LANE = 22;
const STUB = 16;
export const ZOOM = { least: 0.25, most: 2 };

/**
 * The card of an element.
 * @param {Element} element
 * @param {{ width: number, sub: boolean, members: number, spare: string | null }} look `spare`: a key that leads nowhere yet and has a row all the same
 * @returns {Card}
 */
export function card(element, { width, sub, members, spare }) {
  const { id, x, y, kind } = element;
  let bottom = y + HEAD + (sub ? SUB : 0);
  if (members > 0) bottom += members * ROW + ROWS_PAD;
  /** @type {Card["rows"]} */
  const rows = [];
  if (outAtHead(kind)) {
    rows.push({ out: "next", y: y + HEAD / 2 });
  } else if (outs(kind).length > 0) {
    const shown = shownOuts(element).map((out) => ({ out, spare: false }));
    if (spare !== null) shown.splice(-1, 0, { out: spare, spare: true });
    shown.forEach((row, nth) => rows.push({ ...row, y: bottom + ROWS_PAD / 2 + ROW * (nth + 0.5) }));
    bottom += shown.length * ROW + ROWS_PAD;
  }
  const jack = hasInput(kind) ? { x, y: y + HEAD / 2 } : null;
  return { id, x, y, w: width, h: bottom - y, rows, jack };
}

/**
 * The jack of an output.
 * @param {Card} card
 * @param {string} out
 * @returns {Point}
 */
export function jackOf(card, out) {
  const row = card.rows.find((one) => one.out === out);
  return { x: card.x + card.w, y: row?.y ?? card.y + HEAD / 2 };
}

/**
 * The wire from a jack to a jack.
 * @param {Card} source
 * @param {string} out
 * @param {Card} target
 * @returns {Wire}
 */
export function wire(source, out, target) {
  const [a, b] = [jackOf(source, out), target.jack ?? { x: target.x, y: target.y + HEAD / 2 }];
  const names = { from: source.id, out, to: target.id };
  if (b.x >= a.x - LANE) return { ...names, ...curve(a, b) };
  return { ...names, ...lane(a, b, source, target) };
}

/**
 * A wire that one end of is at the pointer.
 * @param {Point} a
 * @param {Point} b
 */
export function curve(a, b) {
  const pull = Math.max(34, (b.x - a.x) / 2);
  const [p, q] = [{ x: a.x + pull, y: a.y }, { x: b.x - pull, y: b.y }];
  const d = `M${at(a)}C${at(p)} ${at(q)} ${at(b)}`;
  const points = Array.from({ length: 25 }, (_, nth) => bezier(a, p, q, b, nth / 24));
  return { d, points, label: bezier(a, p, q, b, 0.5) };
}

/**
 * @param {Point} a
 * @param {Point} p
 * @param {Point} q
 * @param {Point} b
 * @param {number} t
 */
function bezier(a, p, q, b, t) {
  const s = 1 - t;
  const mix = (/** @type {"x" | "y"} */ axis) => s ** 3 * a[axis] + 3 * s * s * t * p[axis] + 3 * s * t * t * q[axis] + t ** 3 * b[axis];
  return { x: mix("x"), y: mix("y") };
}

/**
 * A link that goes back: out of the card, past it, along, and in from the left. Between the two when there is room, else round both.
 * @param {Point} a
 * @param {Point} b
 * @param {Box} source
 * @param {Box} target
 */
function lane(a, b, source, target) {
  const level = laneLevel(a, source, target);
  const [out, back] = [a.x + STUB, b.x - STUB - 8];
  const corners = [a, { x: out, y: a.y }, { x: out, y: level }, { x: back, y: level }, { x: back, y: b.y }, b];
  return { ...rounded(corners, 10), label: { x: (a.x + b.x) / 2, y: level } };
}

/**
 * @param {Point} a
 * @param {Box} source
 * @param {Box} target
 */
function laneLevel(a, source, target) {
  const [sourceEnd, targetEnd] = [source.y + source.h, target.y + target.h];
  if (target.y >= sourceEnd + LANE) return sourceEnd + Math.min(LANE, (target.y - sourceEnd) / 2);
  if (targetEnd <= source.y - LANE) return source.y - Math.min(LANE, (source.y - targetEnd) / 2);
  const [below, above] = [Math.max(sourceEnd, targetEnd) + LANE, Math.min(source.y, target.y) - LANE];
  return below - a.y <= a.y - above ? below : above;
}

/**
 * A way along corners, each rounded.
 * @param {Point[]} corners
 * @param {number} radius
 */
export function rounded(corners, radius) {
  const [first, ...rest] = corners;
  if (!first) return { d: "", points: [] };
  let d = `M${at(first)}`;
  const points = [first];
  rest.forEach((corner, nth) => {
    const [before, after] = [corners[nth], rest[nth + 1]];
    if (!before || !after) {
      d += `L${at(corner)}`;
      points.push(corner);
      return;
    }
    const r = Math.min(radius, distance(before, corner) / 2, distance(corner, after) / 2);
    const [p, q] = [towards(corner, before, r), towards(corner, after, r)];
    d += `L${at(p)}Q${at(corner)} ${at(q)}`;
    points.push(p, towards({ x: (p.x + q.x) / 2, y: (p.y + q.y) / 2 }, corner, r * 0.35), q);
  });
  return { d, points };
}

/** @param {Point} point */
const at = ({ x, y }) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;

/**
 * @param {Point} a
 * @param {Point} b
 */
function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/**
 * The point so far from `a` towards `b`.
 * @param {Point} a
 * @param {Point} b
 * @param {number} far
 */
function towards(a, b, far) {
  const whole = distance(a, b) || 1;
  return { x: a.x + ((b.x - a.x) * far) / whole, y: a.y + ((b.y - a.y) * far) / whole };
}

/**
 * The point at a part of the way: 0 the start, 1 the end.
 * @param {Point[]} points
 * @param {number} part
 * @returns {Point}
 */
export function along(points, part) {
  const lengths = points.slice(1).map((point, nth) => distance(points[nth] ?? point, point));
  let left = Math.max(0, Math.min(1, part)) * lengths.reduce((sum, length) => sum + length, 0);
  for (const [nth, length] of lengths.entries()) {
    const [a, b] = [points[nth], points[nth + 1]];
    if (a && b && left <= length) return towards(a, b, left);
    left -= length;
  }
  return points.at(-1) ?? { x: 0, y: 0 };
}

/**
 * What is under a point: a jack first, then a card, the topmost.
 * @param {Card[]} cards in the order of drawing
 * @param {Point} point
 * @returns {{ card: Card, part: "in" | "card" } | { card: Card, part: "out", out: string } | null}
 */
export function hit(cards, point) {
  for (const card of [...cards].reverse()) {
    const row = card.rows.find((one) => distance({ x: card.x + card.w, y: one.y }, point) <= REACH / 2 + 2);
    if (row) return { card, part: "out", out: row.out };
    if (card.jack && distance(card.jack, point) <= REACH) return { card, part: "in" };
  }
  const under = [...cards].reverse().find((card) => contains(card, point));
  return under ? { card: under, part: "card" } : null;
}

/**
 * @param {Box} box
 * @param {Point} point
 */
function contains(box, { x, y }) {
  return x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h;
}

/**
 * The cards that a rubber band touches.
 * @param {Card[]} cards
 * @param {Point} one
 * @param {Point} other
 */
export function within(cards, one, other) {
  const [left, right] = [Math.min(one.x, other.x), Math.max(one.x, other.x)];
  const [top, bottom] = [Math.min(one.y, other.y), Math.max(one.y, other.y)];
  return cards.filter((card) => card.x < right && card.x + card.w > left && card.y < bottom && card.y + card.h > top).map(({ id }) => id);
}

/**
 * @param {Box[]} boxes
 * @returns {Box}
 */
export function bounds(boxes) {
  if (boxes.length === 0) return { x: 0, y: 0, w: 0, h: 0 };
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return { x, y, w: Math.max(...boxes.map((box) => box.x + box.w)) - x, h: Math.max(...boxes.map((box) => box.y + box.h)) - y };
}

/**
 * The view that shows all of it, never larger than life.
 * @param {Box} all
 * @param {{ w: number, h: number }} size of the window
 * @param {number} [edge] left free around
 * @returns {View}
 */
export function fit(all, size, edge = 40) {
  const k = zoomed(Math.min(1, (size.w - 2 * edge) / Math.max(1, all.w), (size.h - 2 * edge) / Math.max(1, all.h)));
  return { k, x: Math.round((size.w - all.w * k) / 2 - all.x * k), y: Math.round((size.h - all.h * k) / 2 - all.y * k) };
}

/**
 * The same where all of it would be too small to read: the start, no smaller than `least`.
 * @param {Box} all
 * @param {Box} start
 * @param {{ w: number, h: number }} size
 * @param {number} least
 * @returns {View}
 */
export function fitStart(all, start, size, least) {
  const view = fit(all, size, 16);
  if (view.k >= least) return view;
  return { k: least, x: 16 - start.x * least, y: size.h / 2 - (start.y + start.h / 2) * least };
}

/** @param {number} k */
function zoomed(k) {
  return Math.min(ZOOM.most, Math.max(ZOOM.least, k));
}

/**
 * Nearer or further, with this point of the window staying where it is.
 * @param {View} view
 * @param {number} by a factor
 * @param {Point} about
 * @returns {View}
 */
export function zoom(view, by, about) {
  const k = zoomed(view.k * by);
  return { k, x: about.x - ((about.x - view.x) * k) / view.k, y: about.y - ((about.y - view.y) * k) / view.k };
}

/**
 * A point of the window on the desk.
 * @param {View} view
 * @param {Point} point
 * @returns {Point}
 */
export function onDesk(view, { x, y }) {
  return { x: (x - view.x) / view.k, y: (y - view.y) / view.k };
}

/**
 * The view moved as little as shows this box.
 * @param {View} view
 * @param {Box} box
 * @param {{ w: number, h: number }} size
 * @param {number} [edge]
 * @returns {View}
 */
export function revealed(view, box, size, edge = 24) {
  const shift = (/** @type {number} */ from, /** @type {number} */ length, /** @type {number} */ room) =>
    from < edge ? edge - from : from + length > room - edge ? Math.max(edge - from, room - edge - from - length) : 0;
  const dx = shift(view.x + box.x * view.k, box.w * view.k, size.w);
  const dy = shift(view.y + box.y * view.k, box.h * view.k, size.h);
  return dx || dy ? { ...view, x: view.x + dx, y: view.y + dy } : view;
}

/**
 * The small picture of a desk that is larger than its window; `null` when all is to be seen.
 * @param {Box[]} boxes
 * @param {View} view
 * @param {{ w: number, h: number }} size
 * @param {{ w: number, h: number }} room of the small picture
 */
export function minimap(boxes, view, size, room) {
  const seen = { ...onDesk(view, { x: 0, y: 0 }), w: size.w / view.k, h: size.h / view.k };
  const all = bounds(boxes);
  const whole = all.x >= seen.x && all.y >= seen.y && all.x + all.w <= seen.x + seen.w && all.y + all.h <= seen.y + seen.h;
  if (boxes.length === 0 || whole) return null;
  const union = bounds([all, seen]);
  const k = Math.min(room.w / union.w, room.h / union.h);
  const small = (/** @type {Box} */ box) => ({ x: (box.x - union.x) * k, y: (box.y - union.y) * k, w: box.w * k, h: box.h * k });
  return { k, origin: { x: union.x, y: union.y }, cards: boxes.map(small), frame: small(seen) };
}

/**
 * The nearest card in a direction: what lies aside counts double.
 * @param {Box & { id?: string }} from
 * @param {Card[]} cards
 * @param {"left" | "right" | "up" | "down"} direction
 * @returns {Card | null}
 */
export function toward(from, cards, direction) {
  const middle = (/** @type {Box} */ box) => ({ x: box.x + box.w / 2, y: box.y + Math.min(box.h, HEAD) / 2 });
  const [sign, axis] = { left: /** @type {const} */ ([-1, "x"]), right: /** @type {const} */ ([1, "x"]), up: /** @type {const} */ ([-1, "y"]), down: /** @type {const} */ ([1, "y"]) }[direction];
  const here = middle(from);
  let [best, least] = [/** @type {Card | null} */ (null), Infinity];
  for (const one of cards) {
    const there = middle(one);
    const ahead = (there[axis] - here[axis]) * sign;
    const aside = Math.abs(axis === "x" ? there.y - here.y : there.x - here.x);
    if (one.id === from.id || ahead < GRID / 2) continue;
    const far = ahead + 2 * aside;
    if (far < least) [best, least] = [one, far];
  }
  return best;
}

/**
 * A free place for a new card near a point: no card is under it.
 * @param {Card[]} cards
 * @param {Point} near
 * @param {{ w: number, h: number }} size
 * @returns {Point}
 */
export function freePlace(cards, near, size) {
  const free = (/** @type {Point} */ { x, y }) => within(cards, { x: x - GRID, y: y - GRID }, { x: x + size.w + GRID, y: y + size.h + GRID }).length === 0;
  for (let ring = 0; ring < 40; ring += 1) {
    const tries = ring === 0 ? [[0, 0]] : [[0, ring], [ring, 0], [0, -ring], [ring, ring], [-ring, 0], [ring, -ring], [-ring, ring], [-ring, -ring]];
    for (const [dx = 0, dy = 0] of tries) {
      const place = { x: near.x + dx * 3 * GRID, y: near.y + dy * 2 * GRID };
      if (free(place)) return place;
    }
  }
  return near;
}
