// One search box for everything: numbers, names, sections, settings. Opened by / on every page.
import { find, telephone } from "../find.js";
import { number } from "../format.js";
import { title } from "../phones.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { ARTICLES, plain } from "../manual/contents.js";
import { isThere } from "../machine.js";
import { SECTIONS, address } from "../routes.js";
import { go } from "./address.js";
import { Icon } from "./icons.js";
import { useManual } from "./manual.js";

/** @typedef {import("../find.js").Thing} Thing */
/**
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", api: import("../api.js").Api, box: import("../store.js").Box, admin: boolean,
 *   onClose: () => void }} Props
 */

/** @param {Props} props */
export function Find({ t, language, api, box, admin, onClose }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [question, setQuestion] = useState("");
  const [at, setAt] = useState(0);
  const read = useLists(api);
  const texts = useManual(language);
  const things = useMemo(() => [...sections(t, admin, box.system), ...lists(t, box, read), ...settings(t, admin, box.system), ...articles(t, texts)], [t, box.extensions, box.trunks, box.system, read, admin, texts]);
  const digits = telephone(question);
  const history = digits ? [{ text: t("find_calls", { digits }), about: t("calls"), href: `#/calls?text=${digits}` }] : [];
  const found = [...find(things, question), ...history];
  const chosen = Math.min(at, found.length - 1);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const open = (/** @type {Thing | undefined} */ thing) => {
    if (!thing) return;
    dialog.current?.close();
    go(thing.href);
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt(Math.max(0, Math.min(found.length - 1, chosen + step)));
    else if (event.key === "Enter") open(found[chosen]);
    else return;
    event.preventDefault();
  };
  const typed = (/** @type {InputEvent} */ event) => {
    setQuestion(/** @type {HTMLInputElement} */ (event.target).value);
    setAt(0);
  };
  const outside = (/** @type {MouseEvent} */ event) => event.target === dialog.current && dialog.current?.close();
  return html`<dialog ref=${dialog} class="dialog find" aria-label=${t("find")} onClose=${onClose} onClick=${outside}>
    <div class="find-head"><${Icon} name="find" />
      <input type="search" role="combobox" aria-expanded="true" aria-controls="found" aria-activedescendant=${chosen >= 0 ? `found-${chosen}` : null} aria-label=${t("find")}
        placeholder=${t("find_what")} autocomplete="off" spellcheck=${false} autofocus value=${question} onInput=${typed} onKeyDown=${pressed} />
      <button class="button quiet square" type="button" title=${t("close")} aria-label=${t("close")} onClick=${() => dialog.current?.close()}><${Icon} name="close" /></button>
    </div>
    <ul id="found" role="listbox" aria-label=${t("find_found")}>
      ${found.map((thing, nth) => html`<li key=${`${thing.href} ${thing.text}`} id=${`found-${nth}`} role="option" aria-selected=${String(nth === chosen)} onClick=${() => open(thing)} onPointerMove=${() => setAt(nth)}>
        <b>${thing.text}</b><small>${thing.about}</small></li>`)}
    </ul>
    <div role="status">${found.length === 0 && html`<p class="empty">${t("find_nothing")}</p>`}</div>
  </dialog>`;
}

/** What the page does not keep by itself. */
const LISTS = /** @type {const} */ (["groups", "voice-menus", "schedules", "voice-messages", "media", "phones"]);

/** @param {import("../api.js").Api} api */
function useLists(api) {
  const [read, setRead] = useState(/** @type {Record<string, any[]>} */ ({}));
  useEffect(() => {
    for (const list of LISTS) {
      api.all(list).then(
        (items) => setRead((before) => ({ ...before, [list]: items })),
        () => {}, // what is not there is not found
      );
    }
  }, []);
  return read;
}

/**
 * @param {import("../words.js").Say} t
 * @param {boolean} admin
 * @param {import("../store.js").System | null} system
 * @returns {Thing[]}
 */
function sections(t, admin, system) {
  return SECTIONS.filter((section) => (admin || !section.admin) && isThere(section, system)).map(({ at, name, why }) => ({ text: t(name), about: t("find_section"), href: address(at), words: why ? t(why) : "" }));
}

