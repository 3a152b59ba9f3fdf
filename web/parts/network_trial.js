// The network was changed, and the box takes that back unless somebody says that it works: told on every page, also at the new address.
import { html, useEffect, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";
import { useDeed, Wrong } from "./machine.js";

/**
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, system: import("../store.js").System | null, now: number, machine: number,
 *   section: string, onRefused: (error: unknown) => void }} props
 */
export function NetworkTrial({ t, api, system, now, machine, section, onRefused }) {
  const [until, setUntil] = useState(/** @type {number | null} */ (null));
  const { busy, fault, act } = useDeed({ t, onRefused });
  const image = system?.machine?.image === true;
  useEffect(() => {
    if (!image) return;
    let here = true;
    const taken = (/** @type {any} */ { confirm_within: seconds }) => here && setUntil(seconds ? Date.now() + seconds * 1000 : null);
    api.get("system/network", { background: true }).then(taken, () => {});
    return () => {
      here = false;
    };
  }, [image, machine]);
  const left = until === null ? 0 : Math.ceil((until - now) / 1000);
  // Its own page tells more.
  if (left <= 0 || section === "network") return null;
  const keep = () =>
    act(async () => {
      await api.write("POST", "system/network/confirm");
      setUntil(null);
    });
  return html`<div class="note warn"><${Icon} name="clock" /><span>${t("net_trial", { seconds: left })}<${Wrong} fault=${fault} /></span>
    <button class="button" type="button" disabled=${busy} onClick=${keep}>${t("net_keep")}</button></div>`;
}
