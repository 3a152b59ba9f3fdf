// On «Сейчас»: what the box itself would say, if it were asked: an update on trial, a clock that nobody set, no copies.
import { html, useEffect, useState } from "../lib/preact.js";
import { hints, isNew } from "../todo.js";
import { Icon } from "./icons.js";
import { useWatched } from "./machine.js";

/** It is asked so often. Milliseconds. */
const SELDOM = 60_000;
/** Where a browser keeps which hints somebody has seen enough of. */
const HIDDEN = "hints-hidden";
const ICONS = /** @type {const} */ ({ trial: "refresh", returned: "undo", clock: "clock", backup: "copy" });

/**
 * What the box would say.
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, box: import("../store.js").Box, admin: boolean, machine: number, settings: number,
 *   onRefused: (error: unknown) => void }} props
 */
export function useHints(props) {
  const { api, box, admin, settings } = props;
  const image = box.system?.machine?.image === true;
  const how = { every: () => SELDOM, off: !admin || !image };
  const system = useWatched(props, "system", how);
  const update = useWatched(props, "system/update", how);
  const [backup, setBackup] = useState(/** @type {{ enabled: boolean } | null} */ (null));
  useEffect(() => {
    if (admin) api.get("backup", { background: true }).then(setBackup, () => {});
  }, [settings, admin]);
  if (!admin) return [];
  // Who has no number yet has other worries.
  const copies = isNew(box) ? null : backup;
  return hints({ machine: /** @type {any} */ (system.read)?.machine ?? null, update: /** @type {any} */ (update.read), backup: copies });
}

/** @param {{ t: import("../words.js").Say, list: ReturnType<typeof hints>, loud: boolean }} props `loud`: only what goes on just now, or only the rest */
export function Hints({ t, list, loud }) {
  const [hidden, setHidden] = useState(seen);
  const hide = (/** @type {string} */ key) => {
    const next = [...hidden, key];
    remember(next);
    setHidden(next);
  };
  const shown = list.filter((one) => Boolean(one.loud) === loud && (loud || !hidden.includes(one.key)));
  return shown.length > 0 && html`<div class="notices">${shown.map(({ key, word, act, href }) => html`<p key=${key} class=${loud ? "note warn next-step" : "note next-step"}><${Icon} name=${ICONS[key]} /><span>${t(word)}</span>
    <a class="button" href=${href}>${t(act)}</a>${!loud && html`<button class="button quiet square" type="button" title=${t("todo_hide")} aria-label=${`${t("todo_hide")}: ${t(word)}`} onClick=${() => hide(key)}><${Icon} name="close" /></button>`}</p>`)}</div>`;
}

/** @returns {string[]} */
function seen() {
  try {
    return JSON.parse(localStorage.getItem(HIDDEN) ?? "[]");
  } catch {
    return []; // a browser that keeps nothing
  }
}

/** @param {string[]} keys */
function remember(keys) {
  try {
    localStorage.setItem(HIDDEN, JSON.stringify(keys));
  } catch {
    // then they are there again after the page is closed
  }
}
