import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY } from "../store.js";
import { hints, isNew, steps } from "../todo.js";

const phone = (registered) => ({ number: "200", employee: "", devices: [{ kind: "sip", login: "a", registration: { registered, since: null, contacts: [] } }] });
const trunk = (code) => ({ name: "Линия", number: "78126122981", numbers: [], comment: "", state: { code, text: "неверный пароль" } });
const desk = { elements: [{ kind: "incoming", numbers: ["78126122981"], links: { next: "b" } }, { kind: "schedule", links: { yes: "c" } }], problems: [] };
const nothing = { desk: { elements: [] }, schedules: [], answered: false };
const told = (box, known) => steps({ ...EMPTY, ...box }, known).map(({ key, done, href, why }) => [key, done, href ?? why]);

test("a new box needs everything, each with the thing to press", () => {
  assert.deepEqual(told({ extensions: [phone(false)] }, nothing), [
    ["trunk", false, "#/trunks/new"],
    ["phone", false, "#/phones"],
    ["route", false, "#/routing"],
    ["hours", false, "#/schedules/new"],
    ["call", false, "todo_call_wait"],
  ]);
});

test("a working office needs nothing", () => {
  const all = steps({ ...EMPTY, trunks: [trunk("registered")], extensions: [phone(true)] }, { desk, schedules: [{}], answered: true });
  assert.deepEqual(all.map(({ done }) => done), [true, true, true, true, true]);
});

test("a number that does not work is named with what is wrong, and a timetable that is not on the route is told", () => {
  const known = { desk: { elements: desk.elements.slice(0, 1) }, schedules: [{}], answered: false };
  assert.deepEqual(told({ trunks: [trunk("wrong_password")], extensions: [] }, known), [
    ["trunk", false, `#/trunks/${encodeURIComponent("Линия")}`],
    ["phone", false, "#/extensions/new"],
    ["route", true, undefined],
    ["hours", false, "#/routing"],
    ["call", false, "todo_call_wait"],
  ]);
});

test("a call that comes is seen at once, and what nobody knows is not claimed", () => {
  const calls = [{ direction: "inbound", answered_at: null }];
  const ready = { trunks: [trunk("registered")], extensions: [phone(true)] };
  assert.deepEqual(told({ ...ready, calls }, { desk, schedules: [], answered: false }).at(-1), ["call", false, "todo_call_now"]);
  assert.deepEqual(told(ready, { desk, schedules: [], answered: false }).at(-1), ["call", false, "todo_call_why"]);
  assert.deepEqual(told(ready, { desk: null, schedules: null, answered: null }).map(([key]) => key), ["trunk", "phone"]);
});

test("an office is new until it has a number and a telephone was there once", () => {
  const seen = { ...phone(false), devices: [{ kind: "sip", login: "a", registration: { registered: false, since: "2026", contacts: [] } }] };
  const box = (trunks, extensions) => ({ ...EMPTY, trunks, extensions });
  assert.deepEqual(
    [box([], [seen]), box([trunk("silent")], [phone(false)]), box([trunk("silent")], [seen]), box([trunk("silent")], [phone(true)])].map(isNew),
    [true, true, false, false],
  );
});

test("the box tells what goes on, and what is missing, and nothing when all is well", () => {
  const machine = { image: true, clock: { synchronized: true, source: "ntp", offset_ms: 0 }, on_trial: false, failed_reason: "" };
  const keys = (known) => hints({ machine, update: null, backup: { enabled: true }, ...known }).map(({ key }) => key);
  assert.deepEqual(keys({}), []);
  assert.deepEqual(keys({ machine: null, backup: null }), [], "what is not known is not claimed");
  assert.deepEqual(keys({ update: { state: "trial" }, backup: { enabled: false } }), ["trial", "backup"]);
  assert.deepEqual(keys({ machine: { ...machine, failed_reason: "why", clock: { synchronized: false } } }), ["returned", "clock"]);
});
