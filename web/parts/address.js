// Where the page is, and what holds it there: unsaved work asks before it is left.
import { useEffect, useRef, useState } from "../lib/preact.js";
import { route } from "../routes.js";

/** What is edited and not saved, each with a token of its own, and whether it is kept for later all the same. @type {Map<object, boolean>} */
const unsaved = new Map();

/**
 * Holds the page while there is unsaved work.
 * @param {boolean} changed
 * @param {boolean} [kept] it is there again when somebody comes back
 */
export function useUnsaved(changed, kept = false) {
  const token = useRef({});
  useEffect(() => {
    const { current } = token;
    if (!current) return;
    if (changed) unsaved.set(current, kept);
    else unsaved.delete(current);
    return () => {
      unsaved.delete(current);
    };
  }, [changed, kept]);
}

/** Forgets unsaved work: it has just been saved, and the page goes on at once. */
export function letGo() {
  unsaved.clear();
}

/**
 * The section in the address. `asking`: the address that waits for an answer, because there is unsaved work; `leave` and `stay` are
 * the answers.
 */
export function useRoute() {
  const [hash, setHash] = useState(location.hash);
  const [asking, setAsking] = useState("");
  const at = useRef(location.hash);
  useEffect(() => {
    const changed = () => {
      const next = location.hash;
      if (next === at.current) return;
      if (unsaved.size > 0) {
        // The step has been made already: the entry of the history is given its old address back.
        history.replaceState(null, "", at.current || "#/");
        setAsking(next || "#/");
        return;
      }
      at.current = next;
      setHash(next);
    };
    const closing = (/** @type {BeforeUnloadEvent} */ event) => {
      if (unsaved.size > 0) event.preventDefault();
    };
    addEventListener("hashchange", changed);
    addEventListener("beforeunload", closing);
    return () => {
      removeEventListener("hashchange", changed);
      removeEventListener("beforeunload", closing);
    };
  }, []);
  const leave = () => {
    letGo();
    const next = asking;
    setAsking("");
    location.hash = next;
  };
  // Judged when it is asked: afterwards the work may be gone.
  const keeps = asking !== "" && [...unsaved.values()].every(Boolean);
  return { ...route(hash), asking, keeps, leave, stay: () => setAsking("") };
}

/** @param {string} href */
export function go(href) {
  location.hash = href;
}

/** Whether there is work that leaving would lose. */
export function hasUnsaved() {
  return unsaved.size > 0;
}
