// «Голосовые сообщения» and «Голосовые меню»: what a caller hears, made of media files.
import { html } from "../lib/preact.js";
import { Count, Field, Sect, Select } from "../parts/form.js";
import { ItemPage, useItem } from "../parts/item.js";
import { List, useList } from "../parts/list.js";
import { Play } from "../parts/play.js";

/** @param {any} props */
export function Messages(props) {
  const { t, admin, rest } = props;
  if (rest[0]) return html`<${Message} key=${rest[0]} ...${props} name=${rest[0]} />`;
  const columns = [
    { head: t("message_name"), cell: (/** @type {any} */ row) => html`<b>${row.name}</b>` },
    { head: t("message_media"), cell: (/** @type {any} */ row) => row.media, look: "second" },
    { head: t("media_listen"), cell: (/** @type {any} */ row) => html`<${Play} t=${t} media=${row.media} />`, look: "right above" },
  ];
  return html`<${Named} ...${props} collection="voice-messages" title=${t("messages")} why=${t("messages_why")} add=${t("messages_add")} empty=${t("messages_none")} columns=${columns} admin=${admin} />`;
}

/** @param {any} props */
export function Menus(props) {
  const { t, admin, rest } = props;
  if (rest[0]) return html`<${Menu} key=${rest[0]} ...${props} name=${rest[0]} />`;
  const columns = [
    { head: t("message_name"), cell: (/** @type {any} */ row) => html`<b>${row.name}</b>` },
    { head: t("menu_greeting"), cell: (/** @type {any} */ row) => row.greeting, look: "second" },
    { head: t("media_listen"), cell: (/** @type {any} */ row) => html`<${Play} t=${t} media=${row.greeting} />`, look: "right above" },
  ];
  return html`<${Named} ...${props} collection="voice-menus" title=${t("menus")} why=${t("menus_why")} add=${t("menus_add")} empty=${t("menus_none")} columns=${columns} admin=${admin} />`;
}

/** @param {any} props */
function Named(props) {
  const { rows, fault, load } = useList(props, props.collection);
  return html`<${List} ...${props} rows=${rows} fault=${fault} onAgain=${load} keyed="name" words=${(/** @type {any} */ row) => row.name} />`;
}

/**
 * A choice of a media file, with the button that plays it, and the way to make one.
 * @param {any} props `none`: the words for no file
 */
function Media({ t, media, none, ...field }) {
  const options = [...(none ? [{ key: "", text: none }] : field.value ? [] : [{ key: "", text: t("message_media_choose") }]), ...(media ?? []).map((/** @type {any} */ one) => ({ key: one.name, text: one.name }))];
  return html`<div class="c6 sound"><${Select} ...${field} options=${options} hint=${html`${field.hint} ${media?.length === 0 && t("message_media_none")} <a href="#/media">${t("message_media_make")}</a>`} />
    ${field.value && html`<${Play} t=${t} media=${field.value} />`}</div>`;
}

/** @param {any} props */
function Message(props) {
  const { t, name, admin } = props;
  const all = useList(props, "voice-messages");
  const media = useList(props, "media");
  const item = useItem(props, { collection: "voice-messages", name, keyed: "name", blank: () => ({ name: "", media: "", repeat: 1 }) });
  const { draft, edit, fault, fresh, was } = item;
  const labels = { name: t("message_name"), media: t("message_media"), repeat: t("message_repeat") };
  const others = (all.rows ?? []).filter((one) => one.name !== name).map((one) => ({ key: one.name, text: one.name }));
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} />`;
  const field = (/** @type {"name" | "media" | "repeat"} */ key) => ({ id: `message-${key}`, label: labels[key], value: draft[key], fault: fault?.at(`/${key}`), onValue: (/** @type {any} */ value) => edit({ [key]: value }) });
  return html`<${ItemPage} item=${item} admin=${admin} title=${fresh ? t("message_new") : was.name} labels=${labels} others=${others}>
    <${Sect} id="message" title=${t("message_title")} help=${html`<p>${t("messages_why")}</p>`}>
      <div class="cols">
        <${Field} ...${field("name")} span=${6} first=${fresh} placeholder=${t("message_example")} />
        <${Media} ...${field("media")} t=${t} media=${media.rows} />
        <${Count} ...${field("repeat")} span=${3} />
      </div>
    <//>
  <//>`;
}

/** @param {any} props */
function Menu(props) {
  const { t, name, admin } = props;
  const all = useList(props, "voice-menus");
  const media = useList(props, "media");
  const item = useItem(props, { collection: "voice-menus", name, keyed: "name", blank: () => ({ name: "", greeting: "", invalid: "", timeout_seconds: 5, repeat: 2 }) });
  const { draft, edit, fault, fresh, was } = item;
  /** @type {Record<string, string>} */
  const labels = { name: t("message_name"), greeting: t("menu_greeting"), invalid: t("menu_invalid"), timeout_seconds: t("menu_timeout"), repeat: t("menu_repeat") };
  const others = (all.rows ?? []).filter((one) => one.name !== name).map((one) => ({ key: one.name, text: one.name }));
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} />`;
  const field = (/** @type {string} */ key) => ({ id: `menu-${key}`, label: labels[key] ?? "", value: draft[key], fault: fault?.at(`/${key}`), onValue: (/** @type {any} */ value) => edit({ [key]: value }) });
  return html`<${ItemPage} item=${item} admin=${admin} title=${fresh ? t("menu_new") : was.name} labels=${labels} others=${others}>
    <${Sect} id="menu" title=${t("menu_title")} help=${html`<p>${t("menus_why")}</p><p><b>${t("menu_greeting")}</b> ${t("menu_greeting_why")}</p><p><b>${t("menu_repeat")}</b>: ${t("menu_repeat_why")}</p>`}>
      <div class="cols">
        <${Field} ...${field("name")} span=${6} first=${fresh} placeholder=${t("menu_example")} />
        <${Media} ...${field("greeting")} t=${t} media=${media.rows} />
        <${Media} ...${field("invalid")} t=${t} media=${media.rows} none=${t("menu_invalid_none")} />
        <${Count} ...${field("timeout_seconds")} span=${3} />
        <${Count} ...${field("repeat")} span=${3} />
      </div>
    <//>
  <//>`;
}
