import assert from "node:assert/strict";
import { test } from "node:test";
import { grade, lostPercent, worst } from "../calls/quality.js";
import { queues } from "../calls/queue.js";
import { summaryOf } from "../calls/summary.js";

test("a call sounded as its worst side heard it, and says nothing when nobody counted", () => {
  const side = (mos, far = null) => ({ mos, lost: 1, received: 99, jitter_ms: 3, round_trip_ms: null, far: far && { lost: 0, jitter_ms: 1, mos: far } });
  assert.equal(worst([side(4.4, 3.1), side(4.2)]), 3.1);
  assert.equal(worst([null, side(null)]), null);
  assert.equal(worst(null), null);
  assert.deepEqual([4.4, 3.9, 3.8, 3.4, 3.3, 1].map(grade), ["good", "good", "fair", "fair", "poor", "poor"]);
  assert.equal(lostPercent(side(4)), 1);
  assert.equal(lostPercent({ lost: 0, received: 0 }), 0);
});

test("a group's line shows who waits and who could answer, and a group nobody told of is empty", () => {
  const group = (number) => ({ number, name: number, members: [] });
  const member = (state, nth) => ({ extension: String(200 + nth), state, until: null });
  const told = { group: "500", waiting: [{ call: "2" }, { call: "1" }], members: ["talking", "ringing", "free", "resting", "offline", "do_not_disturb"].map(member) };
  const found = queues([group("500"), group("510")], [told]);
  assert.deepEqual(found.map(({ waiting }) => waiting.map(({ call }) => call)), [["2", "1"], []]);
  assert.deepEqual(found.map(({ free, busy, resting, online }) => [free, busy, resting, online]), [[1, 2, 1, 4], [0, 0, 0, 0]]);
});

test("every hour and every day of a period is there, also the quiet ones, and a wait is weighed by its calls", () => {
  const count = (inbound_answered, inbound_missed) => ({ inbound_answered, inbound_missed, outbound: 4, internal: 1, talk_seconds: 9 });
  const group = (number, calls, mean) => ({ number, name: "", calls, answered: calls - 2, given_up: 1, given_back: 1, wait_mean_seconds: mean, wait_longest_seconds: 60 });
  const summary = summaryOf(
    {
      total: count(5, 2),
      days: [{ day: "2026-11-24", ...count(5, 2) }],
      hours: [{ hour: 9, ...count(5, 2) }],
      groups: [group("500", 9, 10), group("510", 1, 20)],
      extensions: [{ number: "200", employee: "A", calls: 0, talk_seconds: 0 }, { number: "201", employee: "B", calls: 3, talk_seconds: 60 }],
      not_called_back: [{ number: "79211234567", name: "", missed: 2, last_at: "2026-11-24T10:00:00.000+03:00", last_call: "7", called: "78126122981" }],
      not_called_back_more: 3,
    },
    { from: "2026-11-23", to: "2026-11-25" },
  );
  assert.deepEqual(summary.days.map(({ day, taken, missed }) => [day, taken, missed]), [["2026-11-23", 0, 0], ["2026-11-24", 5, 2], ["2026-11-25", 0, 0]]);
  assert.deepEqual([summary.hours.length, summary.hours[9], summary.hours[10]], [24, { taken: 5, missed: 2 }, { taken: 0, missed: 0 }]);
  assert.deepEqual(summary.totals, { taken: 5, missed: 2, outbound: 4, wait_ms: 11_000 });
  assert.deepEqual(summary.work.map(({ number }) => number), ["201"]);
  assert.deepEqual([summary.missed[0].id, summary.missed[0].times, summary.more], ["7", 2, 3]);
});
