// The page: who is signed in, which section, which language and theme; everything else is a page's business.
import { Api, Refused } from "./api.js";
import { html, render, useEffect, useMemo, useRef, useState } from "./lib/preact.js";
import { follow } from "./live.js";
import { SignIn, WANTED } from "./pages/sign_in.js";
import { go, hasUnsaved, useRoute } from "./parts/address.js";
import { Question } from "./parts/dialog.js";
import { Find } from "./parts/find.js";
import { KeyList, useKeys } from "./parts/keys.js";
import { Beside } from "./parts/manual.js";
import { Shell } from "./parts/shell.js";
import { Toasts, tell } from "./parts/toast.js";
import { NextStep } from "./parts/todo.js";
import { NetworkTrial } from "./parts/network_trial.js";
import { Trial } from "./parts/trial.js";
import { useUnseen } from "./parts/unseen.js";
import { EMPTY, isAlert, isMachine, mustReload } from "./store.js";
import { learn } from "./words.js";

/** @typedef {import("./words.js").Language} Language */

/** A sign of somebody being there keeps the session; it is told to the box at most so often. Milliseconds. */
const PRESENCE = 5 * 60_000;
/** A connection that comes back sooner is not worth a notice. Milliseconds. */
const LOST_AFTER = 3_000;

/** A page that could not be fetched whole is fetched again. Milliseconds. */
const RETRY = 5_000;

/** Those that the box tells. */
const REFUSALS = ["off", "busy", "wait", "stale", "declined", "no_role", "silent", "certificate", "client", "clock", "token", "provider"];

const api = new Api();

