// The waveform of a recording: how loud each side was at each moment. Pure: samples in, a path out.

/** What is decoded for its picture: longer or larger ones are played without it, a browser would run out of memory. */
export const DRAWN_MS = 30 * 60_000;
export const DRAWN_BYTES = 40_000_000;
/** The picture is decoded at so many samples a second: a voice has no more. */
export const DRAWN_RATE = 8_000;

/**
 * The loudest sample of each of `count` equal stretches, 0 to 1.
 * @param {Float32Array} samples
 * @param {number} count
 * @returns {Float32Array}
 */
export function peaks(samples, count) {
  const found = new Float32Array(count);
  for (let nth = 0; nth < count; nth += 1) {
    const [from, to] = [Math.floor((samples.length * nth) / count), Math.floor((samples.length * (nth + 1)) / count)];
    let loudest = 0;
    for (let at = from; at < to; at += 1) loudest = Math.max(loudest, Math.abs(samples[at] ?? 0));
    found[nth] = loudest;
  }
  return found;
}

/**
 * The sides together as loud as there is room; the quiet one stays the quieter, and silence stays silence.
 * @param {Float32Array[]} sides
 * @returns {Float32Array[]}
 */
export function levelled(sides) {
  const loudest = Math.max(0.02, ...sides.map((side) => side.reduce((most, one) => Math.max(most, one), 0)));
  return sides.map((side) => side.map((one) => one / loudest));
}

/**
 * Bars up and down from a middle line.
 * @param {Float32Array} side 0 to 1
 * @param {{ width: number, middle: number, half: number }} box
 */
export function wave(side, { width, middle, half }) {
  const pitch = width / Math.max(1, side.length);
  const bar = pitch * 0.6;
  const one = (/** @type {number} */ value) => Number(value.toFixed(2));
  let path = "";
  side.forEach((loud, nth) => {
    const tall = Math.max(0.6, loud * half);
    path += `M${one(pitch * nth)} ${one(middle - tall)}h${one(bar)}v${one(2 * tall)}h${one(-bar)}z`;
  });
  return path;
}

/** How fast it may be heard. */
export const SPEEDS = /** @type {const} */ ([1, 1.5, 2]);

/** @param {number} speed */
export function nextSpeed(speed) {
  const at = SPEEDS.findIndex((one) => one === speed);
  return SPEEDS[(at + 1) % SPEEDS.length] ?? 1;
}

/**
 * Where a key moves the playing, in seconds; `null`: the key means something else.
 * @param {string} key
 * @param {number} at
 * @param {number} length
 */
export function moved(key, at, length) {
  const place = { ArrowLeft: at - 5, ArrowDown: at - 5, ArrowRight: at + 5, ArrowUp: at + 5, PageDown: at - 30, PageUp: at + 30, Home: 0, End: length }[key];
  return place === undefined ? null : Math.max(0, Math.min(length, place));
}
