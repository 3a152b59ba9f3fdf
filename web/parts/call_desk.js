// What the elements of the desk and the groups are called: for the steps of a call and for who waits.
import { useEffect, useMemo, useState } from "../lib/preact.js";

/**
 * @typedef {{ id: string, kind: string, group?: string, extension?: string, schedule?: string, voice_menu?: string, voice_message?: string,
 *   numbers?: string[] }} Element
 * @typedef {import("../calls/queue.js").Group} Group
 */

/** What an element is called. @type {Record<string, import("../words.js").Key>} */
const WORDS = {
  incoming: "calls_element_incoming",
  extension: "calls_element_extension",
  group: "calls_element_group",
  voice_message: "calls_element_voice_message",
  voice_menu: "calls_element_voice_menu",
  schedule: "calls_element_schedule",
  dial_extension: "calls_element_dial_extension",
  hang_up: "calls_element_hang_up",
};

/**
 * Read when the page opens and when the settings change; empty where the box can't tell.
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, box: import("../store.js").Box, settings?: number }} props
 */
export function useDesk({ t, api, box, settings }) {
  const [elements, setElements] = useState(/** @type {Element[]} */ ([]));
  const [list, setList] = useState(/** @type {Group[]} */ ([]));
  useEffect(() => {
    const how = { background: true };
    api.get("routing", how).then((desk) => setElements(desk.elements), () => {});
    api.all("groups", how).then(setList, () => {});
  }, [settings]);
  const employees = useMemo(() => new Map(box.extensions.map(({ number, employee }) => [number, `${number} ${employee}`.trim()])), [box.extensions]);
  const groups = useMemo(() => new Map(list.map(({ number, name }) => [number, name])), [list]);
  const names = useMemo(() => {
    const named = (/** @type {Element} */ one) => {
      const group = one.group && `${one.group} ${groups.get(one.group) ?? ""}`.trim();
      return one.schedule ?? one.voice_menu ?? one.voice_message ?? group ?? (one.extension && (employees.get(one.extension) ?? one.extension)) ?? "";
    };
    const told = (/** @type {Element} */ one) => {
      const word = WORDS[one.kind];
      return word ? t(word, { name: named(one) }) : one.id;
    };
    return new Map(elements.map((one) => [one.id, told(one)]));
  }, [elements, groups, employees, t]);
  return { elements, list, groups, names };
}

