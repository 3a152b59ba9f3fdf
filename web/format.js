// How numbers, spans and times are written. Pure: no DOM, no clock, no fetch.

const NBSP = "\u00a0";

/**
 * A number as a person can dial it again: extensions as they are, Russian numbers with 8, others with 8 10.
 * @param {string} digits E.164 digits or an extension; empty when withheld
 * @param {string} country ISO code of the office's numbering plan
 */
export function number(digits, country = "RU") {
  if (digits.length < 7 || !/^\d+$/.test(digits)) return digits;
  if (country !== "RU") return `+${digits}`;
  // Kazakhstan and Abkhazia share +7 and are dialled as foreign countries.
  const national = digits.length === 11 && digits.startsWith("7") && !/^7([67]\d\d|[89]40)/.test(digits);
  if (!national) return `8${NBSP}10${NBSP}${digits}`;
  const [area, a, b, c] = [digits.slice(1, 4), digits.slice(4, 7), digits.slice(7, 9), digits.slice(9)];
  return `8${NBSP}${area}${NBSP}${a}-${b}-${c}`;
}

/**
 * 0:07, 4:12, 1:02:03.
 * @param {number} milliseconds
 */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

// RFC 3339 with the office's offset already holds the office's wall clock: it is read off, never converted, so that an
// admin in another time zone sees the office's time.

/**
 * 9:02 of 2026-11-25T09:02:03.000+03:00.
 * @param {string} time
 */
export function hour(time) {
  return time.slice(11, 16).replace(/^0/, "");
}

/**
 * 9:02:03
 * @param {string} time
 */
export function second(time) {
  return time.slice(11, 19).replace(/^0/, "");
}

/**
 * The office's date of a time: 2026-11-25.
 * @param {string} time
 */
export function date(time) {
  return time.slice(0, 10);
}

/**
 * The date some days before.
 * @param {string} date
 * @param {number} days
 */
export function daysBefore(date, days) {
  return new Date(Date.parse(`${date}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10);
}

/**
 * "Среда, 25 ноября": a date in words, as a sentence begins.
 * @param {string} date
 * @param {string} language
 */
export function dateInWords(date, language) {
  const words = dateInside(date, language);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * The same inside a sentence: Russian days are written small.
 * @param {string} date
 * @param {string} language
 */
export function dateInside(date, language) {
  const at = new Date(`${date}T00:00:00Z`);
  const locale = language === "ru" ? "ru-RU" : "en-GB";
  return new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" }).format(at);
}

/**
 * A date after a preposition, whose weekday would need another case: "3 декабря".
 * @param {string} date
 * @param {string} language
 */
export function dayAndMonth(date, language) {
  const locale = language === "ru" ? "ru-RU" : "en-GB";
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`));
}

/**
 * A date with its year: "25 ноября 2027 г.".
 * @param {string} date
 * @param {string} language
 */
export function fullDate(date, language) {
  const locale = language === "ru" ? "ru-RU" : "en-GB";
  return new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${date}T00:00:00Z`));
}

/**
 * The moment with the office's offset, moved on by some milliseconds: how the page's clock goes on between answers.
 * @param {string} time
 * @param {number} milliseconds
 */
export function later(time, milliseconds) {
  const offset = /[+-]\d\d:\d\d$/.exec(time)?.[0] ?? "+00:00";
  const sign = offset.startsWith("-") ? -1 : 1;
  const shift = sign * (Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6))) * 60_000;
  const wall = new Date(Date.parse(time) + milliseconds + shift).toISOString();
  return wall.replace("Z", offset);
}

/**
 * The Russian form for a count: 1 разговор, 2 разговора, 5 разговоров.
 * @param {number} count
 * @param {string} one
 * @param {string} few
 * @param {string} many
 */
export function plural(count, one, few, many) {
  const [tens, ones] = [count % 100, count % 10];
  if (ones === 1 && tens !== 11) return one;
  return ones >= 2 && ones <= 4 && (tens < 12 || tens > 14) ? few : many;
}
