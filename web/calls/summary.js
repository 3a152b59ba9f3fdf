// The sums of the history as the API tells them → as the page draws them: every hour and every day is there, also the quiet ones. Pure.
import { daysBefore } from "../format.js";

/**
 * @typedef {{ taken: number, missed: number }} Count
 * @typedef {{ group: string, name: string, count: number, lost: number, average_ms: number, longest_ms: number }} Wait
 * @typedef {{ number: string, name: string, at: string, times: number, id: string }} Missed
 * @typedef {{ number: string, employee: string, calls: number, talk_ms: number }} Work
 * @typedef {{ hours: Count[], days: (Count & { day: string })[], groups: Wait[], missed: Missed[], more: number, work: Work[],
 *   totals: { taken: number, missed: number, outbound: number, wait_ms: number | null } }} Summary `more`: missed ones that are only counted
 */

/** Days that are drawn at most. */
const DAYS = 366;

/**
 * @param {any} answer of GET history/summary
 * @param {import("./filter.js").Period} period
 * @returns {Summary}
 */
export function summaryOf(answer, period) {
  const count = (/** @type {any} */ one) => ({ taken: one?.inbound_answered ?? 0, missed: one?.inbound_missed ?? 0 });
  const hours = Array.from({ length: 24 }, () => count(null));
  for (const one of answer.hours) hours[one.hour] = count(one);
  const counted = new Map(answer.days.map((/** @type {any} */ one) => [one.day, one]));
  const groups = answer.groups.map((/** @type {any} */ one) => ({
    group: one.number,
    name: one.name,
    count: one.calls,
    lost: one.given_up + one.given_back,
    average_ms: one.wait_mean_seconds * 1000,
    longest_ms: one.wait_longest_seconds * 1000,
  }));
  const sum = (/** @type {(one: Wait) => number} */ of) => groups.reduce((/** @type {number} */ all, /** @type {Wait} */ one) => all + of(one), 0);
  const waited = sum((one) => one.count);
  return {
    hours,
    days: every(period).map((day) => ({ day, ...count(counted.get(day)) })),
    groups,
    missed: answer.not_called_back.map((/** @type {any} */ one) => ({ number: one.number, name: one.name ?? "", at: one.last_at, times: one.missed, id: one.last_call })),
    more: answer.not_called_back_more ?? 0,
    work: (answer.extensions ?? [])
      .filter((/** @type {any} */ one) => one.calls > 0)
      .map((/** @type {any} */ one) => ({ number: one.number, employee: one.employee, calls: one.calls, talk_ms: one.talk_seconds * 1000 }))
      .sort((/** @type {Work} */ one, /** @type {Work} */ other) => other.calls - one.calls),
    totals: { ...count(answer.total), outbound: answer.total.outbound, wait_ms: waited ? sum((one) => one.count * one.average_ms) / waited : null },
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
