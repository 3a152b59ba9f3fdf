// Where a number may call: a ladder whose rungs stand each alone.
import { number } from "../format.js";
import { html } from "../lib/preact.js";
import { Sect } from "./form.js";
import { Icon } from "./icons.js";

export const RIGHTS = /** @type {const} */ (["internal", "city", "mobile_region", "mobile_national", "long_distance", "international"]);

/** @param {{ t: import("../words.js").Say, item: import("./item.js").Item, box: any, groups: any[] }} props */
export function Rights({ t, item, box, groups }) {
  const { draft, edit } = item;
  const has = (/** @type {string} */ right) => right === "internal" || draft.permissions.includes(right);
  const turn = (/** @type {string} */ right) => edit({ permissions: RIGHTS.filter((one) => (one === right ? !has(one) : has(one))) });
  const numbers = [...box.extensions, ...groups].map((one) => one.number).sort();
  const country = box.system?.country;
  /** @type {Record<string, string>} */
  const examples = {
    internal: numbers.length > 1 ? `${numbers[0]}–${numbers[numbers.length - 1]}` : (numbers[0] ?? ""),
    city: box.trunks[0] ? number(box.trunks[0].number, country) : "",
    ...(country === "RU" ? { mobile_region: "+7 9…", mobile_national: "+7 9…", long_distance: "8 495…", international: "810…" } : {}),
  };
  return html`<${Sect} id="rights" title=${t("rights")} help=${html`<p>${t("rights_why")}</p><p>${t("rights_each")}</p>`}>
    <ul class="rungs">
      <li class="rung"><${Icon} name="lock" /><b>101–104, 112</b><span class="climb"></span><span class="hint">${t("right_emergency")}</span></li>
      ${RIGHTS.map((right, nth) => html`<li><label class=${has(right) ? "rung on" : "rung"}>
        <input type="checkbox" checked=${has(right)} disabled=${right === "internal"} onChange=${() => turn(right)} />
        <span>${t(`right_${right}`)}</span>
        <svg class="climb" viewBox="0 0 220 12" preserveAspectRatio="none" aria-hidden="true"><path d=${`M0 6H${nth * 36.6}`} /><rect x=${nth * 36.6 + 0.5} y="1" width="35.6" height="10" rx="1.5" /></svg>
        <span class="hint">${examples[right]}</span></label></li>`)}
    </ul>
  <//>`;
}
