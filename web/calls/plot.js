// The geometry of the plots: bars of answered and missed calls, one beside the other. Pure.

/**
 * @typedef {{ taken: number, missed: number }} Count
 * @typedef {{ x: number, width: number, middle: number, taken: { y: number, height: number }, missed: { y: number, height: number }, labelled: boolean }} Bar
 */

/** Between answered and missed of one bar. */
const GAP = 1.5;
/** What is not nothing can be seen. */
const LEAST = 2;

/**
 * Bars for these counts in a box. Pixels of the drawing; `labels`: as many have room.
 * @param {Count[]} counts
 * @param {{ width: number, height: number, labels: number }} box
 * @returns {{ bars: Bar[], top: number }} `top`: what the full height means
 */
export function bars(counts, { width, height, labels }) {
  const top = above(Math.max(0, ...counts.map(({ taken, missed }) => taken + missed)));
  const pitch = width / Math.max(1, counts.length);
  const every = Math.max(1, Math.ceil(counts.length / labels));
  const room = height - GAP;
  const tall = (/** @type {number} */ count) => (count === 0 ? 0 : Math.max(LEAST, (room * count) / top));
  return {
    top,
    bars: counts.map(({ taken, missed }, nth) => {
      const [low, high] = [tall(taken), tall(missed)];
      const gap = taken > 0 && missed > 0 ? GAP : 0;
      const bar = Math.min(36, pitch * 0.68);
      return {
        x: pitch * nth + (pitch - bar) / 2,
        width: bar,
        middle: pitch * (nth + 0.5),
        taken: { y: height - low, height: low },
        missed: { y: height - low - gap - high, height: high },
        labelled: nth % every === 0,
      };
    }),
  };
}

/**
 * A round number that is not less: 4, 5, 6, 8, 10, 15, 20 …
 * @param {number} value
 */
export function above(value) {
  if (value <= 4) return 4;
  const unit = 10 ** Math.floor(Math.log10(value));
  return /** @type {number} */ ([1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((times) => times * unit).find((round) => round >= value && Number.isInteger(round)));
}

/**
 * The hours that are worth drawing: those of an office, and every other one in which somebody called.
 * @template {Count} T
 * @param {T[]} hours all 24
 * @returns {{ hour: number, count: T }[]}
 */
export function busyHours(hours) {
  const all = hours.map((count, hour) => ({ hour, count }));
  const busy = all.filter(({ count }) => count.taken + count.missed > 0).map(({ hour }) => hour);
  const [first, last] = [Math.min(9, ...busy), Math.max(18, ...busy)];
  return all.slice(first, last + 1);
}
