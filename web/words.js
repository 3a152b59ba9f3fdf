// The words of the chosen language, which alone is fetched. Pages say t("key", values); a key that does not exist is a type error.

/** @typedef {keyof typeof import("./lang/ru.js").default} Key */
/** @typedef {(key: Key, values?: Record<string, unknown>) => string} Say */
/** @typedef {"ru" | "en"} Language */
/** @typedef {Record<string, string | ((values: any) => string)>} Words */

/** @type {Record<Language, () => Promise<{ default: Words }>>} */
const LANGUAGES = { ru: () => import("./lang/ru.js"), en: () => import("./lang/en.js") };
/** Those that have come. @type {Partial<Record<Language, Words>>} */
const learned = {};

/**
 * Fetches a language, once.
 * @param {Language} language
 * @returns {Promise<Say>} its speaker
 */
export async function learn(language) {
  const words = (learned[language] ??= (await LANGUAGES[language]()).default);
  return (key, values = {}) => {
    const word = words[key];
    return typeof word === "function" ? word(values) : (word ?? key);
  };
}

/**
 * Whether the languages have this key: for words that come from the box.
 * @param {string} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return Object.hasOwn(learned.ru ?? learned.en ?? {}, key);
}
