// A timetable as a week: what is open when, and where today stands.
import { daysBefore } from "../format.js";
import { html } from "../lib/preact.js";
import { DAYS, hoursOf, standing } from "./timetable.js";

/** @param {{ t: import("../words.js").Say, tell: import("./telling.js").Teller, schedule: import("./timetable.js").Schedule, at: import("./telling.js").Moment }} props */
export function Week({ t, tell, schedule, at }) {
  const { open, until } = standing(schedule, at.date, at.minute);
  const today = (new Date(`${at.date}T00:00:00Z`).getUTCDay() + 6) % 7;
  const words = tell.until(at, until);
  const change = words && t(open ? "desk_closes" : "desk_opens", { until: words });
  const day = (/** @type {string} */ date) => `${date.slice(8)}.${date.slice(5, 7)}`;
  const rest = [
    ...(schedule.except ?? []).map((one) => `${day(one.date)} ${one.from}–${one.to}`),
    ...(schedule.closed ?? []).map((range) => t("desk_except_closed", { dates: range.split("..").map(day).join("–") })),
  ];
  return html`<p class=${open ? "note ok" : "note"}><${Dot} open=${open} /><span><b>${t(open ? "desk_open_now" : "desk_closed_now")}</b> ${change}</span></p>
    <div class="desk-week">${DAYS.map((word, nth) => {
      // This week's own hours: a holiday of this week shows as one.
      const spans = hoursOf(schedule, daysBefore(at.date, today - nth));
      return html`<span key=${word} class=${nth === today ? "today" : ""}>${tell.say(`desk_day_${word}`)}</span><svg viewBox="0 0 1440 12" preserveAspectRatio="none" aria-hidden="true">
        <rect class="base" width="1440" height="12" />${spans.map(({ from, to }) => html`<rect class="bar" x=${from} y="2" width=${Math.min(1440, to) - from} height="8" />`)}
        ${nth === today && html`<path class="now" d=${`M${at.minute} -2V14`} />`}</svg>
        <span class="unseen">${spans.map(({ from, to }) => `${clockOf(from)}–${clockOf(to)}`).join(", ")}</span>`;
    })}<span></span><span class="scale" aria-hidden="true">${[0, 6, 12, 18, 24].map((hour) => html`<i>${hour}</i>`)}</span></div>
    ${rest.length > 0 && html`<p class="hint">${t("desk_except", { what: rest.join(", ") })}</p>`}`;
}

/** @param {number} all */
const clockOf = (all) => `${Math.floor((all % 1440) / 60)}:${String(all % 60).padStart(2, "0")}`;

/** @param {{ open: boolean }} props */
function Dot({ open }) {
  return html`<i class=${open ? "lamp ok" : "lamp off"}></i>`;
}
