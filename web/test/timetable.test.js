import assert from "node:assert/strict";
import { test } from "node:test";
import { days, isOpen, minutes, spelled, verdict, week, withLunch } from "../timetable.js";

const plain = (hours, more = {}) => ({ name: "", hours, except: [], closed: [], ...more });
const office = plain([
  { days: "mon-fri", from: "09:00", to: "13:00" },
  { days: "mon-fri", from: "14:00", to: "18:00" },
  { days: "sat", from: "22:00", to: "06:00" },
], { except: [{ date: "2026-12-31", from: "09:00", to: "15:00" }], closed: ["2026-12-30..2027-01-08"] });
// 2026-11-25 is a Wednesday.
const at = (date, time) => ({ date, minute: minutes(time) });

test("days are read and spelled as in the office file", () => {
  assert.equal(spelled(days("mon-fri")), "mon-fri");
  assert.equal(spelled(days("mon,wed,fri-sun")), "mon,wed,fri-sun");
  assert.equal(spelled(days("sat-mon")), "mon,sat-sun");
  assert.equal(spelled(days("nonsense")), "");
  assert.deepEqual([minutes("24:00"), minutes("24:01"), minutes("9:60"), minutes("")], [1440, -1, -1, -1]);
});

test("a week has its bars, and a night goes on in the next day", () => {
  const bars = week(office.hours);
  assert.deepEqual(bars[0].map(({ from, to }) => [from, to]), [[540, 780], [840, 1080]]);
  assert.deepEqual(bars[5].map(({ from, to }) => [from, to]), [[1320, 1440]]);
  assert.deepEqual(bars[6].map(({ from, to }) => [from, to]), [[0, 360]]);
});

test("lunch, nights, holidays and a date's own hours are told apart", () => {
  assert.equal(isOpen(office, at("2026-11-25", "12:59")), true);
  assert.equal(isOpen(office, at("2026-11-25", "13:00")), false);
  assert.equal(isOpen(office, at("2026-11-28", "23:00")), true, "Saturday night");
  assert.equal(isOpen(office, at("2026-11-29", "05:59")), true, "goes on into Sunday");
  assert.equal(isOpen(office, at("2026-11-29", "06:00")), false);
  assert.equal(isOpen(office, at("2026-12-30", "10:00")), false, "a holiday");
  assert.equal(isOpen(office, at("2026-12-31", "10:00")), true, "its own hours come before the holiday");
  assert.equal(isOpen(office, at("2026-12-31", "15:00")), false);
});

test("it is said until when, over nights and weekends", () => {
  assert.deepEqual(verdict(office, at("2026-11-25", "10:00")), { open: true, until: at("2026-11-25", "13:00") });
  assert.deepEqual(verdict(office, at("2026-11-25", "19:00")), { open: false, until: at("2026-11-26", "09:00") });
  assert.deepEqual(verdict(office, at("2026-11-28", "23:00")), { open: true, until: at("2026-11-29", "06:00") });
  assert.deepEqual(verdict(office, at("2026-11-29", "12:00")), { open: false, until: at("2026-11-30", "09:00") });
});

test("what never changes has no end", () => {
  const always = plain([{ days: "mon-sun", from: "00:00", to: "24:00" }]);
  assert.deepEqual(verdict(always, at("2026-11-25", "10:00")), { open: true, until: null });
  assert.deepEqual(verdict(plain([]), at("2026-11-25", "10:00")), { open: false, until: null });
});

test("lunch makes two of one, where there is room", () => {
  const entry = { days: "mon", from: "09:00", to: "18:00" };
  assert.deepEqual(withLunch(entry), [{ ...entry, to: "13:00" }, { ...entry, from: "14:00" }]);
  assert.deepEqual(withLunch({ ...entry, to: "10:00" }).length, 1);
  assert.deepEqual(withLunch({ ...entry, from: "22:00", to: "06:00" }).length, 1);
});
