// «Мой вход»: one's own password, second factor, and where one is signed in.
import { date, dateInWords, hour } from "../format.js";
import { html, useState } from "../lib/preact.js";
import { Field, Sect, submit, useTask } from "../parts/form.js";
import { useList } from "../parts/list.js";
import { Code } from "../parts/setup_code.js";

/** @param {any} props */
export function Me(props) {
  const { t, session } = props;
  const elsewhere = session.origin === "openid" || session.origin === "ldap" ? session.origin : "";
  return html`<header class="head item-head"><div><h1>${t("me")}</h1><p class="second">${session.login}${elsewhere && ` (${t(`origin_${elsewhere}`)})`}, ${t(`role_${/** @type {"admin" | "viewer"} */ (session.role)}`).toLowerCase()}</p></div></header>
    <div class="item">${elsewhere ? html`<p class="note">${t("sso_elsewhere")}</p>` : html`<${Password} ...${props} /><${Factor} ...${props} />`}<${Sessions} ...${props} /></div>`;
}

/** @param {any} props */
function Password({ t, api, session, tell }) {
  const [current, setCurrent] = useState("");
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const { busy, fault, run } = useTask(t);
  const differ = second !== "" && first !== second;
  const send = () =>
    run(async () => {
      await api.changePassword(current, first);
      [setCurrent, setFirst, setSecond].forEach((set) => set(""));
      tell({ text: t("me_password_done") });
    });
  return html`<${Sect} id="password-part" title=${t("me_password")} help=${html`<p>${t("me_password_why")}</p><p>${t("new_password_rule")}</p>`}>
    <form novalidate class="form" onSubmit=${submit(() => !differ && send())}>
      <input class="unseen" type="text" autocomplete="username" value=${session.login} readonly tabindex="-1" aria-hidden="true" />
      <div class="cols">
        <${Field} id="me-current" label=${t("current_password")} span=${4} secret autocomplete="current-password" value=${current} onValue=${setCurrent} fault=${fault?.at("/current")} />
        <${Field} id="me-new" label=${t("new_password")} span=${4} secret autocomplete="new-password" value=${first} onValue=${setFirst} fault=${fault?.at("/new")} />
        <${Field} id="me-again" label=${t("new_password_twice")} span=${4} secret autocomplete="new-password" value=${second} onValue=${setSecond} fault=${differ ? t("passwords_differ") : ""} />
      </div>
      <div role="alert">${fault && !fault.problem?.errors?.length && html`<p class="fault">${fault.message}</p>`}</div>
      <div><button class="button primary" disabled=${busy || !current || !first || first !== second}>${t(busy ? "saving" : "change")}</button></div>
    </form>
  <//>`;
}

