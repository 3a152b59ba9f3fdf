import assert from "node:assert/strict";
import { test } from "node:test";
import { linesOf, longer, part, renewed, stepped, tops } from "../calls/rows.js";

const row = (id, day = 25) => ({ id: String(id), started_at: `2026-11-${day}T10:00:00.000+03:00` });
const ids = ({ rows }) => rows.map(({ id }) => id).join("");
const page = (rows, next_cursor = "c") => ({ items: rows, next_cursor });

test("new calls come before the known ones, and a page that was read twice doubles nothing", () => {
  const list = longer({ rows: [], next: null }, page([row(3), row(2)], "a"));
  const more = longer(list, page([row(2), row(1)], null));
  assert.equal(ids(more), "321");
  const fresh = renewed(more, page([row(4), row(3)]));
  assert.equal(ids(fresh), "4321");
  assert.equal(fresh.next, null);
});

test("when more happened than a page holds, the list begins anew rather than with a gap", () => {
  const list = { rows: [row(2), row(1)], next: "old" };
  assert.deepEqual(renewed(list, page([row(9), row(8)], "new")), { rows: [row(9), row(8)], next: "new" });
});

test("a page without a row whose search goes on takes nothing away", () => {
  const list = { rows: [row(2), row(1)], next: "old" };
  assert.equal(renewed(list, page([], "further")), list);
  assert.deepEqual(renewed(list, page([], null)), { rows: [], next: null });
  assert.deepEqual(renewed({ rows: [], next: null }, page([], "further")), { rows: [], next: "further" });
});

test("each day stands once before its calls", () => {
  const lines = linesOf([row(3, 25), row(2, 25), row(1, 24)]);
  assert.deepEqual(lines.map((line) => line.day ?? line.row.id), ["2026-11-25", "3", "2", "2026-11-24", "1"]);
  assert.deepEqual(tops(lines, { day: 30, row: 40 }), [0, 30, 70, 110, 140, 180]);
});

test("of a hundred thousand lines only those on the screen are drawn, and the heights before and after add up", () => {
  const lines = linesOf(Array.from({ length: 100_000 }, (_, nth) => row(nth)));
  const all = tops(lines, { day: 30, row: 40 });
  const whole = all[all.length - 1];
  for (const from of [-500, 0, 39, 2_000_000, whole - 800, whole + 1000]) {
    const { from: first, to, before, after } = part(all, from, from + 900, 5);
    assert.ok(to - first <= 36, `${to - first} lines at ${from}`);
    assert.equal(before + (all[to] - all[first]) + after, whole);
    if (from >= 0 && from < whole) assert.ok(all[first] <= from && (all[to] >= from + 900 || to === lines.length));
  }
  assert.deepEqual(part([0], 0, 900), { from: 0, to: 0, before: 0, after: 0 });
});

test("arrows go from call to call and pass over days", () => {
  const lines = linesOf([row(3, 25), row(2, 24), row(1, 24)]);
  assert.equal(stepped(lines, -1, 1), 1);
  assert.equal(stepped(lines, 1, 1), 3);
  assert.equal(stepped(lines, 3, -1), 1);
  assert.equal(stepped(lines, 1, -1), 1);
  assert.equal(stepped(lines, 1, 9), 4);
});
