import assert from "node:assert/strict";
import { test } from "node:test";
import ru from "../lang/ru.js";
import { lines, look } from "../story.js";
import { learn } from "../words.js";

await learn("ru");

const at = (second) => `2026-11-25T10:31:${String(second).padStart(2, "0")}.000+03:00`;
const tell = (steps) => lines({ steps }).map(({ key, parties }) => [key, ...parties].join(" "));

test("who rings at the same second shares a line", () => {
  const ring = (second, who) => ({ at: at(second), kind: "rung", who });
  assert.deepEqual(tell([ring(4, "200"), ring(4, "201"), ring(4, "200"), ring(9, "202")]), ["step_rung 200 201", "step_rung 202"]);
});

test("a phone that stops ringing because another was faster did nothing wrong", () => {
  const gone = (second, who, status) => ({ at: at(second), kind: "not_taken", who, status });
  const steps = [gone(1, "200", 0), gone(2, "201", 486), gone(3, "202", 488), { at: at(4), kind: "answered", who: "203" }, gone(4, "204", 0)];
  assert.deepEqual(tell(steps), ["step_not_taken 200", "step_busy 201", "step_refused 202", "step_answered 203", "step_silenced 204"]);
});

test("every line of a story has its words, also for a step that nobody knows yet", () => {
  const kinds = ["element", "trunk", "rung", "answered", "not_taken", "digits", "hold", "group_exit", "unheard_of",
    "transferred", "transfer_failed", "recalled", "consulting", "joined", "parked", "picked_up", "diverted", "conference",
    "mailbox", "listened_to", "listens_to", "service", "gave_way", "group", "limited"];
  const whys = ["empty", "nobody_registered", "waited_too_long", "queue_full", "limit_minutes_a_day", "quiet_hours", "other"];
  const steps = kinds.flatMap((kind) => whys.map((why, second) => ({ at: at(second), kind, why, status: 486, on: true })));
  for (const { key } of lines({ steps })) assert.ok(key in ru, key);
});

test("a missed call of the city is seen first", () => {
  const row = (direction, outcome) => look({ direction, outcome, ended_at: "x" });
  assert.deepEqual(row("inbound", "abandoned"), { lamp: "bad", missed: true });
  assert.deepEqual(row("outbound", "no_answer"), { lamp: "", missed: false });
  assert.deepEqual(row("outbound", "refused"), { lamp: "warn", missed: false });
  assert.deepEqual(look({ direction: "inbound", outcome: null, ended_at: null }), { lamp: "live", missed: false });
});
