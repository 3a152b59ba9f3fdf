// The desk to look at and to draw on: cards over wires in one layer that is moved and zoomed. Pointer and touch; what they mean is told
// to the page as actions.
import { html, useEffect, useLayoutEffect, useRef, useState } from "../lib/preact.js";
import { curve, hit, jackOf, onDesk, within, zoom } from "./geometry.js";
import { Glyph } from "./glyphs.js";
import { mayLink, snap } from "./model.js";
import { Sparks } from "./sparks.js";

/**
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {import("./geometry.js").View} View
 * @typedef {import("./geometry.js").Card} Card
 * @typedef {import("./geometry.js").Wire} Wire
 * @typedef {{ from: string, out: string, instead?: { from: string, out: string } }} Rope a link that is being drawn
 * @typedef {{ does: "pan", at: Point, view: View, id?: string }
 *   | { does: "drag", at: Point, id: string, ids: string[], moved: boolean }
 *   | { does: "band", at: Point }
 *   | { does: "rope", rope: Rope, at: Point, moved: boolean }
 *   | { does: "pinch", gap: number, middle: Point, view: View }} Gesture
 */

/** A hand that moves less has only pressed. Pixels of the window. */
const STILL = 5;
/** A notch of a mouse's wheel, which zooms; fingers on a touchpad move less, and pan. */
const NOTCH = 60;

