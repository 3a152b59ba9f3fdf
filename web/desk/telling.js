// What the desk says of its elements: kind, name, the one line of what it will do now. Values in, words out.
import { date, later, number } from "../format.js";
import { doing } from "../store.js";
import { DAYS, clock, verdict, weekday } from "../timetable.js";
import { isComplete, referenceOf } from "./kinds.js";

/**
 * @typedef {import("./kinds.js").Element} Element
 * @typedef {import("./kinds.js").Kind} Kind
 * @typedef {import("../words.js").Say} Say
 * @typedef {import("../words.js").Key} Key
 * @typedef {import("../store.js").Box} Box
 * @typedef {{ number: string, name: string, strategy: string, members: string[], max_wait_seconds: number }} Group
 * @typedef {{ name: string, greeting: string, timeout_seconds: number }} Menu
 * @typedef {{ name: string, media: string, repeat: number }} Message
 * @typedef {{ groups: Group[], menus: Menu[], messages: Message[], schedules: import("../timetable.js").Timetable[], media: { name: string }[] }} Things
 * @typedef {{ date: string, minute: number }} Moment the office's wall clock
 * @typedef {{ what: ReturnType<typeof doing>["what"] | import("../store.js").Member["state"], number: string, employee: string, until: string | null }} Member
 *   `until`: of one who rests
 */

/** @type {Things} */
export const NOTHING = { groups: [], menus: [], messages: [], schedules: [], media: [] };

/**
 * The office's wall clock as the page goes on counting it.
 * @param {Box} box
 * @param {number} now
 * @returns {Moment}
 */
export function moment(box, now) {
  const time = box.system?.time ?? "1970-01-01T00:00:00Z";
  const here = later(time, now + box.skew - Date.parse(time));
  return { date: date(here), minute: Number(here.slice(11, 13)) * 60 + Number(here.slice(14, 16)) };
}

/**
 * @param {Say} t
 * @param {Box} box
 * @param {Things} things
 */
