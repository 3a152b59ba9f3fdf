// What is still needed can't just go: the dialog says what refers to it, and asks where those calls should go.
import { html, useState } from "../lib/preact.js";
import { Question } from "./dialog.js";

/**
 * @param {{ t: import("../words.js").Say, name: string, references: import("../api.js").Reference[], others: { key: string, text: string }[],
 *   onRemove: (instead: string) => void, onKeep: () => void }} props `others`: what may take its place
 */
export function RemoveDialog({ t, name, references, others, onRemove, onKeep }) {
  const [instead, setInstead] = useState("");
  const choose = (/** @type {Event} */ event) => setInstead(/** @type {HTMLSelectElement} */ (event.target).value);
  const why = t(instead ? "remove_moves" : "remove_drops");
  return html`<${Question} question=${t("remove_question", { name })} why=${why} yes=${t(instead ? "remove_move" : "remove_drop")} no=${t("remove_keep")} onYes=${() => onRemove(instead)} onNo=${onKeep}>
    <p>${t("remove_needed", { count: references.length })}</p>
    <ul class="references">${references.map(({ text, href }) => html`<li>${href ? html`<a href=${href} onClick=${onKeep}>${text}</a>` : text}</li>`)}</ul>
    ${others.length > 0 && html`<div class="field"><label for="instead">${t("remove_where")}</label>
      <select class="input" id="instead" value=${instead} onChange=${choose}>
        <option value="">${t("remove_nowhere")}</option>
        ${others.map(({ key, text }) => html`<option key=${key} value=${key}>${text}</option>`)}
      </select></div>`}
  <//>`;
}
