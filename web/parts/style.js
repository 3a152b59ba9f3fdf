// Looks that only one page has are fetched with it.
import { useEffect, useState } from "../lib/preact.js";

/**
 * Whether the page's own looks are there.
 * @param {string} name of a file in style/
 */
export function useStyle(name) {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const href = new URL(`../style/${name}.css`, import.meta.url).href;
    const there = /** @type {HTMLLinkElement | undefined} */ ([...document.querySelectorAll('link[rel="stylesheet"]')].find((one) => /** @type {HTMLLinkElement} */ (one).href === href));
    if (there?.sheet) return setReady(true);
    const link = there ?? document.createElement("link");
    link.rel = "stylesheet";
    link.href = href;
    link.addEventListener("load", () => setReady(true));
    link.addEventListener("error", () => setReady(true));
    if (!there) document.head.append(link);
  }, []);
  return ready;
}
