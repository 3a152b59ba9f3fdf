import assert from "node:assert/strict";
import { test } from "node:test";
import { SPECIAL, chosen, matching, places, prefix } from "../countries.js";
import en from "../lang/en.js";
import ru from "../lang/ru.js";

/** Those that a new box blocks. */
const BLOCKED = "870 881 882 883 878 979 1900 4470 449 246 247 290 500 672 674 677 681 682 683 686 688 690 220 224 231 232 235 236 239 245 252 257 269 850".split(" ");
const all = Object.fromEntries(Object.entries({ ru, en }).map(([language, words]) => [language, places(language, (code) => words[`dest_${code}`] ?? "", words.dest_also)]));

test("every destination has a name in both languages, and none is there twice", () => {
  for (const list of Object.values(all)) {
    const codes = list.flatMap((place) => place.codes);
    assert.equal(new Set(codes).size, codes.length);
    assert.ok(codes.every((code) => /^\d{1,4}$/.test(code)));
    assert.ok(codes.length > 210);
    assert.deepEqual(list.filter(({ name }) => !name || /^[A-Z]{2}$|^\+?\d+$/.test(name)), []);
  }
  for (const code of SPECIAL) assert.ok(all.ru.some(({ key }) => key === code), code);
});

test("what a new box blocks is told by names alone", () => {
  for (const list of Object.values(all)) {
    const told = chosen(BLOCKED, list);
    assert.ok(told.every(({ name }) => name));
    assert.deepEqual(told.flatMap(({ codes }) => codes).sort(), [...BLOCKED].sort());
  }
  assert.ok(chosen(BLOCKED, all.ru).some(({ name }) => name === "Сомали"));
});

test("a country with two codes is one place, and half of it stays digits inside of it", () => {
  const told = chosen(["76", "77", "37529"], all.ru);
  assert.deepEqual(told.map(({ key, name }) => [key, name]), [["KZ", "Казахстан"], ["37529", "Беларусь"]]);
  assert.deepEqual(chosen(["77"], all.ru).map(({ key, codes }) => [key, codes]), [["77", ["77"]]]);
});

test("a place is found by a word of its name or by its digits, and not when it is chosen", () => {
  const names = (typed, list = []) => matching(typed, all.ru, list).map(({ name }) => name);
  assert.deepEqual(names("казах"), ["Казахстан"]);
  assert.deepEqual(names("северная корея"), ["КНДР"]);
  assert.ok(names("сша").includes("Соединенные Штаты, Канада"));
  assert.deepEqual(names("+375"), ["Беларусь"]);
  assert.deepEqual(names("810 375"), ["Беларусь"]);
  assert.deepEqual(names("белар", ["375"]), []);
});

test("digits are read as people write them", () => {
  assert.equal(prefix("+375 29"), "37529");
  assert.equal(prefix("8 10 375"), "375");
  assert.equal(prefix("00375"), "375");
  assert.equal(prefix("Куба"), "");
});
