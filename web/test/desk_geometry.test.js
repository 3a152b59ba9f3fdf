import assert from "node:assert/strict";
import { test } from "node:test";
import { along, bounds, card, curve, fit, fitStart, freePlace, hit, jackOf, minimap, onDesk, revealed, toward, wire, within, zoom } from "../desk/geometry.js";
import { aim, command, startLinking, turn } from "../desk/keys.js";
import { arrange, drawing, isDrawn } from "../desk/layout.js";

const look = { width: 180, sub: true, members: 0, spare: null };
const make = (id, kind, x, y, links = {}) => ({ id, kind, x, y, links });
const cards = (elements) => elements.map((element) => card(element, look));

test("a menu's card has a jack for each key in use, its timeout, and one for a key that is being linked", () => {
  const menu = make("menu", "voice_menu", 0, 0, { 2: "a", "#": "b" });
  assert.deepEqual(card(menu, look).rows.map(({ out }) => out), ["2", "#", "timeout"]);
  assert.deepEqual(card(menu, { ...look, spare: "1" }).rows.map(({ out, spare }) => [out, spare]), [["2", false], ["#", false], ["1", true], ["timeout", false]]);
});

test("an open list of members moves the jacks down", () => {
  const group = make("all", "group", 0, 0);
  const [shut, wide] = [card(group, look), card(group, { ...look, members: 3 })];
  assert.equal(jackOf(wide, "reserve").y - jackOf(shut, "reserve").y, wide.h - shut.h);
  assert.ok(wide.h > shut.h + 3 * 25);
});

test("a wire begins and ends at its jacks, level at both", () => {
  const [source, target] = cards([make("a", "schedule", 0, 0), make("b", "group", 400, 200)]);
  const { points, d } = wire(source, "no", target);
  assert.deepEqual(points[0], jackOf(source, "no"));
  assert.deepEqual(points.at(-1), target.jack);
  assert.match(d, /^M180 [\d.]+C290 [\d.]+ 290 225 400 225$/);
});

test("a wire that goes back runs past both cards", () => {
  for (const [x, y] of [[0, 400], [0, 0], [40, 60], [0, -400]]) {
    const [source, target] = cards([make("a", "group", 300, 0), make("b", "voice_message", x, y)]);
    const { points } = wire(source, "reserve", target);
    for (let part = 0.02; part < 0.99; part += 0.01) {
      const point = along(points, part);
      for (const box of [source, target]) {
        const inside = point.x > box.x + 1 && point.x < box.x + box.w - 1 && point.y > box.y + 1 && point.y < box.y + box.h - 1;
        assert.ok(!inside, `${box.id} at ${x} ${y}: ${JSON.stringify(point)}`);
      }
    }
  }
});

test("a point goes along the way from one end to the other", () => {
  const { points } = curve({ x: 0, y: 0 }, { x: 200, y: 0 });
  assert.deepEqual([along(points, 0).x, Math.round(along(points, 0.5).x), along(points, 1).x], [0, 100, 200]);
});

test("a jack is hit before the card beneath it, and the topmost card first", () => {
  const both = cards([make("a", "schedule", 0, 0), make("b", "hang_up", 100, 0)]);
  assert.equal(hit(both, { x: 150, y: 30 })?.card.id, "b");
  assert.deepEqual(hit(both, { x: 96, y: 28 })?.part, "in");
  const [a] = both;
  assert.deepEqual(hit([a], jackOf(a, "no")), { card: a, part: "out", out: "no" });
  assert.equal(hit(both, { x: 500, y: 500 }), null);
});

test("the rubber band takes what it touches, drawn in any direction", () => {
  const all = cards([make("a", "group", 0, 0), make("b", "group", 400, 0)]);
  assert.deepEqual(within(all, { x: 420, y: 40 }, { x: 150, y: -5 }), ["a", "b"]);
  assert.deepEqual(within(all, { x: 190, y: 0 }, { x: 390, y: 90 }), []);
});

test("zooming leaves the point under the pointer where it is", () => {
  const view = { x: 30, y: -50, k: 1 };
  const about = { x: 333, y: 222 };
  for (const by of [0.5, 1.25, 100, 0.0001]) assert.ok(Math.abs(onDesk(zoom(view, by, about), about).x - onDesk(view, about).x) < 1e-9);
  assert.equal(zoom(view, 100, about).k, 2);
});

test("all of a desk fits into the window, and a small one is not blown up", () => {
  const size = { w: 800, h: 600 };
  const all = { x: -200, y: 100, w: 2800, h: 400 };
  const { k, x } = fit(all, size);
  assert.ok(x + all.x * k >= 39 && x + (all.x + all.w) * k <= 761);
  assert.equal(fit({ x: 0, y: 0, w: 100, h: 100 }, size).k, 1);
  assert.deepEqual(fitStart(all, { x: -200, y: 200, w: 150, h: 50 }, { w: 390, h: 500 }, 0.5), { k: 0.5, x: 116, y: 137.5 });
});

test("the small picture is there only when something is out of sight", () => {
  const all = [{ x: 0, y: 0, w: 100, h: 100 }, { x: 900, y: 0, w: 100, h: 100 }];
  const room = { w: 150, h: 100 };
  assert.equal(minimap(all, { x: 0, y: 0, k: 1 }, { w: 1200, h: 800 }, room), null);
  const small = minimap(all, { x: 0, y: 0, k: 1 }, { w: 500, h: 400 }, room);
  assert.ok(small.cards.every(({ x, w }) => x >= 0 && x + w <= 150.01));
  assert.ok(Math.abs(small.frame.w / small.k - 500) < 1e-9);
});

