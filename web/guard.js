// Protection in words: what an alarm asks of a person, what a ban and a limit come to. Pure: says keys and addresses, the page says them.

/**
 * @typedef {import("./words.js").Key} Key
 * @typedef {{ id: string, at: string, last_at: string, count: number, kind: string, severity: "alarm" | "warning", text: string,
 *   extension: string | null, address: string | null, seen: boolean }} Alarm
 * @typedef {{ id: string, address: string, reason: string, text: string, since: string, until: string | null, times: number, dropped: number,
 *   user_agent: string, logins: string[] }} Ban
 * @typedef {{ calls: number, calls_today: number, minutes_today: number }} Tally
 * @typedef {Tally & { extension: string, allowed_until: string | null }} Use
 * @typedef {{ calls?: number | null, calls_a_day?: number | null, minutes_a_day?: number | null }} OwnLimits of an extension; what is left out is the office's, 0 is no limit
 * @typedef {{ outside_calls: number, extension_calls: number, extension_calls_a_day: number, extension_minutes_a_day: number, calls_a_day: number, minutes_a_day: number,
 *   blocked: string[], countries: string[], paid_services: boolean, quiet_from: string, quiet_to: string, quiet_classes: string[] }} Limits
 * @typedef {{ kind: "allow" | "lift" | "open", word: Key, href?: string, ban?: Ban, extension?: string }} Act
 */

/** What to do about each kind, and where. @type {Record<string, { word: Key, act?: [Key, string] }>} */
const ADVICE = {
  address_banned: { word: "alarm_do_address" },
  old_password: { word: "alarm_do_password", act: ["alarm_open_number", "extensions"] },
  limit_reached: { word: "alarm_do_limit" },
  blocked_destination: { word: "alarm_do_destination" },
  quiet_hours: { word: "alarm_do_quiet" },
  emergency_call: { word: "alarm_do_emergency", act: ["alarm_open_calls", "calls"] },
  trunk_down: { word: "alarm_do_trunk", act: ["alarm_open_trunks", "trunks"] },
  trunk_back: { word: "alarm_do_nothing" },
  disk_full: { word: "alarm_do_disk", act: ["alarm_open_office", "office"] },
  recording_failed: { word: "alarm_do_recording", act: ["alarm_open_office", "office"] },
  mail_failing: { word: "alarm_do_mail", act: ["alarm_open_notices", "notices"] },
  webhook_failing: { word: "alarm_do_webhook", act: ["alarm_open_notices", "notices"] },
  certificate_ends: { word: "alarm_do_certificate" },
  licence_ends: { word: "alarm_do_licence", act: ["alarm_open_about", "about"] },
  licence_over: { word: "alarm_do_licence", act: ["alarm_open_about", "about"] },
  page_guessing: { word: "alarm_do_guessing", act: ["alarm_open_me", "me"] },
  other_dhcp_server: { word: "alarm_do_dhcp", act: ["alarm_open_search", "phone-search"] },
  update_returned: { word: "alarm_do_update" },
  unclean_start: { word: "alarm_do_power" },
  backup_failed: { word: "alarm_do_backup" },
  data_lost: { word: "alarm_do_data", act: ["alarm_open_backups", "backups"] },
  database_damaged: { word: "alarm_do_damaged", act: ["alarm_open_system", "system"] },
  database_returned: { word: "alarm_do_database", act: ["alarm_open_backups", "backups"] },
};

/** Those that "allow for an hour" answers. */
const ALLOWED = ["limit_reached", "blocked_destination", "quiet_hours"];

/**
 * What a person does about an alarm, and the one thing to press; `act` is null where there is nothing to press.
 * @param {Alarm} alarm
 * @param {{ bans: Ban[], allowed: string[], sections: string[] }} known bans in force, extensions that may go on already, sections of the page
 * @returns {{ word: Key | null, act: Act | null }}
 */
