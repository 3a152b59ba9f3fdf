// A timetable as it is drawn and told: which hours of a week are open, whether it is open now, and until when. Pure; the box judges
// calls by the same rules (an interval belongs to the day on which it starts; a date's own hours come before holidays, and these
// before the week's).

export const DAYS = /** @type {const} */ (["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);
const DAY = 24 * 60;
/** So far is looked ahead for the next change. Days. */
const AHEAD = 15;

/**
 * @typedef {{ days: string, from: string, to: string }} Hours
 * @typedef {{ date: string, from: string, to: string }} DateHours
 * @typedef {{ name: string, hours: Hours[], except: DateHours[], closed: string[] }} Timetable
 * @typedef {{ date: string, minute: number }} Civil what clocks of the office show
 */

/**
 * `mon-fri,sun` → the days of the week, Monday first; a range may go round the end of the week.
 * @param {string} text
 */
export function days(text) {
  const on = DAYS.map(() => false);
  for (const part of text.split(",")) {
    const [first = "", last = first] = part.trim().split("-");
    const [from, to] = [DAYS.indexOf(/** @type {any} */ (first)), DAYS.indexOf(/** @type {any} */ (last))];
    if (from < 0 || to < 0) continue;
    for (let day = from; day <= from + ((to + 7 - from) % 7); day += 1) on[day % 7] = true;
  }
  return on;
}

/**
 * The days as the office file spells them: `mon-fri,sun`.
 * @param {boolean[]} on
 */
export function spelled(on) {
  /** @type {[number, number][]} */
  const runs = [];
  on.forEach((is, day) => {
    const run = runs[runs.length - 1];
    if (is && run && run[1] === day - 1) run[1] = day;
    else if (is) runs.push([day, day]);
  });
  return runs.map(([from, to]) => (from === to ? DAYS[from] : `${DAYS[from]}-${DAYS[to]}`)).join(",");
}

/**
 * `09:00` → minutes since midnight; −1 when it is none.
 * @param {string} text
 */
export function minutes(text) {
  const [, hours = "", rest = ""] = /^(\d{1,2}):(\d{2})$/.exec(text) ?? [];
  const all = Number(hours) * 60 + Number(rest);
  return hours && Number(rest) < 60 && all <= DAY ? all : -1;
}

/**
 * The bars of each day of the week, in minutes; what goes past midnight goes on in the next day.
 * @param {Hours[]} hours
 * @returns {{ from: number, to: number, entry: number }[][]}
 */
export function week(hours) {
  /** @type {{ from: number, to: number, entry: number }[][]} */
  const bars = DAYS.map(() => []);
  hours.forEach((entry, nth) => {
    const [from, to] = [minutes(entry.from), minutes(entry.to)];
    if (from < 0 || to < 0) return;
    days(entry.days).forEach((on, day) => {
      if (!on) return;
      bars[day]?.push({ from, to: to > from ? to : DAY, entry: nth });
      if (to <= from && to > 0) bars[(day + 1) % 7]?.push({ from: 0, to, entry: nth });
    });
  });
  return bars;
}

/**
 * The day after, or `count` days after.
 * @param {string} date
 * @param {number} [count]
 */
export function dayAfter(date, count = 1) {
  return new Date(Date.parse(`${date}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);
}

/**
 * 0 on Mondays.
 * @param {string} date
 */
export function weekday(date) {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}

/**
 * The first and last day of `2027-01-01..2027-01-08`, or of one date.
 * @param {string} text
 * @returns {[string, string]}
 */
export function range(text) {
  const [first = "", last = first] = text.split("..");
  return [first, last];
}

/**
 * The intervals that start on a date.
 * @param {Timetable} timetable
 * @param {string} date
 */
function starting({ hours, except, closed }, date) {
  const own = except.filter((one) => one.date === date);
  if (own.length > 0) return own;
  const holiday = closed.some((text) => {
    const [first, last] = range(text);
    return first <= date && date <= last;
  });
  return holiday ? [] : hours.filter((entry) => days(entry.days)[weekday(date)]);
}

/**
 * Whether it is open when clocks show this.
 * @param {Timetable} timetable
 * @param {Civil} at
 */
export function isOpen(timetable, { date, minute }) {
  const today = starting(timetable, date).some(({ from, to }) => {
    const [start, end] = [minutes(from), minutes(to)];
    return start >= 0 && end >= 0 && minute >= start && (end <= start || minute < end);
  });
  if (today) return true;
  return starting(timetable, dayAfter(date, -1)).some(({ from, to }) => minutes(to) <= minutes(from) && minute < minutes(to));
}

/**
 * Whether it is open, and when that changes; without `until`, not within two weeks.
 * @param {Timetable} timetable
 * @param {Civil} now
 * @returns {{ open: boolean, until: Civil | null }}
 */
export function verdict(timetable, now) {
  const open = isOpen(timetable, now);
  for (let day = 0; day <= AHEAD; day += 1) {
    const date = dayAfter(now.date, day);
    // It can change only where an interval starts or ends, and at midnight.
    const edges = [...starting(timetable, date), ...starting(timetable, dayAfter(date, -1))].flatMap(({ from, to }) => [minutes(from), minutes(to)]);
    for (const minute of [...new Set([0, ...edges])].sort((one, other) => one - other)) {
      if (minute < 0 || minute >= DAY || (day === 0 && minute <= now.minute)) continue;
      if (isOpen(timetable, { date, minute }) !== open) return { open, until: { date, minute } };
    }
  }
  return { open, until: null };
}

/**
 * An interval with a lunch break in it: two.
 * @param {Hours} hours
 * @returns {Hours[]}
 */
export function withLunch(hours) {
  const [from, to] = [minutes(hours.from), minutes(hours.to)];
  const around = (/** @type {number} */ minute) => from < minute && minute + 60 < to;
  const start = [13 * 60, 12 * 60, 14 * 60].find(around);
  if (start === undefined || to <= from) return [hours];
  return [{ ...hours, to: clock(start) }, { ...hours, from: clock(start + 60) }];
}

/** @param {number} minute */
export function clock(minute) {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/**
 * What is wrong with an interval before the box says so: it begins and ends at once.
 * @param {{ from: string, to: string }} interval
 */
export function isWhole({ from, to }) {
  return from === to || (from === "00:00" && to === "24:00");
}
