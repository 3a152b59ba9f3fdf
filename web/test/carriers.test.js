import assert from "node:assert/strict";
import { test } from "node:test";
import { CARRIERS, PLAIN, filled } from "../carriers.js";

test("a carrier fills in only keys of a trunk, and another one leaves nothing of the first behind", () => {
  for (const { id, set } of CARRIERS) {
    for (const key of Object.keys(set)) assert.ok(key in PLAIN, `${id}: ${key}`);
    const trunk = filled({ ...PLAIN, name: "Линия", login: "x" }, id);
    assert.deepEqual(filled(trunk, "other"), { ...PLAIN, name: "Линия", login: "x" }, id);
  }
});

test("carriers have ids of their own and notes in both languages", () => {
  assert.equal(new Set(CARRIERS.map(({ id }) => id)).size, CARRIERS.length);
  for (const { note } of CARRIERS) if (note) assert.ok(note.ru && note.en);
});
