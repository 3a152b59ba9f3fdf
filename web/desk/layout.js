// A drawing for a desk that has none: layers from left to right in the order of the call, every element as level as can be with
// what leads to it. Pure.
import { linked, links, snap } from "./model.js";
import { outs } from "./kinds.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {{ w: number, h: number }} Size
 * @typedef {Record<string, { x: number, y: number }>} Places
 */

/** Overlap that nobody sees, and a wire too short to be one. */
const EDGE = 8;
const SHORT = 24;
/** How far a drawing is moved apart before it is made anew. */
const STRETCHES = [1, 1.2, 1.4, 1.6];
/** Between layers and between the cards of a layer. */
const GAP = { x: 90, y: 34 };
/** Where the drawing begins. */
const ORIGIN = { x: 40, y: 40 };
/** Passes over the layers that bring linked elements level. */
const PASSES = 4;

/**
 * The places of a desk as it is shown: as they are, or moved apart when the cards are wider than whoever wrote the file took them for,
 * or laid out anew when nobody has drawn it. One card over another, or one tight wire, is somebody's own doing and stays.
 * @param {Element[]} elements
 * @param {(element: Element) => Size} size
 * @returns {Places | null} `null`: as they are
 */
export function drawing(elements, size) {
  const drawn = STRETCHES.find((stretch) => isDrawn(elements, size, stretch));
  if (drawn === 1) return null;
  if (drawn === undefined) return arrange(elements, size);
  return Object.fromEntries(elements.map(({ id, x, y }) => [id, { x: snap(x * drawn), y }]));
}

/**
 * Whether few cards lie on others and few wires are too short to be seen.
 * @param {Element[]} elements
 * @param {(element: Element) => Size} size
 * @param {number} [stretch] how much wider than it is
 */
export function isDrawn(elements, size, stretch = 1) {
  const boxes = elements.map((element) => {
    const { w, h } = size(element);
    return { id: element.id, x: element.x * stretch, y: element.y, w, h };
  });
  const lies = (/** @type {typeof boxes[0]} */ a, /** @type {typeof boxes[0]} */ b) => a.x < b.x + b.w - EDGE && b.x < a.x + a.w - EDGE && a.y < b.y + b.h - EDGE && b.y < a.y + a.h - EDGE;
  const over = boxes.filter((a) => boxes.some((b) => a !== b && lies(a, b))).length;
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const gaps = links(elements).flatMap(({ from, to }) => {
    const [a, b] = [byId.get(from), byId.get(to)];
    return a && b && b.x > a.x ? [b.x - a.x - a.w] : [];
  });
  const tight = gaps.filter((gap) => gap < SHORT).length;
  return 2 * over <= boxes.length && 3 * tight <= gaps.length;
}

/**
 * A place for every element.
 * @param {Element[]} elements
 * @param {(element: Element) => Size} size
 * @returns {Places}
 */
export function arrange(elements, size) {
  const part = linked(elements);
  const byId = new Map(elements.map((element) => [element.id, element]));
  const forward = withoutLoops(elements.filter(({ id }) => part.has(id)));
  const layers = layered(elements.filter(({ id }) => part.has(id)), forward);
  /** @type {Places} */
  const places = {};
  let x = ORIGIN.x;
  for (const layer of layers) {
    for (const id of layer) places[id] = { x, y: 0 };
    x += snapUp(Math.max(...layer.map((id) => size(/** @type {Element} */ (byId.get(id))).w)) + GAP.x);
  }
  const height = (/** @type {string} */ id) => size(/** @type {Element} */ (byId.get(id))).h;
  stack(layers, forward, places, height);
  return besides(elements.filter(({ id }) => !part.has(id)), places, size, height);
}

/** @param {number} length */
const snapUp = (length) => Math.ceil(length / 20) * 20;

/**
 * The links without those that close a loop.
 * @param {Element[]} elements
 */
function withoutLoops(elements) {
  const ways = new Map(elements.map((element) => [element.id, outs(element.kind).flatMap((out) => element.links[out] ?? [])]));
  /** @type {Map<string, "open" | "done">} */
  const seen = new Map();
  /** @type {{ from: string, to: string, nth: number }[]} */
  const forward = [];
  const visit = (/** @type {string} */ start) => {
    const path = [{ id: start, nth: 0 }];
    seen.set(start, "open");
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const to = ways.get(top.id)?.[top.nth];
      if (to === undefined) {
        seen.set(top.id, "done");
        path.pop();
        continue;
      }
      const nth = top.nth++;
      if (!ways.has(to) || seen.get(to) === "open") continue;
      forward.push({ from: top.id, to, nth });
      if (seen.has(to)) continue;
      seen.set(to, "open");
      path.push({ id: to, nth: 0 });
    }
  };
  const starts = [...elements].sort((a, b) => Number(b.kind === "incoming") - Number(a.kind === "incoming"));
  for (const { id } of starts) if (!seen.has(id)) visit(id);
  return forward;
}

