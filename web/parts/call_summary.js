// What the history adds up to: calls by hour or by day, how long groups let people wait, and who was not called back.
import { period, span as parameters } from "../calls/filter.js";
import { bars, busyHours } from "../calls/plot.js";
import { summaryOf } from "../calls/summary.js";
import { date, daysBefore, hour, span } from "../format.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { CallButton } from "./call_out.js";

/** @typedef {import("../calls/summary.js").Summary} Summary */

/** A day or more of calls ends at once; the sums are read once for all of them. Milliseconds. */
const SETTLE = 3_000;
/** Rows of the list of those who wait for a call, on a screen and on a telephone. */
const SHOWN = { wide: 6, narrow: 3 };
const BOX = { width: 680, height: 84, labels: 12 };

/**
 * The sums of a period, read anew when calls end; `null`: not there yet, or the box can't tell.
 * @param {{ api: import("../api.js").Api, when: string, today: string, offset: string, changes: number, onRefused: (error: unknown) => void }} props
 */
export function useSummary({ api, when, today, offset, changes, onRefused }) {
  const [read, setRead] = useState(/** @type {{ key: string, summary: Summary } | null} */ (null));
  const days = period(when === "all" ? "month" : when, today);
  const key = String(parameters(days, offset));
  const load = () => api.get(`history/summary?${key}`, { background: read !== null }).then((answer) => setRead({ key, summary: summaryOf(answer, days) }), onRefused);
  useEffect(() => {
    const timer = setTimeout(load, read?.key === key ? SETTLE : 0);
    return () => clearTimeout(timer);
  }, [key, changes]);
  return { summary: read?.key === key ? read.summary : null, days, stale: read?.summary ?? null };
}

/**
 * @param {{ t: import("../words.js").Say, language: "ru" | "en", summary: Summary, days: import("../calls/filter.js").Period, today: string,
 *   lit?: string | null, onDay: (day: string) => void }} props
 *   `lit`: the moment of the opened call
 */
export function Plot({ t, language, summary, days, today, lit, onDay }) {
  const one = days.from === days.to;
  const points = one
    ? busyHours(summary.hours).map(({ hour: at, count }) => ({ ...count, name: `${at}:00–${at + 1}:00`, short: String(at), day: "", lit: lit?.slice(0, 10) === days.from && Number(lit.slice(11, 13)) === at }))
    : summary.days.map(({ day, ...count }) => ({ ...count, name: dayName(day, language), short: String(Number(day.slice(8))), day, lit: lit?.slice(0, 10) === day }));
  const { bars: drawn, top } = bars(points, BOX);
  const title = one ? (days.from === today ? t("calls_by_hour") : t("calls_by_hour_of", { day: dayName(days.from, language) })) : t("calls_by_day");
  return html`<div class="plot-head"><h2>${title}</h2><span class="hint"><span class="lamp">${t("calls_taken")}</span> <span class="lamp bad">${t("calls_missed")}</span></span></div>
    <div class="plot-box"><svg class="plot" viewBox=${`0 -6 ${BOX.width + 24} ${BOX.height + 26}`} aria-hidden="true">
      <path class="axis" d=${`M0 ${BOX.height + 0.5}H${BOX.width}M0 .5H${BOX.width}`} /><text x=${BOX.width + 4} y="5">${top}</text>
      ${drawn.map((bar, nth) => {
        const point = points[nth];
        if (!point) return null;
        const click = point.day ? () => onDay(point.day) : null;
        return html`<g key=${point.name} class=${point.day ? "bar link" : "bar"} onClick=${click}>
          <title>${t("calls_plot_of", { name: point.name, taken: point.taken, missed: point.missed })}</title>
          <rect class=${point.lit ? "ground lit" : "ground"} x=${bar.middle - (BOX.width / points.length) / 2} y="-6" width=${BOX.width / points.length} height=${BOX.height + 24} rx="3" />
          ${bar.taken.height > 0 && html`<rect class="taken" x=${bar.x} y=${bar.taken.y} width=${bar.width} height=${bar.taken.height} rx="2" />`}
          ${bar.missed.height > 0 && html`<rect class="missed" x=${bar.x} y=${bar.missed.y} width=${bar.width} height=${bar.missed.height} rx="1.5" />`}
          ${bar.labelled && html`<text x=${bar.middle} y=${BOX.height + 14} text-anchor="middle">${point.short}</text>`}
        </g>`;
      })}
    </svg></div>
    <div class="unseen"><table><caption>${title}</caption>
      <thead><tr><th scope="col">${t("when")}</th><th scope="col">${t("calls_taken")}</th><th scope="col">${t("calls_missed")}</th></tr></thead>
      <tbody>${points.map((point) => html`<tr key=${point.name}><th scope="row">${point.name}</th><td>${point.taken}</td><td>${point.missed}</td></tr>`)}</tbody></table></div>`;
}

/**
 * @param {string} day
 * @param {string} language
 */
