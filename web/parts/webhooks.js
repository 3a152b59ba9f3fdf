// Chats and programs that are told of events: the list, and one of them with its test and what was sent last.
import { html, useEffect, useState } from "../lib/preact.js";
import { EVENTS, blank, host, ticked } from "../notices.js";
import { address } from "../routes.js";
import { Field, Sect, Switch, useTask } from "./form.js";
import { Icon } from "./icons.js";
import { ItemPage, NEW, useItem } from "./item.js";
import { useList } from "./list.js";
import { moment } from "./moment.js";

/** @typedef {import("../words.js").Key} Key */
/** @typedef {"telegram" | "generic"} Format */
/** @typedef {{ id: string, event: string, at: string, attempts: number, tried_at: string | null, outcome: "waiting" | "delivered" | "given_up", status: number | null, text: string | null }} Delivery */

/** @param {any} props */
export function Hooks(props) {
  const { t, admin } = props;
  const { rows, fault, load } = useList(props, "webhooks");
  const about = (/** @type {any} */ row) => [t(row.format === "telegram" ? "hook_telegram" : "hook_generic"), row.format === "generic" ? host(row.url) : row.chat, row.events.map((/** @type {string} */ one) => t(/** @type {Key} */ (`event_${one}`))).join(", ")].filter(Boolean).join(" · ");
  return html`<section class="card" aria-labelledby="hooks-title">
    <header><h2 id="hooks-title">${t("hooks")}</h2>${rows && rows.length > 0 && html`<b class="count">${rows.length}</b>`}</header>
    <p class="in second">${t("hooks_why")}</p>
    ${rows === null && html`<p class="empty" aria-busy=${String(!fault)}>${fault ? fault.message : t("loading")} ${fault && html`<button class="button" type="button" onClick=${load}>${t("try_again")}</button>`}</p>`}
    ${rows?.length === 0 && html`<p class="empty">${t("hooks_none")}</p>`}
    <ul>${(rows ?? []).map((row) => html`<li class="room hook" key=${row.name}><span class="who name"><b><a href=${address("notices", row.name)}>${row.name}</a></b><small>${about(row)}</small></span>
      <span class=${row.enabled ? "lamp ok" : "lamp off"}>${t(row.enabled ? "hook_on" : "hook_off")}</span></li>`)}</ul>
    ${admin && html`<div class="by-hand adds"><a class="button" href=${`${address("notices", NEW)}?format=telegram`}><${Icon} name="plus" />${t("hook_add_telegram")}</a><a class="button" href=${`${address("notices", NEW)}?format=generic`}><${Icon} name="plus" />${t("hook_add_generic")}</a></div>`}
  </section>`;
}

