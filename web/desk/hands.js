// The keyboard on the desk: commands and links without a pointer, each told in the aria-live line.
import { useEffect, useRef } from "../lib/preact.js";
import { toward } from "./geometry.js";
import { aim, command, startLinking, turn } from "./keys.js";
import { mayLink } from "./model.js";

/** @typedef {import("./keys.js").Command} Command */

/** Copies are put so far from what was copied. */
const ASIDE = 40;

/** @param {any} props */
export function useDeskKeys(props) {
  const root = useRef(/** @type {HTMLElement | null} */ (null));
  const clipboard = useRef(/** @type {import("./kinds.js").Element[]} */ ([]));
  const pastes = useRef(0);
  const told = useRef(-1);
  const latest = useRef(props);
  latest.current = props;

  const startLink = (/** @type {string} */ id, /** @type {string | undefined} */ out = undefined) => {
    const { desk, t, tell, focus, run, setLinking, setSaid } = latest.current;
    const element = desk.elements.find((/** @type {{ id: string }} */ one) => one.id === id);
    const linking = element && startLinking(element, out);
    if (!linking) return setSaid(t("desk_no_outs"));
    run({ type: "choose", ids: [id] });
    focus(id);
    setLinking(linking);
    setSaid(t("desk_linking_out", { out: tell.out(linking.out) }));
  };
  const join = (/** @type {string} */ to) => {
    const { desk, t, linking, run, setLinking, setSaid, focus } = latest.current;
    if (!linking) return;
    if (!mayLink(desk, linking.from, linking.out, to)) return setSaid(t("desk_cannot"));
    setLinking(null);
    run({ type: "link", from: linking.from, out: linking.out, to });
    focus(linking.from);
  };
  const nextProblem = () => {
    const { problems, goTo, setSaid } = latest.current;
    if (problems.length === 0) return;
    told.current = ((told.current ?? -1) + 1) % problems.length;
    const { element, text } = problems[told.current];
    if (element) goTo(element);
    setSaid(text);
  };

  /** Keys while a link is made; says whether the key was one of its own. */
  const link = (/** @type {Command} */ what) => {
    const { t, tell, desk, cards, linking, setLinking, setSaid } = latest.current;
    if (what.does === "close") {
      setLinking(null);
      setSaid("");
    } else if (what.does === "open" && linking.to !== null) {
      join(linking.to);
    } else if (what.does === "open" || what.does === "go") {
      const from = desk.elements.find((/** @type {{ id: string }} */ one) => one.id === linking.from);
      const next = what.does === "go" ? turn(linking, what.to, from, cards) : aim(linking, cards);
      const to = next.to && desk.elements.find((/** @type {{ id: string }} */ one) => one.id === next.to);
      setLinking(next);
      setSaid(to ? t("desk_linking_to", { out: tell.out(next.out), to: tell.name(to) }) : t("desk_linking_out", { out: tell.out(next.out) }));
    } else return false;
    return true;
  };

  /** What is not drawing: for whoever looks, too. */
  const seeing = (/** @type {Command} */ what) => {
    const { desk, cards, shown, panel, setPanel, run, focus, onZoom, onWhole, onWhatIf, finish, edit, editing } = latest.current;
    const id = desk.chosen[0];
    switch (what.does) {
      case "go": {
        const here = cards.find((/** @type {{ id: string }} */ card) => card.id === id);
        const next = here ? toward(here, cards, what.to) : shown[0]?.card;
        if (next) focus(next.id);
        return true;
      }
      case "open":
        if (!id) return false;
        setPanel(true);
        requestAnimationFrame(() => /** @type {HTMLElement | null | undefined} */ (root.current?.querySelector(".desk-side :is(select, input, button:not(.square), a)") ?? root.current?.querySelector(".desk-side button"))?.focus());
        return true;
      case "close":
        if (panel && !editing) setPanel(false);
        else run({ type: "choose", ids: [] });
        return true;
      case "all":
        run({ type: "choose", ids: desk.elements.map((/** @type {{ id: string }} */ one) => one.id) });
        return true;
      case "near":
      case "far":
        onZoom(what.does === "near" ? 1.25 : 0.8);
        return true;
      case "whole":
        onWhole();
        return true;
      case "whatif":
        onWhatIf();
        return true;
      case "problem":
        nextProblem();
        return true;
      case "edit":
        if (!editing) edit();
        return true;
      case "apply":
        if (editing) finish();
        return true;
      default:
        return false;
    }
  };

  /** What changes the desk. */
  const drawing = (/** @type {Command} */ what) => {
    const { desk, run, put, double, setSaid, t } = latest.current;
    const { chosen } = desk;
    const shift = { left: [-20, 0], right: [20, 0], up: [0, -20], down: [0, 20] };
    switch (what.does) {
      case "put":
        put(what.kind);
        return true;
      case "shift": {
        const [dx = 0, dy = 0] = shift[what.to];
        run({ type: "move", ids: chosen, dx, dy, together: true });
        return chosen.length > 0;
      }
      case "link":
        if (chosen[0]) startLink(chosen[0], undefined);
        return true;
      case "remove":
        run({ type: "remove", ids: chosen });
        return chosen.length > 0;
      case "copy":
        clipboard.current = desk.elements.filter((/** @type {{ id: string }} */ { id }) => chosen.includes(id));
        pastes.current = 0;
        setSaid(t("desk_said_copied", { count: clipboard.current?.length }));
        return chosen.length > 0;
      case "paste":
        pastes.current = (pastes.current ?? 0) + 1;
        run({ type: "paste", elements: clipboard.current ?? [], dx: ASIDE * pastes.current, dy: ASIDE * pastes.current });
        return true;
      case "double":
        double();
        return true;
      case "undo":
      case "redo":
        run({ type: what.does });
        return true;
      default:
        return false;
    }
  };

  useEffect(() => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      const { linking, editing, setSaid, t, focus, desk } = latest.current;
      const target = /** @type {HTMLElement} */ (event.target);
      const what = command(event);
      if (!what || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      if (!root.current?.contains(target) && target !== document.body && target.id !== "main") return;
      const typing = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
      const pressing = /^(BUTTON|A|SUMMARY)$/.test(target.tagName);
      if (what.does === "close" && (typing || target.closest(".desk-side"))) {
        // From the panel back to its element.
        if (desk.chosen[0]) focus(desk.chosen[0]);
        else target.blur();
        return event.preventDefault();
      }
      if (typing && what.does !== "apply") return;
      if (pressing && (what.does === "open" || what.does === "choose")) return;
      if (what.does === "choose") {
        const id = target.getAttribute("data-card");
        if (!id) return;
        event.preventDefault();
        return latest.current.run({ type: "choose", ids: desk.chosen.includes(id) && desk.chosen.length > 1 ? desk.chosen.filter((/** @type {string} */ one) => one !== id) : [...new Set([...desk.chosen, id])] });
      }
      // What is marked on the page may be copied as anywhere.
      if (what.does === "copy" && !getSelection()?.isCollapsed) return;
      if (linking && link(what)) return event.preventDefault();
      if (seeing(what)) return event.preventDefault();
      if (editing ? drawing(what) : ["put", "link", "remove", "paste", "double", "shift"].includes(what.does) && (setSaid(t("desk_read_only")), true)) event.preventDefault();
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, []);

  /** Where the keyboard goes, there is the choice; a pointer chooses by itself. */
  const onFocus = (/** @type {FocusEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const id = target.getAttribute("data-card");
    const { desk, run, linking, focus } = latest.current;
    if (!id || !target.matches(":focus-visible") || linking || desk.chosen.includes(id)) return;
    run({ type: "choose", ids: [id] });
    focus(id);
  };
  return { root, startLink, join, nextProblem, onFocus };
}
