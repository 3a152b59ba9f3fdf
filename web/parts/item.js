// One thing of a collection in a form: read, edited as a draft, saved against what was read, removed, and brought back. When
// somebody else saved meanwhile, both sides' changes are shown.
import { Refused } from "../api.js";
import { body, differing, merged, same } from "../draft.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { SECTIONS, address } from "../routes.js";
import { letGo, useUnsaved } from "./address.js";
import { RemoveDialog } from "./remove.js";
import { useTask } from "./form.js";
import { Icon } from "./icons.js";
import { useSaveKey } from "./keys.js";

/** The last word of the address of a thing that is not there yet. */
export const NEW = "new";

/**
 * @typedef {import("../api.js").Refused} Fault
 * @typedef {{ t: import("../words.js").Say, api: import("../api.js").Api, go: (href: string) => void, tell: (toast: import("./toast.js").Toast) => void,
 *   onRefused: (error: unknown) => void, admin: boolean }} Frame
 * @typedef {{ collection: string, name: string, keyed: string, blank?: () => any | Promise<any>, send?: (body: any) => any, alone?: boolean, place?: string,
 *   onMade?: (answer: any) => void,
 *   onSaved?: (answer: import("../api.js").Answer) => void }} What
 *   `keyed`: the field that is the thing's key; `send`: the last touch to what is sent; `alone`: it is no collection but one thing; `place`: the section
 *   where it is shown, when that is not named as the collection;
 *   `onMade`: hears what the box answered to a new one; `onSaved`: hears what it answered to a change, which tells nothing of the thing itself
 * @typedef {ReturnType<typeof useItem>} Item
 */

/**
 * @param {Frame} frame
 * @param {What} what
 */
export function useItem({ t, api, go, tell, onRefused }, { collection, name, keyed, blank = () => ({}), send = (sent) => sent, alone, place = collection, onMade, onSaved }) {
  const fresh = name === NEW;
  const [read, setRead] = useState(/** @type {{ value: any, etag: string } | null} */ (null));
  const [draft, setDraft] = useState(/** @type {any} */ (null));
  const [theirs, setTheirs] = useState(/** @type {{ value: any, etag: string } | null} */ (null));
  const [references, setReferences] = useState(/** @type {import("../api.js").Reference[] | null} */ (null));
  const { busy, fault, run, clear } = useTask(t);
  const path = alone ? collection : `${collection}/${encodeURIComponent(name)}`;
  const refused = (/** @type {unknown} */ error) => {
    onRefused(error);
    throw error;
  };
  const take = (/** @type {{ value: any, etag: string }} */ answer) => {
    setRead(answer);
    setDraft(answer.value);
    setTheirs(null);
  };
  const load = () =>
    run(async () => {
      take(fresh ? { value: await blank(), etag: "" } : await api.read(path).catch(refused));
    });
  useEffect(() => {
    setRead(null);
    setDraft(null);
    load();
  }, [path]);
  const changed = draft !== null && read !== null && (fresh || !same(read.value, draft));
  useUnsaved(changed && !busy && !(fresh && read && same(read.value, draft)));
  const edit = (/** @type {any} */ change) => {
    clear();
    setDraft((/** @type {any} */ before) => (before ? { ...before, ...(typeof change === "function" ? change(before) : change) } : before));
  };
  const undo = (/** @type {string} */ version, /** @type {() => void} */ then) =>
    version ? { act: async () => (await api.write("POST", `versions/${version}/revert`, { scope: "this" }), then()) } : {};

  const put = async (/** @type {any} */ value, /** @type {string} */ etag) => {
    const sent = send(body(value));
    const answer = await api.write(fresh ? "POST" : "PUT", fresh ? collection : path, sent, etag);
    if (onSaved) {
      take({ value: { ...value, ...sent }, etag: answer.etag });
      return onSaved(answer);
    }
    const key = alone ? name : String(answer.value?.[keyed] ?? sent[keyed]);
    letGo();
    take(answer);
    if (fresh) onMade?.(answer.value);
    const back = fresh ? () => go(address(place)) : () => (key === name ? load() : go(address(place, name)));
    tell({ text: t(fresh ? "item_made" : "item_saved", { name: key }), ...undo(answer.version, back) });
    if (key !== name) go(address(place, key));
  };
  /** Saves; what somebody else saved meanwhile is no hindrance when nothing of it can be edited. */
  const save = () =>
    run(async () => {
      if (!read) return;
      try {
        await put(draft, read.etag);
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 412 || fresh) return refused(error);
        const now = await api.read(path).catch(refused);
        if (same(now.value, read.value)) await put(draft, now.etag).catch(refused);
        else setTheirs(now);
      }
    });
  /** Both changes together, mine where they meet. */
  const merge = () =>
    run(async () => {
      if (theirs && read) await put(merged(read.value, draft, theirs.value), theirs.etag).catch(refused);
    });
  const remove = (/** @type {string | null} */ instead = null) =>
    run(async () => {
      const query = instead === null ? "" : `?instead=${encodeURIComponent(instead)}`;
      try {
        const answer = await api.write("DELETE", `${path}${query}`);
        letGo();
        go(address(place));
        tell({ text: t("item_gone", { name }), ...undo(answer.version, () => go(address(place, name))) });
      } catch (error) {
        if (error instanceof Refused && error.status === 409 && error.problem?.references) setReferences(error.problem.references);
        else refused(error);
      }
    });
  return {
    t, collection, place, name, fresh, was: read?.value ?? null, draft, theirs, references, changed, busy, fault, edit, load, save, merge, remove,
    take: () => theirs && take(theirs),
    undo: () => (clear(), setTheirs(null), read && setDraft(read.value)),
    keep: () => setReferences(null),
  };
}

