// Click to call: one's own telephone rings, and when it is taken the exchange dials. The own extension is asked once and kept.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { useTask } from "./form.js";
import { Sign } from "./call_signs.js";

/**
 * @typedef {{ t: import("../words.js").Say, api: import("../api.js").Api, box: import("../store.js").Box, admin: boolean,
 *   name: (digits: string, name?: string) => string, tell: (toast: { text: string }) => void, onRefused: (error: unknown) => void }} Props
 */

const KEY = "own_extension";

/** Whether the box can do it, asked once. @type {Promise<boolean> | null} */
let able = null;

/**
 * @param {import("../api.js").Api} api
 * @param {boolean} admin
 */
export function useCallOut(api, admin) {
  const [can, setCan] = useState(false);
  useEffect(() => {
    if (!admin) return;
    able ??= api.get("openapi.json", { background: true }).then(
      (description) => Boolean(description.paths?.["/api/v1/calls"]?.post),
      () => ((able = null), false),
    );
    able.then(setCan);
  }, [admin]);
  return can;
}

/** The own extension, while there is one of that number. @param {import("../store.js").Box} box */
export function ownExtension(box) {
  let own = "";
  try {
    own = localStorage.getItem(KEY) ?? "";
  } catch {
    // a browser that keeps nothing: it is asked anew
  }
  return box.extensions.some(({ number }) => number === own) ? own : "";
}

/** @param {string} number */
export function keepOwn(number) {
  try {
    localStorage.setItem(KEY, number);
  } catch {
    // then it holds for this call only
  }
}

/**
 * Orders a call and tells what happens now.
 * @param {Props} props
 * @param {string} extension
 * @param {string} to as one dials it
 * @param {string} called in words
 */
export async function callOut({ api, t, name, tell, onRefused }, extension, to, called) {
  await api.write("POST", "calls", { extension, to }).catch((error) => {
    onRefused(error);
    throw error;
  });
  tell({ text: t("calls_calling", { extension: name(extension), to: called }) });
}

/** @param {Props & { to: string, word: string }} props */
export function CallButton(props) {
  const { t, api, admin, box, to, word, name } = props;
  const can = useCallOut(api, admin);
  // The history keeps E.164 digits; they are dialled with a plus.
  const dial = to.length > 6 ? `+${to}` : to;
  const [asking, setAsking] = useState(false);
  const { busy, fault, run } = useTask(t);
  if (!can || box.extensions.length === 0) return null;
  const call = () => {
    const own = ownExtension(box);
    if (own) run(() => callOut(props, own, dial, name(to)));
    else setAsking(true);
  };
  const chosen = (/** @type {string} */ own) => {
    setAsking(false);
    if (!own) return;
    keepOwn(own);
    run(() => callOut(props, own, dial, name(to)));
  };
  return html`<button class="button small" type="button" disabled=${busy} aria-label=${`${word}: ${name(to)}`} onClick=${call}><${Sign} name="handset" />${word}</button>
    ${fault && html`<span class="fault" role="alert">${fault.message}</span>`}
    ${asking && html`<${WhichOne} t=${t} box=${box} onChosen=${chosen} />`}`;
}

/** @param {{ t: import("../words.js").Say, box: import("../store.js").Box, onChosen: (own: string) => void }} props */
function WhichOne({ t, box, onChosen }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [own, setOwn] = useState(box.extensions[0]?.number ?? "");
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const closed = () => onChosen(dialog.current?.returnValue === "yes" ? own : "");
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="own-title" onClose=${closed}>
    <div class="dialog-in">
      <h2 id="own-title">${t("calls_own")}</h2>
      <p class="second">${t("calls_own_why")}</p>
      <div class="field"><label for="own">${t("calls_own_field")}</label><${OwnSelect} id="own" box=${box} value=${own} onValue=${setOwn} /></div>
      <div class="buttons"><button class="button" type="button" onClick=${() => dialog.current?.close("no")}>${t("cancel")}</button>
        <button class="button primary" type="button" onClick=${() => dialog.current?.close("yes")}>${t("calls_call")}</button></div>
    </div>
  </dialog>`;
}

/** @param {{ id: string, box: import("../store.js").Box, value: string, onValue: (value: string) => void }} props */
export function OwnSelect({ id, box, value, onValue }) {
  return html`<select class="input" id=${id} value=${value} onChange=${(/** @type {Event} */ event) => onValue(/** @type {HTMLSelectElement} */ (event.target).value)}>
    ${box.extensions.map(({ number, employee }) => html`<option key=${number} value=${number} selected=${number === value}>${number} ${employee}</option>`)}
  </select>`;
}
