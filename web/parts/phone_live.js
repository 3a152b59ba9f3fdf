// The telephones, read anew when something of them happens; and what is done to one, with the way back.
import { useEffect, useRef, useState } from "../lib/preact.js";
import { useTask } from "./form.js";

/** What comes together is read once. Milliseconds. */
const TOGETHER = 300;
/**
 * All telephones: the connected ones and those that were seen.
 * @param {any} props
 * @returns {{ phones: import("../phones.js").Phone[] | null, fault: import("../api.js").Refused | null, load: () => void }}
 */
export function usePhones({ t, api, onRefused, settings, news }) {
  const [phones, setPhones] = useState(/** @type {import("../phones.js").Phone[] | null} */ (null));
  const { fault, run } = useTask(t);
  const first = useRef(true);
  const load = () =>
    run(async () => {
      try {
        setPhones(await api.all("phones", { background: true }));
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  useEffect(() => {
    if (first.current) {
      first.current = false;
      load();
      return;
    }
    const timer = setTimeout(load, TOGETHER);
    return () => clearTimeout(timer);
  }, [settings, news]);
  return { phones, fault, load };
}

/**
 * One deed at a time. What changed the settings is told with the way back.
 * @param {any} props
 */
export function useDeed({ t, api, tell, onRefused }) {
  const { busy, fault, run, clear } = useTask(t);
  /**
   * @param {() => Promise<import("../api.js").Answer>} ask
   * @param {{ text?: string, then?: (answer: import("../api.js").Answer) => void, back?: () => void }} [how] `text`: told when it is done;
   *   `back`: after it was taken back
   */
  const act = (ask, { text = "", then = () => {}, back = () => {} } = {}) =>
    run(async () => {
      try {
        const answer = await ask();
        then(answer);
        const undo = answer.version ? { act: () => api.write("POST", `versions/${answer.version}/revert`, { scope: "this" }).then(back) } : {};
        if (text) tell({ text, ...undo });
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  return { busy, fault, act, clear };
}

/** Whether a media query holds, now and later. @param {number} milliseconds */
export function useLater(milliseconds) {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOver(true), milliseconds);
    return () => clearTimeout(timer);
  }, []);
  return over;
}
