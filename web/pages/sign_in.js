// Sign-in, and the change of a one-time password that must follow it.
import { html, useEffect, useState } from "../lib/preact.js";
import { Field, submit, useTask } from "../parts/form.js";
import { Mark } from "../parts/icons.js";
import { Languages, Theme } from "../parts/shell.js";

/**
 * @typedef {{ t: import("../words.js").Say, api: import("../api.js").Api, language: "ru" | "en",
 *   onLanguage: (language: "ru" | "en") => void, dark: boolean, onTheme: () => void,
 *   session: import("../api.js").Session | null, notice: string,
 *   onSession: (session: import("../api.js").Session) => void }} Props
 */

/** Where the address is kept that somebody wanted while he signs in elsewhere. */
export const WANTED = "wanted";

/** @param {Props} props */
export function SignIn(props) {
  // The one-time password is needed once more for its own change; it goes no further than this screen.
  const [password, setPassword] = useState("");
  const mustChange = props.session?.must_change_password ?? false;
  return html`<main class="gate">
    <div class="gate-card card">
      <div class="brand"><${Mark} /><span><b>${props.t("brand")}</b></span></div>
      ${mustChange
        ? html`<${NewPassword} ...${props} known=${password} />`
        : html`<${Enter} ...${props} onPassword=${setPassword} />`}
    </div>
    <div class="tools"><${Languages} ...${props} /><${Theme} ...${props} /></div>
  </main>`;
}

/** @param {Props & { onPassword: (password: string) => void }} props */
function Enter({ t, api, notice, onSession, onPassword }) {
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [coded, setCoded] = useState(false);
  const [openid, setOpenid] = useState(/** @type {{ name: string, href: string } | null} */ (null));
  const { busy, fault, run } = useTask(t);
  useEffect(() => {
    // Without an answer there is the form still.
    api.methods().then((methods) => setOpenid(methods.openid), () => {});
  }, []);
  const kind = fault?.problem?.type ?? "";
  const send = () =>
    run(async () => {
      const session = await api.signIn(login.trim(), password, coded ? code.trim() : "");
      onPassword(password);
      onSession(session);
    });
  useEffect(() => {
    const needed = kind.endsWith(":code_needed");
    if (needed) setCoded(true);
    const field = document.getElementById(needed || kind.endsWith(":wrong_code") ? "code" : "password");
    if (fault && field instanceof HTMLInputElement) field.select();
  }, [fault]);
  return html`<form class="form" onSubmit=${submit(send)}>
    <h1>${t("sign_in")}</h1>
    ${notice && html`<p class="note">${notice}</p>`}
    <${Field} id="login" label=${t("login")} value=${login} onValue=${setLogin} autocomplete="username" first />
    <${Field} id="password" label=${t("password")} value=${password} onValue=${setPassword} autocomplete="current-password" secret />
    ${coded && html`<${Field} id="code" label=${t("code_second")} hint=${t("code_second_why")} value=${code} onValue=${setCode} autocomplete="one-time-code" mono first />`}
    <div role="alert">${fault && !kind.endsWith(":code_needed") && html`<p class="fault">${fault.message}</p>`}</div>
    <button class="button primary wide" disabled=${busy}>${t(busy ? "entering" : "enter")}</button>
    ${openid && html`<a class="button wide" href=${openid.href} onClick=${() => sessionStorage.setItem(WANTED, location.hash)}>${t("sso_with", { name: openid.name || "OpenID" })}</a>`}
  </form>`;
}

/** @param {Props & { known: string }} props */
function NewPassword({ t, api, session, known, onSession }) {
  const [current, setCurrent] = useState(known);
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const { busy, fault, run } = useTask(t);
  const differ = second !== "" && first !== second;
  const send = () =>
    run(async () => {
      await api.changePassword(current, first);
      onSession(await api.session());
    });
  const general = fault && !fault.at("/current") && !fault.at("/new") ? fault.message : "";
  return html`<form class="form" onSubmit=${submit(() => first === second && send())}>
    <h1>${t("new_password")}</h1>
    <p class="second">${t("new_password_why")}</p>
    <input class="unseen" type="text" autocomplete="username" value=${session?.login} readonly tabindex="-1" aria-hidden="true" />
    ${(!known || fault?.at("/current")) &&
    html`<${Field} id="current" label=${t("current_password")} value=${current} onValue=${setCurrent} autocomplete="current-password" secret fault=${fault?.at("/current")} />`}
    <${Field} id="new" label=${t("password")} hint=${t("new_password_rule")} value=${first} onValue=${setFirst} autocomplete="new-password" secret first fault=${fault?.at("/new")} />
    <${Field} id="again" label=${t("new_password_twice")} value=${second} onValue=${setSecond} autocomplete="new-password" secret fault=${differ ? t("passwords_differ") : ""} />
    <div role="alert">${general && html`<p class="fault">${general}</p>`}</div>
    <button class="button primary wide" disabled=${busy}>${t(busy ? "entering" : "save_password")}</button>
  </form>`;
}
