// What a group's line shows: those who wait, and how many of its members could answer. Pure.

/**
 * @typedef {import("../store.js").Queue} BoxQueue
 * @typedef {{ number: string, name: string, members: string[], max_queue?: number }} Group
 * @typedef {{ group: Group, waiting: import("../store.js").Waiting[], free: number, busy: number, resting: number, online: number }} Queue
 */

/**
 * The groups with what the box told of them, in the groups' order. Where nobody waits a group still shows who could answer.
 * @param {Group[]} groups
 * @param {BoxQueue[]} told
 * @returns {Queue[]}
 */
export function queues(groups, told) {
  return groups.map((group) => {
    const queue = told.find((one) => one.group === group.number);
    const states = (queue?.members ?? []).map(({ state }) => state);
    const count = (/** @type {string[]} */ ...words) => states.filter((state) => words.includes(state)).length;
    return {
      group,
      waiting: queue?.waiting ?? [],
      free: count("free"),
      busy: count("talking", "ringing"),
      resting: count("resting"),
      online: states.length - count("offline", "do_not_disturb"),
    };
  });
}
