// «Единый вход»: an OpenID provider and a directory that say who somebody is, the authorities that prove their certificates, and that of the box.
import { body } from "../draft.js";
import { html, useRef, useState } from "../lib/preact.js";
import { Field, Sect, Select, Switch, useTask } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { useList } from "../parts/list.js";
import { asPem } from "../pem.js";
import { address } from "../routes.js";
import { nameOf } from "../upload.js";

/** How each state of a step is lit. @type {Record<string, string>} */
const LAMPS = { ok: "ok", bad: "bad", warning: "warn" };
/** Where a directory listens. @type {Record<string, number>} */
const PORTS = { tls: 636, starttls: 389, none: 389 };

/** @param {any} props */
export function SignOn(props) {
  const { rest } = props;
  if (rest[0] === "openid") return html`<${Openid} ...${props} />`;
  if (rest[0] === "ldap") return html`<${Ldap} ...${props} />`;
  return html`<${Ways} ...${props} />`;
}

/** What there is, and whether it is on. @param {any} props */
function Ways(props) {
  const { t } = props;
  const openid = useItem(props, { collection: "openid", name: "openid", keyed: "", alone: true });
  const ldap = useItem(props, { collection: "ldap", name: "ldap", keyed: "", alone: true });
  const way = (/** @type {string} */ at, /** @type {any} */ was, /** @type {string} */ title, /** @type {string} */ why, /** @type {string} */ named) =>
    html`<li><a class="tile" href=${address("sign-on", at)}><${Icon} name=${at === "openid" ? "key" : "group"} /><span><b>${title}</b><small>${why}</small>
      ${was && html`<small><span class=${was.enabled ? "lamp ok" : "lamp off"}>${was.enabled ? `${t("sso_on")}${named ? `: ${named}` : ""}` : t("sso_off")}</span></small>`}</span></a></li>`;
  return html`<header class="head item-head"><div><h1>${t("sso")}</h1><p class="second">${t("sso_intro")}</p></div></header>
    <ul class="tiles">
      ${way("openid", openid.was, t("openid"), t("openid_why"), openid.was?.name || openid.was?.issuer)}
      ${way("ldap", ldap.was, t("ldap"), t("ldap_why"), ldap.was?.server)}
    </ul>
    <${Authorities} ...${props} />
    <p class="note"><${Icon} name="lock" /><span>${t("certificate_moved")}</span><a class="button" href=${address("certificate")}>${t("certificate")}</a></p>`;
}

