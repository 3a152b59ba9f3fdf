// «Маршрутизация»: the desk. To look at with its live calls, to ask «what if», and to draw on.
import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { useUnsaved } from "../parts/address.js";
import { useStyle } from "../parts/style.js";
import { Ask, useAnswer } from "../desk/ask.js";
import { Canvas } from "../desk/canvas.js";
import { ElementCard, chipWords, memberWord } from "../desk/card.js";
import { MAP, MiniMap, Problems, Zoom } from "../desk/docks.js";
import { bounds, card as cardOf, fit, fitStart, freePlace, minimap, onDesk, revealed, wire, zoom } from "../desk/geometry.js";
import { Glyph } from "../desk/glyphs.js";
import { useDeskKeys } from "../desk/hands.js";
import { freeKey, outAtHead } from "../desk/kinds.js";
import { NOBODY, follow, lamps } from "../desk/lamps.js";
import { arrange } from "../desk/layout.js";
import { List } from "../desk/list.js";
import { widthFor } from "../desk/measure.js";
import { linked, links, wireOrder } from "../desk/model.js";
import { Palette } from "../desk/palette.js";
import { Panel } from "../desk/panel.js";
import { deedInWords, likely, moment, plainly, teller } from "../desk/telling.js";
import { problems as ranked } from "../desk/tree.js";
import { useWork } from "../desk/work.js";

/**
 * @typedef {import("../desk/kinds.js").Element} Element
 * @typedef {import("../desk/telling.js").Things} Things
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", box: import("../store.js").Box, now: number, api: import("../api.js").Api, admin: boolean,
 *   settings: number, tell: (toast: { text: string, word?: string, act?: () => Promise<unknown> | void }) => void, onRefused: (error: unknown) => void }} Props
 */

const NARROW = "(max-width: 720px)";
/** Cards are not shown smaller at first. */
const READABLE = 0.65;

/** @param {Props} props */
export function Desk(props) {
  const styled = useStyle("desk");
  return styled ? html`<${Styled} ...${props} />` : html`<p class="empty" aria-busy="true">${props.t("loading")}</p>`;
}

