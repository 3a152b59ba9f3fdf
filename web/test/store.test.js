import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY, doing, happen, isAlert, isMachine, mustReload, waitingCount } from "../store.js";

const call = (id, more = {}) => ({ id, caller: "203", called: "202", with: ["202"], answered_at: null, started_at: "s", state: "ringing", ...more });
const phone = (number, registered, since = null) => ({
  number,
  employee: "",
  devices: [{ kind: "sip", login: `user${number}s0`, registration: { registered, since, contacts: [] } }],
});

test("a call appears, changes in its place, and goes", () => {
  let box = happen(EMPTY, "call", call("1"));
  box = happen(box, "call", call("2"));
  box = happen(box, "call", call("1", { state: "talking" }));
  assert.deepEqual(box.calls.map(({ id, state }) => [id, state]), [["1", "talking"], ["2", "ringing"]]);
  box = happen(box, "call", { id: "1", ended: true });
  box = happen(box, "call", { id: "1", ended: true });
  assert.deepEqual(box.calls.map(({ id }) => id), ["2"]);
});

test("a registration reaches its device and leaves the others alone", () => {
  const before = { ...EMPTY, extensions: [phone("201", false), phone("202", false)] };
  const after = happen(before, "registration", { login: "user202s0", registered: true, since: "x", contacts: [] });
  assert.equal(after.extensions[0], before.extensions[0]);
  assert.deepEqual(after.extensions[1].devices[0].registration, { registered: true, since: "x", contacts: [] });
});

test("a trunk's state is replaced, and an event nobody knows changes nothing", () => {
  const before = { ...EMPTY, trunks: [{ name: "a", state: { code: "starting" } }] };
  assert.equal(happen(before, "trunk", { name: "a", state: { code: "silent" } }).trunks[0].state.code, "silent");
  assert.equal(happen(before, "system", { what: "x" }), before);
  assert.deepEqual([mustReload("system", { what: "missed" }), mustReload("system", { what: "x" })], [true, false]);
});

test("a group's queue is replaced, and one that is new is added", () => {
  const queue = (group, ...waiting) => ({ group, waiting, members: [] });
  const first = happen(happen(EMPTY, "queue", queue("500")), "queue", queue("510"));
  const after = happen(first, "queue", queue("500", { call: "1" }, { call: "2" }));
  assert.deepEqual(after.queues.map(({ group, waiting }) => [group, waiting.length]), [["500", 2], ["510", 0]]);
  assert.equal(after.queues[1], first.queues[1]);
  assert.equal(waitingCount(after), 2);
});

test("what a phone does follows the calls before its registration", () => {
  const calls = [call("1"), call("2", { caller: "200", with: ["201"], answered_at: "t", state: "talking" })];
  const what = (number, registered, since) => doing(phone(number, registered, since), calls).what;
  assert.deepEqual(
    [what("200", true), what("201", true), what("202", true), what("203", true), what("204", true), what("205", false, "t"), what("206", false)],
    ["talking", "talking", "ringing", "dialling", "free", "offline", "never"],
  );
  const mobile = { number: "207", employee: "", devices: [{ kind: "mobile", number: "7" }] };
  assert.equal(doing(mobile, []).what, "mobile");
  assert.equal(doing(mobile, [call("3", { with: ["7"], answered_at: "t", state: "talking" })]).what, "talking");
  assert.equal(doing(mobile, [call("3", { with: ["7"], answered_at: "t", state: "ringing" })]).what, "ringing", "it is given to him");
});

test("what the system tells may be news of protection, unless it is told of the settings or a file", () => {
  assert.ok(isAlert("system", { what: "alarm" }) && isAlert("system", { what: "address_banned" }) && isAlert("system", { what: "missed" }));
  assert.ok(!isAlert("system", { what: "office" }) && !isAlert("system", { what: "import" }) && !isAlert("call", { what: "alarm" }));
});

test("news of the machine is no alarm, and what was missed may be of either", () => {
  const of = (what) => [isMachine("system", { what }), isAlert("system", { what })];
  assert.deepEqual(["machine", "update", "backup", "missed", "alarm"].map(of), [[true, false], [true, false], [true, false], [true, true], [false, true]]);
});
