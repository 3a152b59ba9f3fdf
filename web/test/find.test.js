import assert from "node:assert/strict";
import { test } from "node:test";
import { find, telephone } from "../find.js";

const things = [
  { text: "200 Приёмная", about: "внутренний номер", href: "#/extensions/200", words: "user200s0 89211234567" },
  { text: "201 Бухгалтерия", about: "внутренний номер", href: "#/extensions/201" },
  { text: "+7 812 612-29-81", about: "внешний номер, Основной", href: "#/trunks/a", words: "78126122981" },
  { text: "Расписания", about: "раздел", href: "#/schedules" },
];
const found = (question) => find(things, question).map(({ href }) => href);

test("a number, a name, a part of either, and a number however it is written find the thing", () => {
  assert.deepEqual(found("200"), ["#/extensions/200"]);
  assert.deepEqual(found("приемн"), ["#/extensions/200"]);
  assert.deepEqual(found("бух"), ["#/extensions/201"]);
  assert.deepEqual(found("88126122981"), ["#/trunks/a"]);
  assert.deepEqual(found("6122981"), ["#/trunks/a"]);
  assert.deepEqual(found("79211234567"), ["#/extensions/200"]);
});

test("all words must be there, and what begins so comes first", () => {
  assert.deepEqual(found("внутренний бух"), ["#/extensions/201"]);
  assert.deepEqual(found("бух склад"), []);
  assert.deepEqual(found("рас"), ["#/schedules"]);
});

test("what looks like a telephone number may be sought in the history", () => {
  assert.equal(telephone("+7 (921) 123-45-67"), "79211234567");
  assert.equal(telephone("приёмная"), "");
  assert.equal(telephone("12"), "");
});
