import assert from "node:assert/strict";
import { test } from "node:test";
import { FIELDS, age, blank, condition, faultOf, header, told, weekdays } from "../backups.js";

test("a passphrase of any letters goes into a header", () => {
  assert.equal(Buffer.from(header("слово 😀 word"), "base64").toString("utf8"), "слово 😀 word");
});

test("a passphrase is long enough and typed twice, or that of the timetable", () => {
  assert.equal(faultOf("", "", true), null);
  assert.equal(faultOf("", "", false)?.word, "copy_word_needed");
  assert.equal(faultOf("short", "short", true)?.word, "copy_word_short");
  assert.equal(faultOf("long enough", "long enouhg", false)?.key, "again");
  assert.equal(faultOf("long enough", "long enough", false), null);
});

test("days go out in the shape in which they came, and none is every day", () => {
  assert.deepEqual(weekdays([]), Array(7).fill(true));
  assert.deepEqual(weekdays(["mon", "sun"]), [true, false, false, false, false, false, true]);
  assert.deepEqual(told([true, false, false, false, false, false, true], ["mon"]), ["mon", "sun"]);
  assert.deepEqual(told(Array(7).fill(true), ["mon"]), []);
  assert.equal(told(weekdays("mon-fri"), "mon"), "mon-fri");
});

test("a copy is proved, or only there, or neither", () => {
  const lamp = (state, proved) => condition({ state, proved }).lamp;
  assert.deepEqual([lamp("running", false), lamp("failed", false), lamp("good", false), lamp("good", true)], ["ring", "bad", "warn", "ok"]);
});

test("the last good copy tells how old it is", () => {
  const at = (day, state) => ({ at: `2026-11-${day}T03:00:00+03:00`, state });
  const now = Date.parse("2026-11-26T12:00:00+03:00");
  assert.equal(age([at(20, "good"), at(24, "good"), at(26, "failed")], now), 2);
  assert.equal(age([at(26, "failed")], now), null);
});

test("a new place has a name of its own and empty fields, but no secrets", () => {
  const place = blank("s3", "Облако", ["Облако"]);
  assert.equal(place.name, "Облако 2");
  assert.deepEqual(Object.keys(place).sort(), ["kind", "name", ...FIELDS.s3.filter(({ secret }) => !secret).map(({ key }) => key)].sort());
});
