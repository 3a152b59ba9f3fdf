// Destinations by the names of their countries: those chosen, and a field that finds more by name or digits.
import { chosen, matching, places, prefix } from "../countries.js";
import { html, useMemo, useRef, useState } from "../lib/preact.js";
import { isKey } from "../words.js";
import { Icon } from "./icons.js";

/** With more of them, the list of the chosen is folded at first. */
const MANY = 14;
/** Names that are offered at a time. */
const OFFERED = 8;

/**
 * @param {{ t: import("../words.js").Say, language: string, id: string, label: string, hint: string, none: string, value: string[], onValue: (value: string[]) => void, fault?: string, fixed: boolean }} props
 *   `none`: what an empty list means
 */
export function Places({ t, language, id, label, hint, none, value, onValue, fault, fixed }) {
  const all = useMemo(() => places(language, (code) => (isKey(`dest_${code}`) ? t(/** @type {import("../words.js").Key} */ (`dest_${code}`)) : ""), t("dest_also")), [language, t]);
  const [open, setOpen] = useState(false);
  const list = chosen(value, all);
  const shown = open || list.length <= MANY + 1 ? list : list.slice(0, MANY);
  const name = (/** @type {import("../countries.js").Place} */ place) => (place.name && place.codes[0] === place.key && !isKey(`dest_${place.key}`) ? `+${place.key}` : place.name || `+${place.key}`);
  const told = (/** @type {import("../countries.js").Place} */ place) =>
    isKey(`dest_${place.key}`) || !place.name ? "" : place.codes[0] === place.key ? t("places_inside", { name: place.name }) : place.codes.map((code) => `+${code}`).join(", ");
  return html`<div class=${fault ? "field bad" : "field"} role="group" aria-labelledby=${`${id}-name`}>
    <b class="label" id=${`${id}-name`}>${label}</b>
    ${list.length === 0 && html`<p class="second">${none}</p>`}
    <ul class="places">${shown.map((place) => html`<li class="place" key=${place.key}><span>${name(place)}${told(place) && html` <small>${told(place)}</small>`}</span>
      ${!fixed && html`<button class="plain-square" type="button" title=${t("places_remove", { name: name(place) })} aria-label=${t("places_remove", { name: name(place) })} onClick=${() => onValue(value.filter((code) => !place.codes.includes(code)))}><${Icon} name="close" /></button>`}</li>`)}
      ${list.length > MANY + 1 && html`<li><button class="button quiet" type="button" aria-expanded=${String(open)} onClick=${() => setOpen(!open)}>${open ? t("places_less") : t("places_more", { count: list.length })}</button></li>`}</ul>
    ${!fixed && html`<${Adding} t=${t} id=${id} all=${all} value=${value} onAdd=${(/** @type {string[]} */ codes) => onValue([...value, ...codes.filter((code) => !value.includes(code))])} />`}
    ${fault ? html`<small class="fault">${fault}</small>` : html`<small class="hint">${hint}</small>`}
  </div>`;
}

/** @param {{ t: import("../words.js").Say, id: string, all: import("../countries.js").Place[], value: string[], onAdd: (codes: string[]) => void }} props */
function Adding({ t, id, all, value, onAdd }) {
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(0);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const digits = prefix(typed);
  const found = matching(typed, all, value).slice(0, typed.trim() ? OFFERED : all.length);
  const own = digits && !value.includes(digits) && !found.some(({ codes }) => codes.length === 1 && codes[0] === digits);
  const offers = [...found.map((place) => ({ key: place.key, codes: place.codes, text: place.name, about: place.codes.map((code) => `+${code}`).join(", ") })), ...(own ? [{ key: `=${digits}`, codes: [digits], text: t("places_add_digits", { digits }), about: "" }] : [])];
  const marked = Math.min(at, offers.length - 1);
  const add = (/** @type {{ codes: string[] } | undefined} */ offer) => {
    if (!offer) return;
    onAdd(offer.codes);
    setTyped("");
    setAt(0);
    setOpen(false);
    input.current?.focus();
  };
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      if (open) setAt(Math.max(0, Math.min(offers.length - 1, marked + step)));
      setOpen(true);
    } else if (event.key === "Enter") add(open ? offers[marked] : undefined);
    else if (event.key === "Escape" && open) setOpen(false);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const seen = (/** @type {HTMLElement | null} */ option) => option?.scrollIntoView({ block: "nearest" });
  const listed = open && offers.length > 0;
  return html`<div class="picker"><input ref=${input} class="input" id=${`${id}-add`} type="text" role="combobox" aria-expanded=${String(listed)} aria-controls=${`${id}-offers`} aria-autocomplete="list" aria-activedescendant=${listed ? `${id}-offer-${marked}` : null}
      aria-label=${`${t("places_add")}`} placeholder=${t("places_add")} autocomplete="off" spellcheck=${false} value=${typed}
      onInput=${(/** @type {InputEvent} */ event) => (setTyped(/** @type {HTMLInputElement} */ (event.target).value), setAt(0), setOpen(true))} onFocus=${() => setOpen(true)} onClick=${() => setOpen(true)} onBlur=${() => setOpen(false)} onKeyDown=${pressed} />
    <ul class="offers" id=${`${id}-offers`} role="listbox" aria-label=${t("places_add")} hidden=${!listed}>${listed && offers.map((offer, nth) => html`<li key=${offer.key} id=${`${id}-offer-${nth}`} role="option" aria-selected=${String(nth === marked)} ref=${nth === marked ? seen : null}
      onPointerDown=${(/** @type {PointerEvent} */ event) => event.preventDefault()} onClick=${() => add(offer)}><span>${offer.text}</span><small>${offer.about}</small></li>`)}</ul>
    <small class="unseen" role="status">${open && (offers.length ? t("places_found", { count: offers.length }) : "")}</small>
    ${open && typed.trim() && offers.length === 0 && html`<small class="hint">${t("places_nothing")}</small>`}</div>`;
}