/**
 * Each element one layer behind the last that leads to it; in a layer, by the order of what leads there.
 * @param {Element[]} elements
 * @param {{ from: string, to: string, nth: number }[]} forward
 */
function layered(elements, forward) {
  const depth = new Map(elements.map(({ id }) => [id, 0]));
  for (let moved = true, round = 0; moved && round <= elements.length; round += 1) {
    moved = false;
    for (const { from, to } of forward) {
      const least = (depth.get(from) ?? 0) + 1;
      if ((depth.get(to) ?? 0) < least) {
        depth.set(to, least);
        moved = true;
      }
    }
  }
  /** @type {string[][]} */
  const layers = Array.from({ length: Math.max(-1, ...depth.values()) + 1 }, () => []);
  for (const [id, layer] of depth) layers[layer]?.push(id);
  const rank = new Map(layers[0]?.map((id, nth) => [id, nth]));
  for (const layer of layers.slice(1)) {
    const wish = (/** @type {string} */ id) => {
      const from = forward.filter(({ to }) => to === id).map((link) => (rank.get(link.from) ?? 0) + (link.nth + 1) / 16);
      return from.reduce((sum, one) => sum + one, 0) / Math.max(1, from.length);
    };
    const wishes = new Map(layer.map((id) => [id, wish(id)]));
    layer.sort((a, b) => (wishes.get(a) ?? 0) - (wishes.get(b) ?? 0));
    layer.forEach((id, nth) => rank.set(id, nth));
  }
  return layers.filter((layer) => layer.length > 0);
}

/**
 * Heights: each where its neighbours are on the average, as far as the order and the gaps of its layer allow.
 * @param {string[][]} layers
 * @param {{ from: string, to: string, nth: number }[]} forward
 * @param {Places} places
 * @param {(id: string) => number} height
 */
function stack(layers, forward, places, height) {
  const near = (/** @type {string} */ id, /** @type {boolean} */ back) =>
    forward.flatMap(({ from, to, nth }) => (back ? to === id ? [{ id: from, down: nth * 26 }] : [] : from === id ? [{ id: to, down: -nth * 26 }] : []));
  const settle = (/** @type {string[]} */ layer, /** @type {boolean} */ back) => {
    const wishes = layer.map((id) => {
      const around = near(id, back);
      const own = places[id]?.y ?? 0;
      return around.length ? around.reduce((sum, one) => sum + (places[one.id]?.y ?? 0) + one.down, 0) / around.length : own;
    });
    let bottom = -Infinity;
    const down = layer.map((id, nth) => {
      const y = Math.max(wishes[nth] ?? 0, bottom);
      bottom = y + height(id) + GAP.y;
      return y;
    });
    // What the gaps pushed down is shared by the whole layer.
    const excess = down.reduce((sum, y, nth) => sum + y - (wishes[nth] ?? 0), 0) / Math.max(1, layer.length);
    layer.forEach((id, nth) => (places[id] = { x: places[id]?.x ?? 0, y: (down[nth] ?? 0) - excess }));
  };
  for (const layer of layers) settle(layer, true);
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (const layer of [...layers].reverse()) settle(layer, false);
    for (const layer of layers) settle(layer, true);
  }
  const top = Math.min(...Object.values(places).map(({ y }) => y));
  for (const layer of layers) {
    let bottom = -Infinity;
    for (const id of layer) {
      const place = places[id];
      if (!place) continue;
      let y = snap(place.y - top + ORIGIN.y);
      while (y < bottom) y += 20;
      places[id] = { x: place.x, y };
      bottom = y + height(id) + GAP.y / 2;
    }
  }
}

/**
 * What takes no part stands in a row below.
 * @param {Element[]} loose
 * @param {Places} places
 * @param {(element: Element) => Size} size
 * @param {(id: string) => number} height
 */
function besides(loose, places, size, height) {
  const bottoms = Object.entries(places).map(([id, { y }]) => y + height(id));
  const y = bottoms.length ? snapUp(Math.max(...bottoms) + 2 * GAP.y) : ORIGIN.y;
  let x = ORIGIN.x;
  for (const element of loose) {
    places[element.id] = { x, y };
    x += snapUp(size(element).w + 40);
  }
  return places;
}
