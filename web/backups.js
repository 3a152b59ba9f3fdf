// Copies of everything: where they go, how often, and the word that opens them. Pure.
import { DAYS, days, spelled } from "./timetable.js";

/**
 * @typedef {import("./words.js").Key} Key
 * @typedef {{ id: string, at: string, bytes: number, where: string, name: string, recordings: boolean, state: "running" | "good" | "failed", percent?: number,
 *   encrypted?: boolean, proved: boolean, error: string | null }} Copy
 * @typedef {"sftp" | "s3" | "smb" | "nfs" | "stick"} Kind
 * @typedef {{ name: string, kind: Kind } & Record<string, any>} Place
 * @typedef {{ key: string, label: Key, hint?: Key, secret?: boolean, optional?: boolean, lines?: boolean, span: number, example?: string }} FieldOf
 */

/** Shorter words are guessed. Characters. */
export const SHORTEST = 8;

/**
 * The passphrase as a header takes it.
 * @param {string} text
 */
export function header(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/**
 * The days of the week on which a copy is made, as seven switches.
 * @param {string | string[]} value
 */
export function weekdays(value) {
  // None named: every day.
  return value.length === 0 ? DAYS.map(() => true) : days(Array.isArray(value) ? value.join(",") : value);
}

/**
 * The same as the box keeps them, in the shape in which they came.
 * @param {boolean[]} on
 * @param {string | string[]} was
 */
export function told(on, was) {
  if (Array.isArray(was) && on.every(Boolean)) return [];
  return Array.isArray(was) ? DAYS.filter((_, nth) => on[nth]) : spelled(on);
}

/**
 * What is wrong with two passphrases; `null`: nothing.
 * @param {string} text
 * @param {string} again
 * @param {boolean} kept there is one already, which an empty field means
 * @returns {{ key: "text" | "again", word: Key } | null}
 */
export function faultOf(text, again, kept) {
  if (!text) return kept ? null : { key: "text", word: "copy_word_needed" };
  if (text.length < SHORTEST) return { key: "text", word: "copy_word_short" };
  return text === again ? null : { key: "again", word: "copy_word_differs" };
}

/**
 * How a copy is, in one word.
 * @param {Copy} copy
 * @returns {{ lamp: string, word: Key }}
 */
export function condition({ state, proved }) {
  if (state === "running") return { lamp: "ring", word: "copy_running" };
  if (state === "failed") return { lamp: "bad", word: "copy_failed" };
  return proved ? { lamp: "ok", word: "copy_proved" } : { lamp: "warn", word: "copy_unproved" };
}

/**
 * How old the last good copy is. Days; `null`: there is none.
 * @param {Copy[]} copies
 * @param {number} now
 */
export function age(copies, now) {
  const last = copies.filter(({ state }) => state === "good").map(({ at }) => Date.parse(at)).sort((one, other) => other - one)[0];
  return last === undefined ? null : Math.max(0, Math.floor((now - last) / 86_400_000));
}

/** What each kind of place asks for. @type {Record<Kind, FieldOf[]>} */
export const FIELDS = {
  sftp: [
    { key: "server", label: "place_server", hint: "place_server_why", span: 6, example: "backup.example.org" }, { key: "folder", label: "place_folder", span: 6, optional: true, example: "/backups/dozvon" },
    { key: "login", label: "place_login", span: 6 }, { key: "password", label: "place_password", span: 6, secret: true, optional: true },
    { key: "private_key", label: "place_private_key", hint: "place_private_key_why", span: 6, secret: true, optional: true, lines: true },
    { key: "host_key", label: "place_host_key", hint: "place_host_key_why", span: 6, optional: true },
  ],
  s3: [
    { key: "server", label: "place_endpoint", span: 8, example: "https://storage.yandexcloud.net" }, { key: "region", label: "place_region", span: 4, optional: true, example: "ru-central1" },
    { key: "bucket", label: "place_bucket", span: 6 }, { key: "folder", label: "place_folder", span: 6, optional: true },
    { key: "login", label: "place_access_key", span: 6 }, { key: "password", label: "place_secret_key", span: 6, secret: true, optional: true },
  ],
  smb: [
    { key: "server", label: "place_share", span: 6, example: "//server/backups" }, { key: "folder", label: "place_folder", span: 6, optional: true },
    { key: "login", label: "place_login", hint: "place_guest", span: 6, optional: true }, { key: "password", label: "place_password", span: 6, secret: true, optional: true },
  ],
  nfs: [{ key: "server", label: "place_share", span: 6, example: "server:/backups" }, { key: "folder", label: "place_folder", span: 6, optional: true }],
  stick: [{ key: "server", label: "place_stick_name", hint: "place_stick_why", span: 6, optional: true }, { key: "folder", label: "place_folder", span: 6, optional: true }],
};

/**
 * A place that is not there yet, under a name that no other has.
 * @param {Kind} kind
 * @param {string} name
 * @param {string[]} taken
 * @returns {Place}
 */
export function blank(kind, name, taken) {
  for (let nth = 1; ; nth += 1) {
    const own = nth === 1 ? name : `${name} ${nth}`;
    if (taken.includes(own)) continue;
    const fields = FIELDS[kind].filter(({ secret }) => !secret).map(({ key }) => [key, ""]);
    return { name: own, kind, ...Object.fromEntries(fields) };
  }
}
