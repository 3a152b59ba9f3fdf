// Which telephone of a number rings when; and small truths about numbers that the form proposes before the box has the last word. Pure.

/**
 * @typedef {{ kind: string, ring_seconds: number, login?: string, number?: string, registration?: { registered: boolean } }} Ringer
 * @typedef {{ nth: number, from: number, to: number }} Bar
 */

/**
 * From when to when each device rings, in seconds of the call, and when the last one gives up.
 * @param {Ringer[]} devices
 * @param {string} ring
 * @returns {{ bars: Bar[], end: number }}
 */
export function ringing(devices, ring) {
  let start = 0;
  const bars = devices.map(({ ring_seconds }, nth) => {
    const bar = { nth, from: start, to: start + ring_seconds };
    if (ring === "sequential") start = bar.to;
    return bar;
  });
  return { bars, end: Math.max(0, ...bars.map(({ to }) => to)) };
}

/**
 * The first number from 200 that nobody has.
 * @param {string[]} taken
 */
export function freeNumber(taken) {
  const all = new Set(taken);
  for (let number = 200; number < 800; number += 1) if (!all.has(String(number))) return String(number);
  return "";
}

/**
 * The part of a login that belongs to the box: up to and with the plus; the one that most logins have.
 * @param {string[]} logins
 */
export function prefixOf(logins) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const login of logins) {
    const prefix = login.slice(0, login.indexOf("+") + 1);
    if (prefix) counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}

/**
 * A login for a further device of a number, unlike the others.
 * @param {string} prefix
 * @param {string} number
 * @param {string[]} taken
 */
export function newLogin(prefix, number, taken) {
  for (let nth = 0; nth < 100; nth += 1) {
    const login = `${prefix}user${number}s${nth}`;
    if (!taken.includes(login)) return login;
  }
  return "";
}

/** Without those that are taken for each other on a telephone's display. */
const LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/**
 * A password that nobody guesses, of 16 letters; `random`: bytes of chance.
 * @param {Uint8Array} random at least 64 bytes
 */
export function password(random) {
  const fair = [...random].filter((byte) => byte < 256 - (256 % LETTERS.length)); // no letter likelier than another
  return fair
    .slice(0, 16)
    .map((byte) => LETTERS[byte % LETTERS.length])
    .join("");
}

/**
 * The rights of which one is likely missing when a number may not be forwarded to: a guess that saves a walk; the box judges.
 * @param {string} number as it was typed
 * @param {string} areaCode of the office
 * @returns {string[]}
 */
export function rightsFor(number, areaCode) {
  const digits = number.replaceAll(/\D/g, "");
  if (digits.startsWith("810") || digits.startsWith("00") || (digits.length > 10 && !/^[78]/.test(digits))) return ["international"];
  const own = digits.length === 11 ? digits.slice(1) : digits.length === 10 ? digits : areaCode + digits;
  if (/^(940|840|[67])/.test(own) && digits.length >= 10) return ["international"];
  if (own.startsWith("9")) return ["mobile_region", "mobile_national"];
  return own.startsWith(areaCode) || own.startsWith("800") ? ["city"] : ["long_distance"];
}
