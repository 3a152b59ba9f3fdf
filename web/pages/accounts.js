// «Учётные записи» and «Ключи для программ»: who may do what with the box.
import { dateInWords, date, hour } from "../format.js";
import { html, useState } from "../lib/preact.js";
import { Question } from "../parts/dialog.js";
import { Field, Sect, Switch, submit, useTask } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { List, useList } from "../parts/list.js";
import { password } from "../ringing.js";

const ROLES = /** @type {const} */ (["admin", "viewer"]);

/** @param {any} props */
export function Users(props) {
  const { t, admin, rest } = props;
  const { rows, fault, load } = useList(props, "users");
  if (rest[0]) return html`<${User} key=${rest[0]} ...${props} name=${rest[0]} />`;
  const columns = [
    { head: t("user_login"), cell: (/** @type {any} */ row) => html`<b>${row.login}</b>` },
    { head: t("user_state"), cell: (/** @type {any} */ row) => (row.disabled ? html`<span class="lamp off">${t("user_disabled")}</span>` : html`<span class="lamp ok">${t("user_works")}</span>`) },
    { head: t("user_role"), cell: (/** @type {any} */ row) => t(`role_${/** @type {"admin" | "viewer"} */ (row.role)}`), look: "second" },
    { head: t("user_factor"), cell: (/** @type {any} */ row) => t(row.has_second_factor ? "user_factor_on" : "user_factor_off"), look: "second wide-only" },
  ];
  return html`<${List} t=${t} collection="users" title=${t("users")} why=${t("users_why")} add=${t("users_add")} rows=${rows} fault=${fault} onAgain=${load} keyed="login" columns=${columns}
    words=${(/** @type {any} */ row) => row.login} empty=${t("users_none")} admin=${admin} />`;
}

/** @param {any} props */
function User(props) {
  const { t, api, name, admin } = props;
  const blank = () => ({ login: "", role: "viewer", disabled: false, may_hear_recordings: false, must_change: true, password: password(crypto.getRandomValues(new Uint8Array(64))) });
  const item = useItem(props, { collection: "users", name, keyed: "login", blank });
  const { draft, edit, fault, fresh, was } = item;
  const task = useTask(t);
  // For whoever has lost the telephone with the codes.
  const dropFactor = () =>
    task.run(async () => {
      await api.write("DELETE", `users/${encodeURIComponent(name)}/second-factor`);
      await item.load();
    });
  const labels = { login: t("user_login"), role: t("user_role"), disabled: t("user_disabled"), may_hear_recordings: t("user_hears"), password: t("user_password"), must_change: t("user_password") };
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} />`;
  return html`<${ItemPage} item=${item} admin=${admin} title=${fresh ? t("user_new") : was.login} labels=${labels}>
    <${Sect} id="user" title=${t("user_main")} help=${html`<p>${t("user_login_why")}</p><p><b>${t("user_password")}</b>. ${t("user_password_why")}</p>`}>
      <div class="cols">
        <${Field} id="user-login" label=${t("user_login")} span=${6} first=${fresh} mono fixed=${!fresh} value=${draft.login} fault=${fault?.at("/login")} onValue=${(/** @type {string} */ value) => edit({ login: value.trim() })} />
        <${Field} id="user-password" label=${t(fresh ? "user_password" : "user_password_new")} span=${6} mono optional value=${draft.password ?? ""} fault=${fault?.at("/password")} placeholder=${t("user_password_kept")}
          onValue=${(/** @type {string} */ value) => edit({ password: value || undefined, ...(value ? { must_change: true } : {}) })}
          after=${html`<button class="button square" type="button" title=${t("device_password_make")} aria-label=${t("device_password_make")} onClick=${() => edit({ must_change: true, password: password(crypto.getRandomValues(new Uint8Array(64))) })}><${Icon} name="refresh" /></button>`} />
      </div>
      ${!fresh && was.has_second_factor && html`<p class="adds"><span class="lamp ok">${t("user_factor")}: ${t("user_factor_on")}</span>
        <button class="button quiet danger" type="button" disabled=${task.busy} onClick=${dropFactor}>${t("factor_drop")}</button>${task.fault && html`<span class="fault">${task.fault.message}</span>`}</p>`}
    <//>
    <${Sect} id="role" title=${t("user_role")}>
      <div class="options three" role="radiogroup" aria-labelledby="role-title">
        ${ROLES.map((one) => html`<label class="option" key=${one}><input type="radio" name="role" checked=${draft.role === one} onChange=${() => edit({ role: one })} /><b>${t(`role_${one}`)}</b><small>${t(`role_${one}_why`)}</small></label>`)}
      </div>
      ${fault?.at("/role") && html`<p class="fault">${fault.at("/role")}</p>`}
      <div class="turns">
        <${Switch} id="user-hears" label=${t("user_hears")} hint=${t("user_hears_why")} on=${draft.role === "admin" || draft.may_hear_recordings} off=${draft.role === "admin"} onTurn=${(/** @type {boolean} */ on) => edit({ may_hear_recordings: on })} />
        <${Switch} id="user-disabled" label=${t("user_disabled")} hint=${t("user_disabled_why")} on=${draft.disabled} fault=${fault?.at("/disabled")} onTurn=${(/** @type {boolean} */ on) => edit({ disabled: on })} />
      </div>
    <//>
  <//>`;
}

