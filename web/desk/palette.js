// What can be put on the desk: pressed, it goes to a free place in sight; dragged, to where it is dropped.
import { html, useRef, useState } from "../lib/preact.js";
import { Glyph } from "./glyphs.js";
import { MADE_HERE, ORDER } from "./kinds.js";

/** So far a tile is dragged and not pressed. Pixels. */
const STILL = 6;

/**
 * @param {{ t: import("../words.js").Say, tell: import("./telling.js").Teller, onPut: (kind: import("./kinds.js").Kind) => void,
 *   onDrop: (kind: import("./kinds.js").Kind, x: number, y: number) => void }} props
 */
export function Palette({ t, tell, onPut, onDrop }) {
  const [ghost, setGhost] = useState(/** @type {{ kind: import("./kinds.js").Kind, x: number, y: number } | null} */ (null));
  const from = useRef(/** @type {{ x: number, y: number } | null} */ (null));
  const dropped = useRef(false);
  const tile = (/** @type {import("./kinds.js").Kind} */ kind, /** @type {number} */ nth) => {
    const word = tell.say(`desk_kind_${kind}`);
    const down = (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      dropped.current = false;
      from.current = { x: event.clientX, y: event.clientY };
      // At once: a quick hand is off the tile before its first move is told.
      /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    };
    const move = (/** @type {PointerEvent} */ event) => {
      if (event.buttons === 0) from.current = null; // it was let go somewhere else
      const start = from.current;
      if (!start || (!ghost && Math.hypot(event.clientX - start.x, event.clientY - start.y) < STILL)) return;
      setGhost({ kind, x: event.clientX, y: event.clientY });
    };
    const up = (/** @type {PointerEvent} */ event) => {
      from.current = null;
      if (!ghost) return;
      dropped.current = true;
      setGhost(null);
      if (event.type === "pointerup") onDrop(kind, event.clientX, event.clientY);
    };
    return html`<button key=${kind} class="desk-tile" type="button" data-kind=${kind} title=${t("desk_put_key", { word: tell.say(`desk_does_${kind}`), key: nth + 1 })}
      onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up} onClick=${() => !dropped.current && onPut(kind)}>
      <span class=${kind === "incoming" || kind === "hang_up" ? "desk-glyph ink" : "desk-glyph"}><${Glyph} name=${kind} /></span><span>${word}</span></button>`;
  };
  return html`<div class="desk-palette" role="toolbar" aria-label=${t("desk_palette")}>
    <div role="group" aria-labelledby="desk-make"><span class="cap" id="desk-make">${t("desk_make")}</span><div>${ORDER.slice(0, MADE_HERE).map(tile)}</div></div>
    <div role="group" aria-labelledby="desk-place"><span class="cap" id="desk-place">${t("desk_place")}</span><div>${ORDER.slice(MADE_HERE).map((kind, nth) => tile(kind, nth + MADE_HERE))}</div></div>
    ${ghost && html`<div class="desk-ghost" style=${{ left: `${ghost.x}px`, top: `${ghost.y}px` }}><span class="desk-glyph"><${Glyph} name=${ghost.kind} /></span>${tell.say(`desk_kind_${ghost.kind}`)}</div>`}
  </div>`;
}
