// «Чего не хватает для звонков»: a checklist for the first ten minutes, each step with the thing to press. Gone when all is done.
import { number } from "../format.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { SECTIONS } from "../routes.js";
import { isNew, steps } from "../todo.js";
import { Icon } from "./icons.js";

/** Where a browser keeps that somebody has seen enough of it. */
const HIDDEN = "todo-hidden";

/**
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, box: import("../store.js").Box, admin: boolean, settings?: number, changes?: number }} props
 *   `settings` and `changes` count changes of the settings and of the history
 */
export function Todo({ t, api, box, admin, settings = 0, changes = 0 }) {
  const [desk, setDesk] = useState(/** @type {any} */ (null));
  const [schedules, setSchedules] = useState(/** @type {any[] | null} */ (null));
  const [answered, setAnswered] = useState(/** @type {boolean | null} */ (null));
  const [hidden, setHidden] = useState(isHidden);
  const idle = !admin || hidden;
  useEffect(() => {
    if (idle) return;
    const how = { background: true };
    api.get("routing", how).then(setDesk, () => {});
    api.all("schedules", how).then(setSchedules, () => {});
  }, [settings, idle]);
  useEffect(() => {
    if (idle || answered) return;
    api.get("history?limit=100", { background: true }).then(({ items }) => setAnswered(items.some((/** @type {any} */ row) => row.direction === "inbound" && row.outcome === "answered")), () => {});
  }, [changes, idle]);
  if (idle) return null;
  const list = steps(box, { desk, schedules, answered });
  const open = list.filter(({ done }) => !done);
  const first = open.find(({ href }) => href);
  if (open.length === 0) return null;
  // Without a number and a telephone nobody can call: that is not hidden.
  const enough = list.slice(0, 2).every(({ done }) => done);
  const hide = () => {
    remember();
    setHidden(true);
  };
  const leads = (/** @type {string} */ href) => SECTIONS.some(({ at }) => href.startsWith(`#/${at}`));
  return html`<section class=${enough ? "card" : "card todo-first"} aria-labelledby="todo-title">
    <header><h2 id="todo-title">${t("todo")}</h2><span class="hint">${t("todo_count", { done: list.length - open.length, all: list.length })}</span>
      ${enough && html`<button class="button quiet" type="button" onClick=${hide}>${t("todo_hide")}</button>`}</header>
    <ol class="todo">${list.map((step, nth) => {
      const { key, done, word, values, why, whyValues, act, href } = step;
      const told = whyValues?.digits ? { ...whyValues, number: number(whyValues.digits, box.system?.country) } : whyValues;
      return html`<li key=${key} class=${done ? "done" : ""}>
        <span class="tick">${done ? html`<${Icon} name="check" />` : nth + 1}</span>
        <span class="what">${done ? t(word, values) : html`<b>${t(word, values)}</b>${why && html`<small>${t(why, told)}</small>`}`}</span>
        ${!done && act && href && leads(href) && html`<a class=${step === first ? "button primary" : "button"} href=${href}>${t(act)}</a>`}
      </li>`;
    })}</ol>
  </section>`;
}

/**
 * On every page but the first: what comes next, in an office that has no number or has never seen a telephone.
 * @param {{ t: import("../words.js").Say, box: import("../store.js").Box, admin: boolean, section: string }} props
 */
export function NextStep({ t, box, admin, section }) {
  const first = steps(box, { desk: null, schedules: null, answered: null }).find(({ done }) => !done);
  if (!admin || !box.system || !isNew(box) || section === "now" || !first?.href || !first.act) return null;
  const isHere = first.href.startsWith(`#/${section}`);
  return html`<p class="note next-step"><${Icon} name="info" /><span>${t("todo_next")} <b>${t(first.word, first.values)}</b>.</span>
    ${!isHere && html`<a class="button" href=${first.href}>${t(first.act)}</a>`}<a class="button" href="#/now">${t("todo_all")}</a></p>`;
}

function isHidden() {
  try {
    return localStorage.getItem(HIDDEN) !== null;
  } catch {
    return false;
  }
}

function remember() {
  try {
    localStorage.setItem(HIDDEN, "1");
  } catch {
    // then it is there again after the page is closed
  }
}
