// The words of the chosen language. Pages say t("key", values); a key that does not exist is a type error.
import en from "./lang/en.js";
import ru from "./lang/ru.js";

/** @typedef {keyof typeof ru} Key */
/** @typedef {(key: Key, values?: Record<string, unknown>) => string} Say */
/** @typedef {"ru" | "en"} Language */

/** @type {Record<Language, Record<string, string | ((values: any) => string)>>} */
const LANGUAGES = { ru, en };

/**
 * The speaker of a language.
 * @param {Language} language
 * @returns {Say}
 */
export function speaker(language) {
  const words = LANGUAGES[language];
  return (key, values = {}) => {
    const word = words[key];
    return typeof word === "function" ? word(values) : (word ?? key);
  };
}

/**
 * Whether a language has this key: for words that come from the box.
 * @param {string} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return Object.hasOwn(ru, key);
}
