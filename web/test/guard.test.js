import assert from "node:assert/strict";
import { test } from "node:test";
import { advice, bare, callers, networks, part, secondsLeft, sorted } from "../guard.js";
import ru from "../lang/ru.js";

const LIMITS = { outside_calls: 0, extension_calls: 3, extension_calls_a_day: 200, extension_minutes_a_day: 600, calls_a_day: 0, minutes_a_day: 0, blocked: [], countries: [], paid_services: false, quiet_from: "22:00", quiet_to: "07:00", quiet_classes: ["international"] };
const KINDS = ["address_banned", "old_password", "limit_reached", "blocked_destination", "quiet_hours", "emergency_call", "trunk_down", "trunk_back", "disk_full", "recording_failed", "mail_failing", "webhook_failing", "certificate_ends", "licence_ends", "licence_over", "page_guessing", "other_dhcp_server", "update_returned", "unclean_start", "backup_failed", "data_lost", "database_damaged", "database_returned"];
const known = { bans: [], allowed: [], sections: ["extensions", "calls", "trunks", "office", "notices", "about", "me", "phone-search"] };
const alarm = (kind, more = {}) => ({ id: "1", at: "2026-11-26T09:00:00+03:00", last_at: "2026-11-26T09:00:00+03:00", count: 1, kind, severity: "warning", text: "", extension: null, address: null, seen: false, ...more });
const ban = (more = {}) => ({ id: "7", address: "203.0.113.5", reason: "wrong_passwords", text: "", since: "2026-11-26T09:00:00+03:00", until: "2026-11-26T09:10:00+03:00", times: 1, dropped: 12, user_agent: "", logins: [], ...more });

test("every kind of alarm says what to do, in words of the page", () => {
  for (const kind of KINDS) {
    const { word, act } = advice(alarm(kind, { extension: "203", address: "203.0.113.5" }), known);
    assert.ok(word && ru[word], kind);
    if (act) assert.ok(ru[act.word], kind);
  }
  assert.deepEqual(advice(alarm("unheard_of"), known), { word: null, act: null });
});

test("a call that was stopped is answered by an hour's allowance, once", () => {
  for (const kind of ["limit_reached", "blocked_destination", "quiet_hours"]) {
    const stopped = alarm(kind, { extension: "203" });
    assert.deepEqual(advice(stopped, known).act, { kind: "allow", word: "allow_hour", extension: "203" });
    assert.deepEqual(advice(stopped, { ...known, allowed: ["203"] }), { word: "alarm_do_allowed", act: null });
  }
});

test("a ban is lifted from its alarm while it is in force", () => {
  const guessed = alarm("address_banned", { address: "203.0.113.5" });
  assert.deepEqual(advice(guessed, { ...known, bans: [ban()] }).act, { kind: "lift", word: "ban_lift", ban: ban() });
  assert.equal(advice(guessed, known).act, null);
  const six = alarm("address_banned", { address: "2001:db8::" });
  assert.equal(advice(six, { ...known, bans: [ban({ address: "2001:db8::/64" })] }).act?.kind, "lift");
});

test("a telephone with an old password leads to its number", () => {
  assert.equal(advice(alarm("old_password", { extension: "203" }), known).act?.href, "#/extensions/203");
  assert.equal(advice(alarm("emergency_call", { extension: "203" }), known).act?.href, "#/calls?extension=203");
  assert.equal(advice(alarm("disk_full"), { ...known, sections: [] }).act, null, "no button leads nowhere");
});

test("what presses stands above what is newer", () => {
  const list = [alarm("trunk_back", { id: "a", last_at: "2026-11-26T10:00:00+03:00" }), alarm("disk_full", { id: "b", severity: "alarm" }), alarm("trunk_back", { id: "c", seen: true })];
  const { fresh, seen } = sorted(list);
  assert.deepEqual([fresh.map(({ id }) => id), seen.map(({ id }) => id)], [["b", "a"], ["c"]]);
});

test("bringing a ban back gives no more than was left of it", () => {
  const at = Date.parse("2026-11-26T09:08:30+03:00");
  assert.equal(secondsLeft(ban(), at), 90);
  assert.equal(secondsLeft(ban(), at + 600_000), null);
  assert.equal(bare("2001:db8:1:2::/64"), "2001:db8:1:2::");
});

test("who is nearest to a limit stands first, by limits of his own where he has some", () => {
  const use = (extension, calls_today, minutes_today, allowed_until = null) => ({ extension, calls: 0, calls_today, minutes_today, allowed_until });
  const list = callers([use("201", 100, 10), use("202", 20, 40), use("203", 0, 0), use("204", 0, 0, "2026-11-26T10:00:00+03:00")], LIMITS, { 202: { minutes_a_day: 50 } });
  assert.deepEqual(list.map((row) => row.use.extension), ["202", "201", "204"]);
  assert.deepEqual([list[0]?.limits.minutes_a_day, list[0]?.own, list[1]?.own], [50, true, false]);
  assert.equal(list[0]?.part, 0.8);
  assert.equal(part(500, 0), 0, "without a limit nothing comes near it");
  assert.equal(callers([use("201", 900, 10)], LIMITS, { 201: { calls_a_day: 0, calls: 0, minutes_a_day: 0 } })[0]?.part, 0);
});

test("networks are read however they are separated", () => {
  assert.deepEqual(networks("192.168.1.0/24, 10.0.0.0/8;\n172.16.0.1 "), ["192.168.1.0/24", "10.0.0.0/8", "172.16.0.1"]);
});
