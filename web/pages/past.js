// «История настроек»: every change in words, taken back one by one or to a moment; and «Журнал действий».
import { date, dateInWords, hour } from "../format.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Question } from "../parts/dialog.js";
import { useTask } from "../parts/form.js";
import { Icon } from "../parts/icons.js";

const PAGE = 50;

/**
 * A list that grows by pages.
 * @param {any} props
 * @param {string} path
 */
function usePages({ t, api, onRefused, settings }, path) {
  const [rows, setRows] = useState(/** @type {any[] | null} */ (null));
  const [next, setNext] = useState("");
  const { busy, fault, run } = useTask(t);
  const read = (/** @type {string} */ cursor) =>
    run(async () => {
      try {
        const page = await api.get(`${path}?limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
        setRows((before) => (cursor ? [...(before ?? []), ...page.items] : page.items));
        setNext(page.next_cursor ?? "");
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  useEffect(() => {
    read("");
  }, [settings]);
  return { rows, next, busy, fault, more: () => read(next), again: () => read("") };
}

/** @param {any} props */
export function Versions(props) {
  const { t, api, language, admin, onRefused, tell } = props;
  const list = usePages(props, "versions");
  const task = useTask(t);
  const [asking, setAsking] = useState(/** @type {any} */ (null));
  const revert = (/** @type {any} */ version, /** @type {"this" | "to"} */ scope) =>
    task.run(async () => {
      setAsking(null);
      try {
        const answer = await api.write("POST", `versions/${encodeURIComponent(version.id)}/revert`, { scope });
        const back = answer.version ? { act: () => api.write("POST", `versions/${answer.version}/revert`, { scope: "this" }).then(list.again) } : {};
        tell({ text: t(scope === "this" ? "version_done" : "version_returned"), ...back });
        list.again();
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  const days = byDay(list.rows ?? []);
  const newest = list.rows?.[0]?.id;
  return html`<header class="head item-head"><div><h1>${t("versions")}</h1><p class="second">${t("versions_why")}</p></div></header>
    <div role="alert">${task.fault && html`<p class="note warn"><${Icon} name="alert" />${task.fault.message}</p>`}</div>
    <${Known} t=${t} list=${list} none=${t("versions_none")}>
      ${days.map(([day, rows]) => html`<section class="card" key=${day} aria-label=${dateInWords(day, language)}>
        <header><h2>${dateInWords(day, language)}</h2></header>
        <ul>${rows.map((version) => html`<li class="version" key=${version.id}>
          <time>${hour(version.at)}</time>
          <div>${version.changes.length > 0 ? html`<${Sentences} t=${t} changes=${version.changes} />` : html`<p class="second">${t("version_nothing")}</p>`}
            <${Story} ...${props} id=${version.id} />
            <small class="hint">${version.author}${version.id === newest && ` · ${t("version_now")}`}</small></div>
          ${admin && html`<div class="actions"><button class="button quiet" type="button" disabled=${task.busy} onClick=${() => revert(version, "this")}><${Icon} name="undo" />${t("version_this")}</button>
            ${version.id !== newest && html`<button class="button quiet" type="button" disabled=${task.busy} onClick=${() => setAsking(version)}>${t("version_to")}</button>`}</div>`}
        </li>`)}</ul>
      </section>`)}
    <//>
    ${asking && html`<${Question} question=${t("version_question", { when: `${dateInWords(date(asking.at), language)}, ${hour(asking.at)}` })} why=${t("version_question_why")} yes=${t("version_yes")} no=${t("version_no")} onYes=${() => revert(asking, "to")} onNo=${() => setAsking(null)} />`}`;
}

/** As many sentences stand open. */
const OPEN = 4;

/** @param {{ t: import("../words.js").Say, changes: string[] }} props */
function Sentences({ t, changes }) {
  const list = (/** @type {string[]} */ some) => html`<ul class="sentences">${some.map((change) => html`<li>${change}</li>`)}</ul>`;
  if (changes.length <= OPEN + 1) return list(changes);
  return html`${list(changes.slice(0, OPEN))}<details class="story-fold"><summary>${t("version_more", { count: changes.length - OPEN })}</summary>${list(changes.slice(OPEN))}</details>`;
}

/** Before and after, read when somebody wants to know. @param {any} props */
function Story({ t, api, id, onRefused }) {
  const [fields, setFields] = useState(/** @type {any[] | null} */ (null));
  const opened = (/** @type {Event} */ event) => {
    if (!(/** @type {HTMLDetailsElement} */ (event.target).open) || fields) return;
    api.get(`versions/${encodeURIComponent(id)}`).then((/** @type {any} */ story) => setFields(story.fields), onRefused);
  };
  return html`<details class="story-fold" onToggle=${opened}><summary>${t("version_before_after")}</summary>${fields && html`<${Table} t=${t} fields=${fields} />`}</details>`;
}

/** @param {any} props */
function Fields({ t, fields }) {
  return fields.length > 0 && html`<details class="story-fold"><summary>${t("version_before_after")}</summary><${Table} t=${t} fields=${fields} /></details>`;
}

/** @param {any} props */
function Table({ t, fields }) {
  return html`<dl class="before-after">${fields.map((/** @type {any} */ field) => html`<div><dt>${field.thing}${field.label && `, ${field.label}`}</dt>
    <dd><span class="was">${field.before ?? t("version_none")}</span> → <b>${field.after ?? t("version_none")}</b></dd></div>`)}</dl>`;
}

/**
 * @param {any[]} rows
 * @returns {[string, any[]][]}
 */
function byDay(rows) {
  /** @type {Map<string, any[]>} */
  const days = new Map();
  for (const row of rows) days.set(date(row.at), [...(days.get(date(row.at)) ?? []), row]);
  return [...days];
}

/** @param {any} props */
function Known({ t, list, none, children }) {
  if (list.rows === null) return html`<p class="empty">${list.fault ? html`${list.fault.message} <button class="button" type="button" onClick=${list.again}>${t("try_again")}</button>` : t("loading")}</p>`;
  if (list.rows.length === 0) return html`<section class="card"><p class="empty">${none}</p></section>`;
  return html`${children}${list.next && html`<p><button class="button" type="button" disabled=${list.busy} onClick=${list.more}>${t("more")}</button></p>`}`;
}

/** @param {any} props */
export function Audit(props) {
  const { t, language } = props;
  const list = usePages(props, "audit");
  return html`<header class="head item-head"><div><h1>${t("audit")}</h1><p class="second">${t("audit_why")}</p></div></header>
    <${Known} t=${t} list=${list} none=${t("audit_none")}>
      <section class="card" aria-label=${t("audit")}><table class="table things deeds">
        <thead><tr><th scope="col">${t("audit_what")}</th><th scope="col">${t("audit_when")}</th><th scope="col">${t("audit_who")}</th><th scope="col">${t("audit_from")}</th></tr></thead>
        <tbody>${(list.rows ?? []).map((row) => html`<tr class="thing" key=${row.id}><td><b>${row.text}</b>
            ${row.changes.length > 0 ? html`<${Sentences} t=${t} changes=${row.changes} />` : html`<div class="second">${row.subject}</div>`}<${Fields} t=${t} fields=${row.fields} /></td>
          <td class="second">${dateInWords(date(row.at), language)}, ${hour(row.at)}</td><td class="second">${row.who}</td><td class="second">${row.address}</td></tr>`)}</tbody>
      </table></section>
    <//>`;
}
