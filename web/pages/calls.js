// «Звонки»: what is sought, what it adds up to, the calls by day, and the story of the one that was opened.
import { WHENS, ask, offsetOf, read, wider, write } from "../calls/filter.js";
import { officeTime, today as officeDay } from "../calls/clock.js";
import { longer, renewed } from "../calls/rows.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { Filters, WHEN_WORDS } from "../parts/call_filters.js";
import { List } from "../parts/call_list.js";
import { Sign } from "../parts/call_signs.js";
import { Story } from "../parts/call_story.js";
import { NotCalledBack, Plot, Waits, Work, useSummary } from "../parts/call_summary.js";
import { useDesk } from "../parts/call_desk.js";
import { namer } from "../parts/party.js";

/**
 * @typedef {import("../calls/filter.js").Filter} Filter
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", box: import("../store.js").Box, now: number, admin: boolean,
 *   session: { may_hear_recordings?: boolean }, api: import("../api.js").Api, opened: string | null, query: URLSearchParams, changes: number, settings: number,
 *   go: (href: string) => void, tell: (toast: { text: string }) => void, onRefused: (error: unknown) => void }} Props
 */

/** Calls on a page. */
const PAGE = 100;
/** Several things happen at once when a call ends; the list is read once for all of them. Milliseconds. */
const SETTLE = 700;

/** @param {Props} props */
export function Calls(props) {
  const { t, language, box, now, query, opened, go, admin, session } = props;
  const today = officeDay(box, now);
  const offset = offsetOf(officeTime(box, now));
  const filter = useMemo(() => read(query), [String(query)]);
  const asked = String(ask(filter, today, offset));
  const list = useHistory(props, asked);
  const sums = useSummary({ ...props, when: filter.when, today, offset });
  const { names } = useDesk(props);
  const name = useMemo(() => namer(box, t), [box.extensions, box.system?.country, t]);
  const link = (/** @type {string} */ id) => `#/calls/${id}${write(filter)}`;
  const back = `#/calls${write(filter)}`;
  const control = useRef(/** @type {import("../parts/player.js").Control | null} */ (null));
  const [starting, setStarting] = useState("");
  useKept(opened);
  useEscape(opened, () => go(back));

  const onFilter = (/** @type {Filter} */ next, typing = false) => {
    const href = `#/calls${opened ? `/${opened}` : ""}${write(next)}`;
    if (typing) location.replace(href);
    else go(href);
  };
  const onPlay = (/** @type {import("../story.js").Row & { recordings?: string[] }} */ row) => {
    if (row.id === opened && control.current) return control.current.toggle();
    setStarting(row.id);
    go(link(row.id));
  };
  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      const still = event.target === document.body || (event.target instanceof HTMLElement && event.target.classList.contains("story-card"));
      if (!still || event.ctrlKey || event.altKey || event.metaKey || event.key === "Enter") return;
      if (["ArrowUp", "ArrowDown"].includes(event.key)) return; // of the list
      if (control.current?.move(event.key)) event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);
  const shared = { ...props, today, name, link };
  const lit = opened ? list.rows?.find((row) => row.id === opened)?.started_at : null;
  return html`<header class="head line calls-head"><h1>${t("calls")}</h1>
      ${sums.summary && html`<p class="second">${t("calls_sum", { taken: sums.summary.totals.taken, missed: sums.summary.totals.missed, when: whenInWords(filter.when, t) })}</p>`}
      <span class="exports" role="group" aria-label=${t("calls_export")}><span class="hint">${t("calls_export")}</span>
        <a class="button" href=${`/api/v1/history.xlsx?${asked}&lang=${language}`} download><${Sign} name="download" />XLSX</a>
        <a class="button" href=${`/api/v1/history.csv?${asked}&lang=${language}`} download><${Sign} name="download" />CSV</a></span></header>
    <${Filters} t=${t} box=${box} today=${today} filter=${filter} onFilter=${onFilter} />
    <div class=${opened ? "split open" : sums.summary ? "split sums" : "split"}>
      <section class="card" aria-label=${t("calls")}>
        ${(sums.summary ?? sums.stale) && html`<div class="in plot-in"><${Plot} ...${shared} summary=${sums.summary ?? sums.stale} days=${sums.days} lit=${lit} onDay=${(/** @type {string} */ day) => onFilter({ ...filter, when: `${day}..${day}` })} /></div>`}
        <${Body} ...${shared} ...${list} filter=${filter} onFilter=${onFilter} onPlay=${onPlay} />
      </section>
      ${opened
        ? html`<${Story} key=${opened} ...${shared} id=${opened} back=${back} desk=${names} start=${starting === opened} mayHear=${admin || session?.may_hear_recordings === true} onControl=${(/** @type {import("../parts/player.js").Control | null} */ next) => (control.current = next)} />`
        : sums.summary && html`<div class="column"><${NotCalledBack} ...${shared} summary=${sums.summary} /><${Waits} t=${t} summary=${sums.summary} /><${Work} t=${t} summary=${sums.summary} /></div>`}
    </div>`;
}

