// "Can people call us?" in one sentence, from trunks and phones. Pure: says keys and values, the page says them in words.

import { doing } from "./store.js";

/**
 * @typedef {import("./words.js").Key} Key
 * @typedef {{ key: Key, values?: Record<string, unknown> }} Sentence
 * @typedef {{ kind: "trunk" | "phone", number: string, text?: string }} Trouble
 * @typedef {{ level: "ok" | "warn" | "bad", sentences: Sentence[], troubles: Trouble[], more: number }} Verdict
 */

/** Troubles that are named; the others are counted. */
const NAMED = 3;

/**
 * @param {Pick<import("./store.js").Box, "trunks" | "extensions" | "calls">} box
 * @returns {Verdict}
 */
export function verdict({ trunks, extensions, calls }) {
  const works = (/** @type {import("./store.js").Trunk} */ trunk) => ["registered", "reachable"].includes(trunk.state.code);
  const states = extensions.map((extension) => ({ extension, what: doing(extension, calls).what }));
  const reachable = states.filter(({ what }) => what !== "offline" && what !== "never").length;
  const city = trunks.some(works);
  const starting = trunks.length > 0 && trunks.every((trunk) => trunk.state.code === "starting");
  const badTrunks = trunks.filter((trunk) => !works(trunk) && trunk.state.code !== "starting");
  /** @type {Trouble[]} */
  const troubles = badTrunks.map((trunk) => ({ kind: "trunk", number: trunk.number, text: trunk.state.text }));
  const badPhones = states.filter(({ what }) => what === "offline" || what === "never");
  /** @type {Trouble[]} */
  const offline = badPhones.map(({ extension }) => ({ kind: "phone", number: extension.number }));

  if (extensions.length === 0) return say("bad", ["verdict_no_extensions"], []);
  if (trunks.length === 0 && reachable === 0) return say("bad", ["verdict_nothing"], []);
  if (reachable === 0) return say("bad", ["verdict_nobody"], troubles);
  if (trunks.length === 0) return say("warn", ["verdict_inside_only", "verdict_no_trunk"], []);
  if (starting) return say("warn", ["verdict_connecting"], []);
  if (!city) return say("bad", ["verdict_no_city"], troubles);
  const all = [...troubles, ...offline];
  return say(all.length ? "warn" : "ok", ["verdict_ok"], all);
}

/**
 * @param {Verdict["level"]} level
 * @param {Key[]} keys
 * @param {Trouble[]} troubles
 * @returns {Verdict}
 */
function say(level, keys, troubles) {
  // One too many is named rather than counted: "and 1 more" helps nobody.
  const named = troubles.length === NAMED + 1 ? NAMED + 1 : NAMED;
  const sentences = keys.map((key) => ({ key }));
  return { level, sentences, troubles: troubles.slice(0, named), more: Math.max(0, troubles.length - named) };
}