function App() {
  const [chosen, setChosen] = useState(/** @type {Language | null} */ (remembered("language")));
  const [theme, setTheme] = useState(/** @type {string | null} */ (remembered("theme")));
  const [session, setSession] = useState(/** @type {import("./api.js").Session | null} */ (null));
  const [asked, setAsked] = useState(false);
  const [notice, setNotice] = useState(refusal);
  const [office, setOffice] = useState(/** @type {Language | null} */ (null));
  const wanted = chosen ?? office ?? browserLanguage();
  const [spoken, setSpoken] = useState(/** @type {{ language: Language, t: import("./words.js").Say } | null} */ (null));
  const language = spoken?.language ?? wanted;
  const dark = (theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  api.speak(language);

  useEffect(() => {
    let here = true;
    // Without the words there is nothing to say it in: the page is opened anew.
    learn(wanted).then((t) => here && setSpoken({ language: wanted, t }), () => here && !spoken && setTimeout(() => location.reload(), RETRY));
    return () => {
      here = false;
    };
  }, [wanted]);
  useEffect(() => {
    document.documentElement.lang = language;
    if (theme) document.documentElement.dataset.theme = theme;
  }, [language, theme]);
  useEffect(() => {
    api.session().then(onSession, () => {}).then(() => setAsked(true));
  }, []);

  const onLanguage = (/** @type {Language} */ next) => {
    remember("language", next);
    setChosen(next);
  };
  const onTheme = () => {
    const next = dark ? "light" : "dark";
    remember("theme", next);
    setTheme(next);
  };
  const onSignedOut = () => {
    setSession((before) => (before && setNotice("signed_out_idle"), null));
  };
  const onSession = (/** @type {import("./api.js").Session} */ next) => {
    setNotice("");
    setSession(next);
    // Whoever came from elsewhere goes on where he wanted to.
    const wanted = sessionStorage.getItem(WANTED);
    sessionStorage.removeItem(WANTED);
    if (wanted && !location.hash) location.hash = wanted;
  };
  if (!asked || !spoken) return null;
  const { t } = spoken;
  const frame = { t, api, language, onLanguage, dark, onTheme };
  if (!session || session.must_change_password) {
    return html`<${SignIn} ...${frame} session=${session} notice=${notice && t(notice)} onSession=${onSession} />`;
  }
  const leave = () => api.signOut().then((elsewhere) => (elsewhere ? location.assign(elsewhere) : setSession(null)), () => setSession(null));
  return html`<${Inside} key=${`${session.origin} ${session.login}`} ...${frame} session=${session} onSignOut=${leave} onSignedOut=${onSignedOut} onOffice=${setOffice} />`;
}

/**
 * Everything behind the sign-in.
 * @param {any} props
 */
function Inside({ onSignedOut: onGone, onSignOut, onOffice, session, ...frame }) {
  const { t, language } = frame;
  const [box, setBox] = useState(EMPTY);
  const [changes, setChanges] = useState(0);
  const [settings, setSettings] = useState(0);
  const [news, setNews] = useState(0);
  const [alerts, setAlerts] = useState(0);
  const [machine, setMachine] = useState(0);
  const [lostAt, setLostAt] = useState(/** @type {number | null} */ (null));
  const [over, setOver] = useState(/** @type {"" | "find" | "keys"} */ (""));
  const [helped, setHelped] = useState(""); // the section whose help stands beside the page
  const now = useSecond();
  const place = useRoute();
  const { section, rest, query } = place;
  const page = usePage(section);
  const states = useRef(/** @type {Map<string, string> | null} */ (null));
  states.current ??= new Map();
  // The box starts with another office's accounts: whoever is not of them any more is asked who he is by the page that comes with it.
  const anew = useRef(false);
  const onAnew = () => (anew.current = true);
  const onSignedOut = () => (anew.current ? location.reload() : onGone());

  useEffect(() => {
    const onEvent = (/** @type {string} */ type, /** @type {any} */ data) => {
      if (type === "call" && isNews(states.current, data)) setChanges((count) => count + 1);
      if (mustReload(type, data)) setSettings((count) => count + 1);
      if (isAlert(type, data)) setAlerts((count) => count + 1);
      if (isMachine(type, data)) setMachine((count) => count + 1);
      if (type === "phone" || type === "registration") setNews((count) => count + 1);
    };
    let version = "";
    const onBox = (/** @type {import("./store.js").Box} */ next) => {
      // After an update the box has other pages than this one: it is fetched anew, unless somebody is in the midst of something.
      if (version && next.system && next.system.version !== version && !hasUnsaved()) return location.reload();
      version ||= next.system?.version ?? "";
      setBox(next);
      if (next.system) onOffice(next.system.language);
    };
    return follow(api, { onBox, onEvent, onLost: setLostAt, onSignedOut });
  }, [language]);
  usePresence(onSignedOut);
  const onFind = useMemo(() => () => setOver("find"), []);
  const onHelp = useMemo(() => () => setOver("keys"), []);
  useKeys({ onFind, onHelp });
  useEffect(() => {
    document.title = `${[rest[0], t(section.name)].filter(Boolean).join(" · ")} · ${box.system?.name || t("brand")}`;
  }, [section, rest[0], language, box.system?.name]);
  useEffect(() => {
    scrollTo(0, 0);
  }, [section, section.beside ? "" : rest[0]]);

  const onRefused = (/** @type {unknown} */ error) => {
    if (error instanceof Refused && error.status === 401) onSignedOut();
  };
  const onHangUp = (/** @type {string} */ id) =>
    api.hangUp(id).catch((error) => {
      onRefused(error);
      throw error;
    });
  const away = lostAt === null ? 0 : now - lostAt;
  const lost = away > LOST_AFTER ? t("lost", { span: spanInWords(away, t) }) : "";
  const admin = session.role === "admin";
  const known = box.system !== null;
  const unseen = useUnseen(api, alerts, known);
  const beside = helped !== "" && section.at !== "help" && html`<${Beside} key=${helped} t=${t} language=${language} section=${helped} here=${section.at} onAsk=${setHelped} onClose=${() => setHelped("")} />`;
  const notices = html`<${Trial} t=${t} api=${api} now=${now} skew=${box.skew} onRefused=${onRefused} />${admin && html`<${NetworkTrial} t=${t} api=${api} system=${box.system} now=${now} machine=${machine} section=${section.at} onRefused=${onRefused} />`}<${NextStep} t=${t} box=${box} admin=${admin} section=${section.at} />`;
  const shell = { ...frame, section, admin, system: box.system, count: box.calls.length, unseen, office: box.system?.name ?? "", lost, known, notices, onFind, onHelp };
  const inside = { t, language, box, now, api, admin, session, rest, query, opened: rest[0] ?? null, changes, settings, news, alerts, machine, unseen, go, tell, onHangUp, onRefused, onAnew, onAlert: () => setAlerts((count) => count + 1) };
  return html`<${Shell} ...${shell} beside=${beside} onAsk=${setHelped} login=${session.login} onSignOut=${onSignOut}>
      ${!known
        ? html`<p class="empty" aria-busy="true">${t(lost ? "no_answer" : "loading")}</p>`
        : page.failed
          ? html`<p class="empty">${t("no_answer")} <button class="button" type="button" onClick=${() => location.reload()}>${t("try_again")}</button></p>`
          : page.Page && html`<${page.Page} key=${`${section.at} ${language}`} ...${inside} />`}
    <//>
    ${over === "find" && html`<${Find} t=${t} language=${language} api=${api} box=${box} admin=${admin} onClose=${() => setOver("")} />`}
    ${over === "keys" && html`<${KeyList} t=${t} section=${section.at} onClose=${() => setOver("")} />`}
    ${place.asking &&
    html`<${Question} question=${t(place.keeps ? "leave_draft_question" : "leave_question")} why=${t(place.keeps ? "leave_draft_why" : "leave_why")} yes=${t(place.keeps ? "leave_draft_yes" : "leave_yes")} no=${t("leave_no")} onYes=${place.leave} onNo=${place.stay} />`}
    <${Toasts} t=${t} />`;
}

/**
 * The component of a section, fetched when the section is opened.
 * @param {import("./routes.js").Section} section
 */
function usePage(section) {
  const [loaded, setLoaded] = useState(/** @type {{ section: unknown, Page: any, failed: boolean }} */ ({ section: null, Page: null, failed: false }));
  useEffect(() => {
    let here = true;
    section.load().then(
      (Page) => here && setLoaded({ section, Page, failed: false }),
      () => here && setLoaded({ section, Page: null, failed: true }),
    );
    return () => {
      here = false;
    };
  }, [section]);
  return loaded.section === section ? loaded : { Page: null, failed: false };
}

/**
 * Whether a call event changes a row of the history: it begins, is answered, or ends.
 * @param {Map<string, string> | null} states
 * @param {any} data
 */
function isNews(states, data) {
  const state = data.ended ? "ended" : data.answered_at ? "answered" : "begun";
  const news = states?.get(data.id) !== state;
  if (data.ended) states?.delete(data.id);
  else states?.set(data.id, state);
  return news;
}

/** The time, by the second, while somebody can see it. */
function useSecond() {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

/**
 * Tells the box now and then that somebody is at the page.
 * @param {() => void} onSignedOut
 */
function usePresence(onSignedOut) {
  useEffect(() => {
    let told = Date.now();
    const here = () => {
      if (Date.now() - told < PRESENCE) return;
      told = Date.now();
      api.session().catch((error) => error instanceof Refused && error.status === 401 && onSignedOut());
    };
    const signs = ["pointermove", "pointerdown", "keydown", "scroll"];
    for (const sign of signs) addEventListener(sign, here, { passive: true });
    return () => signs.forEach((sign) => removeEventListener(sign, here));
  }, []);
}

/**
 * @param {number} milliseconds
 * @param {import("./words.js").Say} t
 */
function spanInWords(milliseconds, t) {
  const seconds = Math.floor(milliseconds / 1000);
  return seconds < 120 ? t("seconds", { count: seconds }) : t("minutes", { count: Math.floor(seconds / 60) });
}

/**
 * Why a sign-in elsewhere came to nothing: a word in the address, which is taken out of it.
 * @returns {import("./words.js").Key | ""}
 */
function refusal() {
  const word = new URLSearchParams(location.search).get("sign_in");
  if (!word) return "";
  history.replaceState(null, "", `/${location.hash}`);
  return /** @type {import("./words.js").Key} */ (`refused_${REFUSALS.includes(word) ? word : "provider"}`);
}

/** @returns {Language} */
function browserLanguage() {
  return navigator.languages.some((language) => language.startsWith("ru")) ? "ru" : "en";
}

/**
 * @param {string} key
 * @returns {any}
 */
function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // a browser that keeps nothing
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // then it holds until the page is closed
  }
}

const root = document.getElementById("page");
if (root) render(html`<${App} />`, root);