/** @param {any} props */
export function Tokens(props) {
  const { t, api, language, onRefused, tell } = props;
  const { rows, fault, load } = useList(props, "tokens");
  const [name, setName] = useState("");
  const [role, setRole] = useState("viewer");
  const [made, setMade] = useState(/** @type {any} */ (null));
  const [asking, setAsking] = useState(/** @type {any} */ (null));
  const task = useTask(t);
  const refused = (/** @type {unknown} */ error) => {
    onRefused(error);
    throw error;
  };
  const make = () =>
    task.run(async () => {
      const { value } = await api.write("POST", "tokens", { name: name.trim(), role }).catch(refused);
      setMade(value);
      setName("");
      load();
    });
  const revoke = (/** @type {any} */ token) =>
    task.run(async () => {
      setAsking(null);
      await api.write("DELETE", `tokens/${encodeURIComponent(token.id)}`).catch(refused);
      load();
    });
  const when = (/** @type {string | null | undefined} */ time) => (time ? `${dateInWords(date(time), language)}, ${hour(time)}` : t("token_never"));
  const copy = () => navigator.clipboard.writeText(made.secret).then(() => tell({ text: t("copied") }), () => {});
  return html`<header class="head item-head"><div><h1>${t("tokens")}</h1><p class="second">${t("tokens_why")}</p></div></header>
    ${made && html`<section class="card clash"><div class="in made"><p><b>${t("token_once")}</b></p>
      <div class="affix"><input class="input mono" readonly value=${made.secret} aria-label=${t("tokens")} /><button class="button" type="button" onClick=${copy}><${Icon} name="copy" />${t("copy")}</button></div>
      <button class="button quiet" type="button" onClick=${() => setMade(null)}>${t("token_done")}</button></div></section>`}
    <form class="card" novalidate onSubmit=${submit(make)}><div class="in made"><div class="cols">
      <${Field} id="token-name" label=${t("token_name")} span=${5} value=${name} onValue=${setName} placeholder=${t("token_name_example")} fault=${task.fault?.at("/name")} />
      <div class="field c4"><label for="token-role">${t("user_role")}</label><select class="input" id="token-role" value=${role} onChange=${(/** @type {Event} */ event) => setRole(/** @type {HTMLSelectElement} */ (event.target).value)}>
        ${ROLES.map((one) => html`<option key=${one} value=${one}>${t(`role_${one}`)}</option>`)}</select></div>
      <div class="c3 foot-button"><button class="button primary" disabled=${task.busy || !name.trim()}>${t("token_make")}</button></div>
    </div><div role="alert">${task.fault && !task.fault.at("/name") && html`<p class="fault">${task.fault.message}</p>`}</div></div></form>
    <section class="card" aria-label=${t("tokens")}>
      ${rows === null && html`<p class="empty">${fault ? fault.message : t("loading")}</p>`}
      ${rows?.length === 0 && html`<p class="empty">${t("tokens_none")}</p>`}
      ${rows && rows.length > 0 && html`<ul>${rows.map((row) => html`<li class="room" key=${row.id}><span class="who"><b>${row.name}</b>
        <small>${t(`role_${/** @type {"admin" | "viewer"} */ (row.role)}`)} · ${t("token_made_at")}: ${when(row.created_at)} · ${t("token_used")}: ${when(row.last_used_at)}</small></span>
        <button class="button quiet danger" type="button" aria-label=${t("token_remove", row)} disabled=${task.busy} onClick=${() => setAsking(row)}>${t("token_revoke")}</button></li>`)}</ul>`}
    </section>
    ${asking && html`<${Question} question=${t("token_question", asking)} why=${t("token_question_why")} yes=${t("token_revoke")} no=${t("token_keep")} onYes=${() => revoke(asking)} onNo=${() => setAsking(null)} />`}`;
}
