// What an admin is told of by mail.
import { html, useEffect, useState } from "../lib/preact.js";
import { networks } from "../guard.js";
import { KINDS, ticked } from "../notices.js";
import { Field, SaveBar, Select, submit, useResource } from "./form.js";
import { Icon } from "./icons.js";

/**
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, admin: boolean, settings: number, onRefused: (error: unknown) => void }} props
 */
export function NoticeMail({ t, api, admin, settings, onRefused }) {
  const form = useResource({ t, api, path: "settings", onRefused });
  const [hasServer, setHasServer] = useState(true);
  const [text, setText] = useState("");
  const draft = form.draft?.notices;
  const was = form.was?.notices;
  useEffect(() => {
    api.get("mail", { background: true }).then((/** @type {any} */ mail) => setHasServer(mail.server !== ""), () => {});
  }, [settings]);
  useEffect(() => {
    if (draft && networks(text).join() !== draft.mail.join()) setText(draft.mail.join(", "));
  }, [draft?.mail]);
  if (!draft) return html`<section class="card"><p class="empty" aria-busy=${String(!form.fault)}>${form.fault ? form.fault.message : t("loading")} ${form.fault && html`<button class="button" type="button" onClick=${form.load}>${t("try_again")}</button>`}</p></section>`;
  const edit = (/** @type {object} */ change) => form.edit({ notices: { ...draft, ...change } });
  const wrong = (/** @type {string} */ key) => form.fault?.problem?.errors?.find(({ pointer }) => pointer?.startsWith(`/notices/${key}`))?.detail;
  const some = draft.kinds.length > 0;
  const everything = Object.values(KINDS).flat();
  const typed = (/** @type {string} */ next) => {
    setText(next);
    edit({ mail: networks(next) });
  };
  const changed = JSON.stringify(draft) !== JSON.stringify(was);
  return html`<form class="card" aria-labelledby="notices-title" novalidate onSubmit=${submit(() => form.save({ notices: draft }))}>
    <header><h2 id="notices-title">${t("notices_alarms")}</h2><span class="hint">${was.mail.length ? t("notices_to", { count: was.mail.length }) : t("notices_nobody")}</span></header>
    <fieldset class="bare" disabled=${!admin}><div class="in form">
      <p class="second">${t("notices_alarms_why")}</p>
      ${!hasServer && html`<p class="note warn"><${Icon} name="alert" />${t("notices_no_server")}</p>`}
      <${Field} id="notices-mail" label=${t("notices_mail")} hint=${t("notices_mail_why")} value=${text} onValue=${typed} optional placeholder="admin@example.org" fault=${wrong("mail")} />
      <${Select} id="notices-language" label=${t("notices_language")} value=${draft.language} onValue=${(/** @type {string} */ language) => edit({ language })} fault=${wrong("language")}
        options=${[{ key: "", text: t("notices_language_office") }, { key: "ru", text: t("language_ru") }, { key: "en", text: t("language_en") }]} />
      <fieldset class="options"><legend>${t("notices_what")}</legend>
        <label class="check"><input type="radio" name="notices-what" checked=${!some} onChange=${() => edit({ kinds: [] })} /><span>${t("notices_everything")}</span></label>
        <label class="check"><input type="radio" name="notices-what" checked=${some} onChange=${() => edit({ kinds: everything })} /><span>${t("notices_some")}</span></label>
      </fieldset>
      ${some && Object.entries(KINDS).map(([group, kinds]) => html`<fieldset class="options" key=${group}><legend>${t(/** @type {import("../words.js").Key} */ (`kinds_${group}`))}</legend>
        <div class="ticks-two">${kinds.map((kind) => html`<label class="check" key=${kind}><input type="checkbox" checked=${draft.kinds.includes(kind)} onChange=${() => edit({ kinds: ticked(everything, draft.kinds, kind) })} /><span>${t(/** @type {import("../words.js").Key} */ (`kind_${kind}`))}</span></label>`)}</div></fieldset>`)}
      ${wrong("kinds") && html`<p class="fault">${wrong("kinds")}</p>`}
    </div></fieldset>
    ${admin && html`<${SaveBar} t=${t} ...${form} changed=${changed} onReload=${form.load} />`}
  </form>`;
}
