// What the pages of the box share: its state, kept fresh while somebody looks, and how it is said.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { useTask } from "./form.js";
import { Icon } from "./icons.js";

/** The box's state is read anew so often while somebody sees it. Milliseconds. */
const AGAIN = 10_000;

/**
 * Something of the box that changes by itself, read again when the box tells of it, and now and then. What is asked and not answered
 * leaves what was known.
 * @template T
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, onRefused: (error: unknown) => void, machine: number }} frame
 * @param {string} path
 * @param {{ every?: (read: T | null) => number, off?: boolean }} [how] `every`: milliseconds until it is read again
 */
export function useWatched({ t, api, onRefused, machine }, path, { every = () => AGAIN, off = false } = {}) {
  const [read, setRead] = useState(/** @type {T | null} */ (null));
  const [fault, setFault] = useState(/** @type {import("../api.js").Refused | null} */ (null));
  const [beat, setBeat] = useState(0);
  const here = useRef(true);
  const asked = useRef(0);
  const load = async () => {
    const mine = (asked.current = (asked.current ?? 0) + 1);
    try {
      const value = await api.get(path, { background: true });
      if (!here.current || mine !== asked.current) return;
      setRead(value);
      setFault(null);
    } catch (error) {
      onRefused(error);
      if (here.current && mine === asked.current) setFault(/** @type {import("../api.js").Refused} */ (error));
    }
  };
  useEffect(() => {
    here.current = true;
    return () => {
      here.current = false;
    };
  }, []);
  useEffect(() => {
    if (!off) load();
  }, [path, machine, beat, off]);
  const wait = every(read);
  useEffect(() => {
    if (off) return;
    const timer = setInterval(() => document.visibilityState === "visible" && setBeat((count) => count + 1), wait);
    return () => clearInterval(timer);
  }, [wait, off]);
  return { read, fault, load, said: fault ? (fault.problem ? fault.message : t("no_answer")) : "" };
}

/** A request of a button, whose refusal is told beside it. @param {any} props */
export function useDeed({ t, onRefused }) {
  const { busy, fault, run, clear } = useTask(t);
  const act = (/** @type {() => Promise<any>} */ deed) =>
    run(async () => {
      try {
        await deed();
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  return { busy, fault, act, clear };
}

/** What went wrong with a button. @param {{ fault: import("../api.js").Refused | null, at?: string }} props `at`: told at a field instead */
export function Wrong({ fault, at }) {
  if (!fault || (at && fault.at(at))) return html`<div role="alert"></div>`;
  const text = fault.problem?.errors?.find(({ detail }) => detail)?.detail ?? fault.message;
  return html`<div role="alert"><p class="note bad"><${Icon} name="alert" /><span>${text}</span></p></div>`;
}

/** Until something has been read, or why it could not be. @param {{ t: import("../words.js").Say, said: string, load: () => void }} props */
export function Unread({ t, said, load }) {
  if (!said) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  return html`<p class="empty">${said} <button class="button" type="button" onClick=${load}>${t("try_again")}</button></p>`;
}

/**
 * One of a few, with what each means.
 * @param {{ name: string, label: string, value: string, onValue: (value: string) => void, options: { key: string, text: string, why?: string }[], look?: string }} props
 */
export function Radios({ name, label, value, onValue, options, look = "" }) {
  return html`<fieldset class=${`options ${look}`}><legend class="unseen">${label}</legend>${options.map(({ key, text, why }) => html`<label class="option" key=${key}>
    <input type="radio" name=${name} checked=${key === value} onChange=${() => onValue(key)} /><span>${text}</span>${why && html`<small>${why}</small>`}</label>`)}</fieldset>`;
}

/**
 * A place for a file: dropped there, or chosen.
 * @param {{ t: import("../words.js").Say, id: string, label: string, rule: unknown, accept?: string, busy?: boolean, plain?: boolean, onFile: (file: File) => void, children?: unknown }} props
 */
export function Bring({ t, id, label, rule, accept, busy, plain, onFile, children }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [over, setOver] = useState(false);
  const drag = (/** @type {boolean} */ on) => (/** @type {DragEvent} */ event) => (event.preventDefault(), setOver(on));
  const take = (/** @type {File | undefined} */ file) => file && !busy && onFile(file);
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer?.files[0]);
  };
  const chosen = () => {
    const [file] = input.current?.files ?? [];
    take(file);
    if (input.current) input.current.value = "";
  };
  return html`<div class=${over ? "bring-file over" : "bring-file"} onDragOver=${drag(true)} onDragLeave=${drag(false)} onDrop=${drop}>
    <input class="unseen" ref=${input} type="file" id=${id} accept=${accept} tabindex="-1" aria-label=${label} onChange=${chosen} />
    <button class=${plain ? "button" : "button primary"} type="button" disabled=${busy} onClick=${() => input.current?.click()}><${Icon} name="upload" />${label}</button>
    ${children}<p class="hint">${over ? t("bring_drop") : rule}</p></div>`;
}

/** A file that is on its way to the box. @param {{ text: string, percent: number }} props */
export function Sending({ text, percent }) {
  return html`<div class="note" role="status"><div class="sending"><span>${text}</span><progress max="100" value=${percent} aria-label=${text}></progress></div></div>`;
}

/**
 * Gives the browser a file that the page has.
 * @param {string} href
 * @param {string} name
 */
export function give(href, name) {
  const link = document.createElement("a");
  link.href = href;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}
