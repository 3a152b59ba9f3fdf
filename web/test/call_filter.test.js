import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL, ask, dates, dialled, offsetOf, period, read, wider, write } from "../calls/filter.js";

const TODAY = "2026-11-25";
const asked = (filter) => Object.fromEntries(ask({ ...ALL, ...filter }, TODAY, "+03:00"));

test("a filter survives its way through the address, and what makes no sense is left out", () => {
  for (const filter of [
    ALL,
    { when: "week", text: "Приёмная & Ко", extension: "200", direction: "inbound", outcome: "no_answer" },
    { ...ALL, when: "2026-11-01..2026-11-25" },
  ]) {
    assert.deepEqual(read(new URLSearchParams(write(filter).slice(1))), filter);
  }
  assert.equal(write(ALL), "");
  assert.deepEqual(read(new URLSearchParams("when=2026-02-31..x&direction=up&extension=abc&outcome=good")), ALL);
});

test("a period is whole days by the office's clock, the last one included", () => {
  assert.deepEqual(asked({ when: "today" }), { from: "2026-11-25T00:00:00+03:00", to: "2026-11-26T00:00:00+03:00" });
  assert.deepEqual(asked({ when: "yesterday" }), { from: "2026-11-24T00:00:00+03:00", to: "2026-11-25T00:00:00+03:00" });
  assert.deepEqual(period("week", TODAY), { from: "2026-11-19", to: TODAY });
  assert.deepEqual(asked({}), {});
  assert.deepEqual(dates("2026-11-25..2026-11-01"), { from: "2026-11-01", to: "2026-11-25" });
  assert.equal(dates("2026-13-01..2026-11-01"), null);
  assert.equal(offsetOf("2026-11-25T10:00:00.000+07:00"), "+07:00");
});

test("a whole number is sought as a party, a part of it or a name anywhere", () => {
  assert.deepEqual(asked({ text: "8 (921) 123-45-67" }), { number: "79211234567" });
  assert.deepEqual(asked({ text: "123-45" }), { text: "12345" });
  assert.deepEqual(asked({ text: "ромашка" }), { text: "ромашка" });
  assert.equal(dialled("8 10 49 30 1234567"), "49301234567");
  assert.equal(dialled("12"), "");
  assert.equal(dialled("+7 921"), "7921");
});

test("when nothing was found the next search is wider, until it is the whole", () => {
  const steps = [];
  for (let filter = { ...ALL, when: "today", outcome: "busy" }; filter; filter = wider(filter)) steps.push(write(filter));
  assert.deepEqual(steps, ["?when=today&outcome=busy", "?when=month&outcome=busy", "?outcome=busy", ""]);
});
