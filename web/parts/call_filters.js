// The line of filters above the history. What is chosen goes into the address; typing settles first.
import { ALL, DIRECTIONS, OUTCOMES, WHENS, dates, period, write } from "../calls/filter.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";

/** @typedef {import("../calls/filter.js").Filter} Filter */
/** @typedef {import("../words.js").Key} Key */

/** Letters typed sooner one after the other are one question. Milliseconds. */
const SETTLE = 300;

/**
 * @param {{ t: import("../words.js").Say, box: import("../store.js").Box, today: string, filter: Filter,
 *   onFilter: (filter: Filter, typing?: boolean) => void }} props
 */
export function Filters({ t, box, today, filter, onFilter }) {
  const own = dates(filter.when);
  const employees = box.extensions.map(({ number, employee }) => ({ value: number, word: `${number} ${employee}`.trim() }));
  const known = employees.some(({ value }) => value === filter.extension) || !filter.extension;
  const whens = WHENS.map((when) => ({ value: when, word: t(/** @type {Key} */ (`calls_when_${when}`)) }));
  const choose = (/** @type {string} */ when) => {
    const days = period(filter.when, today);
    onFilter({ ...filter, when: when === "own" ? `${days.from || today}..${days.to || today}` : when });
  };
  const day = (/** @type {"from" | "to"} */ end) => (/** @type {Event} */ event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    if (!own || !value) return;
    const next = { ...own, [end]: value };
    if (next.from > next.to) next[end === "from" ? "to" : "from"] = value;
    onFilter({ ...filter, when: `${next.from}..${next.to}` });
  };
  return html`<search class="filters" aria-label=${t("calls_filters")}>
    <${Sought} t=${t} filter=${filter} onFilter=${onFilter} />
    <${Choice} label=${t("when")} value=${own ? "own" : filter.when} none="all" choices=${[...whens, { value: "own", word: t("calls_when_own") }]} onChoose=${choose} />
    ${own &&
    html`<span class="filter on"><label><span>${t("calls_from")}</span><input type="date" value=${own.from} max=${today} onChange=${day("from")} /></label>
      <label><span>${t("calls_to")}</span><input type="date" value=${own.to} max=${today} onChange=${day("to")} /></label></span>`}
    <${Choice} label=${t("who")} value=${filter.extension} none=""
      choices=${[{ value: "", word: t("calls_anybody") }, ...employees, ...(known ? [] : [{ value: filter.extension, word: filter.extension }])]}
      onChoose=${(/** @type {string} */ extension) => onFilter({ ...filter, extension })} />
    <${Choice} label=${t("calls_direction")} value=${filter.direction} none=""
      choices=${[{ value: "", word: t("calls_any_direction") }, ...DIRECTIONS.map((one) => ({ value: one, word: t(`dir_${one}`) }))]}
      onChoose=${(/** @type {string} */ direction) => onFilter({ ...filter, direction })} />
    <${Choice} label=${t("outcome")} value=${filter.outcome} none=""
      choices=${[{ value: "", word: t("calls_any_outcome") }, ...OUTCOMES.map((one) => ({ value: one, word: t(`outcome_${one}`) }))]}
      onChoose=${(/** @type {string} */ outcome) => onFilter({ ...filter, outcome })} />
    ${write(filter) && html`<button class="button quiet" type="button" onClick=${() => onFilter(ALL)}>${t("calls_reset")}</button>`}
  </search>`;
}

/** @param {{ t: import("../words.js").Say, filter: Filter, onFilter: (filter: Filter, typing?: boolean) => void }} props */
function Sought({ t, filter, onFilter }) {
  const [text, setText] = useState(filter.text);
  const told = useRef(filter.text);
  useEffect(() => {
    if (filter.text === told.current) return;
    told.current = filter.text;
    setText(filter.text);
  }, [filter.text]);
  const tell = () => {
    const next = text.trim();
    if (next === told.current) return;
    told.current = next;
    onFilter({ ...filter, text: next }, true);
  };
  useEffect(() => {
    const timer = setTimeout(tell, SETTLE);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<span class="sought"><${Icon} name="find" />
    <input class="input" type="search" value=${text} placeholder=${t("calls_find")} aria-label=${t("calls_find")} autocomplete="off" spellcheck=${false}
      onInput=${(/** @type {InputEvent} */ event) => setText(/** @type {HTMLInputElement} */ (event.target).value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && tell()} /></span>`;
}

/**
 * @param {{ label: string, value: string, none: string, choices: { value: string, word: string }[], onChoose: (value: string) => void }} props
 *   `none`: the choice that filters nothing
 */
function Choice({ label, value, none, choices, onChoose }) {
  return html`<label class=${value === none ? "filter" : "filter on"}><span>${label}</span>
    <select value=${value} onChange=${(/** @type {Event} */ event) => onChoose(/** @type {HTMLSelectElement} */ (event.target).value)}>
      ${choices.map((choice) => html`<option key=${choice.value} value=${choice.value} selected=${choice.value === value}>${choice.word}</option>`)}
    </select></label>`;
}
