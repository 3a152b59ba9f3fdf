// What is sought in the history: kept in the address, asked of the API. Pure: text in, text out.
import { daysBefore } from "../format.js";

/**
 * @typedef {{ when: string, text: string, extension: string, direction: string, outcome: string }} Filter
 *   `when`: a word of WHENS, or "2026-11-01..2026-11-25"; the others are empty when they do not matter
 * @typedef {{ from: string, to: string }} Period dates of the office, both included; empty: without an end
 */

export const WHENS = /** @type {const} */ (["all", "today", "yesterday", "week", "month"]);
export const DIRECTIONS = /** @type {const} */ (["inbound", "outbound", "internal"]);
export const OUTCOMES = /** @type {const} */ (["answered", "no_answer", "busy", "abandoned", "refused", "failed", "interrupted"]);

/** @type {Filter} */
export const ALL = { when: "all", text: "", extension: "", direction: "", outcome: "" };

const DATE = /^\d{4}-\d\d-\d\d$/;

/**
 * The filter that an address holds; what makes no sense is left out.
 * @param {URLSearchParams} query
 * @returns {Filter}
 */
export function read(query) {
  const word = (/** @type {string} */ name, /** @type {readonly string[]} */ words) => words.find((one) => one === query.get(name)) ?? "";
  const when = query.get("when") ?? "";
  const extension = query.get("extension") ?? "";
  return {
    when: dates(when) ? when : word("when", WHENS) || "all",
    text: (query.get("text") ?? query.get("number") ?? "").trim().slice(0, 100),
    extension: /^\d{1,8}$/.test(extension) ? extension : "",
    direction: word("direction", DIRECTIONS),
    outcome: word("outcome", OUTCOMES),
  };
}

/**
 * As it stands in an address: what does not matter is not there.
 * @param {Filter} filter
 */
export function write(filter) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value && value !== "all") query.set(name, value);
  const text = query.toString();
  return text ? `?${text}` : "";
}

/**
 * Both dates of "2026-11-01..2026-11-25" in their order; `null`: it is none.
 * @param {string} when
 * @returns {Period | null}
 */
export function dates(when) {
  const [from = "", to = "", more] = when.split("..");
  const real = (/** @type {string} */ day) => DATE.test(day) && !Number.isNaN(Date.parse(`${day}T00:00:00Z`));
  if (more !== undefined || !real(from) || !real(to)) return null;
  return from <= to ? { from, to } : { from: to, to: from };
}

/**
 * The days that are meant.
 * @param {string} when
 * @param {string} today
 * @returns {Period}
 */
export function period(when, today) {
  const yesterday = daysBefore(today, 1);
  switch (when) {
    case "today":
      return { from: today, to: today };
    case "yesterday":
      return { from: yesterday, to: yesterday };
    case "week":
      return { from: daysBefore(today, 6), to: today };
    case "month":
      return { from: daysBefore(today, 29), to: today };
    default:
      return dates(when) ?? { from: "", to: "" };
  }
}

/**
 * The period as parameters of the API, by the office's clock.
 * @param {Period} days
 * @param {string} offset "+03:00"
 */
export function span({ from, to }, offset) {
  const query = new URLSearchParams();
  if (from) query.set("from", `${from}T00:00:00${offset}`);
  if (to) query.set("to", `${daysBefore(to, -1)}T00:00:00${offset}`);
  return query;
}

/**
 * The filter as parameters of the API.
 * @param {Filter} filter
 * @param {string} today
 * @param {string} offset
 */
export function ask(filter, today, offset) {
  const query = span(period(filter.when, today), offset);
  const digits = dialled(filter.text);
  // A whole number is a party of the call, also one that only rang; a part of it may stand in any.
  if (digits.length === 11) query.set("number", digits);
  else if (filter.text) query.set("text", digits || filter.text);
  for (const name of /** @type {const} */ (["extension", "direction", "outcome"])) if (filter[name]) query.set(name, filter[name]);
  return query;
}

/**
 * The digits of what looks like a telephone number, as the history keeps them: 8 921… is 7921…, 8 10 49… is 49….
 * @param {string} text
 */
export function dialled(text) {
  const digits = text.replaceAll(/[\s\u00a0()+-]/g, "");
  if (!/^\d{3,20}$/.test(digits)) return "";
  if (digits.startsWith("810") && digits.length > 11) return digits.slice(3);
  return digits.length === 11 && digits.startsWith("8") ? `7${digits.slice(1)}` : digits;
}

/** @param {string} time RFC 3339 of the office */
export function offsetOf(time) {
  return /[+-]\d\d:\d\d$/.exec(time)?.[0] ?? "+00:00";
}

/**
 * The next wider search when nothing was found: first more time, then fewer conditions.
 * @param {Filter} filter
 * @returns {Filter | null} `null`: everything is sought already
 */
export function wider(filter) {
  if (filter.when === "today" || filter.when === "yesterday" || filter.when === "week") return { ...filter, when: "month" };
  if (filter.when !== "all") return { ...filter, when: "all" };
  return write(filter) ? ALL : null;
}
