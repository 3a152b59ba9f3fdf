import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, progress } from "../upload.js";

test("a media file is named after its file, and never like another", () => {
  assert.equal(nameOf("Наше_приветствие.mp3", []), "Наше приветствие");
  assert.equal(nameOf("moh.wav", ["moh", "moh 2"]), "moh 3");
  assert.equal(nameOf(".mp3", []), ".mp3");
});

test("an import is under way, done, or failed in words", () => {
  assert.deepEqual(progress({ state: "converting", progress: 0.4 }), { done: false, failed: "", percent: 40 });
  assert.deepEqual(progress({ state: "done" }), { done: true, failed: "", percent: null });
  assert.equal(progress({ state: "failed", detail: "Это не звук." }).failed, "Это не звук.");
  assert.equal(progress({ state: "failed" }).failed, "failed");
});
