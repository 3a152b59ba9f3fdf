import assert from "node:assert/strict";
import { test } from "node:test";
import { verdict } from "../verdict.js";

const trunk = (code, number = "78120000000") => ({ name: number, number, numbers: [], state: { code, text: code } });
const phone = (number, registered) => ({
  number,
  employee: "",
  devices: [{ kind: "sip", login: number, registration: { registered, since: "x", contacts: [] } }],
});
const judge = (trunks, extensions) => {
  const { level, sentences, troubles, more } = verdict({ trunks, extensions, calls: [] });
  return [level, sentences.map(({ key }) => key).join(" "), troubles.map(({ number }) => number).join(" "), more];
};

test("the verdict names what is missing, worst first", () => {
  const [good, bad] = [phone("200", true), phone("205", false)];
  for (const [trunks, extensions, expected] of [
    [[trunk("registered")], [good], ["ok", "verdict_ok", "", 0]],
    [[trunk("reachable")], [good], ["ok", "verdict_ok", "", 0]],
    [[trunk("registered"), trunk("silent", "7812")], [good, bad], ["warn", "verdict_ok", "7812 205", 0]],
    [[trunk("registered"), trunk("starting", "7812")], [good], ["ok", "verdict_ok", "", 0]],
    [[trunk("silent", "7812")], [good, bad], ["bad", "verdict_no_city", "7812", 0]],
    [[trunk("starting")], [good], ["warn", "verdict_connecting", "", 0]],
    [[], [good], ["warn", "verdict_inside_only verdict_no_trunk", "", 0]],
    [[trunk("registered")], [bad], ["bad", "verdict_nobody", "", 0]],
    [[], [bad], ["bad", "verdict_nothing", "", 0]],
    [[], [], ["bad", "verdict_no_extensions", "", 0]],
  ]) {
    assert.deepEqual(judge(trunks, extensions), expected);
  }
});

test("many troubles are counted, and one alone is never only counted", () => {
  const phones = (count) => [phone("200", true), ...Array.from({ length: count }, (_, index) => phone(String(300 + index), false))];
  assert.deepEqual(judge([trunk("registered")], phones(4)).slice(2), ["300 301 302 303", 0]);
  assert.deepEqual(judge([trunk("registered")], phones(7)).slice(2), ["300 301 302", 4]);
});
