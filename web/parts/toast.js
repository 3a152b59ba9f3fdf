// What has just happened, with the way back: a line that stays for a while. One at a time, the newest.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";

/** Long enough to read it and to reach the button. Milliseconds. */
const STAYS = 10_000;

/** @typedef {{ text: string, word?: string, act?: () => Promise<unknown> | void }} Toast */

/** @type {(toast: Toast | null) => void} */
let show = () => {};

/**
 * Tells what happened. `word` and `act`: a button with it, mostly the way back.
 * @param {Toast} toast
 */
export function tell(toast) {
  show(toast);
}

/** @param {{ t: import("../words.js").Say }} props */
export function Toasts({ t }) {
  const [toast, setToast] = useState(/** @type {Toast | null} */ (null));
  const [held, setHeld] = useState(false);
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    show = setToast;
    return () => {
      show = () => {};
    };
  }, []);
  useEffect(() => {
    // Above everything, also above a dialog that is open.
    if (toast) place.current?.showPopover?.();
    else place.current?.hidePopover?.();
  }, [toast]);
  useEffect(() => {
    if (!toast || held) return;
    const timer = setTimeout(() => setToast(null), STAYS);
    return () => clearTimeout(timer);
  }, [toast, held]);
  const act = async () => {
    const done = toast?.act;
    setToast(null);
    try {
      await done?.();
    } catch (error) {
      setToast({ text: error instanceof Error ? error.message : t("something_wrong") });
    }
  };
  const hold = { onMouseEnter: () => setHeld(true), onMouseLeave: () => setHeld(false), onfocusin: () => setHeld(true), onfocusout: () => setHeld(false) };
  return html`<div class="toasts" role="status" popover="manual" ref=${place}>
    ${toast &&
    html`<div class="toast" ...${hold}><span>${toast.text}</span>
      ${toast.act && html`<button class="button" type="button" onClick=${act}>${toast.word ?? t("bring_back")}</button>`}
      <button class="button square" type="button" aria-label=${t("close")} title=${t("close")} onClick=${() => setToast(null)}><${Icon} name="close" /></button>
    </div>`}
  </div>`;
}
