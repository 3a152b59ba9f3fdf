import assert from "node:assert/strict";
import { test } from "node:test";
import { isTime, isUpdate, moves, startsAt, story } from "../update.js";

const told = (update, lost = false, time = "") => story({ version: "1.0.0", percent: null, before: null, back: null, ...update }, { lost, time }).map(({ key, is }) => `${key} ${is}`);
const words = (update, lost = false, time = "") => story(update, { lost, time }).map(({ word }) => word);

test("an update goes from the file to the version that stays", () => {
  assert.deepEqual(told({ state: "waiting" }), ["checked done", "waits now", "written later", "restarted later", "back later", "kept later"]);
  assert.deepEqual(told({ state: "writing", percent: 40 }), ["checked done", "written now", "restarted later", "back later", "kept later"]);
  assert.deepEqual(told({ state: "writing", percent: 100 }), ["checked done", "written done", "restarted now", "back later", "kept later"]);
  assert.deepEqual(told({ state: "trial" }), ["checked done", "written done", "restarted done", "back now", "kept later"]);
  assert.deepEqual(told({ state: "kept" }), ["checked done", "written done", "restarted done", "back done", "kept done"]);
});

test("a box that does not answer in the midst of it is restarting", () => {
  const lost = ["checked done", "written done", "restarted now", "back later", "kept later"];
  assert.deepEqual(told({ state: "writing", percent: 60 }, true), lost);
  assert.deepEqual(told({ state: "trial" }, true), lost);
});

test("one that came back says so", () => {
  assert.deepEqual(told({ state: "returned", before: { phones: 14, trunks: 1 }, back: { phones: 3, trunks: 1 } }), ["checked done", "written done", "restarted done", "back bad", "kept bad"]);
  assert.ok(words({ state: "returned" }).includes("upd_returned"));
});

test("what it waits for is told, and who is back is counted", () => {
  assert.ok(words({ state: "waiting" }).includes("upd_waits_calls"));
  assert.ok(words({ state: "waiting" }, false, "3:30").includes("upd_waits_until"));
  const back = story({ state: "trial", before: { phones: 14, trunks: 2 }, back: { phones: 16, trunks: 1 } }, { lost: false, time: "" }).find(({ key }) => key === "back");
  assert.deepEqual([back.values, back.whyValues], [{ back: 14, before: 14 }, { back: 1, before: 2 }], "more than there were are no more than all");
});

test("files by their names, times by the clock, and what goes on by itself", () => {
  assert.deepEqual(["dozvon-1.0.0.update", "A.UPDATE", "update", "dozvon.img"].map(isUpdate), [true, true, false, false]);
  assert.deepEqual(["03:00", "23:59", "24:00", "3:00", ""].map(isTime), [true, true, false, false, false]);
  assert.deepEqual(["03:30", "13:30", "idle", null].map(startsAt), ["3:30", "13:30", "", ""]);
  assert.deepEqual(["none", "ready", "waiting", "writing", "trial", "kept", "returned"].map((state) => moves({ state })), [false, false, true, true, true, false, false]);
});
