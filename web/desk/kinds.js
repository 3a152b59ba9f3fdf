// The eight kinds of element: what leads out of each, what each refers to. Product.md section 5 as data; pure.

/**
 * @typedef {"incoming" | "extension" | "group" | "voice_message" | "voice_menu" | "schedule" | "dial_extension" | "hang_up"} Kind
 * @typedef {{ id: string, kind: Kind, x: number, y: number, links: Record<string, string>, numbers?: string[], extension?: string,
 *   group?: string, voice_message?: string, voice_menu?: string, schedule?: string, prompt?: string, digits?: number,
 *   timeout_seconds?: number }} Element as the API has it
 * @typedef {"extension" | "group" | "voice_message" | "voice_menu" | "schedule" | "prompt"} Reference
 */

/** What the palette offers, in the order of the keys 1 to 8: first what is made on the desk, then what is made elsewhere. @type {Kind[]} */
export const ORDER = ["voice_message", "schedule", "dial_extension", "hang_up", "incoming", "extension", "group", "voice_menu"];
/** So many of these are made on the desk. */
export const MADE_HERE = 4;

/** A telephone's keys in their order on the card. */
export const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#"];

/** @type {Record<Kind, string[]>} */
const OUTS = {
  incoming: ["next"],
  extension: [],
  group: ["reserve"],
  voice_message: ["next"],
  voice_menu: [...KEYS, "timeout"],
  schedule: ["yes", "no"],
  dial_extension: ["reserve"],
  hang_up: [],
};

/** @type {Record<Kind, Reference | null>} */
const REFERENCES = {
  incoming: null,
  extension: "extension",
  group: "group",
  voice_message: "voice_message",
  voice_menu: "voice_menu",
  schedule: "schedule",
  dial_extension: "prompt",
  hang_up: null,
};

/**
 * Everything that may lead out.
 * @param {Kind} kind
 */
export function outs(kind) {
  return OUTS[kind];
}

/**
 * The field that names what the element stands for; `null`: none does.
 * @param {Kind} kind
 */
export function referenceOf(kind) {
  return REFERENCES[kind];
}

/**
 * The outputs that a card shows: of a menu the keys that lead somewhere, and its timeout.
 * @param {Element} element
 */
export function shownOuts(element) {
  if (element.kind !== "voice_menu") return OUTS[element.kind];
  return OUTS.voice_menu.filter((out) => out === "timeout" || element.links[out] !== undefined);
}

/**
 * The key that a further link of a menu would get; `null`: none is left.
 * @param {Element} element
 */
export function freeKey(element) {
  if (element.kind !== "voice_menu") return null;
  return KEYS.find((key) => element.links[key] === undefined) ?? null;
}

/**
 * Whether the only output stands beside the name and not in a row of its own.
 * @param {Kind} kind
 */
export function outAtHead(kind) {
  return kind === "incoming" || kind === "voice_message";
}

/** @param {Kind} kind */
export function hasInput(kind) {
  return kind !== "incoming";
}

/** What a new element of a kind holds. @type {Partial<Record<Kind, Partial<Element>>>} */
const FRESH = { incoming: { numbers: [] }, dial_extension: { prompt: "", digits: 3, timeout_seconds: 5 } };

/**
 * @param {Kind} kind
 * @returns {Partial<Element>}
 */
export function fresh(kind) {
  const reference = REFERENCES[kind];
  return { ...(reference ? { [reference]: "" } : {}), ...FRESH[kind] };
}

/**
 * Whether it names what it stands for.
 * @param {Element} element
 */
export function isComplete(element) {
  if (element.kind === "incoming") return (element.numbers ?? []).length > 0;
  const reference = REFERENCES[element.kind];
  return reference === null || Boolean(element[reference]);
}
