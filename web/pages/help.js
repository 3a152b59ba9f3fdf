// «Справка»: the manual. Its articles by chapters, one opened, or all of them to be printed; all of it without the internet.
import { find } from "../find.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { ARTICLES, CHAPTERS, about, chapterOf, picture, pieces, plain, sentence } from "../manual/contents.js";
import { Icon } from "../parts/icons.js";
import { useManual } from "../parts/manual.js";
import { useStyle } from "../parts/style.js";
import { SECTIONS, address } from "../routes.js";

/**
 * @typedef {import("../manual/contents.js").Texts} Texts
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", rest: string[], query: URLSearchParams }} Props
 * @typedef {Pick<Props, "t" | "language"> & { texts: Texts, sizes: Record<string, [number, number]>, onArticle?: (id: string) => void }} Inside
 *   `onArticle`: opens another article where this one stands
 */

/** As many articles are found at most. */
const FOUND = 20;

/** @param {Props} props */
export function Help(props) {
  const { t, language, rest, query } = props;
  const styled = useStyle("manual");
  const texts = useManual(language);
  const sizes = usePictures(language);
  if (!styled || !texts || !sizes) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  const inside = { t, language, texts, sizes };
  if (query.has("all")) return html`<${Whole} ...${inside} />`;
  const section = query.get("about") ?? "";
  const id = rest[0] ?? about(section)[0] ?? "";
  if (!id) return html`<${Contents} ...${inside} />`;
  return html`<div class="manual"><nav class="manual-side" aria-label=${t("help_contents")}><${Search} ...${inside} id=${id} /></nav>
    ${texts.articles[id] ? html`<${Opened} key=${id} ...${inside} id=${id} section=${section} />` : html`<p class="empty">${t("help_none")} <a href=${address("help")}>${t("help_contents")}</a></p>`}</div>`;
}

/**
 * The sizes of the pictures that this build has; it may have none.
 * @param {"ru" | "en"} language
 */
function usePictures(language) {
  const [sizes, setSizes] = useState(/** @type {Record<string, [number, number]> | null} */ (null));
  useEffect(() => {
    const list = new URL(`../pictures/${language}.js`, import.meta.url).href;
    import(list).then((module) => setSizes(module.default), () => setSizes({}));
  }, [language]);
  return sizes;
}

/** The table of contents as the page itself. @param {Inside} props */
function Contents(props) {
  const { t } = props;
  return html`<header class="head item-head"><div><h1>${t("help")}</h1><p class="second">${t("help_why")}</p></div>
      <div class="actions"><a class="button" href=${`${address("help")}?all`}>${t("help_all")}</a></div></header>
    <div class="manual-contents"><${Search} ...${props} id="" /></div>`;
}

/** What is sought among the articles, else all of them by chapters. @param {Inside & { id: string }} props */
function Search({ t, texts, id }) {
  const [question, setQuestion] = useState("");
  const things = ARTICLES.flatMap(({ id: one }) => {
    const article = texts.articles[one];
    return article ? [{ text: article.title, about: "", href: one, words: plain(article) }] : [];
  });
  const link = (/** @type {string} */ one) => html`<li><a href=${address("help", one)} aria-current=${one === id ? "page" : null}>${texts.articles[one]?.title}</a></li>`;
  const found = question.trim() ? find(things, question, FOUND) : null;
  return html`<search><label class="unseen" for="help-find">${t("help_find")}</label>
      <input class="input" id="help-find" type="search" placeholder=${t("help_find")} autocomplete="off" value=${question} onInput=${(/** @type {InputEvent} */ event) => setQuestion(/** @type {HTMLInputElement} */ (event.target).value)} /></search>
    <div role="status">${found?.length === 0 && html`<p class="second">${t("help_nothing")}</p>`}</div>
    ${found
      ? html`<ul class="manual-found">${found.map(({ href }) => link(href))}</ul>`
      : html`<div class="manual-chapters">${CHAPTERS.map((chapter) => html`<section key=${chapter.id}><h2>${texts.chapters[chapter.id]}</h2><ul>${chapter.articles.map((entry) => link(entry.id))}</ul></section>`)}</div>`}`;
}

/** @param {Inside & { id: string, section: string }} props */
function Opened(props) {
  const { t, texts, id } = props;
  const section = props.section || (ARTICLES.find((entry) => entry.id === id)?.about[0] ?? "");
  const page = SECTIONS.find(({ at }) => at === section);
  const others = about(section).filter((one) => one !== id);
  const at = ARTICLES.findIndex((entry) => entry.id === id);
  const step = (/** @type {number} */ by, /** @type {"help_previous" | "help_next"} */ word) => {
    const next = ARTICLES[at + by];
    return next ? html`<a href=${address("help", next.id)}><small>${t(word)}</small><b>${texts.articles[next.id]?.title}</b></a>` : html`<span></span>`;
  };
  return html`<div class="manual-main">
    <a class="crumb" href=${address("help")}><${Icon} name="back" />${t("help")}</a>
    <article class="card"><p class="hint">${texts.chapters[chapterOf(id)]}</p><h1>${texts.articles[id]?.title}</h1>
      <${Body} ...${props} lazy />
      <p class="manual-tools">${page && html`<a class="button" href=${address(page.at)}><${Icon} name=${page.icon} />${t("help_open", { name: t(page.name) })}</a>`}
        <button class="button quiet" type="button" onClick=${() => print()}>${t("help_print")}</button></p>
    </article>
    ${page && others.length > 0 && html`<section class="card manual-more" aria-labelledby="help-more"><h2 id="help-more">${t("help_more", { name: t(page.name) })}</h2>
      <ul>${others.map((one) => html`<li key=${one}><a href=${address("help", one)}>${texts.articles[one]?.title}</a></li>`)}</ul></section>`}
    <nav class="manual-turn" aria-label=${t("help_contents")}>${step(-1, "help_previous")}${step(1, "help_next")}</nav>
  </div>`;
}

