// The articles of the manual, in the order in which they are read, and what each is about. Their texts are in ru/ and en/, the same
// articles with the same steps and pictures: test/manual.test.js holds that. Pure.
import { SECTIONS } from "../routes.js";

/**
 * @typedef {string | [string, string]} Step a sentence or two, with the name of its picture, if it has one
 * @typedef {{ title: string, why: string, steps: Step[], good?: string[] }} Article `good`: what is good to know besides
 * @typedef {{ chapters: Record<string, string>, articles: Record<string, Article> }} Texts
 * @typedef {{ id: string, about: string[] }} Entry `about`: the sections of the page where the article helps; it opens at the first
 */

/** @param {string} id @param {...string} about @returns {Entry} */
const on = (id, ...about) => ({ id, about });

/** @type {{ id: string, articles: Entry[] }[]} */
export const WRITTEN = [
  { id: "start", articles: [on("sign-in", "me"), on("first-steps", "now", "settings"), on("connect-number", "trunks"), on("check-number", "trunks"), on("add-employee", "extensions"), on("phones", "phones", "phone-search", "phone-sheets", "phone-templates"), on("phone-by-hand", "extensions"), on("find-anything", "settings")] },
  { id: "way", articles: [on("draw-route", "routing"), on("what-if", "routing"), on("working-hours", "schedules"), on("greeting", "voice-messages", "media"), on("record-voice", "media"), on("music", "media", "office"), on("voice-menu", "voice-menus"), on("groups", "groups")] },
  { id: "people", articles: [on("rights", "extensions"), on("shown-number", "extensions"), on("forwarding", "extensions"), on("mobile", "extensions"), on("switch-on-voicemail", "extensions", "office"), on("remove-number", "extensions", "groups")] },
  { id: "calls", articles: [on("now", "now"), on("dial", "now", "calls"), on("find-call", "calls"), on("recordings", "calls", "office"), on("export", "calls"), on("voicemail", "voicemail")] },
  { id: "telephone", articles: [on("transfer", "codes"), on("codes", "codes"), on("self", "codes"), on("parking", "codes"), on("conference", "codes"), on("emergency", "codes", "extensions")] },
  { id: "box", articles: [on("office", "office"), on("network", "network", "system", "time"), on("backup", "backups", "system"), on("restore", "backups"), on("update", "update", "system"), on("support", "system", "log", "capture"), on("guard", "protection"), on("limits", "protection", "extensions"), on("notices", "notices"), on("telegram", "notices"), on("mail", "notices"), on("users", "users"), on("sign-on", "sign-on", "users"), on("second-factor", "me"), on("tokens", "tokens"), on("versions", "versions"), on("audit", "audit"), on("license", "about")] },
  { id: "trouble", articles: [on("no-incoming", "trunks", "now"), on("carrier-password", "trunks"), on("no-registration", "extensions"), on("two-phones", "extensions"), on("call-refused", "extensions", "calls"), on("call-stopped", "protection", "calls"), on("one-way-sound", "calls"), on("bad-sound", "calls"),
    on("keys-not-heard", "voice-menus", "routing"), on("wrong-number-shown", "trunks"), on("no-recording", "calls"), on("page-warning", "me", "certificate"), on("lost-password", "users", "me")] },
];

/** Without articles about pages that this build does not have. */
export const CHAPTERS = WRITTEN.map(({ id, articles }) => ({ id, articles: articles.filter(({ about: [at] }) => SECTIONS.some((section) => section.at === at)) }));

/** @type {Entry[]} */
export const ARTICLES = CHAPTERS.flatMap(({ articles }) => articles);

/**
 * The articles that help in a section; first those that are mainly about it.
 * @param {string} section
 * @returns {string[]}
 */
export function about(section) {
  const place = (/** @type {Entry} */ entry) => Math.min(entry.about.indexOf(section), 1);
  return ARTICLES.filter((entry) => entry.about.includes(section)).sort((one, other) => place(one) - place(other)).map(({ id }) => id);
}

/**
 * The chapter of an article; of no article the first.
 * @param {string} id
 */
export function chapterOf(id) {
  return (CHAPTERS.find(({ articles }) => articles.some((entry) => entry.id === id)) ?? CHAPTERS[0])?.id ?? "";
}

/**
 * @typedef {{ kind: "text" | "label" | "key" | "article", text: string }} Piece
 *   `label`: a word of the page; `key`: something to dial or press; `article`: the id of another article
 */

const MARKS = /(«[^»]*»|“[^”]*”|`[^`]*`|\{[a-z-]+\})/;

/**
 * A text in pieces: «label» or “label”, `key`, {article}.
 * @param {string} text
 * @returns {Piece[]}
 */
export function pieces(text) {
  return text.split(MARKS).filter(Boolean).map((piece) => {
    const inside = piece.slice(1, -1);
    if (/^[«“]/.test(piece)) return { kind: "label", text: inside };
    if (piece.startsWith("`")) return { kind: "key", text: inside };
    if (/^\{[a-z-]+\}$/.test(piece)) return { kind: "article", text: inside };
    return { kind: "text", text: piece };
  });
}

/**
 * An article as plain words, to be searched.
 * @param {Article} article
 */
export function plain({ why, steps, good = [] }) {
  return [why, ...steps.map((step) => sentence(step)), ...good].flatMap(pieces).map(({ kind, text }) => (kind === "article" ? "" : text)).join(" ");
}

/** @param {Step} step */
export function sentence(step) {
  return typeof step === "string" ? step : step[0];
}

/** @param {Step} step */
export function picture(step) {
  return typeof step === "string" ? "" : step[1];
}
