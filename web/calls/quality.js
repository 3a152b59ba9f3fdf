// How a call sounded, as people would say it. Pure.

/**
 * @typedef {{ mos: number | null, lost: number, received: number, jitter_ms: number, round_trip_ms: number | null,
 *   far: { lost: number, jitter_ms: number, mos: number } | null }} Side what the exchange counted on the way from a telephone
 * @typedef {"good" | "fair" | "poor"} Grade
 */

/** Mean opinion scores by ITU-T G.107, annex B: most are satisfied; many are not. */
const GOOD = 3.9;
const FAIR = 3.4;

/**
 * @param {number} mos 1 to 4.5
 * @returns {Grade}
 */
export function grade(mos) {
  return mos >= GOOD ? "good" : mos >= FAIR ? "fair" : "poor";
}

/**
 * The worst of what either side heard; `null`: nothing was counted.
 * @param {(Side | null)[] | null | undefined} sides
 */
export function worst(sides) {
  const heard = (sides ?? []).flatMap((side) => [side?.mos, side?.far?.mos]).filter((mos) => typeof mos === "number");
  return heard.length ? Math.min(...heard) : null;
}

/**
 * Packets that were lost on the way, per cent.
 * @param {Side} side
 */
export function lostPercent({ lost, received }) {
  return lost + received > 0 ? (100 * lost) / (lost + received) : 0;
}
