import assert from "node:assert/strict";
import { test } from "node:test";
import { date, dateInWords, dayAndMonth, dateInside, daysBefore, hour, later, number, plural, second, span } from "../format.js";

const plain = (text) => text.replaceAll("\u00a0", " ");

test("numbers are written as they can be dialled", () => {
  for (const [digits, written] of [
    ["201", "201"],
    ["78126122981", "8 812 612-29-81"],
    ["79211234567", "8 921 123-45-67"],
    ["78005550000", "8 800 555-00-00"],
    ["77012345678", "8 10 77012345678"],
    ["79401234567", "8 10 79401234567"],
    ["493012345678", "8 10 493012345678"],
    ["122", "122"],
    ["anonymous", "anonymous"],
    ["", ""],
  ]) {
    assert.equal(plain(number(digits)), written);
  }
  assert.equal(number("431234567", "AT"), "+431234567");
});

test("spans are minutes and seconds, and hours when there are any", () => {
  assert.deepEqual([0, 999, 7_000, 252_000, 3_723_000, -5].map(span), ["0:00", "0:00", "0:07", "4:12", "1:02:03", "0:00"]);
});

test("times are read off in the office's zone", () => {
  const time = "2026-11-25T09:02:03.000+03:00";
  assert.deepEqual([hour(time), second(time), date(time)], ["9:02", "9:02:03", "2026-11-25"]);
  assert.equal(later("2026-11-25T23:59:59.500+03:00", 1_000), "2026-11-26T00:00:00.500+03:00");
  assert.equal(later("2026-11-25T00:00:00.000-03:30", -1), "2026-11-24T23:59:59.999-03:30");
  assert.equal(daysBefore("2026-03-01", 1), "2026-02-28");
  assert.equal(dateInWords("2026-11-25", "ru"), "Среда, 25 ноября");
  assert.equal(dateInWords("2026-11-25", "en"), "Wednesday 25 November");
  assert.deepEqual(["ru", "en"].map((language) => dateInside("2026-11-25", language)), ["среда, 25 ноября", "Wednesday 25 November"]);
});

test("Russian counts take their form", () => {
  const forms = [1, 2, 5, 11, 12, 14, 21, 22, 25, 101, 111].map((count) => plural(count, "о", "н", "м"));
  assert.equal(forms.join(""), "онмммМонмом".toLowerCase());
});

test("a date after a preposition has no weekday, which would need another case", () => {
  assert.equal(dayAndMonth("2026-12-03", "ru"), "3 декабря");
  assert.equal(dayAndMonth("2026-12-03", "en"), "3 December");
});
