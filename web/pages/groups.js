// «Группы»: several employees behind one number, whom to ring in which order, and how long a caller waits.
import { html } from "../lib/preact.js";
import { Count, Field, Sect, Select, Switch } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { List, useList } from "../parts/list.js";
import { useOrder } from "../parts/order.js";
import { doing } from "../store.js";

/** @param {any} props */
export function Groups(props) {
  const { rest } = props;
  return rest[0] ? html`<${Group} key=${rest[0]} ...${props} name=${rest[0]} />` : html`<${All} ...${props} />`;
}

/** @param {any} props */
function All(props) {
  const { t, admin } = props;
  const { rows, fault, load } = useList(props, "groups");
  const columns = [
    { head: t("group_name"), cell: (/** @type {any} */ row) => html`<b>${row.number}</b> ${row.name}` },
    { head: t("group_members"), cell: (/** @type {any} */ row) => t("group_count", { count: row.members.length }) },
    { head: t("group_strategy"), cell: (/** @type {any} */ row) => t(/** @type {any} */ (`strategy_${row.strategy}`)), look: "second" },
    { head: t("group_description"), cell: (/** @type {any} */ row) => row.description, look: "second wide-only" },
  ];
  return html`<${List} t=${t} collection="groups" title=${t("groups")} why=${t("groups_why")} add=${t("groups_add")} rows=${rows} fault=${fault} onAgain=${load} keyed="number" columns=${columns}
    words=${(/** @type {any} */ row) => `${row.number} ${row.name} ${row.description}`} empty=${t("groups_none")} admin=${admin} />`;
}

const STRATEGIES = /** @type {const} */ (["ring_all", "round_robin", "first_to_last"]);

/** @param {any} props */
function Group(props) {
  const { t, api, box, name, admin } = props;
  const groups = useList(props, "groups");
  const media = useList(props, "media");
  const blank = async () => {
    const taken = new Set([...box.extensions, ...(await api.all("groups"))].map((one) => one.number));
    const free = Array.from({ length: 100 }, (_, nth) => String(500 + nth)).find((number) => !taken.has(number)) ?? "";
    return { number: free, name: "", description: "", strategy: "ring_all", members: [], greeting: "", music: "", max_wait_seconds: 60, wrap_up_seconds: 0, max_queue: 10, member_ring_seconds: 20, announce_position: false };
  };
  const item = useItem(props, { collection: "groups", name, keyed: "number", blank });
  const { draft, edit, fault, fresh, was } = item;
  const labels = Object.fromEntries(Object.entries(LABELS).map(([key, word]) => [key, t(word)]));
  const others = (groups.rows ?? []).filter((one) => one.number !== name).map((one) => ({ key: one.number, text: `${one.number} ${one.name}` }));
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} />`;
  const field = (/** @type {string} */ key) => ({ id: `group-${key}`, label: t(LABELS[key] ?? "group_name"), value: draft[key], fault: fault?.at(`/${key}`), onValue: (/** @type {any} */ value) => edit({ [key]: value }) });
  const sounds = (/** @type {any} */ none) => [{ key: "", text: t(none) }, ...(media.rows ?? []).map((one) => ({ key: one.name, text: one.name }))];
  return html`<${ItemPage} item=${item} admin=${admin} title=${fresh ? t("group_new") : `${was.number} ${was.name}`} second=${!fresh && was.description} labels=${labels} others=${others}>
    <${Sect} id="group" title=${t("group_main")}>
      <div class="cols">
        <${Field} ...${field("number")} span=${2} digits onValue=${(/** @type {string} */ typed) => edit({ number: typed.replaceAll(/\D/g, "").slice(0, 5) })} />
        <${Field} ...${field("name")} span=${5} optional first=${fresh} />
        <${Field} ...${field("description")} span=${5} optional />
      </div>
    <//>
    <${Members} ...${props} item=${item} />
    <${Sect} id="strategy" title=${t("group_strategy")}>
      <div class="options three" role="radiogroup" aria-labelledby="strategy-title">
        ${STRATEGIES.map((one) => html`<label class="option" key=${one}><input type="radio" name="strategy" checked=${draft.strategy === one} onChange=${() => edit({ strategy: one })} />
          <b>${t(`strategy_${one}`)}</b><small>${t(`strategy_${one}_why`)}</small></label>`)}
      </div>
    <//>
    <${Sect} id="queue" title=${t("group_queue")} fold open=${fault?.problem?.errors?.some(({ pointer = "" }) => /greeting|music|_/.test(pointer))}>
        <div class="cols">
          <${Select} ...${field("greeting")} span=${6} options=${sounds("group_greeting_none")} />
          <${Select} ...${field("music")} span=${6} options=${sounds("group_music_office")} />
          <${Count} ...${field("max_wait_seconds")} span=${3} hint=${t("group_max_wait_why")} />
          <${Count} ...${field("max_queue")} span=${3} hint=${t("group_max_queue_why")} />
          <${Count} ...${field("member_ring_seconds")} span=${3} />
          <${Count} ...${field("wrap_up_seconds")} span=${3} hint=${t("group_wrap_up_why")} />
        </div>
        <${Switch} id="group-announce" label=${t("group_announce")} hint=${t("group_announce_why")} on=${draft.announce_position} onTurn=${(/** @type {boolean} */ on) => edit({ announce_position: on })} />
    <//>
  <//>`;
}

