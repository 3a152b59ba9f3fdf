// What lies on the corners of the desk: its problems, the zoom, the small picture of the whole.
import { html, useState } from "../lib/preact.js";
import { Glyph } from "./glyphs.js";
import { isComplete, shownOuts } from "./kinds.js";

/** So many problems are listed at most. */
const LISTED = 20;

/**
 * @param {{ t: import("../words.js").Say, tell: import("./telling.js").Teller, problems: import("./tree.js").Problem[], elements: import("./kinds.js").Element[], editing: boolean,
 *   onGo: (id: string) => void, onLink: (id: string, out: string) => void, onPlace: (number: string) => void, onRemove: (id: string) => void }} props
 */
export function Problems({ t, tell, problems, elements, editing, onGo, onLink, onPlace, onRemove }) {
  const [all, setAll] = useState(false);
  const [first, ...rest] = problems;
  if (!first) return null;
  const one = (/** @type {import("./tree.js").Problem} */ problem) => {
    const { element: id, number, out, severity, text } = problem;
    const element = elements.find((each) => each.id === id);
    const lost = element && !isComplete(element);
    const open = element && (out ?? shownOuts(element).find((way) => element.links[way] === undefined));
    return html`<li key=${`${id} ${number} ${out} ${text}`} class=${`note ${severity === "error" ? "bad" : "warn"}`}><${Glyph} name="alert" /><span>
      ${element ? html`<button class="plain strong" type="button" onClick=${() => onGo(element.id)}>${tell.name(element)}</button><br />` : ""}${text}
      ${editing && element && html`<span class="fix">${open && !lost && html`<button class="button" type="button" onClick=${() => onLink(element.id, open)}>${t("desk_problem_join")}</button>`}
        <button class="button quiet" type="button" onClick=${() => (lost ? onRemove(element.id) : onGo(element.id))}>${t(lost ? "desk_problem_remove" : "desk_problem_show")}</button></span>`}
      ${editing && number && html`<span class="fix"><button class="button" type="button" onClick=${() => onPlace(number)}>${t("desk_problem_place")}</button></span>`}</span></li>`;
  };
  return html`<div class="desk-dock problems"><ul>${one(first)}${all && rest.slice(0, LISTED).map(one)}</ul>
    ${rest.length > 0 && html`<button class="button" type="button" aria-expanded=${all ? "true" : "false"} onClick=${() => setAll(!all)}>${t(all ? "desk_problem_fewer" : "desk_problem_others", { count: rest.length })}</button>`}</div>`;
}

/**
 * @param {{ t: import("../words.js").Say, percent: number, onNearer: () => void, onFurther: () => void, onLife: () => void, onWhole: () => void }} props
 */
export function Zoom({ t, percent, onNearer, onFurther, onLife, onWhole }) {
  const square = (/** @type {import("./glyphs.js").GlyphName} */ name, /** @type {import("../words.js").Key} */ word, /** @type {() => void} */ act) =>
    html`<button class="button square" type="button" title=${t(word)} aria-label=${t(word)} onClick=${act}><${Glyph} name=${name} /></button>`;
  return html`<div class="desk-dock zoom">${square("whole", "desk_whole", onWhole)}<span class="joined">${square("minus", "desk_further", onFurther)}
    <button class="button percent" type="button" title=${t("desk_life", { percent })} aria-label=${t("desk_life", { percent })} onClick=${onLife}>${percent} %</button>${square("plus", "desk_nearer", onNearer)}</span></div>`;
}

export const MAP = { w: 168, h: 112 };

/** @param {{ t: import("../words.js").Say, map: ReturnType<typeof import("./geometry.js").minimap>, lit: Set<number>, onGo: (point: { x: number, y: number }) => void }} props */
export function MiniMap({ t, map, lit, onGo }) {
  if (!map) return null;
  const go = (/** @type {PointerEvent} */ event) => {
    if (event.type === "pointermove" && event.buttons === 0) return;
    const { left, top } = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    onGo({ x: (event.clientX - left) / map.k + map.origin.x, y: (event.clientY - top) / map.k + map.origin.y });
  };
  return html`<div class="desk-dock map" role="img" aria-label=${t("desk_map")} title=${t("desk_map")} onPointerDown=${go} onPointerMove=${go}>
    <svg width=${MAP.w} height=${MAP.h} aria-hidden="true">${map.cards.map((box, nth) => html`<rect class=${lit.has(nth) ? "card lit" : "card"} x=${box.x} y=${box.y} width=${box.w} height=${box.h} rx="1.5" />`)}
      <rect class="frame" x=${map.frame.x} y=${map.frame.y} width=${map.frame.w} height=${map.frame.h} rx="2" /></svg></div>`;
}
