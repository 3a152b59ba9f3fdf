import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, progress } from "../upload.js";

test("a media file is named after its file, and never like another", () => {
  assert.equal(nameOf("Наше_приветствие.mp3", []), "Наше приветствие");
  assert.equal(nameOf("moh.wav", ["moh", "moh 2"]), "moh 3");
  assert.equal(nameOf(".mp3", []), ".mp3");
});

test("an import is under way, done, or refused in words", () => {
  assert.deepEqual(progress({ state: "running", percent: 40, detail: "" }), { done: false, failed: "" });
  assert.deepEqual(progress({ state: "done", percent: 100, detail: "" }), { done: true, failed: "" });
  assert.equal(progress({ state: "refused", percent: 0, detail: "Это не звук." }).failed, "Это не звук.");
});
