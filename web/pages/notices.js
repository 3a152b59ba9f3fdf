// «Уведомления»: letters to the administrator, the box's mail by which they leave, and programs and chats that are told of events.
import { html } from "../lib/preact.js";
import { Mail } from "../parts/mail.js";
import { NoticeMail } from "../parts/notice_mail.js";
import { useStyle } from "../parts/style.js";
import { Hook, Hooks } from "../parts/webhooks.js";

/** @param {any} props */
export function Notices(props) {
  const { t, admin, rest } = props;
  const styled = useStyle("guard");
  if (!styled) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  if (rest[0]) return html`<${Hook} key=${rest[0]} ...${props} name=${rest[0]} />`;
  return html`<header class="head"><h1>${t("notices")}</h1><p class="second">${t("notices_why")}</p>${!admin && html`<p class="note">${t("admin_only")}</p>`}</header>
    <div class="columns">
      <div class="column">${admin && html`<${Hooks} ...${props} />`}<${NoticeMail} ...${props} /></div>
      <div class="column"><${Mail} ...${props} /></div>
    </div>`;
}
