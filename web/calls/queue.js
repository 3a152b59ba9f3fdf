// Who waits in which group: told by the calls in progress and the desk. Pure.

/**
 * @typedef {import("../store.js").Call} Call
 * @typedef {{ number: string, name: string, members: string[], max_queue?: number }} Group
 * @typedef {{ id: string, kind: string, group?: string }} Element of the desk
 * @typedef {{ group: Group, waiting: Call[], free: number, busy: number, online: number }} Queue
 */

/**
 * The groups with those who wait in them, the longest first; `state` tells what an extension is doing.
 * @param {Group[]} groups
 * @param {Element[]} desk
 * @param {(Call & { element?: string | null })[]} calls
 * @param {(number: string) => string} state
 * @returns {Queue[]}
 */
export function queues(groups, desk, calls, state) {
  const places = new Map(desk.filter(({ kind }) => kind === "group").map(({ id, group }) => [id, group]));
  const where = (/** @type {Call & { element?: string | null }} */ call) => (call.element ? places.get(call.element) : call.called);
  const waits = calls.filter((call) => call.state === "prompt" || call.state === "ringing");
  return groups.map((group) => {
    const members = group.members.map(state);
    return {
      group,
      waiting: waits.filter((call) => where(call) === group.number).sort((one, other) => (one.started_at < other.started_at ? -1 : 1)),
      free: members.filter((what) => what === "free" || what === "mobile").length,
      busy: members.filter((what) => what === "talking" || what === "ringing" || what === "dialling").length,
      online: members.filter((what) => what !== "offline" && what !== "never").length,
    };
  });
}