/** @param {Props} props */
function Styled(props) {
  const { t, box, now, api, admin, settings, tell: toast, onRefused } = props;
  const narrow = useMedia(NARROW);
  const at = moment(box, now);
  const [view, setView] = useState({ x: 0, y: 0, k: 1 });
  const [size, setSize] = useState({ w: 0, h: 0 });
  // Until a hand moves it, the view shows the start, or all when that was asked for.
  const [shows, setShows] = useState(/** @type {"start" | "whole" | "hand"} */ ("start"));
  const [opened, setOpened] = useState(/** @type {string[]} */ ([]));
  const [panel, setPanel] = useState(false);
  const [asking, setAsking] = useState(false);
  const [asked, setAsked] = useState({ number: box.trunks[0]?.number ?? "", from: "", at: "", keys: /** @type {string[]} */ ([]), busy: /** @type {string[]} */ ([]), offline: /** @type {string[]} */ ([]) });
  const [drag, setDrag] = useState(/** @type {{ ids: string[], dx: number, dy: number } | null} */ (null));
  const [rope, setRope] = useState(/** @type {{ from: string, out: string, to: string | null } | null} */ (null));
  const [linking, setLinking] = useState(/** @type {import("../desk/keys.js").Linking | null} */ (null));
  const [said, setSaid] = useState("");
  const [track, setTrack] = useState(NOBODY);
  const [asList, setAsList] = useState(true);
  const canvas = useRef(/** @type {HTMLElement | null} */ (null));
  const focusNext = useRef("");

  const look = (/** @type {Element} */ element, /** @type {Things} */ have, /** @type {{ part: boolean, open: boolean, spare: string | null, names: Map<string, string> }} */ how) => {
    const tell = teller(t, box, have);
    const { part, open, spare, names } = how;
    const sub = tell.sub(element, part, at);
    const outHead = outAtHead(element.kind);
    const members = open ? tell.members(element) : [];
    const geometry = { sub: sub !== "", members: members.length, spare };
    const rows = cardOf(element, { width: 0, ...geometry }).rows.map(({ out, spare: isSpare = false }) => {
      const key = /^[\d*#]$/.test(out);
      const to = element.links[out];
      const dead = part && to === undefined && !isSpare;
      const where = isSpare ? t("desk_next_key") : dead ? t("desk_nowhere") : key ? (names.get(to ?? "") ?? "") : outHead ? "" : tell.say(`desk_when_${out}`);
      return { out, to: where, word: tell.out(out), key, spare: isSpare, dead };
    });
    const told = { kind: tell.kind(element), name: tell.name(element), sub, rows, members, outHead };
    const width = widthFor({
      ...told,
      rows: outHead ? [] : rows.map(({ to, word, key }) => ({ to, out: word, key })),
      members: members.map(({ employee, what }) => ({ employee, word: memberWord(t, what) })),
      burger: element.kind === "group",
    });
    return { told, card: cardOf(element, { width, ...geometry }) };
  };
  const plain = { part: true, open: false, spare: null, names: new Map() };
  const work = useWork({
    api, admin, settings, onRefused,
    size: (element, have) => look(element, have, plain).card,
    onDeed: (before, after, action) => {
      if (action.type === "undo" || action.type === "redo") {
        const deed = (action.type === "undo" ? before.past : before.future).at(-1)?.deed;
        if (deed) setSaid(t(action.type === "undo" ? "desk_undone" : "desk_redone", { deed: deedInWords("did", deed, tell) }));
      } else if (action.type === "choose") {
        if (action.ids.length > 1) setSaid(t("desk_said_chosen", { count: action.ids.length }));
      } else {
        const deed = after.past.at(-1)?.deed;
        const place = deed?.what === "move" ? after.elements.find(({ id }) => id === deed.element?.id) : undefined;
        if (deed) setSaid(deedInWords("said", place ? { ...deed, element: place } : deed, tell));
      }
      if (action.type === "put" || action.type === "paste") focusNext.current = after.chosen[0] ?? "";
    },
  });
  const { things, desk, editing } = work;
  const tell = teller(t, box, things);
  const draws = editing && !narrow;
  useUnsaved(work.count > 0, work.stays);

  const elements = drag ? desk.elements.map((element) => (drag.ids.includes(element.id) ? { ...element, x: element.x + drag.dx, y: element.y + drag.dy } : element)) : desk.elements;
  const part = linked(desk.elements);
  const names = new Map(desk.elements.map((element) => [element.id, tell.name(element)]));
  const spareOf = (/** @type {Element} */ element) => {
    if (!draws) return null;
    const mine = linking?.from === element.id ? linking.out : rope?.from === element.id ? rope.out : null;
    return element.kind === "voice_menu" && mine && mine !== "timeout" && element.links[mine] === undefined ? mine : freeKey(element);
  };
  const shown = wireOrder(elements).map((element) => ({
    element,
    ...look(element, things, { part: part.has(element.id), open: opened.includes(element.id), spare: spareOf(element), names }),
  }));
  const cards = shown.map(({ card }) => card);
  const byId = new Map(cards.map((card) => [card.id, card]));
  const wires = links(elements).flatMap(({ from, out, to }) => {
    const [source, target] = [byId.get(from), byId.get(to)];
    return source && target ? [wire(source, out, target)] : [];
  });

  const problems = ranked(work.told, desk.elements, () => t("desk_problem_incomplete")).map((problem) => plainly(problem, tell));
  const { answer, way } = useAnswer({ api, open: asking && work.ready, question: asked, elements: desk.elements, minute: at.minute, onRefused });
  useEffect(() => setTrack((before) => follow(before, /** @type {any} */ (box.calls), desk.elements, Date.now(), box.skew)), [box.calls, desk.elements]);
  const here = lamps(track, /** @type {any} */ (box.calls));
  const chips = new Map(desk.elements.map((element) => [element.id, chipWords(t, element.kind, here.get(element.id), now)]));

  const fitted = () => (shows === "start" && cards[0] ? fitStart(bounds(cards), cards[0], size, READABLE) : fit(bounds(cards), size));
  const seen = shows === "hand" || cards.length === 0 || size.w === 0 ? view : fitted();
  const turnTo = (/** @type {import("../desk/geometry.js").View} */ next) => {
    setShows("hand");
    setView(next);
  };
  /** Whoever draws must not have the desk move under the hand. */
  const run = (/** @type {import("../desk/model.js").Action} */ action) => {
    if (shows !== "hand" && size.w > 0 && action.type !== "choose") turnTo(seen);
    return work.run(action);
  };
  const whole = () => setShows("whole");
  const zoomBy = (/** @type {number} */ by) => turnTo(zoom(seen, by, { x: size.w / 2, y: size.h / 2 }));
  const reveal = (/** @type {string} */ id) => {
    const card = byId.get(id);
    if (!card) return;
    const next = revealed(seen, card, size);
    if (next !== seen) turnTo(next);
  };
  const focus = (/** @type {string} */ id) => {
    reveal(id);
    const card = /** @type {HTMLElement | null | undefined} */ (canvas.current?.querySelector(`[data-card="${CSS.escape(id)}"]`));
    card?.focus({ preventScroll: true });
    return Boolean(card);
  };
  useEffect(() => {
    if (!focusNext.current) return;
    // The card may come with the next drawing only.
    if (focus(focusNext.current)) focusNext.current = "";
  });

  const goTo = (/** @type {string} */ id) => {
    run({ type: "choose", ids: [id] });
    setPanel(true);
    focus(id);
  };
  const putAt = (/** @type {import("../desk/kinds.js").Kind} */ kind, /** @type {import("../desk/geometry.js").Point} */ point, /** @type {Partial<Element>} */ holds = {}) =>
    run({ type: "put", kind, x: point.x, y: point.y, holds: { ...likely(kind, tell, desk.elements), ...holds } });
  const put = (/** @type {import("../desk/kinds.js").Kind} */ kind, /** @type {Partial<Element>} */ holds = {}) => {
    const last = byId.get(desk.chosen[0] ?? "");
    const near = last ? { x: last.x + last.w + 80, y: last.y } : onDesk(seen, { x: size.w / 2 - 90, y: size.h / 3 });
    putAt(kind, freePlace(cards, near, { w: 190, h: 110 }), holds);
  };
  const dropTile = (/** @type {import("../desk/kinds.js").Kind} */ kind, /** @type {number} */ x, /** @type {number} */ y) => {
    const box = canvas.current?.getBoundingClientRect();
    if (!box || x < box.left || x > box.right || y < box.top || y > box.bottom) return;
    const point = onDesk(seen, { x: x - box.left, y: y - box.top });
    putAt(kind, { x: point.x - 80, y: point.y - 25 });
  };
  const double = () => {
    const copied = desk.elements.filter(({ id }) => desk.chosen.includes(id));
    run({ type: "paste", elements: copied, dx: 40, dy: 40 });
  };
  const rearrange = () => {
    run({ type: "arrange", places: arrange(desk.elements, (element) => byId.get(element.id) ?? { w: 180, h: 80 }) });
    whole();
  };
  const finish = async () => {
    if (work.count === 0) return void work.drop();
    const version = await work.apply();
    if (version === null) return;
    told(version);
  };
  const told = (/** @type {string} */ version) => {
    const revert = version ? { word: t("bring_back"), act: () => api.write("POST", `versions/${version}/revert`, { scope: "this" }).then(() => work.reload()) } : {};
    toast({ text: t("desk_applied"), ...revert });
  };
  const applyMine = async () => {
    const version = await work.applyMine();
    if (version !== null) told(version);
  };
  const drop = () => {
    const changed = work.count > 0;
    const back = work.drop();
    setLinking(null);
    if (changed) toast({ text: t("desk_dropped"), act: back });
  };
  const edit = () => {
    if (!admin || narrow) return setSaid(t(admin ? "desk_narrow" : "desk_viewer"));
    work.edit();
  };
  const cutWords = (/** @type {import("../desk/geometry.js").Wire} */ { from, to }) => t("desk_cut", { from: names.get(from), to: names.get(to) });

  const hands = useDeskKeys({
    t, tell, desk, cards, shown, problems, canvas, editing: draws, linking, setLinking, panel, setPanel, run, focus, goTo, put, double, finish, edit, setSaid,
    onZoom: zoomBy, onWhole: whole, onWhatIf: () => setAsking((open) => !open),
  });

  if (!work.ready) return html`<p class="empty" aria-busy=${work.fault ? "false" : "true"}>${work.fault ? work.fault.problem?.detail ?? t("no_answer") : t("loading")}</p>`;
  const props2 = { t, tell, desk, things, at, problems, chips, way };
  const list = narrow && asList;
  const cardsView = shown.map(({ element, card, told: words }) => {
    const { id } = element;
    const own = problems.filter((problem) => problem.element === id);
    const lit = way.elements.get(id);
    const looks = {
      chosen: desk.chosen.includes(id), loose: !part.has(id), lit: lit === undefined ? "" : lit ? "maybe" : "lit", fault: own[0]?.severity ?? "", open: opened.includes(id),
      linking: linking?.from === id ? linking.out : rope?.from === id ? rope.out : null, aimed: (rope?.to ?? linking?.to) === id, litIn: lit !== undefined && wires.some((one) => one.to === id && way.wires.has(`${one.from}.${one.out}`)),
      litOuts: new Map([...way.wires].flatMap(([key, maybe]) => (key.startsWith(`${id}.`) ? [[key.slice(id.length + 1), maybe]] : []))), fed: wires.some((one) => one.to === id),
      badOuts: new Set(own.flatMap(({ out }) => (out ? [out] : []))),
    };
    return html`<${ElementCard} key=${id} t=${t} element=${element} card=${card} told=${words} looks=${looks} chip=${chips.get(id) ?? ""} editing=${draws} troubles=${own.map(({ text }) => text)}
      onMembers=${() => setOpened((ids) => (ids.includes(id) ? ids.filter((one) => one !== id) : [...ids, id]))} />`;
  });
  const map = narrow || list ? null : minimap(cards, seen, size, MAP);
  const litCards = new Set(shown.flatMap(({ element }, nth) => (way.elements.has(element.id) ? [nth] : [])));
  const docks = html`<${Problems} ...${props2} elements=${desk.elements} editing=${draws} onGo=${goTo} onLink=${hands.startLink} onRemove=${(/** @type {string} */ id) => run({ type: "remove", ids: [id] })}
      onPlace=${(/** @type {string} */ number) => put("incoming", { numbers: [number] })} />
    <${MiniMap} t=${t} map=${map} lit=${litCards} onGo=${(/** @type {{ x: number, y: number }} */ point) => turnTo({ ...seen, x: size.w / 2 - point.x * seen.k, y: size.h / 2 - point.y * seen.k })} />
    <${Zoom} t=${t} percent=${Math.round(seen.k * 100)} onNearer=${() => zoomBy(1.25)} onFurther=${() => zoomBy(0.8)} onWhole=${whole} onLife=${() => zoomBy(1 / seen.k)} />`;
  const open = (/** @type {string} */ id, /** @type {boolean} */ only) => {
    if (only || !desk.chosen.includes(id) || desk.chosen.length > 1) run({ type: "choose", ids: [id] });
    setPanel(true);
  };
  const hint = linking ? said : desk.elements.length === 0 ? t(draws ? "desk_empty_edit" : admin ? "desk_empty" : "desk_viewer") : "";
  const hasSide = !narrow && (draws || (panel && desk.chosen.length === 1));
  const [undone, redone] = [desk.past.at(-1), desk.future.at(-1)];
  return html`<div class=${["desk", draws && "editing", hasSide && "sided", list && "listed"].filter(Boolean).join(" ")} onfocusin=${hands.onFocus} ref=${hands.root}>
    <header class="desk-head"><h1>${t("desk_title")}</h1>
      ${work.count > 0 && html`<span class="chip warn">${t("desk_changes", { count: work.count })}</span>`}
      ${problems.length > 0 && html`<button class=${`chip ${problems[0]?.severity === "error" ? "bad" : "warn"}`} type="button" title=${t("desk_problem_next")} onClick=${hands.nextProblem}>${t("desk_problems", { count: problems.length })}</button>`}
      ${draws && html`<span class="joined"><button class="button square" type="button" disabled=${!undone} title=${undone ? t("desk_undo", { deed: deedInWords("did", undone.deed, tell) }) : t("desk_undo_none")}
          aria-label=${undone ? t("desk_undo", { deed: deedInWords("did", undone.deed, tell) }) : t("desk_undo_none")} onClick=${() => run({ type: "undo" })}><${Glyph} name="undo" /></button>
        <button class="button square" type="button" disabled=${!redone} title=${redone ? t("desk_redo", { deed: deedInWords("did", redone.deed, tell) }) : t("desk_redo_none")}
          aria-label=${redone ? t("desk_redo", { deed: deedInWords("did", redone.deed, tell) }) : t("desk_redo_none")} onClick=${() => run({ type: "redo" })}><${Glyph} name="redo" /></button></span>
        <button class="button quiet" type="button" title=${t("desk_arrange_why")} onClick=${rearrange}><${Glyph} name="arrange" />${t("desk_arrange")}</button>`}
      <span class="end">
        <button class=${asking ? "button quiet what on" : "button quiet what"} type="button" aria-pressed=${asking ? "true" : "false"} onClick=${() => setAsking(!asking)}><${Glyph} name="wand" />${t("desk_whatif")}</button>
        ${draws
          ? html`${work.count > 0 && html`<button class="button quiet" type="button" onClick=${drop}>${t("desk_drop")}</button>`}
            <button class="button primary" type="button" disabled=${work.busy} onClick=${finish}>${t(work.busy ? "desk_applying" : "desk_finish")}</button>`
          : admin && !narrow && html`<button class="button primary" type="button" onClick=${edit}><${Glyph} name="edit" />${t("desk_edit")}</button>`}
      </span>
    </header>
    <div class="desk-notes" role="alert">
      ${work.fault && html`<p class="note bad"><${Glyph} name="alert" /><span>${work.fault.problem?.detail ?? t("no_answer")} ${work.count > 0 ? t("desk_unapplied") : ""}</span></p>`}
      ${work.meanwhile && html`<p class="note warn"><${Glyph} name="alert" /><span><b>${t("desk_meanwhile")}</b> ${t("desk_theirs_why")}</span>
        <button class="button" type="button" onClick=${work.takeTheirs}>${t("desk_theirs")}</button><button class="button" type="button" disabled=${work.busy} onClick=${applyMine}>${t("desk_mine")}</button></p>`}
      ${work.resumed && !work.meanwhile && html`<p class="note"><${Glyph} name="check" /><span>${t("desk_resumed")}</span></p>`}
      ${!admin && !narrow && html`<p class="note">${t("desk_viewer")}</p>`}
    </div>
    ${draws && html`<${Palette} t=${t} tell=${tell} onPut=${put} onDrop=${dropTile} />`}
    ${narrow && html`<div class="desk-choice"><div class="choice" role="group"><button type="button" aria-pressed=${asList ? "true" : "false"} onClick=${() => setAsList(true)}>${t("desk_list")}</button>
      <button type="button" aria-pressed=${asList ? "false" : "true"} onClick=${() => setAsList(false)}>${t("desk_drawing")}</button></div></div>`}
    ${list
      ? html`<${List} ...${props2} elements=${desk.elements} chosen=${desk.chosen} onOpen=${(/** @type {string} */ id) => run({ type: "choose", ids: desk.chosen[0] === id ? [] : [id] })} />
        ${admin && html`<p class="hint desk-narrow">${t("desk_narrow")}</p>`}`
      : html`<div class="desk-stage" ref=${canvas}><${Canvas} t=${t} desk=${desk} cards=${cards} wires=${wires} view=${seen} editing=${draws} lit=${way.wires} track=${track} linking=${linking} hint=${hint} docks=${docks}
          drawing=${setDrag} ropeFrom=${setRope} cutWords=${cutWords} onView=${turnTo} onAct=${run} onChoose=${(/** @type {string[]} */ ids) => run({ type: "choose", ids })} onOpen=${open} onSize=${setSize}
          onTarget=${hands.join} onNothing=${() => {
            setLinking(null);
            setPanel(false);
            run({ type: "choose", ids: [] });
          }}>${cardsView}<//></div>`}
    ${hasSide && html`<${Panel} ...${props2} api=${api} editing=${draws} onAct=${run} onMade=${work.reread} onDouble=${double} onClose=${() => {
      setPanel(false);
      run({ type: "choose", ids: [] });
    }} />`}
    ${asking && html`<${Ask} t=${t} tell=${tell} box=${box} at=${at} question=${asked} elements=${desk.elements} answer=${answer} way=${way} onQuestion=${setAsked} onGo=${list ? (/** @type {string} */ id) => run({ type: "choose", ids: [id] }) : goTo} onClose=${() => setAsking(false)} />`}
    <p class="unseen" role="status">${said}</p>
  </div>`;
}

/** @param {string} query */
function useMedia(query) {
  const media = useMemo(() => matchMedia(query), [query]);
  const [fits, setFits] = useState(media.matches);
  useEffect(() => {
    const changed = () => setFits(media.matches);
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, [media]);
  return fits;
}
