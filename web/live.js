// Keeps the box's state up to date: reads the lists, then follows the events, and comes back when the connection ends. A page
// that nobody sees lets its connection go: a browser has only six for one box, and tabs are many.

import { Refused } from "./api.js";
import { EMPTY, happen, mustReload } from "./store.js";

/** @typedef {import("./store.js").Box} Box */

/** Waits between attempts. Seconds. */
const WAITS = [1, 1, 2, 4, 8, 15];
/** So long may a page be out of sight and still listen. Milliseconds. */
const OUT_OF_SIGHT = 20_000;

/**
 * Follows the box until `stop` is called.
 * @param {import("./api.js").Api} api
 * @param {{ onBox: (box: Box) => void, onEvent: (type: string, data: any) => void, onLost: (since: number | null) => void, onSignedOut: () => void }} heard
 * @returns {() => void} stop
 */
export function follow(api, heard) {
  const control = new AbortController();
  let box = EMPTY;
  let after = "";
  let failures = 0;
  /** @type {{ type: string, data: any }[] | null} events that came while the lists were read */
  let waiting = null;

  async function reload() {
    waiting ??= [];
    const how = { background: true };
    const [system, trunks, extensions, calls, queues] = await Promise.all([
      api.get("system", how),
      api.all("trunks", how),
      api.all("extensions", how),
      api.all("calls", how),
      api.all("queues", how),
    ]);
    box = { system, skew: Date.parse(system.time) - Date.now(), trunks, extensions, calls, queues };
    for (const { type, data } of waiting) box = happen(box, type, data);
    waiting = null;
    heard.onBox(box);
  }

  /**
   * @param {string} type
   * @param {any} data
   * @param {string} id
   */
  function onEvent(type, data, id) {
    after = id;
    heard.onEvent(type, data);
    if (mustReload(type, data)) {
      reload().catch(failed);
    } else if (waiting) {
      waiting.push({ type, data });
    } else {
      const next = happen(box, type, data);
      if (next !== box) heard.onBox((box = next));
    }
  }

  /** @param {unknown} error */
  function failed(error) {
    if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
      control.abort();
      heard.onSignedOut();
    }
  }

  async function run() {
    let lostAt = Date.now();
    while (!control.signal.aborted) {
      await inSight(control.signal);
      const here = whileInSight(control.signal);
      const onOpen = () => {
        reload().then(
          () => {
            failures = 0;
            heard.onLost(null);
          },
          (error) => failed(error),
        );
      };
      try {
        await api.listen({ after, onOpen, onEvent, signal: here });
      } catch (error) {
        failed(error);
      }
      if (control.signal.aborted) return;
      if (here.aborted) continue; // we let go, nothing was lost
      if (failures === 0) lostAt = Date.now();
      heard.onLost(lostAt);
      const wait = WAITS[Math.min(failures, WAITS.length - 1)] ?? 15;
      failures += 1;
      await pause(wait * 1000, control.signal);
    }
  }

  run();
  return () => control.abort();
}

/**
 * Until somebody can see the page.
 * @param {AbortSignal} signal
 */
function inSight(signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return;
      for (const event of SIGHT) removeEventListener(event, look, true);
      resolve(undefined);
    };
    for (const event of SIGHT) addEventListener(event, look, true);
    signal.addEventListener("abort", look);
    look();
  });
}

const SIGHT = ["visibilitychange", "pageshow"];

/**
 * A signal that ends with the page's time in sight, or with `signal`.
 * @param {AbortSignal} signal
 */
function whileInSight(signal) {
  const control = new AbortController();
  let timer = 0;
  const leave = () => control.abort();
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = window.setTimeout(leave, OUT_OF_SIGHT);
  };
  addEventListener("visibilitychange", look, { capture: true, signal: control.signal });
  addEventListener("pagehide", leave, { signal: control.signal });
  signal.addEventListener("abort", leave, { signal: control.signal });
  return control.signal;
}

/**
 * Some time, or less when the network says that it is back.
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 */
function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const now = () => {
      clearTimeout(timer);
      resolve(undefined);
    };
    window.addEventListener("online", now, { once: true });
    signal.addEventListener("abort", now, { once: true });
  });
}