/** @param {any} props */
function Openid(props) {
  const { t, admin, tell } = props;
  const item = useItem(props, { collection: "openid", name: t("openid"), keyed: "", alone: true });
  const { draft, was, edit, fault } = item;
  const labels = {
    enabled: t("openid_enabled"), name: t("openid_name"), issuer: t("openid_issuer"), client_id: t("openid_client"), client_secret: t("openid_secret"), scopes: t("openid_scopes"),
    role_claim: t("openid_claim"), admin_values: t("openid_admins"), viewer_values: t("openid_viewers"), may_hear_recordings: t("sso_hears"), trust_any_certificate: t("sso_any"),
  };
  if (!draft) return html`<${ItemPage} item=${item} under="sign-on" admin=${admin} title=${t("openid")} labels=${labels} fixed />`;
  const field = fields(draft, edit, fault, "openid");
  return html`<${ItemPage} item=${item} under="sign-on" admin=${admin} title=${t("openid")} second=${t("openid_why")} labels=${labels} fixed>
    <${Sect} id="openid-on" title=${t("sso_use")} help=${html`<p>${t("sso_local")}</p>`}>
      <${Switch} id="openid-enabled" label=${t("openid_enabled")} hint=${t("openid_enabled_why")} on=${draft.enabled} onTurn=${(/** @type {boolean} */ on) => edit({ enabled: on })} />
      <div class="cols"><${Field} ...${field("name")} label=${t("openid_name")} hint=${t("openid_name_why", { name: draft.name || "OpenID" })} span=${6} optional placeholder="OpenID" /></div>
    <//>
    <${Sect} id="openid-ours" title=${t("openid_ours")} help=${html`<p>${t("openid_ours_why")}</p>`}>
      <${Copied} t=${t} tell=${tell} id="openid-redirect" label=${t("openid_redirect")} value=${was.redirect_uri} />
      <${Copied} t=${t} tell=${tell} id="openid-out" label=${t("openid_out")} value=${was.signed_out_uri} />
    <//>
    <${Sect} id="openid-provider" title=${t("openid_provider")} help=${html`<p><b>${t("openid_issuer")}</b>. ${t("openid_issuer_why")}</p><p><b>${t("openid_secret")}</b>. ${t("openid_secret_why")}</p>`}>
      <div class="cols">
        <${Field} ...${field("issuer")} label=${t("openid_issuer")} span=${12} mono optional=${!draft.enabled} placeholder="https://login.example.org/realms/office" />
        <${Field} ...${field("client_id")} label=${t("openid_client")} span=${6} mono optional=${!draft.enabled} placeholder="dozvon" />
        <${Secret} ...${field("client_secret")} t=${t} label=${t("openid_secret")} has=${was.has_client_secret} />
      </div>
      <details class="folds" open=${draft.trust_any_certificate}><summary>${t("advanced")}</summary><div class="fold-in">
        <div class="cols"><${Words} ...${field("scopes")} t=${t} label=${t("openid_scopes")} hint=${t("openid_scopes_why")} span=${6} /></div>
        <${AnyCertificate} t=${t} id="openid-any" draft=${draft} edit=${edit} />
      </div></details>
    <//>
    <${Sect} id="openid-role" title=${t("sso_roles")} help=${html`<p>${t("openid_claim_why")}</p><p>${t("sso_nobody")}</p>`}>
      <div class="cols">
        <${Field} ...${field("role_claim")} label=${t("openid_claim")} span=${12} mono placeholder="groups" />
        <${Words} ...${field("admin_values")} t=${t} label=${t("openid_admins")} span=${6} />
        <${Words} ...${field("viewer_values")} t=${t} label=${t("openid_viewers")} span=${6} />
      </div>
      <${Hears} t=${t} id="openid-hears" draft=${draft} edit=${edit} />
    <//>
    <${Check} ...${props} path="openid/check" draft=${draft} ready=${Boolean(draft.issuer && draft.client_id)} />
  <//>`;
}