function dayName(day, language) {
  return new Intl.DateTimeFormat(language === "ru" ? "ru-RU" : "en-GB", { weekday: "short", day: "numeric", month: "long", timeZone: "UTC" }).format(new Date(`${day}T00:00:00Z`));
}

/** @param {{ t: import("../words.js").Say, summary: Summary }} props */
export function Facts({ t, summary }) {
  const { taken, missed, outbound, wait_ms } = summary.totals;
  return html`<dl class="facts">
    <div><dd>${taken}</dd><dt>${t("calls_fact_taken")}</dt></div>
    <div><dd class=${missed ? "bad" : ""}>${missed}</dd><dt>${t("calls_fact_missed")}</dt></div>
    <div><dd>${wait_ms === null ? "–" : span(wait_ms)}</dd><dt>${t("calls_fact_wait")}</dt></div>
    <div><dd>${outbound}</dd><dt>${t("calls_fact_out")}</dt></div>
  </dl>`;
}

/** @param {{ t: import("../words.js").Say, summary: Summary }} props */
export function Waits({ t, summary }) {
  if (summary.groups.length === 0) return null;
  const longest = Math.max(1, ...summary.groups.map(({ longest_ms }) => longest_ms));
  return html`<details class="card waits" open=${!narrow()}><summary><h2>${t("calls_waits")}</h2></summary>
    <ul>${summary.groups.map(
      (one) => html`<li key=${one.group}>
        <div><b>${`${one.group}\u00a0${one.name}`.trim()}</b><span class="hint">${t("calls_waits_of", { count: one.count, left: one.lost })}</span></div>
        <div class="wait-bar" aria-hidden="true"><i style=${{ width: `${(100 * one.longest_ms) / longest}%` }}></i><i class="usual" style=${{ width: `${(100 * one.average_ms) / longest}%` }}></i></div>
        <small class="second">${t("calls_waits_long", { average: span(one.average_ms), longest: span(one.longest_ms) })}</small>
      </li>`,
    )}</ul>
  </details>`;
}

/** @param {{ t: import("../words.js").Say, summary: Summary }} props */
export function Work({ t, summary }) {
  if (summary.work.length === 0) return null;
  return html`<details class="card waits" open=${!narrow()}><summary><h2>${t("calls_work")}</h2></summary>
    <table class="table work"><thead><tr><th>${t("who")}</th><th class="right">${t("calls")}</th><th class="right">${t("calls_work_talk")}</th></tr></thead>
      <tbody>${summary.work.map(
        (one) => html`<tr key=${one.number}><td><a href=${`#/calls?extension=${one.number}`}>${`${one.number}\u00a0${one.employee}`.trim()}</a></td><td class="right">${one.calls}</td><td class="right">${span(one.talk_ms)}</td></tr>`,
      )}</tbody></table>
  </details>`;
}

/** On a telephone the list of calls is not far down. */
function narrow() {
  return matchMedia("(max-width: 720px)").matches;
}

/**
 * @param {import("./call_out.js").Props & { language: "ru" | "en", summary: Summary, today: string, link: (id: string) => string }} props
 */
export function NotCalledBack(props) {
  const { t, summary, today, name, link } = props;
  const [all, setAll] = useState(false);
  const { missed } = summary;
  const [few] = useState(() => (narrow() ? SHOWN.narrow : SHOWN.wide));
  const shown = all ? missed : missed.slice(0, few);
  return html`<section class="card" aria-labelledby="back-title">
    <header><h2 id="back-title">${t("calls_not_called_back")}</h2>${missed.length > 0 && html`<b class="count">${missed.length + summary.more}</b>`}</header>
    ${missed.length === 0 && html`<p class="empty">${t("calls_all_called_back")}</p>`}
    <ul class="back">${shown.map(
      (one) => html`<li key=${`${one.number} ${one.at}`}>
        <div><b><a class="quiet-link" href=${link(one.id)}>${name(one.number, one.name)}</a></b>
          <small class="second">${near(one.at, today, t)}${one.times > 1 ? `, ${t("calls_times_called", { count: one.times })}` : ""}</small></div>
        <${CallButton} ...${props} to=${one.number} word=${t("calls_call")} />
      </li>`,
    )}</ul>
    ${missed.length > few && !all && html`<footer class="card-foot"><button class="button quiet" type="button" onClick=${() => setAll(true)}>${t("calls_more_missed", { count: missed.length - few })}</button></footer>`}
  </section>`;
}

/**
 * @param {string} at
 * @param {string} today
 * @param {import("../words.js").Say} t
 */
function near(at, today, t) {
  const day = date(at);
  if (day === today) return `${t("today")}, ${hour(at)}`;
  if (day === daysBefore(today, 1)) return `${t("yesterday")}, ${hour(at)}`;
  return `${day.slice(8, 10)}.${day.slice(5, 7)}, ${hour(at)}`;
}
