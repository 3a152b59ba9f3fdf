// A list whose order is set by hand: by a grip under the pointer, or by Alt with the arrows. Each move is read out.
import { moved } from "../draft.js";
import { html, useRef, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";

/**
 * @param {{ t: import("../words.js").Say, list: any[], onOrder: (list: any[]) => void, said: (thing: any) => string }} props
 *   `said`: a thing in words, for what is read out
 */
export function useOrder({ t, list, onOrder, said }) {
  const [dragged, setDragged] = useState(/** @type {number | null} */ (null));
  const [spoken, setSpoken] = useState("");
  const holder = useRef(/** @type {HTMLElement | null} */ (null));
  const now = useRef(/** @type {{ list: any[], at: number | null } | null} */ (null));
  now.current = { list, at: dragged };
  const move = (/** @type {number} */ from, /** @type {number} */ to) => {
    const present = now.current?.list ?? list;
    if (to < 0 || to >= present.length || to === from) return;
    onOrder(moved(present, from, to));
    setSpoken(t("order_moved", { what: said(present[from]), place: to + 1, all: present.length }));
  };
  const drag = (/** @type {PointerEvent} */ event, /** @type {number} */ nth) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const grip = /** @type {HTMLElement} */ (event.currentTarget);
    grip.setPointerCapture(event.pointerId);
    grip.focus();
    setDragged(nth);
    let at = nth;
    const over = (/** @type {PointerEvent} */ { clientY }) => {
      const rows = /** @type {HTMLElement[]} */ ([...(holder.current?.children ?? [])].filter((row) => row instanceof HTMLElement && row.dataset.order !== undefined));
      const boxes = rows.map((row) => row.getBoundingClientRect());
      const to = boxes.filter((box, place) => (place < at ? clientY > box.top + box.height / 2 : place > at && clientY > box.top + box.height / 2)).length;
      if (to === at) return;
      move(at, to);
      at = to;
      setDragged(to);
    };
    const done = () => {
      setDragged(null);
      grip.removeEventListener("pointermove", over);
      grip.removeEventListener("pointerup", done);
      grip.removeEventListener("pointercancel", done);
    };
    grip.addEventListener("pointermove", over);
    grip.addEventListener("pointerup", done);
    grip.addEventListener("pointercancel", done);
  };
  const pressed = (/** @type {KeyboardEvent} */ event, /** @type {number} */ nth) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.altKey) return;
    event.preventDefault();
    move(nth, nth + step);
  };
  const row = (/** @type {number} */ nth) => ({ "data-order": nth, onKeyDown: (/** @type {KeyboardEvent} */ event) => pressed(event, nth) });
  const grip = (/** @type {number} */ nth) =>
    html`<button class="grip" type="button" title=${t("order_grip")} aria-label=${t("order_grip_of", { what: said(list[nth]) })} onPointerDown=${(/** @type {PointerEvent} */ event) => drag(event, nth)}><${Icon} name="grip" /></button>`;
  const aloud = html`<p class="unseen" aria-live="polite">${spoken}</p>`;
  return { holder, dragged, row, grip, aloud };
}