/**
 * @param {import("../words.js").Say} t
 * @param {import("../store.js").Box} box
 * @param {Record<string, any[]>} read
 * @returns {Thing[]}
 */
function lists(t, box, read) {
  const country = box.system?.country;
  const extensions = box.extensions.map(({ number: own, employee, devices, ...rest }) => ({
    text: `${own} ${employee}`.trim(),
    about: t("find_extension"),
    href: address("extensions", own),
    words: [/** @type {any} */ (rest).email, ...devices.map((device) => (device.kind === "sip" ? device.login : device.number))].join(" "),
  }));
  const trunks = box.trunks.map((trunk) => ({
    text: number(trunk.number, country),
    about: `${t("find_trunk")}, ${trunk.name}`,
    href: address("trunks", trunk.name),
    words: [trunk.number, ...trunk.numbers, trunk.comment].join(" "),
  }));
  const groups = (read.groups ?? []).map((group) => ({ text: `${group.number} ${group.name}`.trim(), about: t("find_group"), href: address("groups", group.number), words: group.description }));
  const named = /** @type {const} */ (["voice-menus", "schedules", "voice-messages", "media"]).flatMap((list) =>
    (read[list] ?? []).map(({ name }) => ({ text: name, about: t(KINDS[list]), href: address(list, name) })),
  );
  const phones = (read.phones ?? []).map((phone) => ({
    text: `${title(phone) || t("tel_some")} ${phone.lines.map((/** @type {any} */ line) => line.extension).join(", ")}`.trim(),
    about: t("find_phone"),
    href: address("phones", phone.mac),
    words: `${phone.mac} ${phone.mac.replaceAll(":", "")} ${phone.seen?.address ?? ""}`,
  }));
  return [...extensions, ...trunks, ...groups, ...phones, ...named];
}

/** @type {Record<"voice-menus" | "schedules" | "voice-messages" | "media", import("../words.js").Key>} */
const KINDS = { "voice-menus": "find_voice_menu", schedules: "find_schedule", "voice-messages": "find_voice_message", media: "find_media" };

/** Settings that people look for by name, with the section that holds them. @type {[import("../words.js").Key, string][]} */
const SETTINGS = [
  ["parking", "codes"],
  ["rooms", "codes"],
  ["mail", "notices"],
  ["office_timezone", "office"],
  ["office_music", "office"],
  ["recordings", "office"],
  ["voicemail", "office"],
  ["trusted", "protection"],
  ["limits", "protection"],
  ["places", "protection"],
  ["quiet", "protection"],
  ["listening", "office"],
  ["authorities", "sign-on"],
  ["openid", "sign-on"],
  ["ldap", "sign-on"],
  ["bundle", "system"],
  ["power", "system"],
  ["reset", "system"],
  ["net_name", "network"],
  ["net_carrier", "network"],
  ["time_servers", "time"],
  ["syslog", "log"],
  ["restore", "backups"],
  ["plan", "backups"],
  ["tel_pnp", "phone-search"],
  ["tel_dhcp", "phone-search"],
];

/**
 * @param {import("../words.js").Say} t
 * @param {boolean} admin
 * @param {import("../store.js").System | null} system
 * @returns {Thing[]}
 */
function settings(t, admin, system) {
  return SETTINGS.filter(([, at]) => SECTIONS.some((section) => section.at === at && (admin || !section.admin) && isThere(section, system))).map(([key, at]) => ({ text: t(key), about: t("find_setting"), href: address(at) }));
}

/**
 * The manual's articles; by an empty question nobody looks for them.
 * @param {import("../words.js").Say} t
 * @param {import("../manual/contents.js").Texts | null} texts
 * @returns {Thing[]}
 */
function articles(t, texts) {
  return ARTICLES.flatMap(({ id }) => {
    const article = texts?.articles[id];
    return article ? [{ text: article.title, about: t("help_kind"), href: address("help", id), words: plain(article) }] : [];
  });
}
