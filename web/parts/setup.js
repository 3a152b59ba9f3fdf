// Setting up a telephone by hand: server, login and password to copy, a guide for common programs, a code for those that can read one.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";
import { Code, serverOf, waveAccount } from "./setup_code.js";

/** @param {any} props */
export function Setup({ t, api, admin, box, tell, onRefused, item, device, number, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [word, setWord] = useState(device.password ?? "");
  const [coded, setCoded] = useState(false);
  const server = serverOf(box.system, location.hostname);
  const saved = !item.fresh && item.was?.devices?.some((/** @type {any} */ one) => one.login === device.login);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const show = async () => {
    try {
      const answer = await api.get(`extensions/${encodeURIComponent(number)}/devices/${encodeURIComponent(device.login)}/password`);
      setWord(answer.password);
    } catch (error) {
      onRefused(error);
      tell({ text: error instanceof Error ? error.message : "" });
    }
  };
  const draw = async () => {
    if (!word) await show();
    setCoded(true);
  };
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && dialog.current?.close();
  const copy = (/** @type {string} */ text) => navigator.clipboard.writeText(text).then(() => tell({ text: t("copied") }), () => {});
  const row = (/** @type {string} */ name, /** @type {string} */ value, /** @type {unknown} */ instead = null) =>
    html`<div><dt>${name}</dt><dd>${instead || html`<code>${value}</code><button class="button quiet square" type="button" title=${t("copy")} aria-label=${`${t("copy")}: ${name}`} onClick=${() => copy(value)}><${Icon} name="copy" /></button>`}</dd></div>`;
  const guide = (/** @type {string} */ name, /** @type {string} */ how) => html`<details><summary>${name}</summary><p>${how}</p></details>`;
  return html`<dialog ref=${dialog} class="dialog setup" aria-labelledby="setup-title" onClose=${onClose} onClick=${outside}>
    <div class="dialog-in">
      <h2 id="setup-title">${t("setup", { number: item.draft.number })}</h2>
      ${!saved && html`<p class="note warn"><${Icon} name="alert" />${t("setup_save_first")}</p>`}
      <p class="second">${t("setup_why")}</p>
      <dl class="account">
        ${row(t("setup_server"), server)}
        ${row(t("device_login"), device.login)}
        ${admin && saved && row(t("device_password"), word, !word && html`<button class="button" type="button" onClick=${show}>${t("device_password_show")}</button>`)}
        <div><dt>${t("setup_transport")}</dt><dd>${t("setup_transport_is")}</dd></div>
        <div><dt>${t("setup_stun")}</dt><dd>${t("setup_stun_is")}</dd></div>
        <div><dt>${t("setup_rport")}</dt><dd>${t("setup_rport_is")}</dd></div>
      </dl>
      <div class="folds">${guide(t("setup_desk"), t("setup_desk_how"))}${guide(t("setup_linphone"), t("setup_linphone_how"))}${guide(t("setup_zoiper"), t("setup_zoiper_how"))}${guide(t("setup_microsip"), t("setup_microsip_how"))}</div>
      ${admin && saved && (coded && word
        ? html`<p class="second">${t("setup_qr_why")}</p><${Code} label=${t("setup_qr")} text=${waveAccount({ server, login: device.login, password: word, name: `${item.draft.number} ${item.draft.employee}`.trim() })} />`
        : html`<p><button class="button" type="button" onClick=${draw}><${Icon} name="qr" />${t("setup_qr")}</button></p>`)}
      <div class="buttons"><button class="button" type="button" onClick=${() => dialog.current?.close()}>${t("close")}</button></div>
    </div>
  </dialog>`;
}
