import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FEATURES, example, moved, places } from "../codes.js";
import en from "../lang/en.js";
import ru from "../lang/ru.js";

const keys = FEATURES.flatMap(({ features }) => features.map(({ key }) => key));

test("the page has every feature of the box once, with its words in both languages", () => {
  const document = JSON.parse(readFileSync(new URL("../../src/io/http/api/openapi.json", import.meta.url), "utf8"));
  assert.deepEqual([...keys].sort(), [...document.components.schemas.CodeList.required].sort());
  for (const words of [ru, en]) {
    for (const { group, features } of FEATURES) {
      assert.ok(words[`codes_${group}`], group);
      for (const { key } of features) assert.ok(words[`code_${key}`] && words[`does_${key}`], key);
    }
  }
});

test("an example shows the code with what follows, and nothing when it is off", () => {
  assert.equal(example("*21", "number"), "*21\u00a0201");
  assert.equal(example("*8", "maybe"), "*8, *8\u00a0201");
  assert.equal(example("*80", "group"), "*80\u00a0500");
  assert.equal(example("*43", ""), "*43");
  assert.equal(example("", "number"), "");
});

test("codes that differ are found, and places told in words", () => {
  assert.deepEqual(moved({ park: "*5", page: "" }, { park: "*5", page: "*80" }), ["page"]);
  assert.deepEqual([places({ first: 701, last: 709 }), places({ first: 701, last: 701 }), places({ first: 701, last: 0 })], ["701–709", "701", ""]);
});
