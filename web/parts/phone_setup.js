// How telephones find the exchange: what is told to a router, and how a telephone forgets another exchange.
import { html, useEffect, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";

/** While the box looks for another DHCP server, it is asked how that goes. Milliseconds. */
const LOOKS_EVERY = 2_000;

/**
 * What the box tells of it, to admins.
 * @param {any} props
 */
export function useSetup({ api, admin, language, settings }) {
  const [setup, setSetup] = useState(/** @type {any} */ (null));
  const [again, setAgain] = useState(0);
  useEffect(() => {
    // Nothing depends on it: without it the help is shorter.
    if (admin) api.get("phones/setup", { background: true }).then(setSetup, () => {});
  }, [admin, language, settings, again]);
  const looks = setup?.ways?.dhcp.state === "looking";
  useEffect(() => {
    if (!looks) return;
    const timer = setInterval(() => setAgain((count) => count + 1), LOOKS_EVERY);
    return () => clearInterval(timer);
  }, [looks]);
  return setup;
}

/**
 * A line to copy.
 * @param {{ t: import("../words.js").Say, tell: (toast: import("./toast.js").Toast) => void, label: string, text: string }} props
 */
export function Copied({ t, tell, label, text }) {
  const copy = () => navigator.clipboard.writeText(text).then(() => tell({ text: t("copied") }), () => {});
  return html`<div class="affix"><input class="input mono" readonly value=${text} aria-label=${label} onFocus=${(/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).select()} />
    <button class="button square" type="button" title=${t("copy")} aria-label=${`${t("copy")}: ${label}`} onClick=${copy}><${Icon} name="copy" /></button></div>`;
}

/** Lines of commands to copy. @param {any} props */
function Commands({ t, tell, label, lines }) {
  const copy = () => navigator.clipboard.writeText(`${lines.join("\n")}\n`).then(() => tell({ text: t("copied") }), () => {});
  return html`<div class="letter"><pre tabindex="0" role="region" aria-label=${label}>${lines.join("\n")}</pre><button class="button" type="button" onClick=${copy}><${Icon} name="copy" />${t("copy")}</button></div>`;
}

/** What to write into the router, folded. @param {any} props */
export function Routers({ t, tell, setup }) {
  if (!setup) return null;
  return html`<div class="folds">
    ${setup.routers.map((/** @type {any} */ router) => html`<details key=${router.name}><summary>${router.name}</summary><p>${t("tel_router_where", { where: router.where })}</p><${Commands} t=${t} tell=${tell} label=${router.name} lines=${router.lines} /></details>`)}
    <details><summary>${t("tel_options")}</summary><p>${t("tel_options_why")}</p>
      <dl class="account options-list">${setup.options.map((/** @type {any} */ one) => html`<div key=${one.option}><dt><b>${one.option}</b><small class="hint below">${one.for}</small></dt><dd><${Copied} t=${t} tell=${tell} label=${t("tel_option", { option: one.option })} text=${one.value} /></dd></div>`)}</dl></details>
  </div>`;
}

/** How the telephones of each vendor forget what they know, folded. @param {any} props */
export function Resets({ setup }) {
  if (!setup) return null;
  return html`<dl class="account resets">${setup.resets.map((/** @type {any} */ one) => html`<div key=${one.vendor}><dt>${one.title}</dt><dd>${one.reset}</dd></div>`)}</dl>`;
}

/** The same of one vendor, in a sentence. @param {any} props */
export function Reset({ t, setup, vendor }) {
  const known = setup?.resets.find((/** @type {any} */ one) => one.vendor === vendor);
  return known ? known.reset : t("tel_help_reset_any");
}
