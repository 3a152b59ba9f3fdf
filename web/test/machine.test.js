import assert from "node:assert/strict";
import { test } from "node:test";
import { addresses, clock, isThere, lasting, memory, room, size, temperature, troubles, wear } from "../machine.js";

const disk = (more) => ({ data: 100e9, data_free: 80e9, wear: 3, failing: false, ...more });
const well = { image: true, disk: disk({}), temperatures: [{ name: "a", celsius: 40 }], memory_total: 8e9, memory_available: 7e9, clock: { synchronized: true, source: "ntp", offset_ms: 0 }, failed_reason: "" };

test("bytes and spans are said with as much as matters", () => {
  assert.deepEqual([512, 1_500, 18_300_000, 1_240_000_000, 2_410_000_000_000].map((bytes) => [size(bytes, "ru").word, size(bytes, "ru").values.count]), [["size_kb", "0,5"], ["size_kb", "1,5"], ["size_mb", "18"], ["size_gb", "1,2"], ["size_tb", "2,4"]]);
  assert.deepEqual([10, 600, 7_300, 200_000].map((seconds) => [lasting(seconds).word, lasting(seconds).values.count]), [["lasts_minutes", 1], ["lasts_minutes", 10], ["lasts_hours", 2], ["lasts_days", 2]]);
});

test("room and wear of a disk are words, and what a disk does not tell is not claimed", () => {
  assert.deepEqual([80e9, 14e9, 4e9].map((free) => room(disk({ data_free: free })).word), ["disk_enough", "disk_little", "disk_full"]);
  assert.deepEqual([room(disk({ days_left: 9 })), room(disk({ days_left: 90 }))].map(({ level, values }) => [level, values.count]), [["warn", 9], ["ok", 90]]);
  assert.deepEqual([room(disk({ recordings_days: 30, data_free: 10e9 })), room(disk({ recordings_days: 30, data_free: 4e9 }))].map(({ level, word }) => [level, word]), [["ok", "disk_keeps"], ["bad", "disk_full"]], "the oldest go before it is full");
  assert.equal(room(disk({ data: 0 })).level, "off");
  assert.deepEqual([{ wear: 3 }, { wear: 75 }, { wear: 95 }, { wear: null }, { wear: 3, failing: true }].map((more) => wear(disk(more)).word), ["disk_well", "disk_old", "disk_worn", "disk_wear_unknown", "disk_failing"]);
});

test("the hottest sensor counts", () => {
  const at = (...list) => temperature(list.map((celsius) => ({ name: "", celsius })));
  assert.deepEqual([at(), at(30, 46.6), at(85), at(40, 95)].map(({ level, celsius }) => [level, celsius]), [["off", null], ["ok", 47], ["warn", 85], ["bad", 95]]);
});

test("memory and clock", () => {
  assert.deepEqual([memory(0, 0).level, memory(8e9, 7e9).level, memory(8e9, 1e8).level], ["off", "ok", "warn"]);
  assert.deepEqual([null, { synchronized: true, source: "ntp" }, { synchronized: true, source: "" }, { synchronized: false, source: "rtc" }, { synchronized: false, source: "floor" }].map((one) => clock(one).word), ["box_unknown", "clock_by", "clock_exact", "clock_rtc", "clock_floor"]);
});

test("addresses are those by which others find the box", () => {
  const card = (...list) => ({ name: "eth0", mac: "", link: true, speed: null, addresses: list });
  assert.deepEqual(addresses([card("fe80::1/64", "169.254.3.4/16"), card("192.168.1.10/24", "2001:db8::1/64")]), ["192.168.1.10", "2001:db8::1", "169.254.3.4"]);
});

test("a box that is well has no troubles; the worst of several stands first, as a sentence", () => {
  assert.deepEqual(troubles(well), []);
  const wrong = troubles({ ...well, clock: { synchronized: false, source: "floor", offset_ms: 0 }, disk: disk({ data_free: 1e9 }), failed_reason: "why" });
  assert.deepEqual(wrong.map(({ word, level }) => [word, level]), [["trouble_disk_full", "bad"], ["trouble_clock", "warn"], ["update_failed_why", "warn"]]);
  assert.deepEqual(troubles({ image: false }), [], "of plain Linux nothing is known");
  assert.deepEqual(troubles({ image: true }).map(({ word }) => word), ["trouble_silent"]);
});

test("what needs the image is there on the image alone", () => {
  assert.deepEqual([isThere({ image: true }, { machine: well }), isThere({ image: true }, { machine: { image: false } }), isThere({ image: true }, null), isThere({}, null)], [true, false, false, true]);
});