/** @param {any} props */
function Ldap(props) {
  const { t, admin } = props;
  const item = useItem(props, { collection: "ldap", name: t("ldap"), keyed: "", alone: true });
  const { draft, was, edit, fault } = item;
  const labels = {
    enabled: t("ldap_enabled"), server: t("ldap_server"), port: t("ldap_port"), security: t("ldap_security"), bind_dn: t("ldap_bind"), bind_password: t("ldap_bind_password"), user_dn: t("ldap_user_dn"),
    base: t("ldap_base"), filter: t("ldap_filter"), group_base: t("ldap_group_base"), group_filter: t("ldap_group_filter"), admin_groups: t("ldap_admins"), viewer_groups: t("ldap_viewers"),
    may_hear_recordings: t("sso_hears"), trust_any_certificate: t("sso_any"),
  };
  if (!draft) return html`<${ItemPage} item=${item} under="sign-on" admin=${admin} title=${t("ldap")} labels=${labels} fixed />`;
  const field = fields(draft, edit, fault, "ldap");
  const port = { ...field("port"), value: draft.port ? String(draft.port) : "", onValue: (/** @type {string} */ text) => edit({ port: Number(text.replaceAll(/\D/g, "").slice(0, 5)) }) };
  return html`<${ItemPage} item=${item} under="sign-on" admin=${admin} title=${t("ldap")} second=${t("ldap_why")} labels=${labels} fixed>
    <${Sect} id="ldap-on" title=${t("sso_use")} help=${html`<p>${t("sso_local")}</p>`}>
      <${Switch} id="ldap-enabled" label=${t("ldap_enabled")} hint=${t("ldap_enabled_why")} on=${draft.enabled} onTurn=${(/** @type {boolean} */ on) => edit({ enabled: on })} />
    <//>
    <${Sect} id="ldap-server-part" title=${t("ldap_server_part")} help=${html`<p>${t("ldap_server_why")}</p><p>${t("ldap_bind_why")}</p>`}>
      <div class="cols">
        <${Field} ...${field("server")} label=${t("ldap_server")} span=${5} mono optional=${!draft.enabled} placeholder="dc1.office.example" />
        <${Select} ...${field("security")} label=${t("ldap_security")} span=${4} options=${[{ key: "tls", text: t("ldap_tls") }, { key: "starttls", text: "StartTLS" }, { key: "none", text: t("ldap_open") }]} />
        <${Field} ...${port} label=${t("ldap_port")} span=${3} digits optional placeholder=${String(PORTS[draft.security] ?? "")} />
        ${draft.security === "none" && html`<p class="note warn c12"><${Icon} name="alert" />${t("ldap_open_why")}</p>`}
        <${Field} ...${field("bind_dn")} label=${t("ldap_bind")} span=${8} mono optional placeholder="cn=dozvon,ou=services,dc=office,dc=example" />
        <${Secret} ...${field("bind_password")} t=${t} label=${t("ldap_bind_password")} span=${4} has=${was.has_bind_password} />
      </div>
      <details class="folds" open=${draft.trust_any_certificate || Boolean(draft.user_dn)}><summary>${t("advanced")}</summary><div class="fold-in">
        <div class="cols"><${Field} ...${field("user_dn")} label=${t("ldap_user_dn")} hint=${t("ldap_user_dn_why")} span=${8} mono optional placeholder="{login}@office.example" /></div>
        <${AnyCertificate} t=${t} id="ldap-any" draft=${draft} edit=${edit} />
      </div></details>
    <//>
    <${Sect} id="ldap-people" title=${t("ldap_people")} help=${html`<p>${t("ldap_base_why")}</p><p>${t("ldap_filter_why")}</p>`}>
      <div class="cols">
        <${Field} ...${field("base")} label=${t("ldap_base")} span=${12} mono optional=${!draft.enabled} placeholder="dc=office,dc=example" />
        <${Field} ...${field("filter")} label=${t("ldap_filter")} span=${12} mono />
      </div>
    <//>
    <${Sect} id="ldap-role" title=${t("sso_roles")} help=${html`<p>${t("ldap_groups_why")}</p><p>${t("sso_nobody")}</p>`}>
      <div class="cols">
        <${Words} ...${field("admin_groups")} t=${t} label=${t("ldap_admins")} span=${6} />
        <${Words} ...${field("viewer_groups")} t=${t} label=${t("ldap_viewers")} span=${6} />
      </div>
      <${Hears} t=${t} id="ldap-hears" draft=${draft} edit=${edit} />
      <details class="folds"><summary>${t("advanced")}</summary><div class="fold-in">
        <div class="cols">
          <${Field} ...${field("group_base")} label=${t("ldap_group_base")} hint=${t("ldap_group_base_why")} span=${12} mono optional />
          <${Field} ...${field("group_filter")} label=${t("ldap_group_filter")} hint=${t("ldap_group_filter_why")} span=${12} mono optional />
        </div>
      </div></details>
    <//>
    <${Check} ...${props} path="ldap/check" draft=${draft} person ready=${Boolean(draft.server && draft.base)} />
  <//>`;
}

/**
 * What every field of a table has.
 * @param {any} draft
 * @param {(change: any) => void} edit
 * @param {import("../api.js").Refused | null} fault
 * @param {string} table
 */
