// The sections of the page: where each stands in the navigation, and the module that is fetched when it is opened. Pure: an address
// goes in, the section comes out.

/**
 * @typedef {import("./words.js").Key} Key
 * @typedef {keyof typeof import("./parts/icons.js").PATHS} IconName
 * @typedef {"today" | "way" | "box"} Part of the navigation
 * @typedef {{ at: string, name: Key, icon: IconName, part: Part, inside?: string, why?: Key, key?: string, rail?: boolean, admin?: boolean, image?: boolean, beside?: boolean,
 *   load: () => Promise<any> }} Section
 *   `at`: the first word of the address; `inside`: the section under which it stands; `why`: what it is for, in one line;
 *   `key`: the letter after g that opens it, as KeyboardEvent.code; `rail`: the navigation makes room for it; `admin`: nobody
 *   else may see it; `image`: only a box that is Dozvon's whole has it; `beside`: what is opened stands beside its list, which keeps its place; `load`: its component
 * @typedef {{ section: Section, rest: string[], query: URLSearchParams }} Route
 */

/** @type {Section[]} */
export const SECTIONS = [
  { at: "now", name: "now", icon: "now", part: "today", key: "KeyN", load: () => import("./pages/now.js").then((page) => page.Now) },
  { at: "calls", name: "calls", icon: "calls", part: "today", key: "KeyC", beside: true, load: () => import("./pages/calls.js").then((page) => page.Calls) },
  { at: "voicemail", name: "calls_voicemail", icon: "mic", part: "today", beside: true, load: () => import("./pages/voicemail.js").then((page) => page.Voicemail) },
  { at: "routing", name: "desk_title", icon: "routing", part: "way", key: "KeyM", rail: true, load: () => import("./pages/desk.js").then((page) => page.Desk) },
  { at: "extensions", name: "extensions", icon: "extension", part: "way", key: "KeyI", load: () => import("./pages/extensions.js").then((page) => page.Extensions) },
  { at: "groups", name: "groups", icon: "group", part: "way", load: () => import("./pages/groups.js").then((page) => page.Groups) },
  { at: "trunks", name: "trunk_lines", icon: "trunk", part: "way", load: () => import("./pages/trunks.js").then((page) => page.Trunks) },
  { at: "phones", name: "phones", icon: "phones", part: "way", key: "KeyP", load: () => import("./pages/phones.js").then((page) => page.Phones) },
  { at: "phone-sheets", name: "tel_sheets", icon: "list", part: "way", inside: "phones", load: () => import("./pages/phone_sheets.js").then((page) => page.PhoneSheets) },
  { at: "phone-templates", name: "tel_templates", icon: "codes", part: "way", inside: "phones", load: () => import("./pages/phone_templates.js").then((page) => page.PhoneTemplates) },
  { at: "phone-search", name: "tel_search", icon: "find", part: "way", inside: "phones", load: () => import("./pages/phone_search.js").then((page) => page.PhoneSearch) },
  { at: "protection", name: "guard", icon: "shield", part: "box", why: "guard_why", load: () => import("./pages/protection.js").then((page) => page.Protection) },
  { at: "system", name: "system", icon: "box", part: "box", why: "system_why", admin: true, load: () => import("./pages/system.js").then((page) => page.System) },
  { at: "network", name: "network", icon: "routing", part: "box", inside: "system", why: "network_why", admin: true, image: true, load: () => import("./pages/network.js").then((page) => page.Network) },
  { at: "time", name: "time", icon: "clock", part: "box", inside: "system", why: "time_why", admin: true, image: true, load: () => import("./pages/time.js").then((page) => page.Time) },
  { at: "update", name: "update", icon: "refresh", part: "box", inside: "system", why: "update_why", admin: true, image: true, load: () => import("./pages/update.js").then((page) => page.Updates) },
  { at: "backups", name: "backups", icon: "copy", part: "box", inside: "system", why: "backups_why", admin: true, load: () => import("./pages/backups.js").then((page) => page.Backups) },
  { at: "certificate", name: "certificate", icon: "lock", part: "box", inside: "system", why: "certificate_short", admin: true, load: () => import("./pages/certificate.js").then((page) => page.CertificatePage) },
  { at: "log", name: "log", icon: "list", part: "box", inside: "system", why: "log_why", admin: true, load: () => import("./pages/log.js").then((page) => page.Log) },
  { at: "capture", name: "capture", icon: "record", part: "box", inside: "system", why: "capture_why", admin: true, load: () => import("./pages/capture.js").then((page) => page.Capture) },
  { at: "settings", name: "settings", icon: "settings", part: "box", load: () => import("./pages/settings.js").then((page) => page.Settings) },
  { at: "schedules", name: "schedules", icon: "clock", part: "box", inside: "settings", why: "schedules_why", load: () => import("./pages/schedules.js").then((page) => page.Schedules) },
  { at: "voice-messages", name: "messages", icon: "message", part: "box", inside: "settings", why: "messages_why", load: () => import("./pages/prompts.js").then((page) => page.Messages) },
  { at: "voice-menus", name: "menus", icon: "keypad", part: "box", inside: "settings", why: "menus_why", load: () => import("./pages/prompts.js").then((page) => page.Menus) },
  { at: "media", name: "media", icon: "note", part: "box", inside: "settings", why: "media_why", load: () => import("./pages/media.js").then((page) => page.Media) },
  { at: "codes", name: "codes", icon: "codes", part: "box", inside: "settings", why: "codes_why", load: () => import("./pages/codes.js").then((page) => page.Codes) },
  { at: "notices", name: "notices", icon: "bell", part: "box", inside: "settings", why: "notices_why", load: () => import("./pages/notices.js").then((page) => page.Notices) },
  { at: "office", name: "office", icon: "building", part: "box", inside: "settings", why: "office_why", load: () => import("./pages/office.js").then((page) => page.Office) },
  { at: "me", name: "me", icon: "lock", part: "box", inside: "settings", why: "me_why", load: () => import("./pages/me.js").then((page) => page.Me) },
  { at: "users", name: "users", icon: "user", part: "box", inside: "settings", why: "users_why", admin: true, load: () => import("./pages/accounts.js").then((page) => page.Users) },
  { at: "sign-on", name: "sso", icon: "lock", part: "box", inside: "settings", why: "sso_why", admin: true, load: () => import("./pages/sign_on.js").then((page) => page.SignOn) },
  { at: "tokens", name: "tokens", icon: "key", part: "box", inside: "settings", why: "tokens_why", admin: true, load: () => import("./pages/accounts.js").then((page) => page.Tokens) },
  { at: "versions", name: "versions", icon: "undo", part: "box", inside: "settings", why: "versions_why", admin: true, load: () => import("./pages/past.js").then((page) => page.Versions) },
  { at: "about", name: "about", icon: "info", part: "box", inside: "settings", why: "about_why", load: () => import("./pages/about.js").then((page) => page.About) },
  { at: "audit", name: "audit", icon: "list", part: "box", inside: "settings", why: "audit_why", admin: true, load: () => import("./pages/past.js").then((page) => page.Audit) },
  { at: "help", name: "help", icon: "help", part: "box", load: () => import("./pages/help.js").then((page) => page.Help) },
];

