// A question before what nothing can bring back. The browser's own dialog: focus stays inside, Esc means no.
import { html, useEffect, useRef } from "../lib/preact.js";

/**
 * @param {{ question: string, why: string, yes: string, no: string, onYes: () => void, onNo: () => void, children?: unknown }} props
 */
export function Question({ question, why, yes, no, onYes, onNo, children }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && onNo();
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="question" onClose=${onNo} onClick=${outside}>
    <div class="dialog-in">
      <h2 id="question">${question}</h2>
      ${children}
      <p class="second">${why}</p>
      <div class="buttons">
        <button class="button" type="button" onClick=${onNo}>${no}</button>
        <button class="button danger strong" type="button" onClick=${onYes}>${yes}</button>
      </div>
    </div>
  </dialog>`;
}
