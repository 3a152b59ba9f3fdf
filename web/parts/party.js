// Who: a number with its department, or a number that can be dialled again.
import { number } from "../format.js";

/**
 * Says who a number is.
 * @param {import("../store.js").Box} box
 * @param {import("../words.js").Say} t
 * @returns {(digits: string, name?: string) => string}
 */
export function namer(box, t) {
  const employees = new Map(box.extensions.map((extension) => [extension.number, extension.employee]));
  const country = box.system?.country ?? "RU";
  return (digits, name = "") => {
    if (!digits) return name || t("withheld");
    const employee = employees.get(digits);
    if (employee !== undefined) return `${digits}\u00a0${employee}`.trim();
    return name ? `${number(digits, country)} ${name}` : number(digits, country);
  };
}