/**
 * The page of a thing: its name, what can be done with it, its sections, and the bar that saves.
 * @param {{ item: Item, admin: boolean, title: unknown, second?: unknown, actions?: unknown, children?: unknown,
 *   labels: Record<string, string>, others?: { key: string, text: string }[], fixed?: boolean, under?: string, lead?: unknown, calm?: boolean }} props
 *   `labels`: the words of the fields, for the difference; `others`: where calls may go when the thing is removed; `fixed`: it can't be removed;
 *   `under`: the section that it belongs to; `lead`: stands before the form; `calm`: the bar that saves comes with the first change
 */
export function ItemPage({ item, admin, title, second, actions, children, labels, others = [], fixed, under = item.place, lead, calm }) {
  const { t, draft, fresh, busy, changed } = item;
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const section = SECTIONS.find(({ at }) => at === under);
  useSaveKey(admin && changed && !busy ? () => item.save() : null);
  useEffect(() => {
    if (item.fault?.problem?.errors?.length) show(form.current);
  }, [item.fault]);
  if (!draft) {
    return html`<${Head} t=${t} section=${section} title=${item.name} />${lead}
      <p class="empty" aria-busy=${String(!item.fault)}>${item.fault ? (item.fault.status === 404 ? t("item_none") : item.fault.message) : t("loading")}
        ${item.fault && html` <a href=${address(under)}>${t("item_list")}</a>`}</p>`;
  }
  const save = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (changed) item.save();
  };
  return html`<${Head} t=${t} section=${section} title=${title} second=${second}>
      ${actions}
      ${admin && !fresh && !fixed && html`<button class="button quiet danger" type="button" disabled=${busy} onClick=${() => item.remove()}><${Icon} name="remove" />${t("delete")}</button>`}
    <//>
    ${lead}
    ${!admin && html`<p class="note">${t("admin_only")}</p>`}
    <form ref=${form} class="item" novalidate onSubmit=${save}>
      <fieldset class="bare" disabled=${!admin}>${children}</fieldset>
      ${item.theirs && html`<${Difference} item=${item} labels=${labels} />`}
      ${admin && (!calm || changed || item.fault) && html`<${Bar} item=${item} onShow=${() => show(form.current)} />`}
    </form>
    ${item.references && html`<${RemoveDialog} t=${t} name=${item.name} references=${item.references} others=${others} onRemove=${(/** @type {string} */ to) => (item.keep(), item.remove(to))} onKeep=${item.keep} />`}`;
}

