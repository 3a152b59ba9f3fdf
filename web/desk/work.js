// The work on the desk: read from the box, changed with a way back, kept when the page goes, checked while it changes, applied.
import { Refused } from "../api.js";
import { useEffect, useRef, useState } from "../lib/preact.js";
import { keep, kept } from "./draft.js";
import { drawing } from "./layout.js";
import { act, changes, open, sendable } from "./model.js";
import { NOTHING } from "./telling.js";
import { refusals } from "./tree.js";

/**
 * @typedef {import("./model.js").Desk} Desk
 * @typedef {import("./model.js").Action} Action
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {{ w: number, h: number }} Size
 */

/** The box judges the desk when nobody has changed it for so long. Milliseconds. */
const PAUSE = 300;

/**
 * What may stand on the desk: read with the desk, and anew when the settings change.
 * @param {import("../api.js").Api} api
 * @returns {Promise<import("./telling.js").Things>}
 */
async function readThings(api) {
  // A list that the box does not have yet is an empty one.
  const list = (/** @type {string} */ path) => api.all(path).catch((error) => (error instanceof Refused && error.status === 404 ? [] : Promise.reject(error)));
  const [groups, menus, messages, schedules, media] = await Promise.all(["groups", "voice-menus", "voice-messages", "schedules", "media"].map(list));
  return { groups: groups ?? [], menus: menus ?? [], messages: messages ?? [], schedules: schedules ?? [], media: media ?? [] };
}

/**
 * @param {{ api: import("../api.js").Api, admin: boolean, settings: number, size: (element: Element, things: import("./telling.js").Things) => Size,
 *   onDeed: (before: Desk, after: Desk, action: Action) => void, onRefused: (error: unknown) => void }} props
 */
export function useWork({ api, admin, settings, size, onDeed, onRefused }) {
  const [things, setThings] = useState(NOTHING);
  const [desk, setDesk] = useState(() => open([]));
  const [etag, setEtag] = useState("");
  const [ready, setReady] = useState(false);
  const [editing, setEditing] = useState(false);
  const [told, setTold] = useState(/** @type {import("./tree.js").Problem[]} */ ([]));
  const [fault, setFault] = useState(/** @type {Refused | null} */ (null));
  const [meanwhile, setMeanwhile] = useState(false);
  const [resumed, setResumed] = useState(false);
  /** What is drawn is there again after the page was left. */
  const [stays, setStays] = useState(false);
  const [busy, setBusy] = useState(false);
  const current = useRef(desk);
  const is = useRef({ editing });
  is.current = { editing };

  const show = (/** @type {Desk} */ next) => {
    current.current = next;
    setDesk(next);
  };
  const failed = (/** @type {unknown} */ error) => {
    onRefused(error);
    setFault(error instanceof Refused ? error : new Refused(0, null));
  };
  /** A desk that nobody has drawn is laid out; that is no change of anybody's. */
  const drawn = (/** @type {Element[]} */ elements, /** @type {import("./telling.js").Things} */ have) => {
    const places = drawing(elements, (element) => size(element, have));
    return places === null ? elements : elements.map((element) => ({ ...element, ...places[element.id] }));
  };

  const load = async () => {
    const [answer, have] = await Promise.all([api.read("routing"), readThings(api)]);
    setThings(have);
    if (is.current?.editing) {
      // Whoever edits keeps what is drawn, and is told.
      setMeanwhile(answer.etag !== etag);
      return;
    }
    const elements = drawn(answer.value.elements, have);
    const draft = admin && !ready ? kept() : null;
    const chosen = current.current?.chosen ?? [];
    show({ ...(draft ? open(draft.base, draft.elements) : open(elements)), chosen: chosen.filter((id) => elements.some((element) => element.id === id)) });
    setEtag(draft ? draft.etag : answer.etag);
    setTold(answer.value.problems ?? []);
    setEditing(draft !== null);
    setResumed(draft !== null);
    setMeanwhile(draft !== null && draft.etag !== answer.etag);
    setFault(null);
    setReady(true);
  };
  useEffect(() => {
    load().catch(failed);
  }, [settings]);

  const run = (/** @type {Action} */ action) => {
    const before = /** @type {Desk} */ (current.current);
    const after = act(before, action);
    if (after === before) return false;
    show(after);
    if (action.type !== "choose") setResumed(false);
    onDeed(before, after, action);
    return true;
  };

  const count = editing ? changes(desk) : 0;
  useEffect(() => {
    if (!ready) return;
    setStays(keep(editing && count > 0 ? { etag, base: desk.base, elements: desk.elements } : null));
  }, [ready, editing, etag, desk.elements, desk.base]);

  useEffect(() => {
    if (!editing) return;
    let here = true;
    const timer = setTimeout(() => {
      const elements = sendable(desk.elements);
      api.write("POST", "routing/check", { elements }).then(
        ({ value }) => here && setTold(value.problems),
        (error) => {
          onRefused(error);
          if (here && error instanceof Refused && error.problem?.errors) setTold(refusals(error.problem.errors, elements));
        },
      );
    }, PAUSE);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [editing, desk.elements]);

  /** Applies; says the version that it made, `null` when it was refused. */
  const apply = async (/** @type {string} */ tag = etag) => {
    if (busy) return null;
    setBusy(true);
    setFault(null);
    const { elements } = desk;
    try {
      const answer = await api.write("PUT", "routing", { elements }, tag);
      show({ ...act(desk, { type: "applied", elements: answer.value.elements }), chosen: [] });
      setEtag(answer.etag);
      setTold(answer.value.problems ?? []);
      setMeanwhile(false);
      setEditing(false);
      keep(null);
      return answer.version;
    } catch (error) {
      if (error instanceof Refused && error.status === 412) setMeanwhile(true);
      else failed(error);
      if (error instanceof Refused && error.problem?.errors?.some(({ pointer }) => pointer?.startsWith("/elements/"))) setTold(refusals(error.problem.errors, elements));
      return null;
    } finally {
      setBusy(false);
    }
  };
  /** Mine over what somebody else has applied meanwhile. */
  const applyMine = async () => {
    try {
      return await apply((await api.read("routing")).etag);
    } catch (error) {
      failed(error);
      return null;
    }
  };
  /** Theirs as a step that can be undone. */
  const takeTheirs = async () => {
    try {
      const answer = await api.read("routing");
      run({ type: "take", elements: drawn(answer.value.elements, things) });
      setEtag(answer.etag);
      setMeanwhile(false);
    } catch (error) {
      failed(error);
    }
  };
  /** Leaves the edit mode; gives the way back to what was drawn. */
  const drop = () => {
    const before = /** @type {Desk} */ (current.current);
    show({ ...open(before.base), chosen: [] });
    setEditing(false);
    setMeanwhile(false);
    setFault(null);
    if (meanwhile || count > 0) reload();
    return () => {
      show(before);
      setEditing(true);
    };
  };
  const reload = () => {
    is.current = { editing: false };
    load().catch(failed);
  };
  const reread = async () => setThings(await readThings(api));
  const edit = () => {
    setFault(null);
    setEditing(true);
  };
  return { things, desk, ready, editing, told, fault, meanwhile, resumed, stays, busy, count, run, edit, apply, applyMine, takeTheirs, drop, reload, reread };
}
