// A timetable as a week: what is open when, and where today stands.
import { html } from "../lib/preact.js";
import { DAYS, clock, range, verdict, week, weekday } from "../timetable.js";

/** @param {{ t: import("../words.js").Say, tell: import("./telling.js").Teller, schedule: import("../timetable.js").Timetable, at: import("./telling.js").Moment }} props */
export function Week({ t, tell, schedule, at }) {
  const { open, until } = verdict(schedule, at);
  const today = weekday(at.date);
  const bars = week(schedule.hours);
  const words = tell.until(at, until);
  const change = words && t(open ? "desk_closes" : "desk_opens", { until: words });
  const day = (/** @type {string} */ date) => `${date.slice(8)}.${date.slice(5, 7)}`;
  const rest = [
    ...schedule.except.map((one) => `${day(one.date)} ${one.from}–${one.to}`),
    ...schedule.closed.map((text) => t("desk_except_closed", { dates: range(text).filter((date, nth, both) => nth === 0 || date !== both[0]).map(day).join("–") })),
  ];
  return html`<p class=${open ? "note ok" : "note"}><${Dot} open=${open} /><span><b>${t(open ? "desk_open_now" : "desk_closed_now")}</b> ${change}</span></p>
    <div class="desk-week">${DAYS.map((word, nth) => {
      const spans = bars[nth] ?? [];
      return html`<span key=${word} class=${nth === today ? "today" : ""}>${tell.say(`desk_day_${word}`)}</span><svg viewBox="0 0 1440 12" preserveAspectRatio="none" aria-hidden="true">
        <rect class="base" width="1440" height="12" />${spans.map(({ from, to }) => html`<rect class="bar" x=${from} y="2" width=${to - from} height="8" />`)}
        ${nth === today && html`<path class="now" d=${`M${at.minute} -2V14`} />`}</svg>
        <span class="unseen">${spans.map(({ from, to }) => `${clock(from)}–${clock(to)}`).join(", ")}</span>`;
    })}<span></span><span class="scale" aria-hidden="true">${[0, 6, 12, 18, 24].map((hour) => html`<i>${hour}</i>`)}</span></div>
    ${rest.length > 0 && html`<p class="hint">${t("desk_except", { what: rest.join(", ") })}</p>`}`;
}

/** @param {{ open: boolean }} props */
function Dot({ open }) {
  return html`<i class=${open ? "lamp ok" : "lamp off"}></i>`;
}
