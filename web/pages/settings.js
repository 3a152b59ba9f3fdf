// «Настройки»: what stands under them, each with what it is for; on a telephone also the sections that have no room in the bar below.
import { html } from "../lib/preact.js";
import { Icon } from "../parts/icons.js";
import { Unseen } from "../parts/unseen.js";
import { PARTS, SECTIONS, TABS, address } from "../routes.js";

/** @param {{ t: import("../words.js").Say, admin: boolean, unseen: number }} props */
export function Settings({ t, admin, unseen }) {
  const inside = SECTIONS.filter((section) => section.inside === "settings" && (admin || !section.admin));
  const beside = PARTS.flatMap(({ sections }) => sections).filter(({ at, admin: only }) => !TABS.includes(at) && at !== "settings" && (admin || !only));
  const tile = (/** @type {import("../routes.js").Section} */ { at, icon, name, why }) =>
    html`<li><a class="tile" href=${address(at)}><${Icon} name=${icon} /><span><b>${t(name)}${at === "protection" && html` <${Unseen} t=${t} unseen=${unseen} />`}</b>${why && html`<small>${t(why)}</small>`}</span></a></li>`;
  return html`<header class="head"><h1>${t("settings")}</h1></header>
    ${beside.length > 0 && html`<ul class="tiles narrow-only">${beside.map(tile)}</ul>`}
    <ul class="tiles">${inside.map(tile)}</ul>`;
}
