// How mail leaves the box. The password goes in and never comes out: an empty field keeps it.
import { html, useState } from "../lib/preact.js";
import { Field, SaveBar, submit, Switch, useResource } from "./form.js";
import { Icon } from "./icons.js";

/**
 * @typedef {{ server: string, port: number, security: string, trust_any_certificate: boolean, login: string, has_password: boolean, from: string, missed_calls: boolean, admin: string }} MailSettings
 * @typedef {{ t: import("../words.js").Say, api: import("../api.js").Api, admin: boolean, onRefused: (error: unknown) => void }} Props
 */

/** @type {Record<string, number>} */
const PORTS = { starttls: 587, tls: 465, none: 25 };

/** @param {Props} props */
export function Mail({ t, api, admin, onRefused }) {
  const form = useResource({ t, api, path: "mail", onRefused });
  const [password, setPassword] = useState("");
  const was = /** @type {MailSettings | null} */ (form.was);
  const draft = /** @type {MailSettings | null} */ (form.draft);
  if (!was || !draft) return html`<section class="card"><p class="empty">${form.fault ? form.fault.message : t("loading")}</p></section>`;
  const field = (/** @type {"server" | "login" | "from" | "admin"} */ key) => ({
    id: `mail-${key}`,
    value: draft[key],
    fixed: !admin,
    optional: true,
    fault: form.fault?.at(`/${key}`),
    onValue: (/** @type {string} */ value) => form.edit({ [key]: value }),
  });
  const port = {
    id: "mail-port",
    value: draft.port ? String(draft.port) : "",
    fixed: !admin,
    optional: true,
    digits: true,
    placeholder: String(PORTS[draft.security] ?? ""),
    fault: form.fault?.at("/port"),
    onValue: (/** @type {string} */ value) => form.edit({ port: Math.min(65535, Number(value.replaceAll(/\D/g, "").slice(0, 5))) }),
  };
  const changed = password !== "" || Object.entries(draft).some(([key, value]) => was[/** @type {keyof MailSettings} */ (key)] !== value);
  const save = async () => {
    if (await form.save(password ? { ...draft, password } : draft)) setPassword("");
  };
  const choose = (/** @type {Event} */ event) => form.edit({ security: /** @type {HTMLSelectElement} */ (event.target).value });
  return html`<form class="card" aria-labelledby="mail-title" novalidate onSubmit=${submit(save)}>
    <header><h2 id="mail-title">${t("mail")}</h2><span class="hint">${t(was.server ? "mail_on" : "mail_off")}</span></header>
    <div class="in form">
      <p class="second">${t("mail_why")}</p>
      <${Field} ...${field("server")} label=${t("mail_server")} hint=${t("mail_server_why")} placeholder="smtp.example.org" />
      <div class="pair">
        <div class="field"><label for="mail-security">${t("mail_security")}</label>
          <select class="input" id="mail-security" value=${draft.security} disabled=${!admin} onChange=${choose}>
            ${Object.keys(PORTS).map((word) => html`<option key=${word} value=${word}>${t(/** @type {import("../words.js").Key} */ (`mail_${word}`))}</option>`)}
          </select></div>
        <${Field} ...${port} label=${t("mail_port")} />
      </div>
      ${draft.security === "none" && draft.login && html`<p class="note warn">${t("mail_unsafe")}</p>`}
      ${(draft.security !== "none" || draft.trust_any_certificate) && html`<${Switch} id="mail-any" label=${t("sso_any")} hint=${t("sso_any_why")} off=${!admin}
        on=${draft.trust_any_certificate} onTurn=${(/** @type {boolean} */ on) => form.edit({ trust_any_certificate: on })} />`}
      ${draft.trust_any_certificate && html`<p class="note warn" role="alert"><${Icon} name="alert" /><span>${t("mail_any_warning")}</span></p>`}
      <div class="pair">
        <${Field} ...${field("login")} label=${t("login")} />
        ${admin && html`<${Field} id="mail-password" label=${t("password")} value=${password} onValue=${setPassword} secret optional autocomplete="new-password"
          placeholder=${t(was.has_password ? "mail_kept" : "mail_no_password")} fault=${form.fault?.at("/password")} />`}
      </div>
      <${Field} ...${field("from")} label=${t("mail_from")} hint=${t("mail_from_why")} placeholder="telephone@example.org" />
      <label class="check"><input type="checkbox" checked=${draft.missed_calls} disabled=${!admin}
        onChange=${(/** @type {Event} */ event) => form.edit({ missed_calls: /** @type {HTMLInputElement} */ (event.target).checked })} />
        <span>${t("mail_missed")}<small class="hint">${t("mail_missed_why")}</small></span></label>
      <${Field} ...${field("admin")} label=${t("mail_admin")} hint=${t("mail_admin_why")} />
    </div>
    ${admin && html`<${SaveBar} t=${t} ...${form} changed=${changed} onReload=${form.load} />`}
  </form>`;
}