function fields(draft, edit, fault, table) {
  return (/** @type {string} */ key) => ({
    id: `${table}-${key}`,
    value: draft[key] ?? "",
    fault: fault?.at(`/${key}`),
    onValue: (/** @type {any} */ value) => edit({ [key]: value }),
  });
}

/** A list, one a line. @param {any} props */
function Words({ t, id, label, hint, span, value, fault, onValue }) {
  const [text, setText] = useState(() => value.join("\n"));
  const read = (/** @type {string} */ lines) => lines.split("\n").map((line) => line.trim()).filter(Boolean);
  const shown = read(text).join("\n") === value.join("\n") ? text : value.join("\n");
  const typed = (/** @type {Event} */ event) => {
    const next = /** @type {HTMLTextAreaElement} */ (event.target).value;
    setText(next);
    onValue(read(next));
  };
  return html`<div class=${`field c${span}${fault ? " bad" : ""}`}><label for=${id}>${label}</label>
    <textarea class="input mono" id=${id} rows="2" spellcheck=${false} autocapitalize="none" aria-describedby=${`${id}-told`} aria-invalid=${fault ? "true" : null} value=${shown} onInput=${typed}></textarea>
    <small class=${fault ? "fault" : "hint"} id=${`${id}-told`}>${fault || hint || t("sso_lines")}</small></div>`;
}

/** A secret that the box keeps when the field stays empty. @param {any} props */
function Secret({ t, has, span = 6, onValue, ...field }) {
  return html`<${Field} ...${field} span=${span} secret optional autocomplete="new-password" placeholder=${has ? t("sso_kept") : ""}
    hint=${has ? t("sso_kept_why") : ""} onValue=${(/** @type {string} */ value) => onValue(value || undefined)} />`;
}

/** @param {any} props */
function AnyCertificate({ t, id, draft, edit }) {
  return html`<${Switch} id=${id} label=${t("sso_any")} hint=${t("sso_any_why")} on=${draft.trust_any_certificate} onTurn=${(/** @type {boolean} */ on) => edit({ trust_any_certificate: on })} />
    ${draft.trust_any_certificate && html`<p class="note warn" role="alert"><${Icon} name="alert" /><span>${t("sso_any_warning")}</span></p>`}`;
}

/** @param {any} props */
function Hears({ t, id, draft, edit }) {
  return html`<${Switch} id=${id} label=${t("sso_hears")} hint=${t("user_hears_why")} on=${draft.may_hear_recordings} onTurn=${(/** @type {boolean} */ on) => edit({ may_hear_recordings: on })} />`;
}

/** Something to be told to the provider. @param {any} props */
function Copied({ t, tell, id, label, value }) {
  const copy = () => navigator.clipboard.writeText(value).then(() => tell({ text: t("copied") }), () => {});
  return html`<div class="field"><label for=${id}>${label}</label><div class="affix"><input class="input mono" id=${id} readonly value=${value} />
    <button class="button square" type="button" title=${t("copy")} aria-label=${`${t("copy")}: ${label}`} onClick=${copy}><${Icon} name="copy" /></button></div></div>`;
}

/**
 * «Проверить»: tries what stands in the form, saved or not.
 * @param {any} props `person`: somebody may be looked for
 */
