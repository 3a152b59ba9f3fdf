// Who waits in which group, the longest first, and who could take the call.
import { queues } from "../calls/queue.js";
import { span } from "../format.js";
import { html } from "../lib/preact.js";
import { doing } from "../store.js";

/** Free places that are drawn; the others are a number. */
const DRAWN = 3;

/**
 * @param {{ t: import("../words.js").Say, box: import("../store.js").Box, now: number, groups: import("../calls/queue.js").Group[],
 *   elements: import("../calls/queue.js").Element[], name: (digits: string, name?: string) => string }} props
 */
export function Waiting({ t, box, now, groups, elements, name }) {
  if (groups.length === 0) return null;
  const all = queues(groups, elements, box.calls, stateOf(box));
  const count = all.reduce((sum, { waiting }) => sum + waiting.length, 0);
  return html`<section class="card" aria-labelledby="waiting-title">
    <header><h2 id="waiting-title">${t("now_waiting")}</h2>${count > 0 && html`<b class="count live">${count}</b>`}${count > 1 && html`<span class="hint wide-only">${t("now_longest_first")}</span>`}</header>
    <ul class="queues">${all.map(({ group, waiting, free, busy, online }) => {
      const places = group.max_queue === undefined ? 0 : Math.max(0, group.max_queue - waiting.length);
      const who = online === 0 ? t("now_nobody_online") : free ? t("now_free_of", { free, online }) : t("now_all_busy", { count: busy });
      return html`<li key=${group.number}>
        <div class="queue-head"><b>${group.number}${`\u00a0${group.name}`}</b> <span class=${online === 0 ? "lamp bad" : free ? "lamp ok" : "lamp off"}>${who}</span></div>
        ${waiting.length === 0
          ? html`<small class="hint">${t("now_nobody_waits")}</small>`
          : html`<ol class="seats">${waiting.map((call) => html`<li key=${call.id} class="seat"><b>${name(call.caller, call.caller_name)}</b> ${span(now + box.skew - Date.parse(call.started_at))}</li>`)}
              ${Array.from({ length: Math.min(DRAWN, places) }, (_, nth) => html`<li key=${`free-${nth}`} class="seat free" aria-hidden="true"></li>`)}
              ${places > 0 && html`<li class="hint">${t("now_places", { count: places })}</li>`}</ol>`}
      </li>`;
    })}</ul>
  </section>`;
}

/** How many people wait for an answer. @param {import("../store.js").Box} box @param {import("../calls/queue.js").Group[]} groups @param {import("../calls/queue.js").Element[]} elements */
export function waitingCount(box, groups, elements) {
  return queues(groups, elements, box.calls, () => "free").reduce((sum, { waiting }) => sum + waiting.length, 0);
}

/** @param {import("../store.js").Box} box */
function stateOf(box) {
  const states = new Map(box.extensions.map((extension) => [extension.number, doing(extension, box.calls).what]));
  return (/** @type {string} */ number) => states.get(number) ?? "offline";
}
