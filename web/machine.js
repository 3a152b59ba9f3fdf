// The box under the exchange in words: whether it is well, what is wrong with it, and how much is left. Pure: says keys and values, the
// page says them.

/**
 * @typedef {import("./words.js").Key} Key
 * @typedef {"ok" | "warn" | "bad" | "off"} Level
 * @typedef {{ word: Key, values?: Record<string, unknown> }} Said
 * @typedef {Said & { level: Level }} Judged
 * @typedef {{ name: string, mac: string, link: boolean, speed: number | null, addresses: string[] }} Card
 * @typedef {{ model?: string, size?: number, data: number, data_free: number, wear?: number | null, written?: number | null, failing?: boolean, days_left?: number | null, recordings_days?: number | null }} Disk
 * @typedef {{ id: string, label: string, size: number, free: number, updates: string[], mounted: boolean }} Stick
 * @typedef {{ image: boolean, slot?: string, release?: string, other_release?: string, on_trial?: boolean, failed_reason?: string, host_name?: string,
 *   uptime_seconds?: number, cards?: Card[], temperatures?: { name: string, celsius: number }[], memory_total?: number, memory_available?: number,
 *   disk?: Disk | null, clock?: { synchronized: boolean, source: string, offset_ms: number } | null, watchdog?: string, sticks?: Stick[] }} Machine
 *   outside of the image much of it is not known
 */

/** Above these a sensor says warm, and hot. Degrees. */
const WARM = 80;
const HOT = 92;
/** Of the disk's free part: little, hardly any. */
const LITTLE = 0.15;
const HARDLY = 0.05;
/** Of a disk's life that is used up: soon, now. Per cent. */
const OLD = 70;
const WORN = 90;
/** Of the memory that could still be had: so little is told. */
const TIGHT = 0.08;
/** So little time until the disk is full is told. Days. */
const SOON = 14;

/** @type {[number, Key][]} */
const SIZES = [[1e12, "size_tb"], [1e9, "size_gb"], [1e6, "size_mb"], [1e3, "size_kb"]];

/**
 * Bytes as people say them: two figures that matter, no more.
 * @param {number} bytes
 * @param {string} language
 * @returns {Said}
 */
export function size(bytes, language) {
  const [unit, word] = SIZES.find(([least]) => bytes >= least) ?? [1e3, "size_kb"];
  const count = bytes / unit;
  return { word, values: { count: count.toLocaleString(language, { maximumFractionDigits: count < 10 ? 1 : 0 }) } };
}

/**
 * A span as people say it: the largest unit that fits.
 * @param {number} seconds
 * @returns {Said}
 */
export function lasting(seconds) {
  if (seconds >= 2 * 86_400) return { word: "lasts_days", values: { count: Math.floor(seconds / 86_400) } };
  if (seconds >= 2 * 3_600) return { word: "lasts_hours", values: { count: Math.floor(seconds / 3_600) } };
  return { word: "lasts_minutes", values: { count: Math.max(1, Math.floor(seconds / 60)) } };
}

/**
 * Whether there is room on the disk.
 * @param {Disk} disk
 * @returns {Judged}
 */
export function room({ data, data_free: free, days_left: left, recordings_days: kept }) {
  if (data <= 0) return { level: "off", word: "box_unknown" };
  if (free < data * HARDLY) return { level: "bad", word: "disk_full" };
  if (typeof left === "number" && left <= SOON) return { level: "warn", word: "disk_days", values: { count: left } };
  // The oldest go before it is full, however little is free.
  if (typeof kept === "number") return { level: "ok", word: "disk_keeps", values: { count: kept } };
  if (free < data * LITTLE) return { level: "warn", word: "disk_little" };
  return typeof left === "number" ? { level: "ok", word: "disk_days", values: { count: left } } : { level: "ok", word: "disk_enough" };
}

/**
 * Whether the disk itself is well.
 * @param {Disk} disk
 * @returns {Judged}
 */
export function wear({ wear: used, failing }) {
  if (failing) return { level: "bad", word: "disk_failing" };
  if (used === null || used === undefined) return { level: "off", word: "disk_wear_unknown" };
  if (used >= WORN) return { level: "bad", word: "disk_worn", values: { used } };
  return used >= OLD ? { level: "warn", word: "disk_old", values: { used } } : { level: "ok", word: "disk_well", values: { used } };
}

