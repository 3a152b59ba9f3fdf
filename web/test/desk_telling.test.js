import assert from "node:assert/strict";
import { test } from "node:test";
import { NOBODY, TRAVEL, follow, lamps, sparks } from "../desk/lamps.js";
import { days, hoursOf, isOpen, spelled, standing } from "../desk/timetable.js";
import { plainly } from "../desk/telling.js";
import { outline, problems, refusals } from "../desk/tree.js";
import { body, keys, lit, strip, typed } from "../desk/whatif.js";

const WORK = {
  name: "Рабочее время",
  hours: [{ days: "mon-fri", from: "09:00", to: "18:00" }, { days: "sat", from: "22:00", to: "02:00" }],
  except: [{ date: "2026-12-31", from: "09:00", to: "15:00" }],
  closed: ["2027-01-01..2027-01-08"],
};
const minute = (hours, rest = 0) => hours * 60 + rest;

test("days are read and spelled, also round the end of the week", () => {
  assert.deepEqual(days("sat-mon,wed"), [true, false, true, false, false, true, true]);
  for (const text of ["mon-fri", "mon,wed,fri-sun", "sun", ""]) assert.equal(spelled(days(text)), text);
});

test("a timetable is open in its hours, past midnight too, not on holidays, and by a date's own hours", () => {
  assert.equal(isOpen(WORK, "2026-11-25", minute(9)), true);
  assert.equal(isOpen(WORK, "2026-11-25", minute(18)), false);
  assert.equal(isOpen(WORK, "2026-11-29", minute(1, 59)), true, "the night after Saturday");
  assert.equal(isOpen(WORK, "2026-11-29", minute(2)), false);
  assert.equal(isOpen(WORK, "2027-01-04", minute(10)), false);
  assert.deepEqual(hoursOf(WORK, "2026-12-31"), [{ from: minute(9), to: minute(15) }]);
});

test("until when it stays so: tonight, after the weekend, after the holidays, never", () => {
  assert.deepEqual(standing(WORK, "2026-11-25", minute(14, 20)), { open: true, until: { date: "2026-11-25", minute: minute(18) } });
  assert.deepEqual(standing(WORK, "2026-11-29", minute(12)), { open: false, until: { date: "2026-11-30", minute: minute(9) } });
  assert.deepEqual(standing(WORK, "2026-11-28", minute(23)), { open: true, until: { date: "2026-11-29", minute: minute(2) } });
  assert.deepEqual(standing(WORK, "2026-12-31", minute(16)), { open: false, until: { date: "2027-01-09", minute: minute(22) } });
  const always = { name: "", hours: [{ days: "mon-sun", from: "00:00", to: "24:00" }] };
  assert.deepEqual(standing(always, "2026-11-25", minute(1)), { open: true, until: null });
});

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

test("two on one wire are one lamp with a number", () => {
  const first = follow(NOBODY, [call("1", "in"), call("2", "in")], ELEMENTS, 0, 0);
  const next = follow(first, [call("1", "hours"), call("2", "hours")], ELEMENTS, 5000, 0);
  assert.deepEqual(sparks(next.moves, 5010).map(({ count }) => count), [2]);
});

test("keys are typed with a dash for silence", () => {
  assert.deepEqual(keys(" 2 20x1,  -  * "), ["2", "201", "", "*"]);
  assert.equal(typed(["2", "", "201"]), "2 – 201");
});

test("the question goes out in the office's own time", () => {
  const asked = { number: "7812", from: "", at: "2026-11-25T19:05", keys: [], busy: [], offline: [] };
  assert.equal(body(asked, "2026-11-20T10:00:00+03:00", []).at, "2026-11-25T19:05:00+03:00");
  assert.equal(body({ ...asked, at: "" }, "2026-11-20T10:00:00+03:00", []).at, "2026-11-20T10:00:00+03:00");
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

test("a problem is told by names and not by ids", () => {
  const tell = { dialled: () => "612-29-81", out: () => "Нет", name: ({ id }) => ({ hours: "Рабочее время", all: "Все" })[id] };
  const elements = [{ id: "hours", kind: "schedule" }, { id: "all", kind: "group" }];
  const text = (problem) => plainly({ severity: "warning", element: null, ...problem }, elements, tell).text;
  assert.equal(text({ element: "hours", text: "элемент hours: выход «no» никуда не ведёт" }), "Выход «Нет» никуда не ведёт");
  assert.equal(text({ element: "hours", text: "элемент hours: звонок ходит по кругу без ожидания: hours → all" }), "Звонок ходит по кругу без ожидания: «Рабочее время» → «Все»");
  assert.equal(text({ number: "7812", text: "number 7812 is in no incoming call" }), "Number 612-29-81 is in no incoming call");
});
