// What the elements of the desk and the groups are called: for the steps of a call and for who waits.
import { useEffect, useMemo, useState } from "../lib/preact.js";

/**
 * @typedef {{ id: string, kind: string, group?: string, extension?: string, schedule?: string, voice_menu?: string, voice_message?: string,
 *   numbers?: string[] }} Element
 * @typedef {import("../calls/queue.js").Group} Group
 */

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
    return new Map(elements.map((one) => [one.id, t(/** @type {import("../words.js").Key} */ (`calls_element_${one.kind}`), { name: named(one) })]));
  }, [elements, groups, employees, t]);
  return { elements, list, groups, names };
}