test("what is out of sight is brought into sight, and what is in sight stays", () => {
  const size = { w: 500, h: 400 };
  const view = { x: 0, y: 0, k: 1 };
  assert.equal(revealed(view, { x: 100, y: 100, w: 100, h: 50 }, size), view);
  assert.equal(revealed(view, { x: 600, y: 100, w: 100, h: 50 }, size).x, 500 - 24 - 700);
});

test("arrows go to what lies there, rather ahead than aside", () => {
  const all = cards([make("a", "group", 0, 0), make("b", "group", 400, 20), make("c", "group", 220, 500), make("d", "group", 0, 300)]);
  assert.equal(toward(all[0], all, "right")?.id, "b");
  assert.equal(toward(all[0], all, "down")?.id, "d");
  assert.equal(toward(all[0], all, "left"), null);
});

test("a new card is put where none lies", () => {
  const all = cards([make("a", "group", 100, 100)]);
  const place = freePlace(all, { x: 100, y: 100 }, { w: 180, h: 100 });
  assert.deepEqual(within(all, place, { x: place.x + 180, y: place.y + 100 }), []);
});

test("keys are told by their place, so that a Russian layout has them too", () => {
  assert.deepEqual(command({ code: "KeyL", key: "д" }), { does: "link" });
  assert.deepEqual(command({ code: "Digit3", key: "3" }), { does: "put", kind: "dial_extension" });
  assert.deepEqual(command({ code: "KeyZ", key: "я", ctrlKey: true, shiftKey: true }), { does: "redo" });
  assert.deepEqual(command({ code: "ArrowLeft", altKey: true }), { does: "shift", to: "left" });
  assert.equal(command({ code: "KeyQ" }), null);
  assert.equal(command({ code: "KeyC" }), null);
});

test("a link is made by arrows: the output first, then the target", () => {
  const elements = [make("a", "schedule", 0, 0, { yes: "b" }), make("b", "group", 400, 0), make("c", "hang_up", 400, 300), make("in", "incoming", 400, -300)];
  const all = cards(elements);
  const begun = startLinking(elements[0]);
  assert.deepEqual(begun, { from: "a", out: "no", to: null });
  const up = turn(begun, "up", elements[0], all);
  assert.equal(up.out, "yes");
  assert.equal(turn(up, "up", elements[0], all), up);
  const aimed = turn(begun, "right", elements[0], all);
  assert.deepEqual([aimed.to, turn(aimed, "down", elements[0], all).to], ["b", "c"]);
  assert.equal(turn(aimed, "up", elements[0], all).to, "b", "a start is no target");
  assert.equal(aim({ ...begun, from: "c" }, all).to, "a");
  assert.equal(startLinking(elements[2]), null);
});

test("a desk without a drawing is laid out from left to right, and nothing lies on another", () => {
  const elements = [
    make("in", "incoming", 0, 0, { next: "hours" }),
    make("hours", "schedule", 0, 0, { yes: "menu", no: "night" }),
    make("menu", "voice_menu", 0, 0, { 1: "rec", 2: "dial", timeout: "all" }),
    make("rec", "extension", 0, 0),
    make("dial", "dial_extension", 0, 0, { reserve: "all" }),
    make("all", "group", 0, 0, { reserve: "night" }),
    make("night", "voice_message", 0, 0, { next: "menu" }),
    make("alone", "extension", 0, 0),
  ];
  const size = (element) => card(element, look);
  assert.equal(isDrawn(elements, size), false);
  const places = arrange(elements, size);
  const drawn = elements.map((element) => ({ ...element, ...places[element.id] }));
  assert.equal(isDrawn(drawn, size), true);
  assert.ok(drawn.every(({ x, y }) => x % 20 === 0 && y % 20 === 0 && x >= 0 && y >= 0));
  const x = (id) => places[id].x;
  assert.ok(x("in") < x("hours") && x("hours") < x("menu") && x("menu") < x("dial") && x("dial") < x("all") && x("all") < x("night"));
  assert.ok(places.alone.y > Math.max(...drawn.filter(({ id }) => id !== "alone").map(({ y }) => y)));
  assert.equal(drawing(drawn, size), null, "a drawing stays");
  assert.deepEqual(drawing(elements, size), places);
  assert.deepEqual(arrange([], size), {});
  assert.ok(bounds(drawn.map(size)).h < 900);
});

test("a drawing for narrower cards is moved apart, and one card on another is somebody's own doing", () => {
  const size = (element) => card(element, look);
  const tight = [make("in", "incoming", 40, 200, { next: "hours" }), make("hours", "schedule", 240, 200, { yes: "all", no: "bye" }), make("all", "group", 440, 100, { reserve: "bye" }), make("bye", "hang_up", 640, 300)];
  const places = drawing(tight, size);
  assert.deepEqual(places, { in: { x: 40, y: 200 }, hours: { x: 280, y: 200 }, all: { x: 520, y: 100 }, bye: { x: 760, y: 300 } });
  const own = [...tight.map((element) => ({ ...element, ...places[element.id] })), make("note", "extension", 60, 210)];
  assert.equal(drawing(own, size), null);
});
