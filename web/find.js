// What the search box finds: numbers, names, sections and settings. Pure.

/**
 * @typedef {{ text: string, about: string, href: string, words?: string }} Thing `words`: further words by which it is found
 */

/** As many are shown in the search box. */
const SHOWN = 12;

/**
 * The things that a person may mean, the likeliest first: each word of the question begins a word of the thing, or stands in its digits.
 * @param {Thing[]} things
 * @param {string} question
 * @param {number} [most]
 * @returns {Thing[]}
 */
export function find(things, question, most = SHOWN) {
  const asked = plain(question).split(" ").filter(Boolean);
  if (asked.length === 0) return things.slice(0, most);
  const found = things.map((thing) => ({ thing, score: score(thing, asked) })).filter(({ score: points }) => points > 0);
  return found
    .sort((one, other) => other.score - one.score)
    .slice(0, most)
    .map(({ thing }) => thing);
}

/**
 * Nothing when a word is not there; more for a name that begins so than for one that holds it.
 * @param {Thing} thing
 * @param {string[]} asked
 */
function score(thing, asked) {
  const name = plain(thing.text);
  const rest = plain(`${thing.about} ${thing.words ?? ""}`);
  const digits = `${thing.text} ${thing.words ?? ""}`.replaceAll(/\D/g, "");
  let points = 0;
  for (const word of asked) {
    const sought = word.replaceAll(/\D/g, "");
    if (name === word) points += 16;
    else if (name.startsWith(word)) points += 8;
    else if (name.includes(` ${word}`)) points += 6;
    else if (` ${rest}`.includes(` ${word}`)) points += 3;
    else if (sought.length >= 3 && sought === word && digits.includes(trunkless(sought))) points += 4;
    else if (word.length >= 3 && name.includes(word)) points += 2;
    else return 0;
  }
  return points;
}

/**
 * A number without the 8 or 7 before it, so that it is found however it is written.
 * @param {string} digits
 */
function trunkless(digits) {
  return digits.length === 11 && /^[78]/.test(digits) ? digits.slice(1) : digits;
}

/**
 * Without case, and without the dots and strokes above letters, which people leave out.
 * @param {string} text
 */
function plain(text) {
  return text.toLowerCase().normalize("NFD").replaceAll(/\p{M}/gu, "").replaceAll(/[^\p{L}\p{N}*#@.]+/gu, " ").trim();
}

/**
 * The digits of what looks like a telephone number: worth a look in the history.
 * @param {string} question
 */
export function telephone(question) {
  const digits = question.replaceAll(/[\s()+-]/g, "");
  return /^\d{3,15}$/.test(digits) ? digits : "";
}
