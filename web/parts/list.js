// A list of things: a table when there is room, else rows of two lines. A row is a link; arrows go from row to row.
import { find } from "../find.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { address } from "../routes.js";
import { useTask } from "./form.js";
import { Icon } from "./icons.js";
import { NEW } from "./item.js";

/** With more rows than that, a list can be filtered. */
const MANY = 12;

/**
 * Reads a collection, and again when the settings change.
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, onRefused: (error: unknown) => void, settings: number }} frame
 * @param {string} collection
 */
export function useList({ t, api, onRefused, settings }, collection) {
  const [rows, setRows] = useState(/** @type {any[] | null} */ (null));
  const { fault, run, busy } = useTask(t);
  const load = () =>
    run(async () => {
      try {
        setRows(await api.all(collection));
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  useEffect(() => {
    load();
  }, [collection, settings]);
  return { rows, fault, load, busy };
}

/**
 * @typedef {{ head: string, cell: (row: any) => unknown, look?: string }} Column the first is the row's name and link; `look`: right, wide
 * @param {{ t: import("../words.js").Say, collection: string, title: string, why?: string, add?: string, rows: any[] | null,
 *   fault?: import("../api.js").Refused | null, onAgain?: () => void, keyed: string, columns: Column[], words: (row: any) => string,
 *   empty: unknown, admin: boolean, children?: unknown, fixed?: boolean }} props
 *   `words`: by which a row is found; `fixed`: rows don't open
 */
export function List({ t, collection, title, why, add, rows, fault, onAgain, keyed, columns, words, empty, admin, children }) {
  const [question, setQuestion] = useState("");
  const things = (rows ?? []).map((row) => ({ text: words(row), about: "", href: "", row }));
  const shown = question.trim() && rows ? /** @type {any[]} */ (find(things, question, things.length)).map(({ row }) => row) : (rows ?? []);
  const [first, ...rest] = columns;
  if (!first) return null;
  return html`<header class="head item-head">
      <div><h1>${title}</h1>${why && html`<p class="second">${why}</p>`}</div>
      <div class="actions">${admin && add && html`<a class="button primary" href=${address(collection, NEW)}><${Icon} name="plus" />${add}</a>`}</div>
    </header>
    ${children}
    <section class="card" aria-label=${title}>
      ${rows && rows.length > MANY && html`<div class="in filterline"><label class="unseen" for="filter">${t("list_filter")}</label>
        <input class="input" id="filter" type="search" placeholder=${t("list_filter")} value=${question} onInput=${(/** @type {InputEvent} */ event) => setQuestion(/** @type {HTMLInputElement} */ (event.target).value)} />
        <span class="hint" role="status">${question.trim() && t("list_found", { count: shown.length, all: rows.length })}</span></div>`}
      ${rows === null && !fault && html`<p class="empty" aria-busy="true">${t("loading")}</p>`}
      ${fault && rows === null && html`<p class="empty">${fault.message} ${onAgain && html`<button class="button" type="button" onClick=${onAgain}>${t("try_again")}</button>`}</p>`}
      ${rows?.length === 0 && html`<p class="empty">${empty}</p>`}
      ${rows && rows.length > 0 && shown.length === 0 && html`<p class="empty">${t("list_nothing")} <button class="button" type="button" onClick=${() => setQuestion("")}>${t("list_all")}</button></p>`}
      ${shown.length > 0 && html`<table class="table things" onKeyDown=${arrows}>
        <thead><tr>${columns.map(({ head, look }) => html`<th scope="col" class=${look ?? null}>${head}</th>`)}</tr></thead>
        <tbody>${shown.map((row) => html`<tr class="thing" key=${row[keyed]}>
          <td class="name"><a href=${address(collection, String(row[keyed]))}>${first.cell(row)}</a></td>
          ${rest.map(({ cell, look }) => html`<td class=${look ?? null}>${cell(row)}</td>`)}</tr>`)}</tbody>
      </table>`}
    </section>`;
}

/** @param {KeyboardEvent} event */
export function arrows(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || event.altKey || !(event.currentTarget instanceof HTMLElement)) return;
  const links = [...event.currentTarget.querySelectorAll(".name a")];
  const at = links.findIndex((link) => link === document.activeElement || link.closest("tr")?.contains(document.activeElement));
  const next = links[at + step];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}