/** @param {{ t: import("../words.js").Say, section?: import("../routes.js").Section, title: unknown, second?: unknown, children?: unknown }} props */
export function Head({ t, section, title, second, children }) {
  return html`<header class="head item-head">
    <div>${section && html`<a class="crumb" href=${address(section.at)}><${Icon} name="back" />${t(section.name)}</a>`}
      <h1>${title}</h1>${second && html`<p class="second">${second}</p>`}</div>
    <div class="actions">${children}</div>
  </header>`;
}

/**
 * Goes to the first field that is at fault.
 * @param {HTMLElement | null} form
 */
function show(form) {
  requestAnimationFrame(() => {
    const field = form?.querySelector('[aria-invalid="true"], .fault');
    for (let fold = field?.closest("details"); fold; fold = fold.parentElement?.closest("details")) fold.open = true;
    field?.scrollIntoView({ block: "center" });
    if (field instanceof HTMLElement) field.focus({ preventScroll: true });
  });
}

/** @param {{ item: Item, onShow: () => void }} props */
function Bar({ item, onShow }) {
  const { t, fault, busy, changed, fresh } = item;
  const errors = fault?.problem?.errors?.filter(({ pointer }) => pointer).length ?? 0;
  const cancel = fresh ? html`<a class="button quiet" href=${address(item.place)} onClick=${letGo}>${t("cancel")}</a>` : changed && html`<button class="button quiet" type="button" disabled=${busy} onClick=${item.undo}>${t("item_undo")}</button>`;
  return html`<footer class=${changed ? "savebar on" : "savebar"}>
    <div role="alert">${fault && (errors > 0
      ? html`<span class="lamp bad">${t("fields_faulty", { count: errors })}</span> <button class="plain" type="button" onClick=${onShow}>${t("show")}</button>`
      : html`<span class="lamp bad">${fault.message}</span>`)}</div>
    <div role="status">${!fault && changed && !fresh && html`<span class="lamp warn">${t("not_saved")}</span>`}</div>
    ${cancel}
    <button class="button primary" disabled=${busy || !changed} title="Ctrl+S">${t(busy ? "saving" : "save")}</button>
  </footer>`;
}

/**
 * What somebody else changed meanwhile, beside mine.
 * @param {{ item: Item, labels: Record<string, string> }} props
 */
function Difference({ item, labels }) {
  const { t, was, draft, theirs, busy } = item;
  const mine = differing(was, draft);
  const other = differing(was, theirs?.value);
  const card = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => card.current?.scrollIntoView({ block: "center" }), []);
  return html`<section ref=${card} class="card clash" role="alert">
    <header><h2>${t("meanwhile")}</h2></header>
    <div class="in"><table class="table">
      <thead><tr><th>${t("meanwhile_what")}</th><th>${t("meanwhile_was")}</th><th>${t("meanwhile_theirs")}</th><th>${t("meanwhile_mine")}</th></tr></thead>
      <tbody>${[...new Set([...other, ...mine])].map((key) => html`<tr>
        <th scope="row">${labels[key] ?? key}</th><td>${said(was?.[key])}</td><td>${other.includes(key) ? said(theirs?.value[key]) : "—"}</td>
        <td>${mine.includes(key) ? html`${said(draft[key])}${other.includes(key) ? html`<small class="hint">${t("meanwhile_both")}</small>` : ""}` : "—"}</td></tr>`)}</tbody>
    </table></div>
    <footer class="card-foot save">
      <button class="button" type="button" disabled=${busy} onClick=${item.take}>${t("meanwhile_take")}</button>
      <button class="button primary" type="button" disabled=${busy} onClick=${item.merge}>${t("meanwhile_merge")}</button>
    </footer>
  </section>`;
}

/**
 * A value in short.
 * @param {any} value
 * @returns {string}
 */
function said(value) {
  if (value === undefined || value === null || value === "") return "—";
  if (typeof value === "boolean") return value ? "✓" : "—";
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (typeof value === "object") return Object.values(body(value)).map(said).filter((word) => word !== "—").join(" ");
  return String(value);
}
