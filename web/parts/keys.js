// Keys that work on every page, by their place on the keyboard, so that they do in any layout; and the list of them.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { SECTIONS, address } from "../routes.js";
import { go } from "./address.js";

/** So long may the letter after g be waited for. Milliseconds. */
const CHORD = 1_500;

/**
 * @param {{ onFind: () => void, onHelp: () => void }} heard
 */
export function useKeys({ onFind, onHelp }) {
  const goneAt = useRef(0);
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
      if (event.key === "?") return onHelp();
      if (event.key === "/" || (event.code === "Slash" && !event.shiftKey)) {
        event.preventDefault();
        return onFind();
      }
      const chord = Date.now() - (goneAt.current ?? 0) < CHORD;
      goneAt.current = event.code === "KeyG" ? Date.now() : 0;
      const section = chord && SECTIONS.find(({ key }) => key === event.code);
      if (section) {
        event.preventDefault();
        go(address(section.at));
      }
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [onFind, onHelp]);
}

/**
 * Saves by Ctrl+S.
 * @param {(() => void) | null} save
 */
export function useSaveKey(save) {
  const latest = useRef(save);
  latest.current = save;
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      if (event.code !== "KeyS" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault(); // the browser would save the page
      latest.current?.();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** @param {{ t: import("../words.js").Say, section: string, onClose: () => void }} props `section`: where the list was opened */
export function KeyList({ t, section, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [rows] = useState(() => [
    { keys: ["/"], word: t("keys_find") },
    { keys: ["?"], word: t("keys_help") },
    { keys: ["Esc"], word: t("keys_close") },
    ...SECTIONS.filter(({ key }) => key).map(({ key = "", name }) => ({ keys: ["g", key.slice(3).toLowerCase()], word: t(name) })),
    { keys: ["Ctrl", "S"], word: t("keys_save") },
    { keys: ["↑", "↓"], word: t("keys_rows") },
    { keys: ["Enter"], word: t("keys_open") },
    { keys: ["Alt", "↑ ↓"], word: t("keys_order") },
    { keys: [t("key_space")], word: t("keys_play") },
    { keys: ["←", "→"], word: t("keys_seek") },
  ]);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && dialog.current?.close();
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="keys-title" onClose=${onClose} onClick=${outside}>
    <div class="dialog-in">
      <h2 id="keys-title">${t("keys_title")}</h2>
      <dl class="keys">${rows.map(({ keys, word }) => html`<div><dt>${keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${word}</dd></div>`)}</dl>
      <div class="buttons"><a class="button quiet" href=${section === "help" ? address("help") : `${address("help")}?about=${section}`} onClick=${() => dialog.current?.close()}>${t("help_about")}</a>
        <button class="button" type="button" onClick=${() => dialog.current?.close()}>${t("close")}</button></div>
    </div>
  </dialog>`;
}
