// Moving in from another exchange: its backup is looked at, what comes and what doesn't is told, and it is added.
import { html, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";
import { Bring, Sending, useDeed, Wrong } from "./machine.js";

/** What may come, as the box names it. @type {[string, import("../words.js").Key][]} */
const KINDS = [["extensions", "move_in_extensions"], ["groups", "move_in_groups"], ["trunks", "move_in_trunks"], ["schedules", "move_in_schedules"], ["menus", "move_in_menus"], ["messages", "move_in_messages"], ["conferences", "move_in_conferences"]];

/** @param {any} props */
export function MoveIn(props) {
  const { t, api, tell } = props;
  const [sent, setSent] = useState(/** @type {{ name: string, percent: number } | null} */ (null));
  const [seen, setSeen] = useState(/** @type {any} */ (null));
  const { busy, fault, act, clear } = useDeed(props);
  const drop = () => (clear(), setSeen(null));
  const bring = (/** @type {File} */ file) => (
    drop(),
    act(async () => {
      try {
        setSent({ name: file.name, percent: 0 });
        setSeen((await api.upload("imports", file, (/** @type {number} */ part) => setSent({ name: file.name, percent: Math.round(part * 100) }))).value);
      } finally {
        setSent(null);
      }
    })
  );
  const add = () =>
    act(async () => {
      const { version } = await api.write("POST", `imports/${encodeURIComponent(seen.token)}/apply`);
      const back = version ? { act: async () => void (await api.write("POST", `versions/${version}/revert`, { scope: "this" })) } : {};
      tell({ text: t("move_in_added", { name: seen.name }), ...back });
      setSeen(null);
    });
  const come = seen ? KINDS.filter(([kind]) => seen[kind].length > 0) : [];
  return html`<section class="card" id="move-in" aria-labelledby="move-in-title"><header><h2 id="move-in-title">${t("move_in")}</h2></header>
    <div class="in stack">
      ${!seen && html`<p class="second">${t("move_in_why")}</p>`}
      ${!seen && !sent && html`<${Bring} t=${t} id="move-in-file" plain label=${t("move_in_file")} rule=${t("move_in_rule")} busy=${busy} onFile=${bring} />`}
      ${sent && html`<${Sending} text=${sent.percent < 100 ? t("media_sending", sent) : t("move_in_looking")} percent=${sent.percent} />`}
      ${seen && html`<div class="stack" role="status"><h3>${t(come.length > 0 ? "move_in_comes" : "move_in_nothing", { name: seen.name })}</h3>
        ${come.length > 0 && html`<dl class="account">${come.map(([kind, label]) => html`<div key=${kind}><dt>${t(label)}</dt><dd>${seen[kind].join(", ")}</dd></div>`)}</dl>`}
        ${seen.replaced.length > 0 && html`<p>${t("move_in_replaced", { numbers: seen.replaced.join(", ") })}</p>`}
        ${seen.notes.length > 0 && html`<h3>${t("move_in_notes")}</h3><ul class="told">${seen.notes.map((/** @type {string} */ note) => html`<li key=${note}>${note}</li>`)}</ul>`}</div>`}
      <${Wrong} fault=${fault} />
      ${seen && html`<div class="adds">${come.length > 0 && html`<button class="button primary" type="button" disabled=${busy} onClick=${add}><${Icon} name="plus" />${t("move_in_add")}</button>`}
        <button class="button quiet" type="button" disabled=${busy} onClick=${drop}>${t("cancel")}</button></div>`}
    </div></section>`;
}