/** Beside them on a telephone: what has no room in the bar below. */
export const TABS = ["now", "calls", "routing", "extensions"];

/** The parts of the navigation, with their sections; without those inside of others. */
export const PARTS = /** @type {const} */ (["today", "way", "box"]).map((part) => ({
  part,
  sections: SECTIONS.filter((section) => section.part === part && !section.inside),
}));

/**
 * The section of an address: `#/extensions/200`, `#/calls?extension=200`, `#/schedules/%D0%A0…`. An address that is none opens the first.
 * @param {string} hash
 * @returns {Route}
 */
export function route(hash) {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?", 2);
  const words = path.split("/").filter(Boolean).map(decoded);
  const named = (/** @type {string | undefined} */ word) => SECTIONS.find(({ at }) => at === word);
  if (words[0] === "settings" && named(words[1])) words.shift();
  const section = named(words[0]) ?? /** @type {Section} */ (SECTIONS[0]);
  return { section, rest: words.slice(1), query: new URLSearchParams(query) };
}

/**
 * The address of something: `address("schedules", "Рабочее время")`.
 * @param {...string} words
 */
export function address(...words) {
  return `#/${words.map(encodeURIComponent).join("/")}`;
}

/** @param {string} word */
function decoded(word) {
  try {
    return decodeURIComponent(word);
  } catch {
    return word; // somebody typed it
  }
}
