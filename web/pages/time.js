// «Время»: whom the box asks for the time, and whether it tells it to the telephones.
import { second as exact, later } from "../format.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { clock } from "../machine.js";
import { isHost, list } from "../network.js";
import { Field, Sect, Switch } from "../parts/form.js";
import { ItemPage, useItem } from "../parts/item.js";
import { useWatched } from "../parts/machine.js";
import { OnlyImage } from "./network.js";

/** @param {any} props */
export function Time(props) {
  const { t, box } = props;
  return box.system?.machine?.image ? html`<${Servers} ...${props} />` : html`<${OnlyImage} t=${t} title=${t("time")} />`;
}

/** @param {any} props */
function Servers(props) {
  const { t, admin, box, now } = props;
  const { read } = useWatched(props, "system");
  const system = /** @type {any} */ (read ?? box.system);
  const item = useItem(props, { collection: "system/time", name: t("time"), keyed: "", alone: true });
  const { draft, edit, fault } = item;
  const labels = { servers: t("time_servers"), serve: t("time_serve") };
  const judged = clock(system.machine.clock);
  const wall = exact(later(system.time, now + box.skew - Date.parse(system.time)));
  const second = html`<b>${wall}</b> <span class=${`lamp ${judged.level}`}>${t(judged.word, judged.values)}</span>`;
  if (!draft) return html`<${ItemPage} item=${item} under="system" admin=${admin} title=${t("time")} second=${second} labels=${labels} fixed />`;
  const wrong = draft.servers.find((/** @type {string} */ one) => !isHost(one));
  return html`<${ItemPage} item=${item} under="system" admin=${admin} title=${t("time")} second=${second} labels=${labels} fixed>
    <${Sect} id="servers" title=${t("time_servers")} help=${html`<p>${t("time_help")}</p><p>${t("time_zone")} <a href="#/office">${t("office")}</a></p>`}>
      <div class="cols"><${Typed} t=${t} value=${draft.servers} fault=${fault?.at("/servers") ?? fault?.problem?.errors?.find(({ pointer }) => pointer?.startsWith("/servers/"))?.detail ?? (wrong === undefined ? "" : t("time_no_server", { text: wrong }))}
        onValue=${(/** @type {string[]} */ servers) => edit({ servers })} /></div>
      <${Switch} id="time-serve" label=${t("time_serve")} hint=${t("time_serve_why")} on=${draft.serve} fault=${fault?.at("/serve")} onTurn=${(/** @type {boolean} */ serve) => edit({ serve })} />
    <//>
  <//>`;
}

/** @param {any} props */
function Typed({ t, value, fault, onValue }) {
  const [text, setText] = useState(() => value.join(", "));
  useEffect(() => {
    if (list(text).join() !== value.join()) setText(value.join(", "));
  }, [value]);
  return html`<${Field} id="time-servers" label=${t("time_field")} hint=${t("time_field_why")} span=${12} mono optional placeholder="0.pool.ntp.org, 1.pool.ntp.org" value=${text} fault=${fault}
    onValue=${(/** @type {string} */ next) => (setText(next), onValue(list(next)))} />`;
}
