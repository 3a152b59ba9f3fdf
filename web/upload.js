// What is known of an upload, from the first byte until the box has made a media file of it. Pure.

/** As much does the box take. Bytes. */
export const MOST = 10_000_000;

/**
 * The name of a media file, from that of the file it came in: without its ending, and unlike those that are there.
 * @param {string} file
 * @param {string[]} taken
 */
export function nameOf(file, taken) {
  const plain = file.replace(/\.[A-Za-z0-9]{1,5}$/, "").replaceAll(/[_\s]+/g, " ").trim() || file;
  for (let nth = 1; ; nth += 1) {
    const name = nth === 1 ? plain : `${plain} ${nth}`;
    if (!taken.includes(name)) return name;
  }
}

/**
 * Whether an import has come to its end, and how.
 * @param {{ state: "running" | "done" | "refused", percent: number, detail: string }} answer of the box
 * @returns {{ done: boolean, failed: string }} `failed`: why, in words
 */
export function progress({ state, detail }) {
  return { done: state === "done", failed: state === "refused" ? detail || state : "" };
}