/**
 * @param {string} when
 * @param {import("../words.js").Say} t
 */
function whenInWords(when, t) {
  const known = WHENS.find((one) => one === (when === "all" ? "month" : when));
  return known ? t(WHEN_WORDS[known]).toLowerCase() : t("calls_when_chosen");
}

/** @param {any} props */
function Body(props) {
  const { t, rows, failed, again, filter, onFilter, next: further, busy, more } = props;
  // A page may be empty and its search go on: further back something may match.
  const seeks = rows?.length === 0 && further;
  useEffect(() => {
    if (seeks && !busy && !failed) more();
  }, [seeks, further, busy, failed]);
  if (rows === null && failed) return html`<p class="empty" role="alert">${t("no_answer")} <button class="button" type="button" onClick=${again}>${t("try_again")}</button></p>`;
  if (rows === null) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  if (rows.length > 0) return html`<${List} ...${props} onMore=${more} />`;
  if (seeks) return html`<p class="empty" role="status" aria-busy="true">${failed ? html`${t("no_answer")} <button class="button" type="button" onClick=${more}>${t("try_again")}</button>` : t("calls_seeking")}</p>`;
  const next = wider(filter);
  if (!next) return html`<p class="empty" role="status">${t("history_empty")}</p>`;
  const word = next.when === "month" ? "calls_find_month" : write(next) ? "calls_find_all" : "calls_reset";
  return html`<p class="empty" role="status">${t("calls_none")} <button class="button" type="button" onClick=${() => onFilter(next)}>${t(word)}</button></p>`;
}

/**
 * The rows that match, read anew when a call begins or ends.
 * @param {Props} props
 * @param {string} asked
 */
function useHistory({ api, changes, onRefused }, asked) {
  const [list, setList] = useState(/** @type {import("../calls/rows.js").List & { asked: string } | null} */ (null));
  const [failed, setFailed] = useState(false);
  const [busy, setBusy] = useState(false);
  const latest = useRef(asked);
  latest.current = asked;
  const failing = (/** @type {unknown} */ error) => {
    setFailed(true);
    onRefused(error);
  };
  const page = async (/** @type {string} */ cursor, background = false) => {
    const query = new URLSearchParams(asked);
    query.set("limit", String(PAGE));
    if (cursor) query.set("cursor", cursor);
    const found = await api.get(`history?${query}`, { background });
    return latest.current === asked ? found : null; // another question has been asked meanwhile
  };
  const first = async (/** @type {boolean} */ background) => {
    try {
      const found = await page("", background);
      if (!found) return;
      setList((before) => ({ ...(before?.asked === asked ? renewed(before, found) : { rows: found.items, next: found.next_cursor }), asked }));
      setFailed(false);
    } catch (error) {
      failing(error);
    }
  };
  const here = list?.asked === asked;
  useEffect(() => {
    const timer = setTimeout(() => first(here), here ? SETTLE : 0);
    return () => clearTimeout(timer);
  }, [asked, changes]);
  const more = async () => {
    if (!list?.next || busy || !here) return;
    setBusy(true);
    try {
      const found = await page(list.next);
      if (found) setList((before) => before && { ...longer(before, found), asked });
      setFailed(false);
    } catch (error) {
      failing(error);
    }
    setBusy(false);
  };
  // What was found before stays until the new answer is there: no flicker while somebody types.
  return { rows: list?.rows ?? null, next: here ? list.next : null, failed, busy, more, again: () => first(false) };
}

/**
 * Keeps the place in the list: the frame scrolls to the top when a call opens, and on a telephone the call stands in the list's place.
 * @param {string | null} opened
 */
function useKept(opened) {
  const kept = useRef(0);
  const before = useRef(opened);
  useEffect(() => {
    const follow = () => {
      if (!before.current) kept.current = scrollY;
    };
    addEventListener("scroll", follow, { passive: true });
    return () => removeEventListener("scroll", follow);
  }, []);
  useEffect(() => {
    const was = before.current;
    if (was === opened) return;
    const top = was ? (isNarrow() ? kept.current ?? 0 : scrollY) : scrollY;
    before.current = opened;
    const narrow = isNarrow();
    // After the frame's own effect of the same change, before anything is painted.
    queueMicrotask(() => {
      if (!narrow || !opened) scrollTo(0, top);
      if (!opened && was) /** @type {HTMLElement | null} */ (document.querySelector(`a[data-call="${was}"]`))?.focus({ preventScroll: true });
    });
  }, [opened]);
}

function isNarrow() {
  return matchMedia("(max-width: 720px)").matches;
}

/**
 * @param {string | null} opened
 * @param {() => void} close
 */
function useEscape(opened, close) {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    if (!opened) return;
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Escape" && !event.defaultPrevented && !document.querySelector("dialog[open]")) latest.current?.();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [opened !== null]);
}
