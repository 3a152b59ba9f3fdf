// The route as a list, for narrow screens: the same lamps and the same violet way.
import { html } from "../lib/preact.js";
import { Glyph } from "./glyphs.js";
import { outline } from "./tree.js";

/**
 * @param {{ t: import("../words.js").Say, tell: import("./telling.js").Teller, elements: import("./kinds.js").Element[], at: import("./telling.js").Moment,
 *   way: import("./whatif.js").Lit, chips: Map<string, string>, problems: import("./tree.js").Problem[], chosen: string[], onOpen: (id: string) => void }} props
 */
export function List({ t, tell, elements, at, way, chips, problems, chosen, onOpen }) {
  const lines = outline(elements);
  return html`<ul class="desk-list">${lines.map(({ level, from, out, element, again, loose, key }, nth) => {
    const before = loose && !lines[nth - 1]?.loose ? html`<li class="cap" key="loose"><h2>${t("desk_loose")}</h2></li>` : null;
    const isKey = out !== null && /^[\d*#]$/.test(out);
    const isLit = from === null ? way.elements.has(element?.id ?? "") : way.wires.has(from);
    const mark = out && (isKey ? html`<kbd class=${isLit ? "what" : ""}>${out}</kbd>` : html`<span class=${isLit ? "chip what" : "chip"}>${tell.out(out)}</span>`);
    if (!element) return html`<li key=${key} class=${`lv${level}`}>${mark}<span class="desk-glyph"><${Glyph} name="alert" /></span><span class="grow"><b>${t("desk_nowhere")}</b><small>${t("desk_to_nowhere")}</small></span></li>`;
    const fault = problems.find((problem) => problem.element === element.id);
    const chip = chips.get(element.id);
    const ends = element.kind === "incoming" || element.kind === "hang_up";
    const names = [`lv${level}`, isLit && "lit", loose && "loose", chosen.includes(element.id) && "chosen"].filter(Boolean).join(" ");
    return html`${before}<li key=${key} class=${names}>${mark}<span class=${ends ? "desk-glyph ink" : "desk-glyph"}><${Glyph} name=${element.kind} /></span>
      <button class="plain grow" type="button" aria-pressed=${chosen.includes(element.id) ? "true" : "false"} onClick=${() => onOpen(element.id)}><b>${tell.name(element)}</b>
        <small>${again ? t("desk_again") : [tell.kind(element), tell.sub(element, !loose, at)].filter(Boolean).join(" · ")}</small>${fault && !again && html`<small class=${fault.severity === "error" ? "fault" : "warn"}>${fault.text}</small>`}</button>
      ${chip && !again && html`<span class="chip live">${chip}</span>`}</li>`;
  })}</ul>`;
}
