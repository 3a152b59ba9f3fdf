// «Листы сотрудникам»: one to print for each: name, number, how to sign in with a program, the codes that are used most.
import { FEATURES, example } from "../codes.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { SCANS, onSheet } from "../phones.js";
import { address } from "../routes.js";
import { Switch } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { Head } from "../parts/item.js";
import { Code, waveAccount } from "../parts/setup_code.js";

/**
 * @typedef {{ passwords: Record<string, string>, addresses: Record<string, string> }} Secrets
 *   the passwords of logins, and by extension the address that a program scans
 */

/** @param {any} props */
export function PhoneSheets(props) {
  const { t, api, box, query, go, admin, onRefused, tell, settings } = props;
  const [codes, setCodes] = useState(/** @type {Record<string, string>} */ ({}));
  const [scanning, setScanning] = useState(/** @type {import("../phones.js").Phone[]} */ ([]));
  const [secrets, setSecrets] = useState(/** @type {Secrets | null} */ (null));
  const one = query.get("extension") ?? "";
  const shown = box.extensions.filter((/** @type {any} */ extension) => !one || extension.number === one);
  useEffect(() => {
    api.get("codes", { background: true }).then((/** @type {any} */ answer) => setCodes(answer.codes), () => {});
    api.all("phones", { background: true }).then((/** @type {any[]} */ all) => setScanning(all.filter(({ template }) => template === SCANS)), () => {});
  }, [settings]);
  useEffect(() => setSecrets(null), [one]);
  const choose = (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLSelectElement} */ (event.target);
    go(value ? `#/phone-sheets?extension=${encodeURIComponent(value)}` : address("phone-sheets"));
  };
  /** Each password is asked for by itself, so that the journal names it. */
  const reveal = async (/** @type {boolean} */ on) => {
    if (!on) return setSecrets(null);
    try {
      /** @type {Secrets} */
      const found = { passwords: {}, addresses: {} };
      for (const extension of shown) {
        const own = program(extension);
        if (own) found.passwords[own.login] = (await api.get(`extensions/${encodeURIComponent(extension.number)}/devices/${encodeURIComponent(own.login)}/password`)).password;
        const scans = scanning.find((phone) => isOf(phone, extension));
        if (scans) found.addresses[extension.number] = (await api.get(`phones/${encodeURIComponent(scans.mac)}/address`)).url;
      }
      setSecrets(found);
    } catch (error) {
      onRefused(error);
      tell({ text: error instanceof Error ? error.message : "" });
    }
  };
  return html`<${Head} t=${t} section=${{ at: "phones", name: /** @type {const} */ ("phones") }} title=${t("tel_sheets_title")} second=${t("tel_sheets_why")}>
      <button class="button primary" type="button" disabled=${shown.length === 0} onClick=${() => print()}>${t(one ? "tel_print" : "tel_print_all", { count: shown.length })}</button>
    <//>
    <section class="card sheets-how"><div class="in form">
      <div class="field"><label for="sheet-of">${t("tel_sheet_of")}</label><select class="input narrow" id="sheet-of" value=${one} onChange=${choose}><option value="">${t("tel_sheet_all")}</option>
        ${box.extensions.map((/** @type {any} */ extension) => html`<option key=${extension.number} value=${extension.number}>${`${extension.number} ${extension.employee}`.trim()}</option>`)}</select></div>
      ${admin && html`<${Switch} id="sheet-secrets" label=${t("tel_sheet_secrets")} hint=${t("tel_sheet_secrets_why")} on=${secrets !== null} onTurn=${reveal} />`}
    </div></section>
    ${shown.length === 0 && html`<p class="empty">${t("tel_no_extensions")} <a href=${address("extensions", "new")}>${t("extensions_add")}</a></p>`}
    <div class="sheets">${shown.map((/** @type {any} */ extension) => html`<${Sheet} key=${extension.number} t=${t} box=${box} extension=${extension} codes=${codes} secrets=${secrets} scans=${scanning.find((phone) => isOf(phone, extension))} />`)}</div>`;
}

/** The device for a program: one that is no desk telephone's. @param {any} extension */
function program({ devices }) {
  return devices.find((/** @type {any} */ one) => one.kind === "sip" && !one.mac);
}

/** @param {import("../phones.js").Phone} phone @param {any} extension */
function isOf(phone, extension) {
  return phone.lines.some((line) => line.extension === extension.number);
}

/** @param {any} props */
function Sheet({ t, box, extension, codes, secrets, scans }) {
  const own = program(extension);
  const password = own && secrets?.passwords[own.login];
  const scanned = secrets?.addresses[extension.number];
  const server = location.hostname;
  const name = `${extension.number} ${extension.employee}`.trim();
  const row = (/** @type {string} */ label, /** @type {string} */ value) => html`<div><dt>${label}</dt><dd><code>${value}</code></dd></div>`;
  return html`<article class="sheet" aria-label=${name}>
    <header><p class="second">${box.system?.name}</p><h2>${extension.employee || t("tel_sheet_nobody")}</h2><p class="sheet-number"><small>${t("ext_number")}</small> ${extension.number}</p></header>
    ${extension.devices.some((/** @type {any} */ one) => one.mac && one.mac !== scans?.mac) && html`<p>${t("tel_sheet_desk")}</p>`}
    ${own && html`<div class="sheet-program"><div><h3>${t("tel_sheet_program")}</h3><p class="second">${t(password ? "tel_sheet_scan" : "tel_sheet_type")}</p>
      <dl class="account">${row(t("setup_server"), server)}${row(t("device_login"), own.login)}${password && row(t("device_password"), password)}</dl></div>
      ${password && html`<${Code} label=${t("setup_qr")} text=${waveAccount({ server, login: own.login, password, name })} />`}</div>`}
    ${scans && html`<div class="sheet-program"><div><h3>Linphone</h3><p class="second">${t(scanned ? "tel_scan_why" : "tel_sheet_no_code")}</p></div>${scanned && html`<${Code} label=${t("tel_scan")} text=${scanned} />`}</div>`}
    <h3>${t("codes_title")}</h3>
    <dl class="sheet-codes">${onSheet(codes).map(({ key, code }) => html`<div key=${key}><dt><code>${example(code, follows(key))}</code></dt><dd>${told(t, key)}</dd></div>`)}</dl>
  </article>`;
}

/**
 * What a code does; one of forwarding needs its group to be understood.
 * @param {import("../words.js").Say} t
 * @param {string} key
 */
function told(t, key) {
  const word = t(/** @type {"code_park"} */ (`code_${key}`));
  return key.startsWith("forward_") ? `${t("codes_forward")}, ${word.toLowerCase()}` : word;
}

/** @param {string} key */
function follows(key) {
  return FEATURES.flatMap(({ features }) => features).find((feature) => feature.key === key)?.follows ?? "";
}
