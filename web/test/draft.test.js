import assert from "node:assert/strict";
import { test } from "node:test";
import { body, differing, merged, moved, same } from "../draft.js";

const read = { number: "200", employee: "Приёмная", ring: "parallel", devices: [{ login: "a", registration: { registered: false } }], has_voicemail_pin: false };

test("what only the box knows is neither sent back nor a change", () => {
  assert.deepEqual(body(read), { number: "200", employee: "Приёмная", ring: "parallel", devices: [{ login: "a" }] });
  const later = { ...read, devices: [{ registration: { registered: true }, login: "a" }], has_voicemail_pin: true };
  assert.ok(same(read, later));
  assert.ok(!same(read, { ...read, devices: [] }));
});

test("two people's changes go together, and where they meet mine holds", () => {
  const mine = { ...read, employee: "Секретарь" };
  const theirs = { ...read, employee: "Ресепшн", ring: "sequential" };
  assert.deepEqual(differing(read, mine), ["employee"]);
  assert.deepEqual(differing(read, theirs), ["employee", "ring"]);
  assert.deepEqual(merged(read, mine, theirs), { ...read, employee: "Секретарь", ring: "sequential" });
});

test("a thing moves in its list and never out of it", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, 0), ["c", "a", "b"]);
  assert.deepEqual(moved(["a", "b"], 1, 5), ["a", "b"]);
  assert.deepEqual(moved(["a", "b"], 0, -1), ["a", "b"]);
});
