// The office's time as the page knows it between two answers of the box. Pure.
import { date, later } from "../format.js";

/**
 * RFC 3339 with the office's offset.
 * @param {import("../store.js").Box} box
 * @param {number} now the browser's clock
 */
export function officeTime(box, now) {
  return box.system ? later(box.system.time, now + box.skew - Date.parse(box.system.time)) : new Date(now).toISOString();
}

/**
 * @param {import("../store.js").Box} box
 * @param {number} now
 */
export function today(box, now) {
  return date(officeTime(box, now));
}
