// What the box still needs before people can call, in the order in which it is done. Pure: the box's state in, steps out.

import { sipDevices } from "./store.js";

/**
 * @typedef {import("./words.js").Key} Key
 * @typedef {{ elements: any[], problems?: { severity: string, number: string | null, text: string }[] } | null} Desk `null`: not known
 * @typedef {{ desk: Desk, schedules: any[] | null, answered: boolean | null }} Known what the page read beside the box; `null`: not known
 * @typedef {{ key: "trunk" | "phone" | "route" | "hours" | "call", done: boolean, word: Key, values?: any, why?: Key, whyValues?: any,
 *   act?: Key, href?: string }} Step
 */

const WORKS = ["registered", "reachable"];

/**
 * The steps; what nobody knows yet is left out.
 * @param {import("./store.js").Box} box
 * @param {Known} known
 * @returns {Step[]}
 */
export function steps(box, { desk, schedules, answered }) {
  const trunks = trunk(box);
  const phones = phone(box);
  const list = [trunks, phones];
  if (desk) list.push(route(box, desk));
  if (desk && schedules) list.push(hours(desk, schedules));
  if (answered !== null) list.push(call(box, answered, trunks.done && phones.done));
  return list;
}

/** Whether nothing has ever worked here. @param {import("./store.js").Box} box */
export function isNew({ trunks, extensions }) {
  const devices = extensions.flatMap((extension) => extension.devices);
  const seen = devices.some((device) => device.kind === "mobile" || device.registration.registered || device.registration.since !== null);
  return trunks.length === 0 || !seen;
}

/** @param {import("./store.js").Box} box @returns {Step} */
function trunk({ trunks }) {
  if (trunks.some(({ state }) => WORKS.includes(state.code))) return { key: "trunk", done: true, word: "todo_trunk_done" };
  const [first] = trunks;
  if (!first) return { key: "trunk", done: false, word: "todo_trunk", why: "todo_trunk_why", act: "todo_trunk_act", href: "#/trunks/new" };
  return { key: "trunk", done: false, word: "todo_trunk", why: "todo_trunk_bad", whyValues: { text: first.state.text }, act: "todo_trunk_look", href: `#/trunks/${encodeURIComponent(first.name)}` };
}

/** @param {import("./store.js").Box} box @returns {Step} */
function phone({ extensions }) {
  const own = extensions.filter((extension) => sipDevices(extension).length > 0);
  const here = own.filter((extension) => sipDevices(extension).some(({ registration }) => registration.registered)).length;
  if (here > 0) return { key: "phone", done: true, word: "todo_phone_done", values: { here, all: own.length } };
  const [first] = own;
  if (!first) return { key: "phone", done: false, word: "todo_phone", act: "todo_phone_add", href: "#/extensions/new" };
  return { key: "phone", done: false, word: "todo_phone", why: "todo_phone_why", act: "todo_phone_act", href: "#/phones" };
}

/**
 * @param {import("./store.js").Box} box
 * @param {NonNullable<Desk>} desk
 * @returns {Step}
 */
function route(box, { elements, problems = [] }) {
  const numbers = box.trunks.flatMap((one) => [one.number, ...one.numbers]);
  const starts = elements.filter(({ kind, links }) => kind === "incoming" && links && Object.keys(links).length > 0);
  const drawn = starts.length > 0 && numbers.every((number) => starts.some((start) => start.numbers?.includes(number)));
  const bad = problems.find(({ severity }) => severity === "error");
  if (drawn && !bad) return { key: "route", done: true, word: "todo_route_done" };
  const told = drawn && bad ? { why: /** @type {Key} */ ("todo_route_bad"), whyValues: { text: bad.text } } : { why: /** @type {Key} */ ("todo_route_why") };
  return { key: "route", done: false, word: "todo_route", ...told, act: "todo_route_act", href: "#/routing" };
}

/**
 * @param {NonNullable<Desk>} desk
 * @param {any[]} schedules
 * @returns {Step}
 */
function hours({ elements }, schedules) {
  const used = elements.some(({ kind, links }) => kind === "schedule" && links && Object.keys(links).length > 0);
  if (used) return { key: "hours", done: true, word: "todo_hours_done" };
  if (schedules.length > 0) return { key: "hours", done: false, word: "todo_hours", why: "todo_hours_desk", act: "todo_route_act", href: "#/routing" };
  return { key: "hours", done: false, word: "todo_hours", why: "todo_hours_why", act: "todo_hours_act", href: "#/schedules/new" };
}

/**
 * @param {import("./store.js").Box} box
 * @param {boolean} answered
 * @param {boolean} ready
 * @returns {Step}
 */
function call({ calls, trunks }, answered, ready) {
  if (answered || calls.some((one) => one.direction === "inbound" && one.answered_at !== null)) return { key: "call", done: true, word: "todo_call_done" };
  if (calls.some((one) => one.direction === "inbound")) return { key: "call", done: false, word: "todo_call", why: "todo_call_now" };
  if (!ready) return { key: "call", done: false, word: "todo_call", why: "todo_call_wait" };
  const works = trunks.find(({ state }) => WORKS.includes(state.code));
  return { key: "call", done: false, word: "todo_call", why: "todo_call_why", whyValues: { digits: works?.number ?? "" } };
}

/**
 * What is worth a quiet word on «Сейчас» besides: the box itself, its clock, its copies. `loud`: it is going on just now.
 * @param {{ machine: import("./machine.js").Machine | null, update: import("./update.js").Update | null, backup: { enabled: boolean } | null }} known `null`: not known
 * @returns {{ key: "trial" | "returned" | "clock" | "backup", word: Key, act: Key, href: string, loud?: boolean }[]}
 */
export function hints({ machine, update, backup }) {
  /** @type {ReturnType<typeof hints>} */
  const list = [];
  if (update?.state === "trial" || machine?.on_trial) list.push({ key: "trial", word: "hint_trial", act: "update_open", href: "#/update", loud: true });
  else if (machine?.failed_reason) list.push({ key: "returned", word: "hint_returned", act: "update_open", href: "#/update" });
  if (machine?.image && machine.clock && !machine.clock.synchronized) list.push({ key: "clock", word: "hint_clock", act: "time_open", href: "#/time" });
  if (backup && !backup.enabled) list.push({ key: "backup", word: "hint_backup", act: "hint_backup_act", href: "#/backups" });
  return list;
}
