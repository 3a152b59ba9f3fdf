// A call's steps → the lines of its story. Pure: says keys and values, the page says them in words.

import { isKey } from "./words.js";

/**
 * @typedef {{ at: string, kind: string, who?: string, device?: string, status?: number, element?: string, trunk?: string,
 *   group?: string, why?: string, digits?: string, on?: boolean, by?: string, to?: string, place?: string, call?: string,
 *   number?: string, extension?: string, service?: string }} Step
 * @typedef {{ id: string, started_at: string, answered_at: string | null, ended_at: string | null,
 *   direction: "inbound" | "outbound" | "internal", caller: string, caller_name: string, called: string, trunk: string | null,
 *   answered_by: string | null, outcome: string | null, outcome_text: string | null, cause: string | null, ring_ms: number,
 *   talk_ms: number, steps?: Step[] }} Row
 * @typedef {{ at: string, key: import("./words.js").Key, values: Record<string, unknown>, parties: string[], lamp: "" | "ok" | "live" | "bad" }} Line
 */

/** What a phone's status means to people. @type {Record<number, import("./words.js").Key>} */
const NOT_TAKEN = { 486: "step_busy", 600: "step_busy", 480: "step_offline", 408: "step_offline", 603: "step_declined" };

/**
 * The lines between the first and the last; who rings at the same second shares a line.
 * @param {Row} row
 * @returns {Line[]}
 */
export function lines(row) {
  /** @type {Line[]} */
  const found = [];
  let answered = false;
  for (const step of row.steps ?? []) {
    const line = lineOf(step, answered);
    answered ||= step.kind === "answered";
    const last = found[found.length - 1];
    const together = last && last.key === line.key && line.parties.length > 0 && last.at.slice(0, 19) === line.at.slice(0, 19);
    if (together && !("status" in line.values)) {
      last.parties = [...new Set([...last.parties, ...line.parties])];
    } else {
      found.push(line);
    }
  }
  return found;
}

/**
 * @param {Step} step
 * @param {boolean} answered somebody has taken the call already
 * @returns {Line}
 */
function lineOf(step, answered) {
  const { at, kind } = step;
  const parties = step.who === undefined ? [] : [step.who];
  switch (kind) {
    case "rung":
      return { at, key: "step_rung", values: {}, parties, lamp: "live" };
    case "answered":
      return { at, key: "step_answered", values: {}, parties, lamp: "ok" };
    case "not_taken":
      return { at, ...notTaken(step.status ?? 0, answered), parties, lamp: "" };
    case "hold":
      return { at, key: step.on ? "step_hold" : "step_resume", values: {}, parties, lamp: "" };
    case "group_exit": {
      const key = `step_group_${step.why}`;
      return { at, key: isKey(key) ? key : "step_other", values: { group: step.group, kind }, parties: [], lamp: "bad" };
    }
    case "limited": {
      const key = `end_${step.why}`;
      return { at, key: isKey(key) ? key : "step_other", values: { kind }, parties: [], lamp: "bad" };
    }
    case "element":
    case "trunk":
    case "digits":
      return { at, key: `step_${kind}`, values: { [kind]: step[kind] }, parties: [], lamp: "" };
    default: {
      const key = `step_${kind}`;
      return { at, key: isKey(key) ? key : "step_other", values: { ...step }, parties: [], lamp: "" };
    }
  }
}

/**
 * @param {number} status
 * @param {boolean} answered
 * @returns {{ key: import("./words.js").Key, values: Record<string, unknown> }}
 */
function notTaken(status, answered) {
  if (status === 0 || status === 487) return { key: answered ? "step_silenced" : "step_not_taken", values: {} };
  const known = NOT_TAKEN[status];
  return known ? { key: known, values: {} } : { key: "step_refused", values: { status } };
}

/**
 * How a row's outcome looks: a missed call of the city is what an office must see first.
 * @param {Row} row
 * @returns {{ lamp: "" | "live" | "warn" | "bad", missed: boolean }}
 */
export function look(row) {
  if (row.ended_at === null) return { lamp: "live", missed: false };
  const missed = row.direction === "inbound" && ["abandoned", "no_answer", "busy"].includes(row.outcome ?? "");
  if (missed || row.outcome === "failed" || row.outcome === "interrupted") return { lamp: "bad", missed };
  return { lamp: row.outcome === "refused" ? "warn" : "", missed };
}
