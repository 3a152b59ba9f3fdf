// Lamps on their way along the wires. They move by themselves, so that the rest of the desk need not be drawn anew.
import { html, useEffect, useState } from "../lib/preact.js";
import { along } from "./geometry.js";
import { TRAVEL, sparks } from "./lamps.js";

/** @param {{ track: import("./lamps.js").Track, wires: import("./geometry.js").Wire[] }} props */
export function Sparks({ track, wires }) {
  const [now, setNow] = useState(0);
  const last = Math.max(0, ...track.moves.map(({ at }) => at + TRAVEL));
  useEffect(() => {
    if (last <= Date.now() || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let frame = 0;
    const step = () => {
      setNow(Date.now());
      if (Date.now() < last) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [last]);
  const shown = now && now < last ? sparks(track.moves, now) : [];
  return html`<svg class="desk-sparks" aria-hidden="true">${shown.map(({ from, out, part, count }) => {
    const wire = wires.find((one) => one.from === from && one.out === out);
    if (!wire) return null;
    const { x, y } = along(wire.points, part);
    return html`<g key=${`${from}.${out}`} transform=${`translate(${x} ${y})`}><circle class="glow" r=${count > 1 ? 13 : 10} /><circle class="spark" r=${count > 1 ? 9 : 6} />
      ${count > 1 && html`<text y="4">${count}</text>`}</g>`;
  })}</svg>`;
}
