// A field for a text whose lines have numbers. It does not wrap, so that a line is a line.
import { html, useEffect, useRef } from "../lib/preact.js";
import { lineAt } from "../phones.js";

/** Lines that are seen at once. */
const ROWS = 28;

/**
 * @param {{ id: string, label: string, value: string, onValue: (value: string) => void, fixed?: boolean, handle: { current: any } }} props
 *   `handle`: gets `show(line)`, which goes to a line
 */
export function Editor({ id, label, value, onValue, fixed, handle }) {
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const gutter = useRef(/** @type {HTMLElement | null} */ (null));
  const count = value.split("\n").length;
  useEffect(() => {
    handle.current = {
      show: (/** @type {number} */ line) => {
        const area = field.current;
        if (!area) return;
        const { from, to } = lineAt(area.value, line);
        area.focus();
        area.setSelectionRange(from, to);
        area.scrollTop = (area.scrollHeight / count) * Math.max(0, line - ROWS / 2);
      },
    };
  }, [count]);
  const scrolled = () => {
    if (gutter.current && field.current) gutter.current.scrollTop = field.current.scrollTop;
  };
  return html`<div class="editor">
    <pre class="numbers" ref=${gutter} aria-hidden="true">${Array.from({ length: count }, (_, nth) => nth + 1).join("\n")}</pre>
    <textarea ref=${field} class="input mono" id=${id} aria-label=${label} rows=${ROWS} wrap="off" spellcheck=${false} autocapitalize="none" autocomplete="off" readonly=${fixed}
      onScroll=${scrolled} value=${value} onInput=${(/** @type {InputEvent} */ event) => onValue(/** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea>
  </div>`;
}
