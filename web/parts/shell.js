// The frame around every page: sections, connection, language, theme, sign-out. Beside the page when there is room, else a
// bar above and one below.
import { html } from "../lib/preact.js";
import { Icon, Mark } from "./icons.js";

/**
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", onLanguage: (language: "ru" | "en") => void,
 *   dark: boolean, onTheme: () => void, login: string, onSignOut: () => void, page: "now" | "calls" | "codes", count: number,
 *   office: string, lost: string, known: boolean, children: unknown }} Props
 */

/** @param {Props} props */
export function Shell(props) {
  const { t, page, count, office, lost, children } = props;
  const sections = [
    { key: /** @type {const} */ ("now"), href: "#/now" },
    { key: /** @type {const} */ ("calls"), href: "#/calls" },
    { key: /** @type {const} */ ("codes"), href: "#/codes" },
  ];
  const links = sections.map(
    ({ key, href }) => html`<a class="section" href=${href} aria-current=${page === key ? "page" : null}>
      <${Icon} name=${key} /><span>${t(key)}</span>
      ${key === "now" && count > 0 && html`<b class="count live">${count}</b>`}
    </a>`,
  );
  return html`<div class="shell">
    <header class="top"><${Mark} /><b>${t("brand")}</b><${Tools} ...${props} /></header>
    <nav class="side" aria-label=${t("sections")}>
      <div class="brand"><${Mark} /><span><b>${t("brand")}</b><small>${office}</small></span></div>
      ${links}
      <div class="foot"><${Link} ...${props} /><${Tools} ...${props} /></div>
    </nav>
    <main class="page" id="main">
      <div class="notices" role="status">${lost && html`<p class="note warn"><${Icon} name="alert" />${lost}</p>`}</div>
      ${children}
    </main>
    <nav class="tabs" aria-label=${t("sections")}>${links}</nav>
  </div>`;
}

/** @param {Props} props */
function Link({ t, lost, known }) {
  if (lost) return html`<span class="lamp warn">${t("lost_short")}</span>`;
  return html`<span class=${known ? "lamp ok" : "lamp off"}>${t(known ? "connected" : "connecting")}</span>`;
}

/** @param {Props} props */
function Tools({ t, language, onLanguage, dark, onTheme, login, onSignOut }) {
  return html`<div class="tools">
    <${Languages} t=${t} language=${language} onLanguage=${onLanguage} />
    <${Theme} t=${t} dark=${dark} onTheme=${onTheme} />
    <button class="button quiet square" type="button" title=${t("sign_out", { login })} aria-label=${t("sign_out", { login })} onClick=${onSignOut}><${Icon} name="out" /></button>
  </div>`;
}

/** @param {Pick<Props, "t" | "language" | "onLanguage">} props */
export function Languages({ t, language, onLanguage }) {
  const choice = (/** @type {"ru" | "en"} */ one, /** @type {string} */ word) =>
    html`<button type="button" lang=${one} aria-pressed=${one === language} onClick=${() => onLanguage(one)}>${word}</button>`;
  return html`<div class="choice" role="group" aria-label=${t("language")}>${choice("ru", "Рус")}${choice("en", "Eng")}</div>`;
}

/** @param {Pick<Props, "t" | "dark" | "onTheme">} props */
export function Theme({ t, dark, onTheme }) {
  const word = t(dark ? "theme_light" : "theme_dark");
  return html`<button class="button quiet square" type="button" title=${word} aria-label=${word} onClick=${onTheme}><${Icon} name=${dark ? "sun" : "moon"} /></button>`;
}
