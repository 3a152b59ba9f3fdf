// Fields with what is wrong under them, and one request at a time.
import { Refused } from "../api.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";

/**
 * A field with its label, its hint, and what is wrong with it under it.
 * @param {{ id: string, label: string, hint?: string, value: string, onValue: (value: string) => void, autocomplete?: string,
 *   secret?: boolean, first?: boolean, optional?: boolean, fixed?: boolean, digits?: boolean, placeholder?: string, fault?: string }} props
 */
export function Field(props) {
  const { id, label, hint, value, onValue, autocomplete = "off", secret, first, optional, fixed, digits, placeholder, fault } = props;
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    if (first) input.current?.focus();
  }, []);
  const told = fault ? `${id}-fault` : hint ? `${id}-hint` : null;
  return html`<div class=${fault ? "field bad" : "field"}>
    <label for=${id}>${label}</label>
    <input ref=${input} class="input" id=${id} name=${id} type=${secret ? "password" : "text"} required=${!optional} value=${value}
      readonly=${fixed} placeholder=${placeholder} inputmode=${digits ? "numeric" : null} autocomplete=${autocomplete}
      autocapitalize="none" spellcheck=${false} aria-invalid=${fault ? "true" : null} aria-describedby=${told}
      onInput=${(/** @type {InputEvent} */ event) => onValue(/** @type {HTMLInputElement} */ (event.target).value)} />
    ${hint && !fault && html`<small id=${`${id}-hint`} class="hint">${hint}</small>`}
    ${fault && html`<small id=${`${id}-fault`} class="fault">${fault}</small>`}
  </div>`;
}

/**
 * One request at a time, with what went wrong; `run` says whether it went well.
 * @param {import("../words.js").Say} t
 */
export function useTask(t) {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState(/** @type {Refused | null} */ (null));
  const run = async (/** @type {() => Promise<void>} */ task) => {
    if (busy) return false;
    setBusy(true);
    setFault(null);
    try {
      await task();
      return true;
    } catch (error) {
      setFault(inWords(error, t));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, fault, run, clear: () => setFault(null) };
}

/**
 * @param {unknown} error
 * @param {import("../words.js").Say} t
 */
function inWords(error, t) {
  if (error instanceof Refused && error.problem) return error;
  const silent = error instanceof Refused && error.status === 0;
  return new Refused(0, { type: "", status: 0, detail: t(silent ? "no_answer" : "something_wrong") });
}

/** @param {() => void} send */
export function submit(send) {
  return (/** @type {Event} */ event) => {
    event.preventDefault();
    send();
  };
}

/**
 * A resource of the box in a form: read once, edited as a draft, saved against what was read.
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, path: string, onRefused: (error: unknown) => void }} props
 */
export function useResource({ t, api, path, onRefused }) {
  const [read, setRead] = useState(/** @type {{ value: any, etag: string } | null} */ (null));
  const [draft, setDraft] = useState(/** @type {any} */ (null));
  const [saved, setSaved] = useState(false);
  const { busy, fault, run, clear } = useTask(t);
  const take = (/** @type {{ value: any, etag: string }} */ answer) => {
    setRead(answer);
    setDraft(answer.value);
  };
  const load = () =>
    run(async () => {
      setSaved(false);
      take(await api.read(path).catch(refused));
    });
  const refused = (/** @type {unknown} */ error) => {
    onRefused(error);
    throw error;
  };
  useEffect(() => {
    load();
  }, [path]);
  const edit = (/** @type {object} */ change) => {
    setSaved(false);
    clear();
    setDraft((/** @type {any} */ before) => (before ? { ...before, ...change } : before));
  };
  const save = (/** @type {unknown} */ body) =>
    run(async () => {
      take(await api.write("PUT", path, body, read?.etag).catch(refused));
      setSaved(true);
    });
  return { was: read?.value ?? null, draft, edit, save, load, busy, fault, saved };
}

/**
 * The foot of a form in a card: what is wrong with the whole, that it was saved, and the button that sends it.
 * @param {{ t: import("../words.js").Say, busy: boolean, fault: Refused | null, saved: boolean, changed: boolean,
 *   onReload: () => void, children?: unknown }} props
 */
export function SaveBar({ t, busy, fault, saved, changed, onReload, children }) {
  const meanwhile = fault?.status === 412;
  const whole = fault && (!fault.problem?.errors?.length || fault.problem.errors.some(({ pointer }) => !pointer));
  return html`<footer class="card-foot save">
    <div role="status">${saved && !changed && html`<span class="lamp ok">${t("saved")}</span>`}</div>
    <div role="alert">${whole && html`<span class="fault">${fault.message}</span>`}
      ${fault && !whole && html`<span class="fault">${t("mend_fields")}</span>`}</div>
    ${meanwhile && html`<button class="button" type="button" disabled=${busy} onClick=${onReload}>${t("reload")}</button>`}
    ${children}
    <button class="button primary" disabled=${busy || !changed}>${t(busy ? "saving" : "save")}</button>
  </footer>`;
}
