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
  // Closed by the browser, so that the focus goes back to where it came from.
  const close = (/** @type {string} */ answer) => dialog.current?.close(answer);
  const closed = () => (dialog.current?.returnValue === "yes" ? onYes() : onNo());
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && close("no");
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="question" onClose=${closed} onClick=${outside}>
    <div class="dialog-in">
      <h2 id="question">${question}</h2>
      ${children}
      <p class="second">${why}</p>
      <div class="buttons">
        <button class="button" type="button" onClick=${() => close("no")}>${no}</button>
        <button class="button danger strong" type="button" onClick=${() => close("yes")}>${yes}</button>
      </div>
    </div>
  </dialog>`;
}