export function advice(alarm, { bans, allowed, sections }) {
  const known = ADVICE[alarm.kind];
  if (!known) return { word: null, act: null };
  const { extension } = alarm;
  if (ALLOWED.includes(alarm.kind) && extension) {
    const free = allowed.includes(extension);
    return { word: free ? "alarm_do_allowed" : known.word, act: free ? null : { kind: "allow", word: "allow_hour", extension } };
  }
  if (alarm.kind === "address_banned") {
    const ban = bans.find((one) => bare(one.address) === alarm.address);
    return { word: ban ? known.word : "alarm_do_lifted", act: ban ? { kind: "lift", word: "ban_lift", ban } : null };
  }
  const [word, at] = known.act ?? [];
  if (!word || !at || !sections.includes(at)) return { word: known.word, act: null };
  const href = at === "extensions" && extension ? `#/extensions/${encodeURIComponent(extension)}` : at === "calls" && extension ? `#/calls?extension=${encodeURIComponent(extension)}` : `#/${at}`;
  return { word: known.word, act: { kind: "open", word, href } };
}

/**
 * What is new first, the worst of it on top; then what somebody has seen, the latest first.
 * @param {Alarm[]} alarms
 * @returns {{ fresh: Alarm[], seen: Alarm[] }}
 */
export function sorted(alarms) {
  const latest = (/** @type {Alarm} */ one, /** @type {Alarm} */ other) => Date.parse(other.last_at) - Date.parse(one.last_at);
  const worst = (/** @type {Alarm} */ one) => (one.severity === "alarm" ? 0 : 1);
  return {
    fresh: alarms.filter(({ seen }) => !seen).sort((one, other) => worst(one) - worst(other) || latest(one, other)),
    seen: alarms.filter(({ seen }) => seen).sort(latest),
  };
}

/**
 * The address that is banned again when a ban was lifted by mistake: a ban of IPv6 is told with its network.
 * @param {string} address
 */
export function bare(address) {
  return address.replace(/\/\d+$/, "");
}

/**
 * What is left of a ban, so that bringing it back gives no more than there was. Seconds, at least one; null: it is over.
 * @param {Ban} ban
 * @param {number} now the box's time, milliseconds
 */
export function secondsLeft(ban, now) {
  if (ban.until === null) return 366 * 86_400;
  const left = Math.ceil((Date.parse(ban.until) - now) / 1000);
  return left > 0 ? left : null;
}

/** Limits of an extension, and the office's in whose place they stand. */
export const OWN = /** @type {const} */ ([
  ["calls", "extension_calls", "calls"],
  ["calls_a_day", "extension_calls_a_day", "calls_today"],
  ["minutes_a_day", "extension_minutes_a_day", "minutes_today"],
]);

/** The limits of the whole office, with what counts towards them. */
export const WHOLE = /** @type {const} */ ([
  ["outside_calls", "calls"],
  ["calls_a_day", "calls_today"],
  ["minutes_a_day", "minutes_today"],
]);

/**
 * How far something has gone towards its limit: from 0 to 1; 0 where there is no limit.
 * @param {number} used
 * @param {number} most
 */
export function part(used, most) {
  return most > 0 ? Math.min(1, used / most) : 0;
}

/** From here on a limit is nearly reached. */
export const NEARLY = 0.8;

/**
 * Who has called today, who is nearest to a limit first; the extensions that are allowed to go on are among them in any case.
 * @param {Use[]} uses
 * @param {Limits} limits
 * @param {Record<string, OwnLimits>} own limits of extensions by number
 * @returns {{ use: Use, limits: { calls: number, calls_a_day: number, minutes_a_day: number }, part: number, own: boolean }[]}
 */
export function callers(uses, limits, own) {
  return uses
    .map((use) => {
      const theirs = own[use.extension] ?? {};
      const all = /** @type {{ calls: number, calls_a_day: number, minutes_a_day: number }} */ (Object.fromEntries(OWN.map(([key, office]) => [key, theirs[key] ?? limits[office]])));
      const parts = OWN.map(([key, , counted]) => part(use[counted], all[key]));
      return { use, limits: all, part: Math.max(...parts), own: OWN.some(([key]) => theirs[key] !== undefined && theirs[key] !== null) };
    })
    .filter(({ use }) => use.calls > 0 || use.calls_today > 0 || use.minutes_today > 0 || use.allowed_until !== null)
    .sort((one, other) => other.part - one.part || other.use.minutes_today - one.use.minutes_today || one.use.extension.localeCompare(other.use.extension));
}

/** Networks that are nobody's but an office's (RFC 1918, without loopback): trusted where the office names none of its own. */
export const HOME = ["192.168.0.0/16", "10.0.0.0/8", "172.16.0.0/12"];

/**
 * Networks and addresses as somebody typed them.
 * @param {string} text
 */
export function networks(text) {
  return text.split(/[,;\s]+/).filter(Boolean);
}
