// Since when, as short as it can be said.
import { date, daysBefore, hour, later } from "../format.js";

/**
 * "9:02", "вчера 9:02" or the date.
 * @param {string} time
 * @param {import("../store.js").Box} box
 * @param {number} now
 * @param {import("../words.js").Say} t
 */
export function moment(time, box, now, t) {
  if (!box.system) return hour(time);
  const today = date(later(box.system.time, now + box.skew - Date.parse(box.system.time)));
  const day = date(time);
  if (day === today) return hour(time);
  if (day === daysBefore(today, 1)) return `${t("yesterday").toLowerCase()} ${hour(time)}`;
  return `${day.slice(8, 10)}.${day.slice(5, 7)}.${day.slice(0, 4)}`;
}
