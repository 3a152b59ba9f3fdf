// Unsaved work of this tab: kept where a reload or a sign-out leaves it, and nowhere else.

/** @typedef {{ etag: string, base: import("./kinds.js").Element[], elements: import("./kinds.js").Element[] }} Draft `etag`: of what it began from */

const NAME = "desk";

/** @returns {Draft | null} */
export function kept() {
  try {
    const draft = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
    return draft && Array.isArray(draft.base) && Array.isArray(draft.elements) ? draft : null;
  } catch {
    return null; // a browser that keeps nothing, or another version's work
  }
}

/**
 * @param {Draft | null} draft `null` forgets it
 * @returns {boolean} whether it is kept
 */
export function keep(draft) {
  try {
    if (draft) sessionStorage.setItem(NAME, JSON.stringify(draft));
    else sessionStorage.removeItem(NAME);
    return draft !== null;
  } catch {
    return false; // then it holds until the page is left
  }
}
