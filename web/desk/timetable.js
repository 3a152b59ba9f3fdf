// Whether a timetable is open, and until when: the line on the card and the week beside it. The box itself judges calls; this says the
// same beforehand. Times are the office's wall clock, minutes of a day. Pure.
import { daysBefore } from "../format.js";

/**
 * @typedef {{ days: string, from: string, to: string }} WeekHours
 * @typedef {{ date: string, from: string, to: string }} DateHours
 * @typedef {{ name: string, hours?: WeekHours[], except?: DateHours[], closed?: string[] }} Schedule as the API has it
 * @typedef {{ from: number, to: number }} Span of minutes; `to` over 1440 goes past midnight
 */

export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY = 24 * 60;
/** So far is looked ahead for the next change. Days. */
const AHEAD = 14;

/**
 * `mon-fri`, `sat`, `mon,wed,fri-sun`: the days, Monday first.
 * @param {string} text
 * @returns {boolean[]}
 */
export function days(text) {
  const on = DAYS.map(() => false);
  for (const part of text.split(",")) {
    const [first = "", last = first] = part.trim().split("-").map((day) => day.trim());
    const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
    if (from < 0 || to < 0) continue;
    for (let step = 0; step <= (to - from + 7) % 7; step += 1) on[(from + step) % 7] = true;
  }
  return on;
}

/**
 * The other way round.
 * @param {boolean[]} on
 */
export function spelled(on) {
  const parts = [];
  for (let from = 0; from < 7; from += 1) {
    if (!on[from]) continue;
    let to = from;
    while (on[to + 1]) to += 1;
    parts.push(from === to ? DAYS[from] : `${DAYS[from]}-${DAYS[to]}`);
    from = to;
  }
  return parts.join(",");
}

/** @param {string} text */
export function minutes(text) {
  const [hours = 0, rest = 0] = text.split(":").map(Number);
  return hours * 60 + rest;
}

/** @param {number} all */
export function clock(all) {
  const within = all % DAY;
  return `${Math.floor(within / 60)}:${String(within % 60).padStart(2, "0")}`;
}

/** @param {string} date */
const weekday = (date) => (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;

/**
 * The open hours that begin on a date, in order.
 * @param {Schedule} schedule
 * @param {string} date
 * @returns {Span[]}
 */
export function hoursOf(schedule, date) {
  const own = (schedule.except ?? []).filter((one) => one.date === date);
  const isClosed = (schedule.closed ?? []).some((range) => {
    const [first = "", last = first] = range.split("..");
    return first <= date && date <= last;
  });
  const hours = own.length ? own : isClosed ? [] : (schedule.hours ?? []).filter((one) => days(one.days)[weekday(date)]);
  const spans = hours.map(({ from, to }) => ({ from: minutes(from), to: minutes(to) }));
  return spans.map(({ from, to }) => ({ from, to: to <= from ? to + DAY : to })).sort((a, b) => a.from - b.from);
}

/**
 * @param {Schedule} schedule
 * @param {string} date
 * @param {number} minute of that date
 */
export function isOpen(schedule, date, minute) {
  const holds = ({ from = 0, to = 0 }, /** @type {number} */ at) => from <= at && at < to;
  return hoursOf(schedule, date).some((span) => holds(span, minute)) || hoursOf(schedule, daysBefore(date, 1)).some((span) => holds(span, minute + DAY));
}

/**
 * Whether it is open, and the first moment when that changes; `null`: not within two weeks.
 * @param {Schedule} schedule
 * @param {string} date
 * @param {number} minute
 * @returns {{ open: boolean, until: { date: string, minute: number } | null }}
 */
export function standing(schedule, date, minute) {
  const open = isOpen(schedule, date, minute);
  for (let day = 0; day <= AHEAD; day += 1) {
    const then = daysBefore(date, -day);
    const edges = [...hoursOf(schedule, then).flatMap(({ from, to }) => [from, to]), ...hoursOf(schedule, daysBefore(then, 1)).map(({ to }) => to - DAY), 0];
    const coming = edges.filter((edge) => edge >= 0 && edge < DAY && (day > 0 || edge > minute)).sort((a, b) => a - b);
    const change = coming.find((edge) => isOpen(schedule, then, edge) !== open);
    if (change !== undefined) return { open, until: { date: then, minute: change } };
  }
  return { open, until: null };
}
