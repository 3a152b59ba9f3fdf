// Who waits in which group, the longest first, and who could take the call: as the box tells it.
import { queues } from "../calls/queue.js";
import { span } from "../format.js";
import { html } from "../lib/preact.js";

/** Free places that are drawn; the others are a number. */
const DRAWN = 3;

/**
 * @param {{ t: import("../words.js").Say, box: import("../store.js").Box, now: number, groups: import("../calls/queue.js").Group[],
 *   name: (digits: string, name?: string) => string }} props
 */
export function Waiting({ t, box, now, groups, name }) {
  if (groups.length === 0) return null;
  const all = queues(groups, box.queues);
  const count = all.reduce((sum, { waiting }) => sum + waiting.length, 0);
  return html`<section class="card" aria-labelledby="waiting-title">
    <header><h2 id="waiting-title">${t("now_waiting")}</h2>${count > 0 && html`<b class="count live">${count}</b>`}${count > 1 && html`<span class="hint roomy">${t("now_longest_first")}</span>`}</header>
    <ul class="queues">${all.map(({ group, waiting, free, busy, resting, online }) => {
      const places = group.max_queue === undefined ? 0 : Math.max(0, group.max_queue - waiting.length);
      const away = resting > 0 && resting === online ? t("now_all_rest") : t("now_all_busy", { count: busy + resting });
      const who = online === 0 ? t("now_nobody_online") : free ? t("now_free_of", { free, online }) : away;
      return html`<li key=${group.number}>
        <div class="queue-head"><b><a class="quiet-link" href=${`#/groups/${group.number}`}>${group.number}${`\u00a0${group.name}`}</a></b> <span class=${online === 0 ? "lamp bad" : free ? "lamp ok" : "lamp off"}>${who}</span></div>
        ${waiting.length === 0
          ? html`<small class="hint">${t("now_nobody_waits")}</small>`
          : html`<ol class="seats">${waiting.map((one) => html`<li key=${one.call} class="seat"><b>${name(one.caller, one.caller_name)}</b> ${span(now + box.skew - Date.parse(one.since))}</li>`)}
              ${Array.from({ length: Math.min(DRAWN, places) }, (_, nth) => html`<li key=${`free-${nth}`} class="seat free" aria-hidden="true"></li>`)}
              ${places > 0 && html`<li class="hint">${t("now_places", { count: places })}</li>`}</ol>`}
      </li>`;
    })}</ul>
  </section>`;
}
