// A change that could cut the admin off takes itself back, unless it is confirmed from a page that still reaches the box.
import { html, useEffect, useState } from "../lib/preact.js";
import { useTask } from "./form.js";
import { Icon } from "./icons.js";

/**
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, now: number, skew: number, onRefused: (error: unknown) => void }} props
 */
export function Trial({ t, api, now, skew, onRefused }) {
  const [trial, setTrial] = useState(/** @type {import("../api.js").Answer | null} */ (null));
  const { busy, fault, run } = useTask(t);
  useEffect(() => {
    api.onTrial = setTrial;
    return () => {
      api.onTrial = () => {};
    };
  }, []);
  const left = trial ? Math.ceil((Date.parse(trial.confirmBy) - now - skew) / 1000) : 0;
  if (!trial || left <= 0) return null;
  const keep = () =>
    run(async () => {
      await api.write("POST", `versions/${trial.version}/confirm`).catch((error) => {
        onRefused(error);
        throw error;
      });
      setTrial(null);
    });
  return html`<p class="note warn"><${Icon} name="clock" /><span>${t("trial", { seconds: left })} ${fault && html`<span class="fault">${fault.message}</span>`}</span>
    <button class="button" type="button" disabled=${busy} onClick=${keep}>${t("trial_keep")}</button></p>`;
}