function Check({ t, api, admin, onRefused, path, draft, person, ready }) {
  const [told, setTold] = useState(/** @type {any} */ (null));
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const { busy, fault, run } = useTask(t);
  const check = () =>
    run(async () => {
      setTold(null);
      const more = person ? { ...(login.trim() && { login: login.trim() }), ...(password && { password }) } : {};
      const { value } = await api.write("POST", path, { ...body(draft), ...more }).catch((/** @type {unknown} */ error) => {
        onRefused(error);
        throw error;
      });
      setTold(value);
    });
  if (!admin) return null;
  return html`<${Sect} id="check" title=${t("sso_check")} help=${html`<p>${t("sso_check_why")}</p>${person && html`<p>${t("sso_check_person")}</p>`}`}>
    ${person && html`<div class="cols">
      <${Field} id="check-login" label=${t("user_login")} span=${6} optional value=${login} onValue=${setLogin} />
      <${Field} id="check-password" label=${t("password")} span=${6} optional secret autocomplete="off" value=${password} onValue=${setPassword} />
    </div>`}
    <div><button class="button" type="button" disabled=${busy || !ready} onClick=${check}><${Icon} name="check" />${t(busy ? "sso_checking" : "sso_check")}</button></div>
    <div role="status">
      ${fault && html`<p class="fault">${fault.problem?.errors?.length ? t("mend_fields") : fault.message}${fault.problem?.errors?.map(({ detail }) => html` ${detail}`)}</p>`}
      ${told && html`<ul class="findings">${told.steps.map((/** @type {any} */ step) => html`<li><span class=${`lamp ${LAMPS[step.state] ?? "off"}`}>${step.text}<span class="unseen"> (${t(/** @type {"sso_step_ok"} */ (`sso_step_${step.state}`))})</span></span></li>`)}</ul>
        ${told.works && html`<p class="second">${t("sso_works")}</p>`}`}
    </div>
  <//>`;
}

/** Own authorities: files with certificates. @param {any} props */
function Authorities(props) {
  const { t, api, language, tell, onRefused } = props;
  const { rows, fault, load } = useList(props, "authorities");
  const file = useRef(/** @type {HTMLInputElement | null} */ (null));
  const { busy, fault: wrong, run } = useTask(t);
  const refused = (/** @type {unknown} */ error) => {
    onRefused(error);
    throw error;
  };
  const add = (/** @type {File} */ chosen) =>
    run(async () => {
      const names = (rows ?? []).map((row) => row.name);
      await api.write("POST", "authorities", { name: nameOf(chosen.name, names), certificate: asPem(new Uint8Array(await chosen.arrayBuffer())) }).catch(refused);
      load();
    });
  const remove = (/** @type {any} */ row) =>
    run(async () => {
      const answer = await api.write("DELETE", `authorities/${encodeURIComponent(row.name)}`).catch(refused);
      load();
      tell({ text: t("item_gone", row), act: async () => (await api.write("POST", `versions/${answer.version}/revert`, { scope: "this" }), load()) });
    });
  const picked = () => {
    const chosen = file.current?.files?.[0];
    if (file.current) file.current.value = "";
    if (chosen) add(chosen);
  };
  return html`<section class="card authorities" aria-labelledby="authorities-title">
    <header><h2 id="authorities-title">${t("authorities")}</h2>
      <input ref=${file} class="unseen" id="authority-file" type="file" accept=".pem,.crt,.cer,.der" tabindex="-1" aria-label=${t("authorities_add")} onChange=${picked} />
      <button class="button" type="button" disabled=${busy} onClick=${() => file.current?.click()}><${Icon} name="upload" />${t("authorities_add")}</button></header>
    <p class="in second">${t("authorities_why")}</p>
    <div role="alert">${wrong && html`<p class="in fault">${wrong.problem?.errors?.[0]?.detail ?? wrong.message}</p>`}</div>
    ${rows === null && html`<p class="empty">${fault ? fault.message : t("loading")}</p>`}
    ${rows?.length === 0 && html`<p class="empty">${t("authorities_none")}</p>`}
    <ul>${(rows ?? []).map((row) => html`<li class="room" key=${row.name}><span class="who"><b>${row.name}</b>
      <small>${row.subject}${row.not_after && html` · ${t("authorities_until", { when: new Date(row.not_after).toLocaleDateString(language === "ru" ? "ru-RU" : "en-GB", { dateStyle: "long" }) })}`}</small></span>
      <button class="button quiet danger" type="button" disabled=${busy} aria-label=${t("authorities_remove", row)} onClick=${() => remove(row)}><${Icon} name="remove" />${t("delete")}</button></li>`)}</ul>
  </section>`;
}
