import assert from "node:assert/strict";
import { test } from "node:test";
import { EventParser } from "../sse.js";

const STREAM = 'retry: 1000\n: welcome\n\nid: 7\nevent: call\ndata: {"a":"b: c"}\n\n: still here\n\nid: 8\nevent: trunk\ndata:{}\n\n';

test("events come whole, however the text is cut", () => {
  const whole = new EventParser().push(STREAM);
  assert.deepEqual(whole, [
    { id: "7", type: "call", data: '{"a":"b: c"}' },
    { id: "8", type: "trunk", data: "{}" },
  ]);
  for (let cut = 0; cut < STREAM.length; cut += 1) {
    const parser = new EventParser();
    assert.deepEqual([...parser.push(STREAM.slice(0, cut)), ...parser.push(STREAM.slice(cut))], whole);
  }
});
