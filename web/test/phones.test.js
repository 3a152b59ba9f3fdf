import assert from "node:assert/strict";
import { test } from "node:test";
import { condition, device, lineAt, mac, onSheet, progress, proposal, title } from "../phones.js";

const NOW = Date.parse("2026-11-26T14:20:00+03:00");
const seen = { vendor: "yealink", vendor_title: "Yealink", model: "SIP-T31P", firmware: "124.86", address: "192.168.1.47", sure: true, how: "pnp", asked: "", first_at: "2026-11-26T14:18:02+03:00", last_at: "2026-11-26T14:18:02+03:00" };
const given = { version: "7", at: "2026-11-26T14:19:30+03:00", current: true };
const phone = (more = {}) => ({ mac: "80:5e:c0:41:0a:7c", vendor: "yealink", model: "SIP-T31P", template: "", lamps: [], keys: [], firmware: "", transport: "auto",
  lines: [{ extension: "203", login: "a" }], bound: true, state: "waiting", window_until: null, seen, given: null, ...more });
const extension = (number, login, registered, since = null, more = {}) => ({ number, employee: "", devices: [{ kind: "sip", login, registration: { registered, since, contacts: [] }, ...more }] });
const away = [extension("203", "a", false)];
const here = [extension("203", "a", true, "2026-11-26T14:19:50+03:00")];
const told = (more, extensions = away) => {
  const { what, since } = condition(phone(more), extensions, NOW);
  return [what, since];
};

test("a telephone goes from new over awaited to registered, and falls silent", () => {
  assert.deepEqual(told({ bound: false, lines: [] }), ["new", null]);
  assert.deepEqual(told({ window_until: "2026-11-26T14:29:00+03:00" }), ["accepted", null]);
  assert.deepEqual(told({ window_until: "2026-11-26T14:29:00+03:00", given }), ["took", given.at]);
  assert.deepEqual(told({ given }), ["took", given.at]);
  assert.deepEqual(told({ given }, here), ["online", null]);
  assert.deepEqual(told({ given: { ...given, at: "2026-11-26T13:00:00+03:00" } }, [extension("203", "a", false, "2026-11-26T13:10:00+03:00")]), ["silent", "2026-11-26T13:10:00+03:00"]);
});

test("what waits for a hand is told apart from what comes by itself", () => {
  assert.deepEqual(told({}), ["waiting", null], "nobody has opened the window");
  assert.deepEqual(told({ given: { ...given, at: "2026-11-26T13:00:00+03:00" } }), ["never", "2026-11-26T13:00:00+03:00"]);
  assert.deepEqual(told({ given: { ...given, current: false } }, here), ["old", null]);
  assert.deepEqual(told({ given: { ...given, at: "2026-11-26T13:00:00+03:00" }, window_until: "2026-11-26T14:29:00+03:00" }, here), ["accepted", null],
    "what was given before it was accepted again does not count");
});

test("a telephone that was set up by hand is there without having fetched anything", () => {
  assert.deepEqual(told({ given: null }, here), ["online", null]);
});

test("the steps of connecting follow what it does", () => {
  const stages = (what, more) => progress(phone(more), what).map(({ stage }) => stage);
  assert.deepEqual(stages("accepted"), ["done", "done", "now", "next"]);
  assert.deepEqual(stages("took", { given }), ["done", "done", "done", "now"]);
  assert.deepEqual(stages("online", { given }), ["done", "done", "done", "done"]);
  assert.equal(progress(phone({ given }), "took")[2].at, given.at);
});

test("the number without a telephone is proposed, and its free device is taken", () => {
  const office = [extension("200", "x", true), extension("201", "b", false), extension("203", "a", false)];
  assert.equal(proposal(office, []), "201");
  assert.equal(proposal(office, [phone({ lines: [{ extension: "201", login: "b" }] })]), "203");
  assert.equal(proposal([], []), "");
  assert.equal(proposal(office, [], "203"), "203", "as it tries to register");
  assert.equal(proposal(office, [], "299"), "201", "there is no such extension any more");
  assert.deepEqual(device(office, "201"), { login: "b", full: false });
  assert.deepEqual(device(office, "200"), { login: "", full: false });
  assert.deepEqual(device([extension("201", "b", false, null, { mac: "80:5e:c0:00:00:01" })], "201"), { login: "", full: false });
  const full = { ...office[0], devices: Array.from({ length: 4 }, () => office[0].devices[0]) };
  assert.deepEqual(device([full], "200"), { login: "", full: true });
});

test("a telephone is called what stands on it", () => {
  assert.equal(title(phone()), "Yealink SIP-T31P");
  assert.equal(title(phone({ vendor: "htek", model: "", seen: null })), "Htek");
  assert.equal(title(phone({ vendor: "", model: "", seen: null })), "");
  assert.equal(title(phone({ vendor: "", model: "", seen: null, template: "linphone" })), "Linphone");
});

test("a MAC is read however it is written", () => {
  assert.equal(mac("80-5E-C0-41-0A-7C"), "80:5e:c0:41:0a:7c");
  assert.equal(mac("805ec0410a7c "), "80:5e:c0:41:0a:7c");
  assert.equal(mac("805e.c041.0a7c"), "80:5e:c0:41:0a:7c");
  assert.equal(mac("80:5e:c0:41:0a"), "");
  assert.equal(mac("80:5e:c0:41:0a:7g"), "");
});

test("a line of a text is found, and one that is not there is the last", () => {
  assert.deepEqual(lineAt("a\nbcd\ne", 2), { from: 2, to: 5 });
  assert.deepEqual(lineAt("a\nbcd\ne", 9), { from: 6, to: 7 });
  assert.deepEqual(lineAt("", 1), { from: 0, to: 0 });
});

test("a sheet leaves out what is switched off", () => {
  assert.deepEqual(onSheet({ transfer: "##", pickup: "", park: "*70", echo_test: "*43" }), [{ key: "transfer", code: "##" }, { key: "park", code: "*70" }]);
});