/** How each state of a member is lit. @type {Record<string, string>} */
const LAMPS = { talking: "live", ringing: "ring", dialling: "ring", free: "ok", offline: "bad", never: "off", mobile: "off" };

/** @param {any} props */
function Members({ t, box, admin, item }) {
  const { draft, edit, fault } = item;
  /** @type {string[]} */
  const members = draft.members;
  const employee = (/** @type {string} */ number) => box.extensions.find((/** @type {any} */ one) => one.number === number);
  const said = (/** @type {string} */ number) => `${number} ${employee(number)?.employee ?? ""}`.trim();
  const set = (/** @type {string[]} */ list) => edit({ members: list });
  const order = useOrder({ t, list: members, onOrder: set, said });
  const free = box.extensions.filter((/** @type {any} */ one) => !members.includes(one.number));
  const wrong = fault?.at("/members") || members.map((_, nth) => fault?.at(`/members/${nth}`)).find(Boolean);
  const add = (/** @type {Event} */ event) => {
    const select = /** @type {HTMLSelectElement} */ (event.target);
    if (select.value) set([...members, select.value]);
    select.value = "";
  };
  const state = (/** @type {string} */ number) => {
    const extension = employee(number);
    if (!extension) return null;
    const { what } = doing(extension, box.calls);
    return html`<span class=${`lamp ${LAMPS[what]}`}>${what === "mobile" ? t("device_mobile") : t(/** @type {any} */ (`phone_${what}`))}</span>`;
  };
  return html`<${Sect} id="members" title=${t("group_members")} help=${html`<p>${t("group_members_why")}</p>`}>
    ${members.length === 0 && html`<p class="note warn"><${Icon} name="alert" />${t("group_members_none")}</p>`}
    <ul class="members" ref=${order.holder}>${members.map((number, nth) => html`<li class=${order.dragged === nth ? "member dragged" : "member"} key=${number} ...${order.row(nth)}>
      ${order.grip(nth)}<div class="member-in"><span><b>${number}</b> ${employee(number)?.employee}</span>${state(number)}</div>
      ${admin && html`<button class="button quiet square" type="button" title=${t("group_member_remove", { who: said(number) })} aria-label=${t("group_member_remove", { who: said(number) })} onClick=${() => set(members.filter((one) => one !== number))}><${Icon} name="close" /></button>`}
    </li>`)}</ul>
    ${order.aloud}
    ${wrong && html`<p class="fault">${wrong}</p>`}
    ${admin && free.length > 0 && html`<div class="adds"><label class="unseen" for="member">${t("group_member_add")}</label>
      <select class="input narrow" id="member" value="" onChange=${add}><option value="">${t("group_member_add")}…</option>${free.map((/** @type {any} */ one) => html`<option key=${one.number} value=${one.number}>${said(one.number)}</option>`)}</select>
      ${free.length > 1 && html`<button class="button" type="button" onClick=${() => set([...members, ...free.map((/** @type {any} */ one) => one.number)])}>${t("group_member_all")}</button>`}</div>`}
  <//>`;
}

/** @type {Record<string, import("../words.js").Key>} */
const LABELS = { number: "group_number", name: "group_name", description: "group_description", strategy: "group_strategy", members: "group_members", greeting: "group_greeting", music: "group_music",
  max_wait_seconds: "group_max_wait", wrap_up_seconds: "group_wrap_up", max_queue: "group_max_queue", member_ring_seconds: "group_ring", announce_position: "group_announce" };
