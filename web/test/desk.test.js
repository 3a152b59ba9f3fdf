import assert from "node:assert/strict";
import { test } from "node:test";
import { act, changes, find, linked, mayLink, open, wireOrder } from "../desk/model.js";

const at = (x, y = 100) => ({ x, y });
const ELEMENTS = [
  { id: "in", kind: "incoming", numbers: ["78126122981"], ...at(40), links: { next: "hours" } },
  { id: "hours", kind: "schedule", schedule: "Рабочее время", ...at(240), links: { yes: "menu", no: "bye" } },
  { id: "menu", kind: "voice_menu", voice_menu: "Главное меню", ...at(440), links: { 1: "all", timeout: "all" } },
  { id: "all", kind: "group", group: "500", ...at(640), links: { reserve: "bye" } },
  { id: "bye", kind: "hang_up", ...at(840), links: {} },
  { id: "alone", kind: "extension", extension: "204", ...at(40, 400), links: {} },
];
const desk = () => open(structuredClone(ELEMENTS));
const after = (...actions) => actions.reduce(act, desk());

test("a new element stands on the grid, is chosen and gets a name of its own", () => {
  const next = after({ type: "put", kind: "group", x: 333, y: 247, holds: { group: "501" } }, { type: "put", kind: "group", x: 0, y: 0 });
  assert.deepEqual(next.elements.slice(-2).map(({ id, x, y, group }) => ({ id, x, y, group })), [
    { id: "group", x: 340, y: 240, group: "501" },
    { id: "group_2", x: 0, y: 0, group: "" },
  ]);
  assert.deepEqual(next.chosen, ["group_2"]);
});

test("undo and redo lead through every deed and end where they began", () => {
  const deeds = [
    { type: "put", kind: "hang_up", x: 900, y: 500 },
    { type: "link", from: "menu", out: "2", to: "hang_up" },
    { type: "move", ids: ["menu", "all"], dx: 40, dy: -20 },
    { type: "edit", id: "all", change: { group: "501" } },
    { type: "unlink", from: "hours", out: "no" },
    { type: "rekey", id: "menu", was: "1", out: "5" },
    { type: "paste", elements: ELEMENTS.slice(2, 4), dx: 40, dy: 40 },
    { type: "remove", ids: ["all"] },
  ];
  const states = [desk()];
  for (const deed of deeds) states.push(act(states.at(-1), deed));
  assert.equal(new Set(states.map(({ elements }) => elements)).size, deeds.length + 1);
  let state = states.at(-1);
  for (const before of states.slice(0, -1).reverse()) {
    state = act(state, { type: "undo" });
    assert.deepEqual(state.elements, before.elements);
  }
  assert.equal(changes(state), 0);
  for (const next of states.slice(1)) {
    state = act(state, { type: "redo" });
    assert.deepEqual(state.elements, next.elements);
  }
  assert.equal(act(state, { type: "redo" }), state);
});

test("what changes nothing is no step", () => {
  const still = desk();
  for (const action of [
    { type: "move", ids: ["in"], dx: 3, dy: -4 },
    { type: "link", from: "in", out: "next", to: "hours" },
    { type: "unlink", from: "menu", out: "9" },
    { type: "edit", id: "all", change: { group: "500" } },
    { type: "remove", ids: ["nobody"] },
    { type: "undo" },
    { type: "choose", ids: [] },
  ]) assert.equal(act(still, action), still, action.type);
});

test("the way back is bounded", () => {
  let state = desk();
  for (let step = 1; step <= 500; step += 1) state = act(state, { type: "edit", id: "all", change: { group: String(500 + step) } });
  assert.equal(state.past.length, 200);
});

test("steps by the arrow keys are one step back", () => {
  const step = { type: "move", ids: ["bye"], dx: 20, dy: 0, together: true };
  const moved = after({ type: "choose", ids: ["bye"] }, step, step, step);
  assert.equal(find(moved, "bye").x, 900);
  assert.equal(find(act(moved, { type: "undo" }), "bye").x, 840);
});

test("nothing leads to a start, to itself, or out of what has no such output", () => {
  assert.equal(mayLink(desk(), "all", "reserve", "in"), false);
  assert.equal(mayLink(desk(), "all", "reserve", "all"), false);
  assert.equal(mayLink(desk(), "bye", "next", "all"), false);
  assert.equal(mayLink(desk(), "hours", "maybe", "all"), false);
  assert.equal(mayLink(desk(), "menu", "#", "bye"), true);
});

test("an end put elsewhere takes the old link away, in one step", () => {
  const other = after({ type: "link", from: "menu", out: "3", to: "all", instead: { from: "menu", out: "1" } });
  assert.deepEqual(find(other, "menu").links, { 3: "all", timeout: "all" });
  assert.equal(other.past.length, 1);
});

test("a key that is taken changes places", () => {
  const linkedTwo = act(desk(), { type: "link", from: "menu", out: "2", to: "bye" });
  assert.deepEqual(find(act(linkedTwo, { type: "rekey", id: "menu", was: "1", out: "2" }), "menu").links, { 2: "all", 1: "bye", timeout: "all" });
});

test("links to what is removed go with it", () => {
  const rest = after({ type: "choose", ids: ["bye", "all"] }, { type: "remove", ids: ["bye"] });
  assert.deepEqual(find(rest, "hours").links, { yes: "menu" });
  assert.deepEqual(find(rest, "all").links, {});
  assert.deepEqual(rest.chosen, ["all"]);
});

test("copies are linked among themselves only", () => {
  const copied = after({ type: "paste", elements: ELEMENTS.slice(2, 4), dx: 40, dy: 40 });
  const [menu, group] = copied.elements.slice(-2);
  assert.deepEqual(menu.links, { 1: group.id, timeout: group.id });
  assert.deepEqual(group.links, {});
  assert.deepEqual(copied.chosen, [menu.id, group.id]);
});

test("changes count elements and not steps", () => {
  const step = { type: "move", ids: ["bye"], dx: 20, dy: 0 };
  assert.equal(changes(after(step, step, { type: "remove", ids: ["alone"] })), 2);
});

test("what has no link takes no part", () => {
  assert.deepEqual([...linked(ELEMENTS)].sort(), ["all", "bye", "hours", "in", "menu"]);
});

test("the order of Tab follows the wires, and what takes no part comes last", () => {
  assert.deepEqual(wireOrder([...ELEMENTS].reverse()).map(({ id }) => id), ["in", "hours", "menu", "all", "bye", "alone"]);
});
