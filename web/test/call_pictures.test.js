import assert from "node:assert/strict";
import { test } from "node:test";
import { asText, draw, said } from "../calls/ladder.js";
import { above, bars, busyHours } from "../calls/plot.js";
import { levelled, moved, nextSpeed, peaks, wave } from "../calls/sound.js";

const BOX = { width: 480, height: 100, labels: 12 };

test("bars stand in their box, one call can be seen beside a thousand, and none is none", () => {
  const counts = [{ taken: 1000, missed: 0 }, { taken: 1, missed: 1 }, { taken: 0, missed: 0 }, { taken: 400, missed: 600 }];
  const { bars: drawn, top } = bars(counts, BOX);
  assert.equal(top, 1000);
  for (const { taken, missed, x, width } of drawn) {
    assert.ok(missed.y >= 0 && taken.y >= 0 && taken.y + taken.height <= 100.01);
    assert.ok(missed.y + missed.height <= taken.y + 0.01);
    assert.ok(x >= 0 && x + width <= 480);
  }
  assert.ok(drawn[1].taken.height >= 2 && drawn[1].missed.height >= 2);
  assert.deepEqual([drawn[2].taken.height, drawn[2].missed.height], [0, 0]);
  assert.equal(bars(Array.from({ length: 31 }, () => counts[2]), BOX).bars.filter(({ labelled }) => labelled).length, 11);
  assert.deepEqual(bars([], BOX).bars, []);
});

test("the height means a round number", () => {
  assert.deepEqual([0, 4, 5, 7, 11, 20, 21, 55, 99, 101].map(above), [4, 4, 5, 8, 15, 20, 30, 60, 100, 150]);
});

test("the hours of an office are drawn, and a call at night with them", () => {
  const hours = Array.from({ length: 24 }, () => ({ taken: 0, missed: 0 }));
  const drawn = () => busyHours(hours).map(({ hour }) => hour);
  assert.deepEqual([drawn()[0], drawn().at(-1)], [9, 18]);
  hours[2].missed = 1;
  assert.deepEqual([drawn()[0], drawn().at(-1)], [2, 18]);
});

const message = (second, from, to, first_line) => ({ at: `2026-11-25T10:31:${second}.000+03:00`, from, to, first_line, text: `${first_line}\r\nA: b\r\n\r\n` });
const CALL = [
  message("04", "city", "box", "INVITE sip:78126122981@box SIP/2.0"),
  message("04", "box", "city", "SIP/2.0 100 Trying"),
  message("05", "box", "200", "INVITE sip:200@10.0.0.2 SIP/2.0"),
  message("05", "200", "box", "SIP/2.0 486 Busy Here"),
  message("05", "box", "201", "INVITE sip:201@10.0.0.3 SIP/2.0"),
  message("09", "201", "box", "SIP/2.0 200 OK"),
];

test("each message is an arrow with its word, and a second is named once", () => {
  const { arrows, lanes: places, width, height } = draw({ parties: ["city", "box", "200", "201"], messages: CALL });
  assert.deepEqual(arrows.map(({ time }) => time), ["10:31:04", "", "10:31:05", "", "", "10:31:09"]);
  assert.ok(arrows[0].x1 < arrows[0].x2 && arrows[1].x1 > arrows[1].x2);
  assert.ok(places.every(({ x }) => x > 0 && x < width) && arrows.every(({ y }) => y < height));
  assert.deepEqual(said("SIP/2.0 180 Ringing"), { label: "180 Ringing", kind: "wait" });
  assert.deepEqual(said("SIP/2.0 401 Unauthorized"), { label: "401 Unauthorized", kind: "wait" });
  assert.equal(said("SIP/2.0 487 Request Terminated").kind, "wait");
  assert.deepEqual(said("SIP/2.0 603"), { label: "603", kind: "bad" });
  assert.deepEqual(said("BYE sip:a@b SIP/2.0"), { label: "BYE", kind: "ask" });
  assert.deepEqual(draw({ parties: [], messages: [] }).arrows, []);
  assert.match(asText(CALL), /city → box\nINVITE[^\n]+\nA: b\n/);
});

test("a waveform shows the loudest of each stretch, and a silent side stays silent", () => {
  const samples = Float32Array.from({ length: 1000 }, (_, nth) => (nth === 250 ? -0.5 : 0));
  const loud = peaks(samples, 10);
  assert.deepEqual([...loud], [0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0]);
  const [first, second] = levelled([loud, new Float32Array(10)]);
  assert.equal(first[2], 1);
  assert.ok(second.every((one) => one === 0));
  assert.equal(peaks(new Float32Array(3), 10).length, 10);
  assert.match(wave(first, { width: 100, middle: 20, half: 18 }), /^(M[\d.]+ [\d.]+h[\d.]+v[\d.]+h-[\d.]+z){10}$/);
});

test("keys move the playing inside of the recording, and speeds go round", () => {
  assert.equal(moved("ArrowLeft", 3, 60), 0);
  assert.equal(moved("ArrowRight", 58, 60), 60);
  assert.equal(moved("End", 0, 60), 60);
  assert.equal(moved("Home", 9, 60), 0);
  assert.equal(moved("Enter", 9, 60), null);
  assert.deepEqual([1, 1.5, 2].map(nextSpeed), [1.5, 2, 1]);
});
