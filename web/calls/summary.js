// The sums of the history as the API tells them → as the page draws them: every hour and every day is there, also the quiet ones. Pure.
import { daysBefore } from "../format.js";

/**
 * @typedef {{ taken: number, missed: number }} Count
 * @typedef {{ group: string, count: number, lost: number, average_ms: number, longest_ms: number }} Wait
 * @typedef {{ number: string, name: string, at: string, times: number, id: string | null }} Missed
 * @typedef {{ hours: Count[], days: (Count & { day: string })[], groups: Wait[], missed: Missed[],
 *   totals: { taken: number, missed: number, outbound: number, wait_ms: number | null } }} Summary
 */

/** Days that are drawn at most. */
const DAYS = 366;

/**
 * @param {any} answer of GET history/summary
 * @param {import("./filter.js").Period} period
 * @returns {Summary}
 */
export function summaryOf(answer, period) {
  const hours = Array.from({ length: 24 }, () => ({ taken: 0, missed: 0 }));
  for (const one of answer.hours) hours[one.hour] = { taken: one.answered, missed: one.missed };
  const counted = new Map(answer.days.map((/** @type {any} */ one) => [one.date, one]));
  const days = every(period).map((day) => ({ day, taken: counted.get(day)?.answered ?? 0, missed: counted.get(day)?.missed ?? 0 }));
  const sum = (/** @type {string} */ key) => answer.days.reduce((/** @type {number} */ all, /** @type {any} */ one) => all + (one[key] ?? 0), 0);
  const groups = answer.groups.map((/** @type {any} */ one) => ({ group: one.group, count: one.calls, lost: one.given_up + one.given_back, average_ms: one.average_ms, longest_ms: one.longest_ms }));
  const waited = groups.reduce((/** @type {number} */ all, /** @type {Wait} */ one) => all + one.count, 0);
  const wait = groups.reduce((/** @type {number} */ all, /** @type {Wait} */ one) => all + one.count * one.average_ms, 0);
  return {
    hours,
    days,
    groups,
    missed: answer.not_called_back.map((/** @type {any} */ one) => ({ number: one.caller, name: one.caller_name ?? "", at: one.last_at, times: one.calls, id: one.id ?? null })),
    totals: { taken: sum("answered"), missed: sum("missed"), outbound: sum("outbound"), wait_ms: waited ? wait / waited : null },
  };
}

/**
 * Each day of a period.
 * @param {import("./filter.js").Period} period
 */
function every({ from, to }) {
  const days = [];
  for (let day = from; day <= to && days.length < DAYS; day = daysBefore(day, -1)) days.push(day);
  return days;
}
