// Listening in: one's own telephone rings, and who takes it hears the call. Where the office allows it.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { OwnSelect, keepOwn, ownExtension } from "./call_out.js";
import { Icon } from "./icons.js";
import { submit, useTask } from "./form.js";
import { isWith } from "../store.js";

/** @typedef {"off" | "told" | "silent"} Listening */

/**
 * Whether an admin may listen in, as the settings say.
 * @param {{ api: import("../api.js").Api, admin: boolean, settings?: number }} props
 * @returns {Listening}
 */
export function useListening({ api, admin, settings }) {
  const [listening, setListening] = useState(/** @type {Listening} */ ("off"));
  useEffect(() => {
    if (admin) api.get("settings", { background: true }).then(({ protection }) => setListening(protection.listening), () => {});
  }, [admin, settings]);
  return admin ? listening : "off";
}

/**
 * @param {import("./call_out.js").Props & { call: import("../store.js").Call, listening: Listening, title: string, onClose: () => void }} props
 */
export function Listen({ t, api, box, call, listening, title, tell, onRefused, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const free = box.extensions.filter((one) => one.number !== call.caller && !isWith(call, one));
  const [own, setOwn] = useState(() => free.find(({ number }) => number === ownExtension(box))?.number ?? free[0]?.number ?? "");
  const [mode, setMode] = useState("silent");
  const { busy, fault, run } = useTask(t);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const listen = async () => {
    const done = await run(async () => {
      try {
        await api.write("POST", `calls/${call.id}/listen`, { extension: own, mode });
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
    if (!done) return;
    keepOwn(own);
    tell({ text: t("listen_rings", { number: own }) });
    dialog.current?.close();
  };
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && dialog.current?.close();
  const choice = (/** @type {string} */ value, /** @type {string} */ word, /** @type {string} */ why) => html`<label class="check"><input type="radio" name="listen-mode" value=${value} checked=${mode === value} onChange=${() => setMode(value)} />
    <span>${word}<small class="hint">${why}</small></span></label>`;
  return html`<dialog ref=${dialog} class="dialog" aria-labelledby="listen-title" onClose=${onClose} onClick=${outside}>
    <form class="dialog-in" novalidate onSubmit=${submit(listen)}>
      <h2 id="listen-title">${t("listen_title")}</h2>
      <p><b>${title}</b></p>
      <div class="field"><label for="listen-own">${t("listen_phone")}</label><${OwnSelect} id="listen-own" box=${{ ...box, extensions: free }} value=${own} onValue=${setOwn} /></div>
      <fieldset class="choices"><legend>${t("listen_how")}</legend>
        ${choice("silent", t("listen_silent"), t("listen_silent_why"))}
        ${choice("whisper", t("listen_whisper"), t("listen_whisper_why"))}
      </fieldset>
      <p class="second">${t(listening === "told" ? "listen_told" : "listen_untold")} ${t("listen_kept")}</p>
      ${fault && html`<p class="fault" role="alert">${fault.at("/extension") ?? fault.message}</p>`}
      <div class="buttons"><button class="button" type="button" onClick=${() => dialog.current?.close()}>${t("cancel")}</button>
        <button class="button primary" disabled=${busy || !own}><${Icon} name="ear" />${t("listen_go")}</button></div>
    </form>
  </dialog>`;
}