/** @param {any} props */
function Factor({ t, api, session, onRefused }) {
  const [on, setOn] = useState(session.has_second_factor ?? false);
  const [step, setStep] = useState(/** @type {"" | "password" | "scan" | "recovery"} */ (""));
  const [password, setPassword] = useState("");
  const [fresh, setFresh] = useState(/** @type {{ secret: string, uri: string } | null} */ (null));
  const [code, setCode] = useState("");
  const [codes, setCodes] = useState(/** @type {string[]} */ ([]));
  const { busy, fault, run } = useTask(t);
  const task = (/** @type {() => Promise<void>} */ work) =>
    run(async () => {
      try {
        await work();
      } catch (error) {
        // A wrong password is told here, and is no end of the session.
        if (step !== "password") onRefused(error);
        throw error;
      }
    });
  const begin = () =>
    task(async () => {
      const { value } = await api.write("POST", "session/second-factor", { password });
      setFresh(value);
      setPassword("");
      setStep("scan");
    });
  const confirm = () =>
    task(async () => {
      const { value } = await api.write("PUT", "session/second-factor", { code: code.replaceAll(/\s/g, "") });
      setCodes(value.recovery_codes);
      setCode("");
      setOn(true);
      setStep("recovery");
    });
  const end = () =>
    task(async () => {
      await api.write("DELETE", "session/second-factor");
      setOn(false);
    });
  const state = html`<span class=${on ? "lamp ok" : "lamp off"}>${t(on ? "factor_is_on" : "factor_is_off")}</span>`;
  const wrong = html`<div role="alert">${fault && !fault.problem?.errors?.length && html`<p class="fault">${fault.message}</p>`}</div>`;
  return html`<${Sect} id="factor" title=${t("factor")} head=${state} help=${html`<p>${t("factor_why")}</p>`}>
    ${step === "" && html`<div>${on
      ? html`<button class="button danger" type="button" disabled=${busy} onClick=${end}>${t("factor_end")}</button>`
      : html`<button class="button" type="button" onClick=${() => setStep("password")}>${t("factor_begin")}</button>`}</div>${wrong}`}
    ${step === "password" && html`<form class="form" novalidate onSubmit=${submit(begin)}><div class="cols"><${Field} id="factor-password" label=${t("current_password")} span=${5} secret first autocomplete="current-password" value=${password} onValue=${setPassword} fault=${fault?.at("/password")} /></div>
      ${wrong}<div class="adds"><button class="button primary" disabled=${busy || !password}>${t("factor_begin")}</button><button class="button quiet" type="button" onClick=${() => setStep("")}>${t("cancel")}</button></div></form>`}
    ${step === "scan" && fresh && html`<form class="form" novalidate onSubmit=${submit(confirm)}><p>${t("factor_scan")}</p><${Code} label=${t("setup_qr")} text=${fresh.uri} /><p class="mono">${fresh.secret}</p>
      <div class="cols"><${Field} id="factor-code" label=${t("factor_code")} span=${5} digits mono autocomplete="one-time-code" value=${code} onValue=${setCode} fault=${fault?.at("/code")} /></div>
      ${wrong}<div class="adds"><button class="button primary" disabled=${busy || !code}>${t("factor_confirm")}</button><button class="button quiet" type="button" onClick=${() => setStep("")}>${t("cancel")}</button></div></form>`}
    ${step === "recovery" && html`<div class="note warn"><div class="form"><p>${t("factor_recovery")}</p><ul class="recovery">${codes.map((one) => html`<li>${one}</li>`)}</ul>
      <div><button class="button primary" type="button" onClick=${() => (setStep(""), setCodes([]))}>${t("factor_kept")}</button></div></div></div>`}
  <//>`;
}

/** @param {any} props */
function Sessions(props) {
  const { t, api, language, onRefused } = props;
  const { rows, fault, load } = useList(props, "sessions");
  const { busy, run } = useTask(t);
  const end = (/** @type {any} */ row) =>
    run(async () => {
      await api.write("DELETE", `sessions/${encodeURIComponent(row.id)}`).catch((/** @type {unknown} */ error) => {
        onRefused(error);
        throw error;
      });
      load();
    });
  const when = (/** @type {string} */ time) => `${language === "ru" ? dateInWords(date(time), language).toLowerCase() : dateInWords(date(time), language)}, ${hour(time)}`;
  return html`<section class="card" aria-labelledby="sessions-title"><header><h2 id="sessions-title">${t("sessions")}</h2></header>
    ${rows === null && html`<p class="empty">${fault ? fault.message : t("loading")}</p>`}
    <ul>${(rows ?? []).map((row) => html`<li class="room" key=${row.id}><span class="who"><b>${row.login}${row.origin !== "local" && ` (${t(`origin_${/** @type {"openid" | "ldap"} */ (row.origin)}`)})`}</b>
      <small>${row.address} · ${browser(row.user_agent)} · ${row.current ? t("session_here") : t("session_seen", { when: when(row.last_seen) })}</small></span>
      ${!row.current && html`<button class="button quiet" type="button" disabled=${busy} aria-label=${t("session_end_of", { who: row.login, from: row.address })} onClick=${() => end(row)}>${t("session_end")}</button>`}</li>`)}</ul>
  </section>`;
}

/**
 * The browser and system in a long word.
 * @param {string} agent
 */
function browser(agent) {
  const name = [["Edg/", "Edge"], ["YaBrowser", "Yandex"], ["OPR/", "Opera"], ["Firefox/", "Firefox"], ["Chrome/", "Chrome"], ["Safari/", "Safari"]].find(([sign = ""]) => agent.includes(sign))?.[1];
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"].find((sign) => agent.includes(sign));
  return [name, system].filter(Boolean).join(", ") || agent.slice(0, 60);
}
