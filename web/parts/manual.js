// The manual, fetched when somebody asks for it: its texts, and the part of its page that stands beside another.
import { html, useEffect, useState } from "../lib/preact.js";

/** @typedef {import("../manual/contents.js").Texts} Texts */

/** @type {Record<"ru" | "en", () => Promise<{ default: Texts }>>} */
const LANGUAGES = { ru: () => import("../manual/ru.js"), en: () => import("../manual/en.js") };

/**
 * @param {"ru" | "en"} language
 * @returns {Texts | null}
 */
export function useManual(language) {
  const [texts, setTexts] = useState(/** @type {Texts | null} */ (null));
  useEffect(() => {
    let here = true;
    LANGUAGES[language]().then((module) => here && setTexts(module.default), () => {});
    return () => {
      here = false;
    };
  }, [language]);
  return texts;
}

/**
 * What the manual says of a section, beside the page that somebody works on.
 * @param {{ t: import("../words.js").Say, language: "ru" | "en", section: string, here: string, onAsk: (section: string) => void, onClose: () => void }} props
 *   `here`: the section where the page is by now
 */
export function Beside(props) {
  const [Panel, setPanel] = useState(/** @type {{ of: any } | null} */ (null));
  useEffect(() => {
    import("../pages/help.js").then((page) => setPanel({ of: page.Beside }), () => {});
  }, []);
  const pressed = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && (event.stopPropagation(), props.onClose());
  return html`<aside class="help-beside" aria-label=${props.t("help")} onKeyDown=${pressed}>${Panel && html`<${Panel.of} ...${props} />`}</aside>`;
}
