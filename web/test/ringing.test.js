import assert from "node:assert/strict";
import { test } from "node:test";
import { freeNumber, newLogin, password, prefixOf, rightsFor, ringing } from "../ringing.js";

const devices = [
  { kind: "sip", ring_seconds: 20 },
  { kind: "mobile", ring_seconds: 15 },
];

test("devices ring together, or each after the one before", () => {
  assert.deepEqual(ringing(devices, "parallel"), { bars: [{ nth: 0, from: 0, to: 20 }, { nth: 1, from: 0, to: 15 }], end: 20 });
  assert.deepEqual(ringing(devices, "sequential"), { bars: [{ nth: 0, from: 0, to: 20 }, { nth: 1, from: 20, to: 35 }], end: 35 });
  assert.deepEqual(ringing([], "parallel"), { bars: [], end: 0 });
});

test("the next number and login are nobody else's, and keep the box's prefix", () => {
  assert.equal(freeNumber(["200", "201", "203"]), "202");
  assert.equal(prefixOf(["rik33+user200s0", "rik33+user201s0", "x+y", "plain"]), "rik33+");
  assert.equal(prefixOf(["plain"]), "");
  assert.equal(newLogin("rik33+", "200", ["rik33+user200s0"]), "rik33+user200s1");
});

test("a password is made of the chance that is given, without letters that look alike", () => {
  const made = password(Uint8Array.from({ length: 64 }, (_, nth) => nth * 4));
  assert.match(made, /^[a-km-zA-HJ-NP-Z2-9]{16}$/);
  assert.notEqual(made, password(Uint8Array.from({ length: 64 }, (_, nth) => 255 - nth)));
});

test("the right that a number needs is guessed by its shape", () => {
  assert.deepEqual(rightsFor("8 921 123-45-67", "812"), ["mobile_region", "mobile_national"]);
  assert.deepEqual(rightsFor("6122981", "812"), ["city"]);
  assert.deepEqual(rightsFor("78126122981", "812"), ["city"]);
  assert.deepEqual(rightsFor("84951234567", "812"), ["long_distance"]);
  assert.deepEqual(rightsFor("8104930123456", "812"), ["international"]);
  assert.deepEqual(rightsFor("79401234567", "812"), ["international"]);
});
