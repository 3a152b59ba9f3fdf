// Fields with what is wrong under them, and one request at a time.
import { Refused } from "../api.js";
import { number } from "../format.js";
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/preact.js";

/**
 * A field with its label, its hint, and what is wrong with it under it, with what mends it.
 * @param {{ id: string, label: string, hint?: unknown, value: string, onValue: (value: string) => void, autocomplete?: string,
 *   secret?: boolean, first?: boolean, optional?: boolean, fixed?: boolean, digits?: boolean, placeholder?: string, fault?: string,
 *   mend?: unknown, span?: number, mono?: boolean, type?: string, longest?: number, before?: unknown, after?: unknown }} props
 *   `span`: columns of twelve; `before`: stands in the field, `after`: beside it
 */
export function Field(props) {
  const { id, label, hint, value, onValue, autocomplete = "off", secret, first, optional, fixed, digits, placeholder, fault, mend, span, mono, type, longest, before, after } = props;
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  // Before anybody can type: focus that comes a moment later takes with it what was meant for another field.
  useLayoutEffect(() => {
    if (first) input.current?.focus();
  }, []);
  const told = fault ? `${id}-fault` : hint ? `${id}-hint` : null;
  const field = html`<input ref=${input} class=${mono ? "input mono" : "input"} id=${id} name=${id} type=${type ?? (secret ? "password" : "text")} required=${!optional} value=${value}
      readonly=${fixed} placeholder=${placeholder} inputmode=${digits ? "numeric" : null} autocomplete=${autocomplete} maxlength=${longest}
      autocapitalize="none" spellcheck=${false} aria-invalid=${fault ? "true" : null} aria-describedby=${told}
      onInput=${(/** @type {InputEvent} */ event) => onValue(/** @type {HTMLInputElement} */ (event.target).value)} />`;
  return html`<div class=${look("field", fault, span)}>
    <label for=${id}>${label}</label>
    ${before || after ? html`<div class="affix">${before && html`<span class="mono">${before}</span>`}${field}${after}</div>` : field}
    <${Told} id=${id} hint=${hint} fault=${fault} mend=${mend} />
  </div>`;
}

/**
 * What stands under a field: its hint, or what is wrong with it.
 * @param {{ id: string, hint?: unknown, fault?: string, mend?: unknown }} props
 */
function Told({ id, hint, fault, mend }) {
  if (fault) return html`<small id=${`${id}-fault`} class="fault">${fault} ${mend}</small>`;
  return hint ? html`<small id=${`${id}-hint`} class="hint">${hint}</small>` : null;
}

/**
 * @param {string} name
 * @param {unknown} fault
 * @param {number} [span]
 */
function look(name, fault, span) {
  return `${name}${fault ? " bad" : ""}${span ? ` c${span}` : ""}`;
}

/**
 * A choice from a list.
 * @param {{ id: string, label: string, hint?: unknown, value: string, onValue: (value: string) => void, options: { key: string, text: string }[],
 *   fault?: string, mend?: unknown, span?: number }} props
 */
export function Select({ id, label, hint, value, onValue, options, fault, mend, span }) {
  const known = options.some(({ key }) => key === value);
  return html`<div class=${look("field", fault, span)}>
    <label for=${id}>${label}</label>
    <select class="input" id=${id} name=${id} value=${value} aria-invalid=${fault ? "true" : null} aria-describedby=${fault ? `${id}-fault` : hint ? `${id}-hint` : null}
      onChange=${(/** @type {Event} */ event) => onValue(/** @type {HTMLSelectElement} */ (event.target).value)}>
      ${!known && html`<option value=${value}>${value}</option>`}
      ${options.map(({ key, text }) => html`<option key=${key} value=${key}>${text}</option>`)}
    </select>
    <${Told} id=${id} hint=${hint} fault=${fault} mend=${mend} />
  </div>`;
}

/**
 * A whole number; an empty field is `empty`.
 * @param {{ value: number, onValue: (value: number) => void, empty?: number } & Record<string, any>} props
 */
export function Count({ value, onValue, empty = 0, ...rest }) {
  const [blank, setBlank] = useState(false);
  const typed = (/** @type {string} */ text) => {
    const digits = text.replaceAll(/\D/g, "").slice(0, 6);
    setBlank(digits === "");
    onValue(digits === "" ? empty : Number(digits));
  };
  return html`<${Field} ...${rest} value=${blank && value === empty ? "" : String(value)} onValue=${typed} digits />`;
}

/**
 * A telephone number: shown as people write it, kept as what is dialled.
 * @param {{ value: string, country?: string, onValue: (value: string) => void } & Record<string, any>} props
 */
export function Telephone({ value, country, onValue, ...rest }) {
  const [text, setText] = useState(() => written(value, country));
  const shown = dialled(text) === value ? text : written(value, country);
  const typed = (/** @type {string} */ next) => {
    setText(next);
    onValue(dialled(next));
  };
  return html`<${Field} ...${rest} value=${shown} onValue=${typed} type="tel" />`;
}

/** @param {string} value @param {string} [country] */
function written(value, country) {
  return /^\d{8,}$/.test(value) ? number(value, country) : value;
}

/** @param {string} text */
function dialled(text) {
  const digits = text.replaceAll(/[^\d*#+]/g, "");
  return digits.startsWith("+") ? digits.slice(1) : digits;
}

/**
 * On or off, with what it does beside it.
 * @param {{ id: string, label: string, hint?: unknown, on: boolean, onTurn: (on: boolean) => void, fault?: string, children?: unknown, off?: boolean }} props
 *   `off`: it can't be turned, the hint says why
 */
export function Switch({ id, label, hint, on, onTurn, fault, children, off }) {
  return html`<div class=${fault ? "turn bad" : "turn"}>
    <button class="switch" id=${id} type="button" role="switch" aria-checked=${String(on)} aria-labelledby=${`${id}-name`} aria-describedby=${`${id}-told`} disabled=${off} onClick=${() => onTurn(!on)}></button>
    <div><h3 id=${`${id}-name`}>${label}</h3>
      <small class=${fault ? "fault" : "hint"} id=${`${id}-told`}>${fault || hint}</small>${children}</div>
  </div>`;
}

/**
 * One of a few, side by side.
 * @param {{ label: string, value: string, onValue: (value: string) => void, options: { key: string, text: string }[] }} props
 */
export function Choice({ label, value, onValue, options }) {
  return html`<div class="choice" role="group" aria-label=${label}>
    ${options.map(({ key, text }) => html`<button type="button" key=${key} aria-pressed=${String(key === value)} onClick=${() => onValue(key)}>${text}</button>`)}
  </div>`;
}

/**
 * A section of a form, with help beside it.
 * @param {{ id: string, title: unknown, head?: unknown, help?: unknown, fold?: boolean, open?: boolean, children?: unknown }} props
 *   `fold`: it opens at its title; `open`: it is open at first
 */
export function Sect({ id, title, head, help, fold, open, children }) {
  const heading = html`<h2 id=${`${id}-title`}>${title}</h2>`;
  return html`<section class="sect" id=${id} aria-labelledby=${`${id}-title`}>
    ${fold
      ? html`<details class="sect-main foldable" open=${open}><summary>${heading}</summary><div class="fold-in">${children}</div></details>`
      : html`<div class="sect-main"><div class="sect-head">${heading}${head}</div>${children}</div>`}
    ${help && html`<aside>${help}</aside>`}
  </section>`;
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
