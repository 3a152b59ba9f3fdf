// What a form does to a thing of the box: what is sent of it, whether it changed, and what becomes of two people's changes. Pure.

/** What the box tells of a thing and nobody edits; and what the page keeps beside it. */
const LIVE = ["state", "registration", "has_password", "has_second_factor", "has_voicemail_pin", "has_client_secret", "has_bind_password", "has_secret", "redirect_uri", "signed_out_uri", "warnings", "local",
  "confirm_within", "has_passphrase", "has_private_key", "registered", "bound", "seen", "given", "window_until", "used_by"];

/**
 * What is sent back of a thing: without what only the box knows.
 * @param {any} item
 * @returns {any}
 */
export function body(item) {
  if (Array.isArray(item)) return item.map(body);
  if (item === null || typeof item !== "object") return item;
  return Object.fromEntries(
    Object.entries(item)
      .filter(([key, value]) => !LIVE.includes(key) && value !== undefined)
      .map(([key, value]) => [key, body(value)]),
  );
}

/**
 * Whether two things are alike in what is edited.
 * @param {any} one
 * @param {any} other
 */
export function same(one, other) {
  return JSON.stringify(sorted(body(one))) === JSON.stringify(sorted(body(other)));
}

/** @param {any} value @returns {any} */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

/**
 * The fields that differ.
 * @param {any} one
 * @param {any} other
 */
export function differing(one, other) {
  const [before, after] = [body(one ?? {}), body(other ?? {})];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((key) => !same(before[key] ?? null, after[key] ?? null));
}

/**
 * My changes of `was` on top of somebody else's: a field that both changed is mine.
 * @param {any} was
 * @param {any} mine
 * @param {any} theirs
 */
export function merged(was, mine, theirs) {
  const kept = Object.fromEntries(differing(was, mine).map((key) => [key, mine[key]]));
  return { ...theirs, ...kept };
}

/**
 * The list with the thing at `from` moved to `to`.
 * @template T
 * @param {T[]} list
 * @param {number} from
 * @param {number} to
 * @returns {T[]}
 */
export function moved(list, from, to) {
  const rest = list.filter((_, nth) => nth !== from);
  const thing = list[from];
  if (thing === undefined || to < 0 || to > rest.length) return list;
  return [...rest.slice(0, to), thing, ...rest.slice(to)];
}
