// A desk telephone in words: what it is doing, how far its connecting has got, what is proposed for it. Pure.

import { sipDevices } from "./store.js";

/**
 * @typedef {{ extension: string, employee?: string, login?: string, registered?: boolean, local?: number }} Line
 * @typedef {{ vendor: string, vendor_title: string, model: string, firmware: string, address: string, sure: boolean, how: string, asked: string,
 *   first_at: string, last_at: string }} Seen
 * @typedef {{ version: string, at: string, current: boolean }} Given
 * @typedef {{ mac: string, vendor: string, model: string, template: string, lamps: string[], keys: string[], firmware: string, transport: string,
 *   lines: Line[], bound: boolean, state: string, window_until: string | null, accepted_at?: string | null, seen: Seen | null, given: Given | null }} Phone
 * @typedef {"new" | "online" | "old" | "accepted" | "took" | "silent" | "never" | "waiting"} What
 * @typedef {{ what: What, lamp: string, since: string | null }} Condition
 * @typedef {import("./store.js").Extension[]} Extensions
 */

/** So long may an accepted telephone fetch its files; as the box has it. Milliseconds. */
const WINDOW = 600_000;
/** A telephone that has its settings restarts and registers within that. Milliseconds. */
const REGISTERS = 180_000;
/** The clocks of two answers differ by so much at most. Milliseconds. */
const SLACK = 2_000;
/** The template of programs that scan a code. */
export const SCANS = "linphone";
/** As many lines a telephone may have. */
export const MOST_LINES = 32;
/** As many devices an extension may have. */
const MOST_DEVICES = 4;

/** How each condition is lit. */
const LAMPS = { new: "off", online: "ok", old: "warn", accepted: "ring", took: "ring", silent: "bad", never: "bad", waiting: "warn" };

/**
 * What a telephone is doing.
 * @param {Phone} phone
 * @param {Extensions} extensions
 * @param {number} now by the box's clock
 * @returns {Condition}
 */
export function condition(phone, extensions, now) {
  const { what, since = null } = state(phone, extensions, now);
  return { what, lamp: LAMPS[what], since };
}

/**
 * @param {Phone} phone
 * @param {Extensions} extensions
 * @param {number} now
 * @returns {{ what: What, since?: string | null }}
 */
function state(phone, extensions, now) {
  if (!phone.bound) return { what: "new" };
  const { given } = phone;
  const registrations = lines(phone, extensions);
  const here = registrations.length ? registrations.some(({ registered }) => registered) : phone.state === "registered";
  const begun = acceptedAt(phone);
  const fresh = given !== null && (begun === null || Date.parse(given.at) >= begun - SLACK);
  if (here && (begun === null || fresh)) return { what: given && !given.current ? "old" : "online" };
  if (fresh && given && now - Date.parse(given.at) < REGISTERS) return { what: "took", since: given.at };
  if (begun !== null && !fresh) return { what: "accepted" };
  const gone = registrations.map(({ since }) => since).filter((since) => since !== null).sort();
  if (gone.length) return { what: "silent", since: gone[gone.length - 1] };
  return given ? { what: "never", since: given.at } : { what: "waiting" };
}

/**
 * Since when a telephone is awaited; `null`: it is not.
 * @param {Phone} phone
 */
function acceptedAt({ window_until, accepted_at }) {
  if (window_until === null) return null;
  return accepted_at ? Date.parse(accepted_at) : Date.parse(window_until) - WINDOW;
}

/**
 * The registrations of a telephone's lines, as they are now.
 * @param {Phone} phone
 * @param {Extensions} extensions
 */
function lines(phone, extensions) {
  const logins = new Set(phone.lines.map(({ login }) => login));
  return extensions.flatMap(sipDevices).filter(({ login }) => logins.has(login)).map(({ registration }) => registration);
}

/**
 * @typedef {"done" | "now" | "next"} Stage
 * @typedef {{ key: "known" | "chosen" | "takes" | "registers", stage: Stage, at: string | null }} Step
 * How far the connecting of a telephone has got.
 * @param {Phone} phone
 * @param {What} what
 * @returns {Step[]}
 */
export function progress({ seen, given }, what) {
  const done = { new: 1, waiting: 2, accepted: 2, took: 3, never: 3, silent: 3, online: 4, old: 4 }[what];
  const at = [seen?.first_at ?? null, null, done > 2 ? (given?.at ?? null) : null, null];
  return /** @type {const} */ (["known", "chosen", "takes", "registers"]).map((key, nth) => ({
    key,
    stage: nth < done ? "done" : nth === done ? "now" : "next",
    at: at[nth] ?? null,
  }));
}

/**
 * The extension that probably waits for a telephone: that whose login it tries to register with, else one without any, else one whose
 * telephones are all away.
 * @param {Extensions} extensions
 * @param {Phone[]} phones
 * @param {string | null} [knownAs]
 */
export function proposal(extensions, phones, knownAs) {
  if (knownAs && extensions.some(({ number }) => number === knownAs)) return knownAs;
  const taken = new Set(phones.flatMap(({ lines }) => lines.map(({ extension }) => extension)));
  const away = extensions.filter((extension) => !sipDevices(extension).some(({ registration }) => registration.registered));
  const free = away.find(({ number }) => !taken.has(number)) ?? away[0] ?? extensions[0];
  return free?.number ?? "";
}

/**
 * Which device of an extension a telephone would take. `full`: there is no room for another.
 * @param {Extensions} extensions
 * @param {string} number
 * @returns {{ login: string, full: boolean }} an empty login: a new device
 */
export function device(extensions, number) {
  const extension = extensions.find((one) => one.number === number);
  if (!extension) return { login: "", full: false };
  const free = sipDevices(extension).find((one) => !(/** @type {any} */ (one).mac) && !one.registration.registered);
  return { login: free?.login ?? "", full: !free && extension.devices.length >= MOST_DEVICES };
}

/**
 * "Yealink SIP-T31P": what stands on the telephone; empty when nobody knows.
 * @param {Phone} phone
 */
export function title({ vendor, model, seen, template }) {
  if (template === SCANS && !model) return "Linphone";
  const maker = (seen?.vendor === vendor && seen.vendor_title) || vendor.charAt(0).toUpperCase() + vendor.slice(1);
  return [maker, model].filter(Boolean).join(" ");
}

/**
 * A MAC as people write it, as the box does; empty: it is none.
 * @param {string} text
 */
export function mac(text) {
  const digits = text.replaceAll(/[\s:.-]/g, "").toLowerCase();
  return /^[0-9a-f]{12}$/.test(digits) ? (digits.match(/../g) ?? []).join(":") : "";
}

/**
 * From where to where a line of a text goes, counted from 1.
 * @param {string} text
 * @param {number} line
 */
export function lineAt(text, line) {
  const all = text.split("\n");
  const nth = Math.min(Math.max(line, 1), all.length) - 1;
  const from = all.slice(0, nth).reduce((sum, one) => sum + one.length + 1, 0);
  return { from, to: from + (all[nth]?.length ?? 0) };
}

/** What is most used on a telephone, in the order of a sheet. */
const ON_SHEET = ["transfer", "attended_transfer", "pickup", "park", "voicemail", "do_not_disturb_on", "do_not_disturb_off", "forward_always", "forward_always_off", "last_caller"];

/**
 * The codes that stand on an employee's sheet.
 * @param {Record<string, string>} codes
 */
export function onSheet(codes) {
  return ON_SHEET.filter((key) => codes[key]).map((key) => ({ key, code: codes[key] ?? "" }));
}
