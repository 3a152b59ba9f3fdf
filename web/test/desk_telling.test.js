import assert from "node:assert/strict";
import { test } from "node:test";
import { sendable } from "../desk/model.js";
import { NOBODY, TRAVEL, follow, lamps, sparks } from "../desk/lamps.js";
import { plainly } from "../desk/telling.js";
import { outline, problems, refusals } from "../desk/tree.js";
import { body, keys, lit, strip, typed } from "../desk/whatif.js";

const ELEMENTS = [
  { id: "in", kind: "incoming", links: { next: "hours" } },
  { id: "hours", kind: "schedule", links: { yes: "all", no: "bye" } },
  { id: "all", kind: "group", links: { reserve: "bye" } },
  { id: "bye", kind: "hang_up", links: {} },
];
const call = (id, element, state = "ringing", answered = null) => ({ id, element, state, started_at: new Date(1000).toISOString(), answered_at: answered });

test("calls are counted where they are, the longest wait first told", () => {
  const calls = [call("1", "all"), call("2", "all"), call("3", "all", "talking", "x"), call("4", null), call("5", "gone")];
  const lamp = lamps(follow(NOBODY, calls, ELEMENTS, 9000, 0), calls).get("all");
  assert.deepEqual({ ...lamp }, { all: 3, waiting: 2, talking: 1, since: 1000, calls: ["1", "2", "3"] });
});

test("a call that goes on travels its wires, and its wait begins anew", () => {
  const first = follow(NOBODY, [call("1", "in")], ELEMENTS, 2000, 0);
  const next = follow(first, [call("1", "all")], ELEMENTS, 5000, 0);
  assert.deepEqual(next.moves.map(({ from, out, at }) => [from, out, at]), [["in", "next", 5000], ["hours", "yes", 5000 + TRAVEL]]);
  assert.equal(next.places.get("1").since, 5000);
  assert.deepEqual(sparks(next.moves, 5000 + TRAVEL / 2), [{ from: "in", out: "next", part: 0.5, count: 1 }]);
  assert.deepEqual(follow(next, [call("1", "all")], ELEMENTS, 5000 + 3 * TRAVEL, 0).moves, []);
});

test("since when a call is at its element is what the box says", () => {
  const came = { ...call("1", "all"), element_since: new Date(4000).toISOString() };
  assert.equal(follow(NOBODY, [came], ELEMENTS, 9000, 0).places.get("1").since, 4000);
  assert.equal(follow(NOBODY, [came], ELEMENTS, 9000, 1000).places.get("1").since, 3000);
});

test("two on one wire are one lamp with a number", () => {
  const first = follow(NOBODY, [call("1", "in"), call("2", "in")], ELEMENTS, 0, 0);
  const next = follow(first, [call("1", "hours"), call("2", "hours")], ELEMENTS, 5000, 0);
  assert.deepEqual(sparks(next.moves, 5010).map(({ count }) => count), [2]);
});

test("keys are typed with a dash for silence", () => {
  assert.deepEqual(keys(" 2 20x1,  -  * "), ["2", "201", "", "*"]);
  assert.equal(typed(["2", "", "201"]), "2 – 201");
});

test("the question goes out by the office's clock, and no time means now", () => {
  const asked = { number: "7812", from: "", at: "2026-11-25T19:05", keys: [], busy: [], offline: [] };
  assert.equal(body(asked, []).at, "2026-11-25 19:05");
  assert.equal("at" in body({ ...asked, at: "" }, []), false);
});

test("what stands for nothing yet is not sent to be judged, nor links to it", () => {
  const half = [{ id: "a", kind: "schedule", schedule: "x", links: { yes: "b", no: "c" } }, { id: "b", kind: "group", group: "", links: {} }, { id: "c", kind: "hang_up", links: {} }];
  assert.deepEqual(sendable(half), [{ ...half[0], links: { no: "c" } }, half[2]]);
});

test("the way is lit, and what comes only if nobody answers is told apart", () => {
  const steps = [
    { element: "in", after_seconds: 0, text: "", out: "next" },
    { element: "hours", after_seconds: 0, text: "", out: "yes" },
    { element: "all", after_seconds: 0, text: "rings" },
    { element: "all", after_seconds: 60, text: "gives up", out: "reserve" },
    { element: "bye", after_seconds: 60, text: "end", out: null },
  ];
  const way = lit(steps, ELEMENTS);
  assert.deepEqual([...way.elements], [["in", false], ["hours", false], ["all", false], ["bye", true]]);
  assert.deepEqual([...way.wires], [["in.next", false], ["hours.yes", false], ["all.reserve", true]]);
  assert.deepEqual(strip(steps, way).map(({ element, after, texts, maybe }) => [element, after, texts.length, maybe]), [
    ["in", 0, 1, false], ["hours", 0, 1, false], ["all", 0, 2, false], ["bye", 60, 1, true],
  ]);
});

test("a way whose outputs are not told is found by its elements", () => {
  const steps = ["in", "hours", "bye"].map((element) => ({ element, after_seconds: 0, text: "" }));
  assert.deepEqual([...lit(steps, ELEMENTS).wires.keys()], ["in.next", "hours.no"]);
});

test("the list reads from top to bottom, and what stands above is not told again", () => {
  const lines = outline([...ELEMENTS, { id: "alone", kind: "extension", links: {} }]);
  assert.deepEqual(lines.map(({ level, out, element, again, loose }) => [level, out, element?.id, again, loose]), [
    [0, null, "in", false, false],
    [0, null, "hours", false, false],
    [1, "yes", "all", false, false],
    [2, "reserve", "bye", false, false],
    [1, "no", "bye", false, false],
    [0, null, "alone", false, true],
  ]);
  const round = [{ id: "a", kind: "schedule", links: { yes: "a" } }];
  assert.deepEqual(outline(round).map(({ element, again }) => [element?.id ?? null, again]), [["a", false], ["a", true], [null, false]]);
});

test("the worst problem comes first, and an element that stands for nothing is one", () => {
  const told = [
    { element: null, number: "7812", severity: "warning", text: "number" },
    { element: "all", severity: "warning", text: "dead end" },
    { element: "gone", severity: "error", text: "of an element that is no more" },
    { element: "hours", severity: "error", text: "loop" },
  ];
  const complete = [{ id: "all", kind: "group", group: "500" }, { id: "hours", kind: "schedule", schedule: "" }, { id: "bye", kind: "hang_up" }];
  assert.deepEqual(problems(told, complete, () => "choose").map(({ text }) => text), ["choose", "dead end", "number"]);
  assert.deepEqual(refusals([{ pointer: "/elements/1/schedule", detail: "no" }, { detail: "else" }], complete).map(({ element }) => element), ["hours", null]);
});

test("a problem is told as a sentence, with numbers as they are dialled", () => {
  const tell = { dialled: () => "612-29-81" };
  assert.equal(plainly({ element: null, number: "7812", severity: "warning", text: "номер 7812 не указан" }, tell).text, "Номер 612-29-81 не указан");
});
