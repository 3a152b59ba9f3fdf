// What is dialled and keyed, as the page shows it: which features there are, in which order, and how a code looks with its number.
// Pure; the box alone judges codes.

/**
 * @typedef {"" | "number" | "maybe" | "group"} Follows what follows a code: nothing, a number, maybe an extension, a group
 * @typedef {"call" | "people" | "self" | "forward" | "more"} Group
 * @typedef {{ key: string, group: Group, follows: Follows }} Feature
 * @typedef {Record<string, string>} Codes
 */

/** @type {[Group, [string, Follows][]][]} */
const GROUPS = [
  ["call", [["transfer", "number"], ["attended_transfer", "number"], ["transfer_back", ""], ["park", ""]]],
  ["people", [["pickup", "maybe"], ["call_back", "maybe"], ["last_caller", ""], ["page", "group"], ["hide_number", "number"]]],
  ["self", [["do_not_disturb_on", ""], ["do_not_disturb_off", ""]]],
  [
    "forward",
    [["forward_always", "number"], ["forward_always_off", ""], ["forward_busy", "number"], ["forward_busy_off", ""],
      ["forward_no_answer", "number"], ["forward_no_answer_off", ""]],
  ],
  ["more", [["voicemail", ""], ["record_message", ""], ["clock", ""], ["echo_test", ""]]],
];

/** The groups of the page, each with its features. */
export const FEATURES = GROUPS.map(([group, features]) => ({ group, features: features.map(([key, follows]) => ({ key, group, follows })) }));

/**
 * What a person keys: `*8, *8 201`; empty when the code is switched off.
 * @param {string} code
 * @param {Follows} follows
 */
export function example(code, follows) {
  if (!code || follows === "") return code;
  const whole = `${code}\u00a0${follows === "group" ? "500" : "201"}`;
  return follows === "maybe" ? `${code}, ${whole}` : whole;
}

/**
 * The codes that differ.
 * @param {Codes} draft
 * @param {Codes} saved
 */
export function moved(draft, saved) {
  return Object.keys(saved).filter((key) => draft[key] !== saved[key]);
}

/**
 * The places of a parking in words of digits: `701–709`; empty when there is none.
 * @param {{ first: number, last: number }} parking
 */
export function places({ first, last }) {
  if (last < first) return "";
  return first === last ? `${first}` : `${first}–${last}`;
}