/** @param {any} props */
export function Canvas(props) {
  const { t, desk, cards, wires, view, editing, ropeFrom, children, drawing, lit, track, hint } = props;
  const { onView, onAct, onChoose, onOpen, onSize, onNothing } = props;
  const box = useRef(/** @type {HTMLElement | null} */ (null));
  const gesture = useRef(/** @type {Gesture | null} */ (null));
  const fingers = useRef(/** @type {Map<number, Point> | null} */ (null));
  fingers.current ??= new Map();
  const [pull, setPull] = useState(/** @type {{ rope: Rope, to: Point } | null} */ (null));
  const [band, setBand] = useState(/** @type {{ a: Point, b: Point } | null} */ (null));
  const [hover, setHover] = useState("");
  const [held, setHeld] = useState(false);
  const byId = new Map(cards.map((/** @type {Card} */ card) => [card.id, card]));

  useLayoutEffect(() => {
    const { current } = box;
    if (!current) return;
    const measured = () => onSize({ w: current.clientWidth, h: current.clientHeight });
    measured();
    const watch = new ResizeObserver(measured);
    watch.observe(current);
    return () => watch.disconnect();
  }, []);

  const inWindow = (/** @type {{ clientX: number, clientY: number }} */ event) => {
    const { left = 0, top = 0 } = box.current?.getBoundingClientRect() ?? {};
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const latest = useRef(/** @type {any} */ (null));
  latest.current = { view, onView, inWindow };
  useEffect(() => {
    const { current } = box;
    const wheel = (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      const { view, onView, inWindow } = latest.current;
      const isPad = !event.ctrlKey && event.deltaMode === 0 && (event.deltaX !== 0 || Math.abs(event.deltaY) < NOTCH);
      if (isPad) onView({ ...view, x: view.x - event.deltaX, y: view.y - event.deltaY });
      else onView(zoom(view, Math.exp(-Math.sign(event.deltaY) * Math.min(0.2, Math.abs(event.deltaY) / 400)), inWindow(event)));
    };
    current?.addEventListener("wheel", wheel, { passive: false });
    return () => current?.removeEventListener("wheel", wheel);
  }, []);

  /** What a pointer went down on. */
  const begin = (/** @type {PointerEvent} */ event, /** @type {Point} */ at) => {
    const target = /** @type {Element} */ (/** @type {unknown} */ (event.target));
    const id = target.closest("[data-card]")?.getAttribute("data-card") ?? "";
    const out = target.closest("[data-jack]")?.getAttribute("data-jack");
    if (props.linking && id) return props.onTarget(id);
    const picked = target.closest("[data-in]") && wires.find((/** @type {Wire} */ wire) => wire.to === id && hoverFirst(wire));
    if (editing && id && out) return rope({ from: id, out }, at);
    if (editing && picked) return rope({ from: picked.from, out: picked.out, instead: { from: picked.from, out: picked.out } }, at);
    if (!id && event.shiftKey) return void (gesture.current = { does: "band", at });
    if (!id || !editing) return void (gesture.current = { does: "pan", at, view, id });
    const chosen = /** @type {string[]} */ (desk.chosen);
    if (event.shiftKey || event.ctrlKey || event.metaKey) {
      onChoose(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
      return;
    }
    const ids = chosen.includes(id) ? chosen : [id];
    if (!chosen.includes(id)) onChoose(ids);
    gesture.current = { does: "drag", at, id, ids, moved: false };
  };
  const hoverFirst = (/** @type {Wire} */ wire) => !hover || `${wire.from}.${wire.out}` === hover || !wires.some((/** @type {Wire} */ one) => one.to === wire.to && `${one.from}.${one.out}` === hover);
  const rope = (/** @type {Rope} */ one, /** @type {Point} */ at) => {
    gesture.current = { does: "rope", rope: one, at, moved: false };
  };

  const down = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0 || /** @type {Element} */ (/** @type {unknown} */ (event.target)).closest("button, a, input, select, .desk-dock")) return;
    const at = inWindow(event);
    fingers.current?.set(event.pointerId, at);
    if (fingers.current?.size === 2) {
      const [one, other] = [...fingers.current.values()];
      if (one && other) gesture.current = { does: "pinch", gap: gap(one, other), middle: middle(one, other), view };
      drawing(null);
      setPull(null);
      return;
    }
    begin(event, at);
  };

  const move = (/** @type {PointerEvent} */ event) => {
    const now = gesture.current;
    const at = inWindow(event);
    if (fingers.current?.has(event.pointerId)) fingers.current.set(event.pointerId, at);
    if (!now) return;
    const far = now.does === "pinch" ? Infinity : gap(now.at, at);
    if (far < STILL && !("moved" in now && now.moved)) return;
    if (box.current && !box.current.hasPointerCapture(event.pointerId)) box.current.setPointerCapture(event.pointerId);
    if (!held) setHeld(true);
    if (now.does === "pinch") pinch(now);
    if (now.does === "pan") onView({ ...now.view, x: now.view.x + at.x - now.at.x, y: now.view.y + at.y - now.at.y });
    if (now.does === "band") setBand({ a: onDesk(view, now.at), b: onDesk(view, at) });
    if (now.does === "drag") {
      now.moved = true;
      drawing({ ids: now.ids, dx: snap((at.x - now.at.x) / view.k), dy: snap((at.y - now.at.y) / view.k) });
    }
    if (now.does === "rope") {
      now.moved = true;
      setPull({ rope: now.rope, to: onDesk(view, at) });
    }
  };
  const pinch = (/** @type {Extract<Gesture, { does: "pinch" }>} */ now) => {
    const [one, other] = [...(fingers.current?.values() ?? [])];
    if (!one || !other) return;
    const here = middle(one, other);
    const zoomed = zoom(now.view, gap(one, other) / Math.max(1, now.gap), now.middle);
    onView({ ...zoomed, x: zoomed.x + here.x - now.middle.x, y: zoomed.y + here.y - now.middle.y });
  };

  const up = (/** @type {PointerEvent} */ event) => {
    const now = gesture.current;
    const at = inWindow(event);
    fingers.current?.delete(event.pointerId);
    gesture.current = null;
    setHeld(false);
    setPull(null);
    setBand(null);
    drawing(null);
    if (!now || event.type === "pointercancel") return;
    const far = now.does === "pinch" ? Infinity : gap(now.at, at);
    if (now.does === "pan" && far < STILL) return now.id ? onOpen(now.id) : onNothing();
    if (now.does === "band" && band) return onChoose(within(cards, band.a, band.b));
    if (now.does === "drag") {
      if (!now.moved) return onOpen(now.id, desk.chosen.length > 1);
      onAct({ type: "move", ids: now.ids, dx: (at.x - now.at.x) / view.k, dy: (at.y - now.at.y) / view.k });
    }
    if (now.does === "rope" && now.moved) drop(now.rope, onDesk(view, at));
    else if (now.does === "rope") onOpen(now.rope.instead ? desk.elements.find((/** @type {any} */ one) => one.id === now.rope.from)?.links[now.rope.out] : now.rope.from);
  };
  const drop = (/** @type {Rope} */ { from, out, instead }, /** @type {Point} */ point) => {
    const under = hit(cards, point);
    if (under && mayLink(desk, from, out, under.card.id)) onAct({ type: "link", from, out, to: under.card.id, instead });
    else if (instead && !under) onAct({ type: "unlink", ...instead });
  };

  const over = (/** @type {PointerEvent} */ event) => {
    if (event.pointerType === "touch") return;
    const wire = /** @type {Element} */ (/** @type {unknown} */ (event.target)).closest("[data-wire]")?.getAttribute("data-wire") ?? "";
    if (wire !== hover && !gesture.current) setHover(wire);
  };

  const aimed = pull && hit(cards, pull.to)?.card;
  const aimedAt = aimed && mayLink(desk, pull.rope.from, pull.rope.out, aimed.id) ? aimed.id : null;
  useEffect(() => ropeFrom(pull && { from: pull.rope.from, out: pull.rope.out, to: aimedAt }), [pull?.rope.from, pull?.rope.out, aimedAt]);
  const { linking } = props;
  const source = byId.get(pull?.rope.from ?? linking?.from ?? "");
  const target = byId.get(aimedAt ?? (pull ? "" : linking?.to) ?? "");
  const end = target?.jack ?? pull?.to;
  const loose = source && end ? curve(jackOf(source, pull?.rope.out ?? linking.out), end) : null;
  const gone = pull?.rope.instead ? `${pull.rope.instead.from}.${pull.rope.instead.out}` : "";
  const cut = editing && !pull && hover && wires.find((/** @type {Wire} */ wire) => `${wire.from}.${wire.out}` === hover);
  const grid = { backgroundSize: `${20 * view.k}px ${20 * view.k}px`, backgroundPosition: `${view.x}px ${view.y}px` };
  const names = ["desk-canvas", editing && "editing", held && "held", pull && "pulling"].filter(Boolean).join(" ");
  return html`<div ref=${box} class=${names} role="application" aria-label=${t(editing ? "desk_canvas_edit" : "desk_canvas")} tabindex=${cards.length ? null : "0"}
    style=${view.k > 0.5 ? grid : { backgroundSize: "0 0" }}
    onPointerDown=${down} onPointerMove=${move} onPointerUp=${up} onPointerCancel=${up} onPointerOver=${over}>
    <div class="desk-world" style=${{ transform: `translate(${view.x}px, ${view.y}px) scale(${view.k})` }}>
      <svg class=${hover ? "desk-wires dimmed" : "desk-wires"} aria-hidden="true">
        ${wires.map((/** @type {Wire} */ wire) => {
          const key = `${wire.from}.${wire.out}`;
          if (key === gone) return null;
          const state = [lit.has(key) && "what", lit.get(key) && "maybe", hover === key && "hover"].filter(Boolean).join(" ");
          return html`<g key=${key} data-wire=${key} class=${`desk-wire ${state}`}>
            ${lit.has(key) && html`<path class="halo" d=${wire.d} />`}<path class="line" d=${wire.d} pathLength=${lit.has(key) && !lit.get(key) ? "1" : null} />
            <path class="reach" d=${wire.d} /></g>`;
        })}
        ${loose && html`<path class=${target ? "desk-rope joined" : "desk-rope"} d=${loose.d} />`}
        ${band && html`<rect class="desk-band" x=${Math.min(band.a.x, band.b.x)} y=${Math.min(band.a.y, band.b.y)} width=${Math.abs(band.a.x - band.b.x)} height=${Math.abs(band.a.y - band.b.y)} />`}
      </svg>
      ${children}
      <${Sparks} track=${track} wires=${wires} />
      ${cut && html`<button class="desk-cut" type="button" tabindex="-1" data-wire=${hover} style=${{ left: `${cut.label.x}px`, top: `${cut.label.y}px` }}
        title=${props.cutWords(cut)} aria-label=${props.cutWords(cut)} onClick=${() => {
          setHover("");
          onAct({ type: "unlink", from: cut.from, out: cut.out });
        }}><${Glyph} name="close" /></button>`}
    </div>
    ${hint && html`<p class="desk-hint">${hint}</p>`}
    ${props.docks}
  </div>`;
}

/**
 * @param {Point} one
 * @param {Point} other
 */
function gap(one, other) {
  return Math.hypot(one.x - other.x, one.y - other.y);
}

/**
 * @param {Point} one
 * @param {Point} other
 */
function middle(one, other) {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