/**
 * The hottest sensor.
 * @param {{ name: string, celsius: number }[]} sensors
 * @returns {Judged & { celsius: number | null }}
 */
export function temperature(sensors) {
  if (sensors.length === 0) return { level: "off", word: "box_no_sensors", celsius: null };
  const celsius = Math.round(Math.max(...sensors.map((one) => one.celsius)));
  if (celsius >= HOT) return { level: "bad", word: "box_hot", celsius };
  return celsius >= WARM ? { level: "warn", word: "box_warm", celsius } : { level: "ok", word: "box_cool", celsius };
}

/**
 * @param {number} total
 * @param {number} available
 * @returns {Judged}
 */
export function memory(total, available) {
  if (!total) return { level: "off", word: "box_unknown" };
  return available < total * TIGHT ? { level: "warn", word: "memory_tight" } : { level: "ok", word: "memory_enough" };
}

/**
 * Whether the clock can be trusted.
 * @param {{ synchronized: boolean, source: string } | null | undefined} clock
 * @returns {Judged}
 */
export function clock(clock) {
  if (!clock) return { level: "off", word: "box_unknown" };
  if (clock.synchronized) return clock.source ? { level: "ok", word: "clock_by", values: { server: clock.source } } : { level: "ok", word: "clock_exact" };
  return { level: "warn", word: clock.source === "floor" ? "clock_floor" : "clock_rtc" };
}

/**
 * The addresses under which the box is reached, without those that only machines on the same cable use.
 * @param {Card[]} cards
 */
export function addresses(cards) {
  const all = cards.flatMap((card) => card.addresses).map((one) => one.replace(/\/\d+$/, ""));
  const known = all.filter((one) => !/^fe80:/i.test(one));
  return known.filter((one) => !one.startsWith("169.254.")).concat(known.filter((one) => one.startsWith("169.254.")));
}

/**
 * What is wrong, the worst first; each with where it is mended.
 * @param {Machine} machine
 * @returns {(Judged & { href?: string, act?: Key })[]}
 */
export function troubles(machine) {
  const { disk, temperatures = [], memory_total = 0, memory_available = 0, failed_reason: failed, image, clock: told } = machine;
  /** @type {(Judged & { href?: string, act?: Key })[]} */
  const list = [];
  if (disk) {
    list.push({ ...wear(disk), href: "#/backups", act: "backups_open" });
    list.push({ ...room(disk), href: "#/office", act: "office_open" });
  }
  list.push(temperature(temperatures));
  list.push(memory(memory_total, memory_available));
  if (image && told) list.push({ ...clock(told), href: "#/time", act: "time_open" });
  // What runs as the image and can't be asked is not well, whatever else is not known.
  if (image && !disk && !machine.cards) list.push({ level: "warn", word: "trouble_silent" });
  if (failed) list.push({ level: "warn", word: "update_failed_why", values: { reason: failed }, href: "#/update", act: "update_open" });
  const told_ = list.filter(({ level }) => level === "bad" || level === "warn").map((one) => ({ ...one, word: TROUBLES[one.word] ?? one.word }));
  return [...told_.filter(({ level }) => level === "bad"), ...told_.filter(({ level }) => level === "warn")];
}

/** As a sentence with what to do, where the word alone is too short. @type {Partial<Record<Key, Key>>} */
const TROUBLES = {
  disk_failing: "trouble_disk_failing", disk_worn: "trouble_disk_worn", disk_old: "trouble_disk_old", disk_full: "trouble_disk_full", disk_little: "trouble_disk_little",
  disk_days: "trouble_disk_days", box_hot: "trouble_hot", box_warm: "trouble_warm", memory_tight: "trouble_memory", clock_floor: "trouble_clock", clock_rtc: "trouble_clock",
};

/** A section that needs the image is there only on it. @param {{ image?: boolean }} section @param {{ machine?: Machine } | null} system */
export function isThere(section, system) {
  return !section.image || system?.machine?.image === true;
}