export function teller(t, box, things) {
  const country = box.system?.country ?? "RU";
  const extensions = new Map(box.extensions.map((extension) => [extension.number, extension]));
  const say = (/** @type {string} */ key, /** @type {Record<string, unknown>} */ values = {}) => t(/** @type {Key} */ (key), values);
  const dialled = (/** @type {string} */ digits) => number(digits, country);
  const extensionName = (/** @type {string} */ digits) => `${digits}\u00a0${extensions.get(digits)?.employee ?? ""}`.trim();

  const kind = (/** @type {Element} */ element) => (element.kind === "group" && element.group ? `${say("desk_kind_group")} ${element.group}` : say(`desk_kind_${element.kind}`));

  const name = (/** @type {Element} */ element) => {
    if (element.kind === "hang_up") return t("desk_end");
    if (element.kind === "incoming") return element.numbers?.[0] ? dialled(element.numbers[0]) : t("desk_no_number");
    const reference = /** @type {import("./kinds.js").Reference} */ (referenceOf(element.kind));
    const to = element[reference];
    if (!to) return say(`desk_choose_${reference}`);
    if (element.kind === "extension") return extensionName(to);
    if (element.kind === "group") return things.groups.find((group) => group.number === to)?.name || to;
    if (element.kind === "dial_extension") return t("desk_digits", { count: element.digits ?? 3 });
    return to;
  };

  const until = (/** @type {Moment} */ at, /** @type {Moment | null} */ then) => {
    if (!then) return "";
    const day = then.date === at.date ? "" : `${say(`desk_day_${DAYS[weekday(then.date)]}`).toLowerCase()} `;
    const far = Date.parse(then.date) - Date.parse(at.date) > 6 * 86_400_000;
    return `${far ? `${then.date.slice(8)}.${then.date.slice(5, 7)} ` : day}${clock(then.minute).replace(/^0/, "")}`;
  };

  const members = (/** @type {Element} */ element) => {
    const group = things.groups.find((one) => one.number === element.group);
    const queue = box.queues.find((one) => one.group === element.group);
    return (group?.members ?? []).map((digits) => {
      const extension = extensions.get(digits);
      const told = queue?.members.find((one) => one.extension === digits);
      const what = told?.state ?? (extension ? doing(extension, box.calls).what : "never");
      return /** @type {Member} */ ({ number: digits, employee: extension?.employee ?? "", what, until: told?.until ?? null });
    });
  };

  /** @type {Partial<Record<Kind, (element: Element, at: Moment) => string>>} */
  const subs = {
    incoming: ({ numbers = [] }) => (numbers.length > 1 ? t("desk_sub_numbers", { numbers: numbers.slice(1).map(dialled).join(", ") }) : ""),
    extension: (element) => {
      const extension = extensions.get(element.extension ?? "");
      if (!extension) return box.extensions.length ? t("desk_gone", { name: element.extension }) : "";
      const { what } = doing(extension, box.calls);
      return say(`desk_sub_${what === "never" ? "offline" : what === "dialling" ? "talking" : what}`);
    },
    group: (element) => {
      const group = things.groups.find((one) => one.number === element.group);
      if (!group) return things.groups.length ? t("desk_gone", { name: element.group }) : "";
      const all = members(element);
      if (all.length === 0) return t("desk_sub_members_none");
      if (all.every(({ what }) => what === "offline" || what === "never")) return t("desk_sub_nobody");
      return say(`desk_sub_${group.strategy}`, { seconds: group.max_wait_seconds });
    },
    voice_message: (element) => {
      const message = things.messages.find((one) => one.name === element.voice_message);
      return message ? t("desk_sub_message", { media: message.media, count: message.repeat }) : "";
    },
    voice_menu: (element) => {
      const menu = things.menus.find((one) => one.name === element.voice_menu);
      return menu ? t("desk_sub_menu", { seconds: menu.timeout_seconds }) : "";
    },
    schedule: (element, at) => {
      const schedule = things.schedules.find((one) => one.name === element.schedule);
      if (!schedule) return things.schedules.length ? t("desk_gone", { name: element.schedule }) : "";
      const { open, until: then } = verdict(schedule, at);
      if (!then) return t(open ? "desk_sub_always_open" : "desk_sub_always_closed");
      return t(open ? "desk_sub_open" : "desk_sub_closed", { until: until(at, then) });
    },
    dial_extension: (element) => t("desk_sub_dial", { seconds: element.timeout_seconds ?? 5 }),
  };

  /** The one line of what it will do now. */
  const sub = (/** @type {Element} */ element, /** @type {boolean} */ takesPart, /** @type {Moment} */ at) => {
    if (!takesPart) return t("desk_sub_loose");
    if (!isComplete(element)) return t("desk_problem_incomplete");
    return subs[element.kind]?.(element, at) ?? "";
  };

  /** An output inside a sentence. */
  const out = (/** @type {string} */ word) => (/^[\d*#]$/.test(word) ? t("desk_key", { key: word }) : say(`desk_out_${word}`));

  /** What may be chosen for an element, as (value, words). */
  const choices = (/** @type {Kind} */ of) => {
    const named = (/** @type {{ name: string }[]} */ list) => list.map(({ name: value }) => ({ value, words: value }));
    if (of === "extension") return box.extensions.map((one) => ({ value: one.number, words: extensionName(one.number) }));
    if (of === "group") return things.groups.map((one) => ({ value: one.number, words: `${one.number}\u00a0${one.name}`.trim() }));
    if (of === "voice_menu") return named(things.menus);
    if (of === "schedule") return named(things.schedules);
    return named(things.messages);
  };

  const numbers = box.trunks.flatMap((trunk) => [trunk.number, ...trunk.numbers]);
  return { kind, name, sub, out, choices, members, numbers, dialled, until, say };
}

/** @typedef {ReturnType<typeof teller>} Teller */

/**
 * What is most likely meant by a new element of a kind: the first of the choices that stands nowhere yet.
 * @param {Kind} kind
 * @param {Teller} tell
 * @param {Element[]} elements
 * @returns {Partial<Element>}
 */
export function likely(kind, tell, elements) {
  const same = elements.filter((element) => element.kind === kind);
  if (kind === "incoming") {
    const taken = new Set(same.flatMap(({ numbers = [] }) => numbers));
    const first = tell.numbers.find((one) => !taken.has(one));
    return { numbers: first ? [first] : [] };
  }
  const reference = referenceOf(kind);
  if (!reference) return {};
  const taken = new Set(same.map((element) => element[reference]));
  const choices = tell.choices(kind);
  const first = choices.find(({ value }) => !taken.has(value)) ?? (kind === "extension" ? undefined : choices[0]);
  return { [reference]: first?.value ?? "" };
}

/**
 * A deed in words: `did` as in the name of undo, `said` as it is read out.
 * @param {"did" | "said"} tense
 * @param {import("./model.js").Deed} deed
 * @param {Teller} tell
 */
export function deedInWords(tense, deed, tell) {
  const { what, element, other, out, count = 1 } = deed;
  const values = { name: element ? tell.name(element) : "", other: other ? tell.name(other) : "", out: out ? tell.out(out) : "", count, x: element?.x, y: element?.y };
  return tell.say(tense === "did" ? `desk_did_${what}` : `desk_said_${what}`, values);
}

/**
 * A problem as a person reads it: a sentence, with numbers as they are dialled.
 * @param {import("./tree.js").Problem} problem
 * @param {Teller} tell
 * @returns {import("./tree.js").Problem}
 */
export function plainly(problem, tell) {
  const text = problem.number ? problem.text.replaceAll(problem.number, tell.dialled(problem.number)) : problem.text;
  return { ...problem, text: text.charAt(0).toUpperCase() + text.slice(1) };
}
