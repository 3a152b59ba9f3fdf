// The frame around every page: sections, search, connection, language, theme, sign-out. Beside the page when there is room, else a
// bar above and one below.
import { html, useEffect } from "../lib/preact.js";
import { isThere } from "../machine.js";
import { PARTS, SECTIONS, TABS, address } from "../routes.js";
import { hasUnsaved } from "./address.js";
import { Icon, Mark } from "./icons.js";
import { Unseen } from "./unseen.js";

/**
 * @typedef {import("../routes.js").Section} Section
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", onLanguage: (language: "ru" | "en") => void,
 *   dark: boolean, onTheme: () => void, login: string, onSignOut: () => void, onFind: () => void, onHelp: () => void, section: Section,
 *   admin: boolean, system: import("../store.js").System | null, count: number, unseen: number, office: string, lost: string, known: boolean, notices: unknown, children: unknown,
 *   beside: unknown, onAsk: (section: string) => void }} Props
 *   `unseen`: alarms that nobody has seen; `beside`: stands to the right of the page; `onAsk`: opens there what the manual says of a section
 */

/** @param {Props} props */
export function Shell(props) {
  const { t, section, office, lost, children, notices, beside, onAsk, onFind } = props;
  useEffect(() => {
    // With all settings open the navigation may be longer than the screen.
    document.querySelector(".side [aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [section]);
  const tabs = [...TABS, "settings"].map((at) => SECTIONS.find((one) => one.at === at)).filter((one) => one !== undefined);
  return html`<div class=${["shell", section.rail && "rail", beside && "helped"].filter(Boolean).join(" ")}>
    <a class="skip" href="#main" onClick=${toMain}>${t("to_main")}</a>
    <header class="top"><${Mark} /><b>${office || t("brand")}</b>
      <button class="button quiet square" type="button" title=${t("find")} aria-label=${t("find")} onClick=${onFind}><${Icon} name="find" /></button>
      <${Ask} t=${t} section=${section} onAsk=${onAsk} /><${Tools} ...${props} /></header>
    <nav class="side" aria-label=${t("sections")}>
      <a class="brand" href="#/now"><${Mark} /><span><b>${t("brand")}</b><small>${office}</small></span></a>
      <button class="finder" type="button" title=${t("find")} onClick=${onFind}><${Icon} name="find" /><span>${t("find")}</span><kbd>/</kbd></button>
      ${PARTS.map(({ part, sections }) => sections.length > 0 && html`<div class="part" role="group" aria-labelledby=${`part-${part}`}>
        <div class="part-name" id=${`part-${part}`}>${t(`part_${part}`)}</div>
        ${sections.filter((one) => props.admin || !one.admin).map((one) => html`<${Entry} key=${one.at} ...${props} one=${one} />`)}
      </div>`)}
      <div class="foot"><${Link} ...${props} /><${Tools} ...${props} /></div>
    </nav>
    <main class="page" id="main" tabindex="-1">
      ${section.at !== "help" && !beside && html`<div class="ask-help"><${Ask} t=${t} section=${section} onAsk=${onAsk} /></div>`}
      <div class="notices" role="status">${lost && html`<p class="note warn"><${Icon} name="alert" />${lost}</p>`}${notices}</div>
      ${children}
    </main>
    ${beside}
    <nav class="tabs" aria-label=${t("sections")}>${tabs.map((one) => html`<${Tab} key=${one.at} ...${props} one=${one} />`)}</nav>
  </div>`;
}

/** @param {MouseEvent} event */
function toMain(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** @param {Props & { one: Section }} props */
function Entry({ t, one, section, system, count, unseen, admin }) {
  const here = one === section;
  const within = section.inside === one.at;
  const inside = here || within ? SECTIONS.filter((sub) => sub.inside === one.at && (admin || !sub.admin) && isThere(sub, system)) : [];
  return html`<a class=${within ? "section within" : "section"} href=${address(one.at)} title=${t(one.name)} aria-current=${here ? "page" : null}>
      <${Icon} name=${one.icon} /><span>${t(one.name)}</span>
      ${one.at === "now" && count > 0 && html`<b class="count live">${count}</b>`}${one.at === "protection" && html`<${Unseen} t=${t} unseen=${unseen} />`}
    </a>
    ${inside.map((sub) => html`<a key=${sub.at} class="section sub" href=${address(sub.at)} aria-current=${sub === section ? "page" : null}><span>${t(sub.name)}</span></a>`)}`;
}

/** @param {Props & { one: Section }} props */
function Tab({ t, one, section, count, unseen }) {
  const rest = one.at === "settings";
  const here = one === section || (rest && !TABS.includes(section.at));
  return html`<a class="section" href=${address(one.at)} aria-current=${here ? "page" : null}>
    <${Icon} name=${rest ? "more" : one.icon} /><span>${t(rest ? "tab_more" : TAB_WORDS[one.at] ?? one.name)}</span>
    ${one.at === "now" && count > 0 && html`<b class="count live">${count}</b>`}${rest && html`<${Unseen} t=${t} unseen=${unseen} />`}
  </a>`;
}

/** With less room the manual does not stand beside the page. */
const ROOMY = "(min-width: 1400px)";

/** «?»: what the manual says of this page. @param {Pick<Props, "t" | "section" | "onAsk">} props */
function Ask({ t, section, onAsk }) {
  const href = section.at === "help" ? address("help") : `${address("help")}?about=${section.at}`;
  // Nobody loses what he was about to save by asking how.
  const opened = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || section.at === "help") return;
    const roomy = matchMedia(ROOMY).matches;
    if (!roomy && !hasUnsaved()) return;
    event.preventDefault();
    if (roomy) onAsk(section.at);
    else open(href, "_blank", "noopener");
  };
  return html`<a class="button quiet square" href=${href} title=${t("help_about")} aria-label=${t("help_about")} onClick=${opened}><${Icon} name="help" /></a>`;
}

/** Shorter words where a tab has no room. @type {Record<string, import("../words.js").Key>} */
const TAB_WORDS = { routing: "tab_routing", extensions: "tab_extensions" };

/** @param {Props} props */
function Link({ t, lost, known }) {
  if (lost) return html`<span class="lamp warn"><span>${t("lost_short")}</span></span>`;
  return html`<span class=${known ? "lamp ok" : "lamp off"}><span>${t(known ? "connected" : "connecting")}</span></span>`;
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