/** Everything, to be printed. @param {Inside} props */
function Whole(props) {
  const { t, texts } = props;
  return html`<header class="head item-head"><div><a class="crumb" href=${address("help")}><${Icon} name="back" />${t("help_contents")}</a><h1>${t("help")}</h1></div>
      <div class="actions"><button class="button primary" type="button" onClick=${() => print()}>${t("help_print")}</button></div></header>
    <div class="manual-whole">${CHAPTERS.map((chapter) => html`<section key=${chapter.id}><h2>${texts.chapters[chapter.id]}</h2>
      ${chapter.articles.map(({ id }) => html`<article class="card" key=${id}><h3>${texts.articles[id]?.title}</h3><${Body} ...${props} id=${id} lazy=${false} /></article>`)}</section>`)}</div>`;
}

/** @param {Inside & { id: string, lazy: boolean }} props */
function Body(props) {
  const { t, texts, id } = props;
  const article = texts.articles[id];
  if (!article) return null;
  const { why, steps, good = [] } = article;
  return html`<p class="manual-why"><${Said} ...${props} text=${why} /></p>
    <ol class="manual-steps">${steps.map((one) => html`<li><p><${Said} ...${props} text=${sentence(one)} /></p>${picture(one) && html`<${Picture} ...${props} name=${picture(one)} />`}</li>`)}</ol>
    ${good.length > 0 && html`<div class="manual-good"><b>${t("help_good")}</b><ul>${good.map((one) => html`<li><${Said} ...${props} text=${one} /></li>`)}</ul></div>`}`;
}

/**
 * The article about a section, beside the page that somebody works on.
 * @param {Pick<Props, "t" | "language"> & { section: string, here: string, onAsk: (section: string) => void, onClose: () => void }} props
 */
export function Beside({ t, language, section, here, onAsk, onClose }) {
  const styled = useStyle("manual");
  const texts = useManual(language);
  const sizes = usePictures(language);
  const [id, setId] = useState(about(section)[0] ?? "");
  const top = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    top.current?.scrollIntoView({ block: "nearest" });
    top.current?.focus({ preventScroll: true });
  }, [id, texts, styled]);
  const article = texts?.articles[id];
  if (!styled || !texts || !sizes) return null;
  const others = about(section).filter((one) => one !== id);
  const open = (/** @type {string} */ one) => (/** @type {Event} */ event) => (event.preventDefault(), setId(one));
  return html`<header tabindex="-1" ref=${top}><a class="hint" href=${address("help", id)}>${t("help_whole")}</a>
      <button class="button quiet square" type="button" title=${t("close")} aria-label=${t("close")} onClick=${onClose}><${Icon} name="close" /></button></header>
    ${here !== section && about(here).length > 0 && html`<p><button class="plain" type="button" onClick=${() => onAsk(here)}>${t("help_about")}</button></p>`}
    ${article && html`<article><h2>${article.title}</h2><${Body} t=${t} language=${language} texts=${texts} sizes=${sizes} id=${id} lazy onArticle=${setId} /></article>`}
    ${others.length > 0 && html`<nav aria-label=${t("help_contents")}><ul>${others.map((one) => html`<li key=${one}><a href=${address("help", one)} onClick=${open(one)}>${texts.articles[one]?.title}</a></li>`)}</ul></nav>`}`;
}

/** Words of the page, keys and other articles stand out. @param {Inside & { text: string }} props */
function Said({ texts, text, onArticle }) {
  const opened = (/** @type {string} */ id) => (/** @type {MouseEvent} */ event) => {
    if (!onArticle || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onArticle(id);
  };
  return pieces(text).map(({ kind, text: inside }) => {
    if (kind === "label") return html`<b class="manual-label">${inside}</b>`;
    if (kind === "key") return html`<kbd>${inside}</kbd>`;
    if (kind === "article") return html`<a href=${address("help", inside)} onClick=${opened(inside)}>${texts.articles[inside]?.title}</a>`;
    return inside;
  });
}

/** The step says all that its picture shows. @param {Inside & { name: string, lazy: boolean }} props */
function Picture({ t, language, sizes, name, lazy }) {
  const size = sizes[name];
  if (!size) return null;
  const source = new URL(`../pictures/${language}/${name}.webp`, import.meta.url).href;
  return html`<a class="manual-picture" href=${source} target="_blank" title=${t("help_enlarge")}><img src=${source} width=${size[0]} height=${size[1]} loading=${lazy ? "lazy" : "eager"} alt=${t("help_enlarge")} /></a>`;
}
