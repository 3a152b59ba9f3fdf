// An update as a story: what is done, what goes on, what comes. Pure.

/**
 * @typedef {import("./words.js").Key} Key
 * @typedef {{ phones: number, trunks: number }} Alive
 * @typedef {{ state: "none" | "ready" | "waiting" | "writing" | "trial" | "kept" | "returned", version?: string | null, notes?: string | null, percent?: number | null,
 *   starts_at?: string | null, reason?: string | null, before?: Alive | null, back?: Alive | null }} Update
 * @typedef {{ key: string, is: "done" | "now" | "later" | "bad", word: Key, values?: Record<string, unknown>, why?: Key, whyValues?: Record<string, unknown>, percent?: number }} Step
 */

/** Those in which something goes on by itself. */
const MOVING = ["waiting", "writing", "trial"];

/** Whether it must be asked again soon. @param {Update} update */
export function moves({ state }) {
  return MOVING.includes(state);
}

/**
 * The steps of an update that was begun.
 * @param {Update} update
 * @param {{ lost: boolean, time: string }} known `lost`: the box does not answer just now; `time`: when it begins, as it is said
 * @returns {Step[]}
 */
export function story(update, { lost, time }) {
  const { state, percent, before, back } = update;
  const order = ["waiting", "writing", "trial", "kept"];
  const at = state === "returned" ? order.length : order.indexOf(state);
  const restarting = lost && (state === "writing" || state === "trial");
  const is = (/** @type {number} */ nth) => (at > nth ? "done" : at === nth ? "now" : "later");
  /** @type {Step[]} */
  const steps = [{ key: "checked", is: "done", word: "upd_checked" }];
  if (state === "waiting") steps.push({ key: "waits", is: "now", word: time ? "upd_waits_until" : "upd_waits_calls", values: { time } });
  const written = restarting || (percent ?? 0) >= 100 ? "done" : is(1);
  steps.push({ key: "written", is: at > 1 ? "done" : written, word: written === "done" || at > 1 ? "upd_written" : "upd_writing", values: { percent: percent ?? 0 }, ...(state === "writing" && written === "now" && { percent: percent ?? 0 }) });
  steps.push({ key: "restarted", is: restarting || (state === "writing" && written === "done") ? "now" : at >= 2 ? "done" : "later", word: at >= 2 && !restarting ? "upd_restarted" : "upd_restarts", ...(restarting && { why: /** @type {Key} */ ("upd_restarts_why") }) });
  const returning = before && back && before.phones > 0 ? { word: /** @type {Key} */ ("upd_back"), values: { back: Math.min(back.phones, before.phones), before: before.phones } } : { word: /** @type {Key} */ ("upd_back_plain") };
  const lines = before && back && before.trunks > 0 ? { why: /** @type {Key} */ ("upd_back_trunks"), whyValues: { back: Math.min(back.trunks, before.trunks), before: before.trunks } } : {};
  steps.push({ key: "back", is: state === "returned" ? "bad" : restarting ? "later" : is(2), ...(at >= 2 && !restarting ? { ...returning, ...lines } : { word: /** @type {Key} */ ("upd_back_plain") }) });
  steps.push({ key: "kept", is: state === "kept" ? "done" : state === "returned" ? "bad" : "later", word: state === "returned" ? "upd_returned" : state === "kept" ? "upd_kept" : "upd_keeps" });
  return steps;
}

/**
 * Whether a file looks like one that the box takes; it judges by what is in it.
 * @param {string} name
 */
export function isUpdate(name) {
  return /\.update$/i.test(name);
}

/**
 * When one that waits begins, as it is said; empty: once no call goes on.
 * @param {string | null | undefined} word of the box: `idle`, or `HH:MM`
 */
export function startsAt(word) {
  return isTime(word ?? "") ? (word ?? "").replace(/^0/, "") : "";
}

/** `HH:MM` that the box takes. @param {string} text */
export function isTime(text) {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(text);
}