/** @param {any} props */
export function Hook(props) {
  const { t, admin, name, query } = props;
  const item = useItem(props, { collection: "webhooks", place: "notices", name, keyed: "name", blank: () => blank(query.get("format") ?? "") });
  const { draft, edit, fault, fresh, was } = item;
  const labels = { name: t("hook_name"), url: t("hook_url"), chat: t("hook_chat"), events: t("hook_events"), enabled: t("hook_enabled"), secret: t("hook_secret") };
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name === NEW ? t("hooks") : name} labels=${labels} />`;
  const format = /** @type {Format} */ (draft.format);
  const telegram = format === "telegram";
  const field = (/** @type {string} */ key) => ({ id: `hook-${key}`, value: draft[key] ?? "", fault: fault?.at(`/${key}`), onValue: (/** @type {string} */ value) => edit({ [key]: value }) });
  const trimmed = (/** @type {string} */ key) => ({ ...field(key), onValue: (/** @type {string} */ value) => edit({ [key]: value.trim() }) });
  // An empty field keeps what is kept.
  const secret = { ...trimmed("secret"), onValue: (/** @type {string} */ value) => edit({ secret: value.trim() || undefined }) };
  const kept = t(was?.has_secret ? "hook_kept" : "hook_not_kept");
  const guide = telegram
    ? html`<p><b>${t("hook_guide")}</b></p><ol class="guide">${/** @type {const} */ (["hook_guide_bot", "hook_guide_chat", "hook_guide_id", "hook_guide_test"]).map((step) => html`<li>${t(step)}</li>`)}</ol>`
    : html`<p>${t("hook_how_generic")}</p><p><b>${t("hook_secret")}</b>. ${t("hook_secret_why")}</p>`;
  const second = html`<span class=${draft.enabled ? "lamp ok" : "lamp off"}>${t(draft.enabled ? "hook_on" : "hook_off")}</span>`;
  return html`<${ItemPage} item=${item} admin=${admin} title=${fresh ? t(telegram ? "hook_new_telegram" : "hook_new_generic") : was.name} second=${!fresh && second} labels=${labels}>
    <${Sect} id="hook" title=${t("hook_main")} help=${guide}>
      <div class="cols">
        <${Field} ...${field("name")} label=${t("hook_name")} span=${telegram ? 12 : 5} first=${fresh} placeholder=${t(telegram ? "hook_example_telegram" : "hook_example_generic")} />
        ${telegram
          ? html`<${Field} ...${secret} label=${t("hook_token")} hint=${t("hook_token_why")} span=${7} mono optional=${!fresh} placeholder=${kept} />
              <${Field} ...${trimmed("chat")} label=${t("hook_chat")} hint=${t("hook_chat_why")} span=${5} mono placeholder="-1001234567890" />`
          : html`<${Field} ...${trimmed("url")} label=${t("hook_url")} hint=${t("hook_url_why")} span=${7} mono placeholder="https://crm.example.org/dozvon" />
              <${Field} ...${secret} label=${t("hook_secret")} span=${7} mono optional placeholder=${kept} />`}
      </div>
      ${telegram && fault?.at("/url") && html`<p class="fault">${fault.at("/url")}</p>`}
      <div class="turns"><${Switch} id="hook-enabled" label=${t("hook_enabled")} hint=${t("hook_enabled_why")} on=${draft.enabled} fault=${fault?.at("/enabled")} onTurn=${(/** @type {boolean} */ on) => edit({ enabled: on })} /></div>
    <//>
    <${Sect} id="hook-events" title=${t("hook_events")} help=${html`<p>${t("hook_events_why")}</p>`}>
      <div class="ticks-two" role="group" aria-labelledby="hook-events-title">${EVENTS.map((event) => html`<label class="check" key=${event}><input type="checkbox" checked=${draft.events.includes(event)} onChange=${() => edit({ events: ticked(EVENTS, draft.events, event) })} /><span>${t(/** @type {Key} */ (`event_${event}`))}</span></label>`)}</div>
      ${draft.events.length === 0 && html`<p class="note warn">${t("hook_events_none")}</p>`}
      ${fault?.at("/events") && html`<p class="fault">${fault.at("/events")}</p>`}
    <//>
    ${!fresh && html`<${Check} ...${props} changed=${item.changed} />`}
  <//>`;
}

/**
 * A message that is sent now, and the last ones with what became of them.
 * @param {any} props
 */
function Check({ t, api, box, now, admin, name, changed, onRefused }) {
  const [sent, setSent] = useState(/** @type {{ ok: boolean, status: number | null, text: string } | null} */ (null));
  const [rows, setRows] = useState(/** @type {Delivery[] | null} */ (null));
  const task = useTask(t);
  const path = `webhooks/${encodeURIComponent(name)}`;
  const load = () => api.get(`${path}/deliveries?limit=20`, { background: true }).then((/** @type {{ items: Delivery[] }} */ { items }) => setRows(items), onRefused);
  useEffect(() => {
    load();
  }, [name]);
  const send = () =>
    task.run(async () => {
      setSent(null);
      const { value } = await api.write("POST", `${path}/test`).catch((/** @type {unknown} */ error) => {
        onRefused(error);
        throw error;
      });
      setSent(value);
      await load();
    });
  return html`<${Sect} id="hook-check" title=${t("hook_check")} help=${html`<p>${t(changed ? "hook_test_first" : "hook_test_why")}</p>`}>
    ${admin && html`<div class="adds"><button class="button" type="button" disabled=${task.busy || changed} onClick=${send}>${t(task.busy ? "hook_testing" : "hook_test")}</button>
      ${changed && html`<span class="hint">${t("hook_test_first")}</span>`}</div>`}
    <div role="status">${sent && html`<span class=${sent.ok ? "lamp ok" : "lamp bad"}>${sent.text}</span>`}${task.fault && html`<span class="lamp bad">${task.fault.message}</span>`}</div>
    <h3>${t("deliveries")}</h3>
    ${rows?.length === 0 && html`<p class="second">${t("deliveries_none")}</p>`}
    <ul class="deliveries">${(rows ?? []).map((row) => html`<li key=${row.id}><span class="hint">${moment(row.at, box, now, t)}</span><span>${t(/** @type {Key} */ (`event_${row.event}`))}</span><${Became} t=${t} row=${row} /></li>`)}</ul>
  <//>`;
}

/** @param {{ t: import("../words.js").Say, row: Delivery }} props */
function Became({ t, row }) {
  const { outcome, attempts, text } = row;
  if (outcome === "delivered") return html`<span class="lamp ok">${t("delivery_done")}</span>`;
  const word = outcome === "waiting" ? t("delivery_waiting", { tries: attempts }) : t("delivery_failed");
  return html`<span class=${outcome === "waiting" ? "lamp warn" : "lamp bad"}><span>${word}${text && html`<small class="hint">${text}</small>`}</span></span>`;
}
