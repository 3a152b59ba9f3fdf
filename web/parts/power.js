// Restart, shutdown, and the way back to an empty box. Who talks is told before, and may be waited for.
import { html, useState } from "../lib/preact.js";
import { address } from "../routes.js";
import { Question } from "./dialog.js";
import { Field, submit } from "./form.js";
import { Icon } from "./icons.js";
import { Radios, useDeed, Wrong } from "./machine.js";

/** @typedef {"exchange" | "box" | "off"} What */

/** @type {Record<What, { title: import("../words.js").Key, why: import("../words.js").Key, ask: import("../words.js").Key, done: import("../words.js").Key, path: string, body: Record<string, string> }>} */
const DEEDS = {
  exchange: { title: "power_exchange", why: "power_exchange_why", ask: "power_exchange_ask", done: "power_exchange_done", path: "system/restart", body: { what: "exchange" } },
  box: { title: "power_box", why: "power_box_why", ask: "power_box_ask", done: "power_box_done", path: "system/restart", body: { what: "box" } },
  off: { title: "power_off", why: "power_off_why", ask: "power_off_ask", done: "power_off_done", path: "system/shutdown", body: {} },
};

/** @param {any} props */
export function Power(props) {
  const { t, api, box, machine, pending, load, tell } = props;
  const [asking, setAsking] = useState(/** @type {What | null} */ (null));
  const [when, setWhen] = useState("idle");
  const [begun, setBegun] = useState("");
  const { busy, fault, act } = useDeed(props);
  const calls = box.calls.length;
  /** @type {What[]} */
  const list = machine.image ? ["exchange", "box", "off"] : ["exchange"];
  const ask = (/** @type {What} */ what) => {
    setWhen(calls > 0 ? "idle" : "now");
    setAsking(what);
  };
  const go = (/** @type {What} */ what) => {
    setAsking(null);
    act(async () => {
      setBegun("");
      await api.write("POST", DEEDS[what].path, { ...DEEDS[what].body, when });
      if (when === "now" || calls === 0) setBegun(t(DEEDS[what].done));
      await load();
    });
  };
  const goOn = () => act(async () => (await api.write("DELETE", "system/restart"), setBegun(""), tell({ text: t("power_goes_on") }), await load()));
  const options = [{ key: "idle", text: t("when_idle"), why: t("when_idle_why") }, { key: "now", text: t("when_now"), why: calls > 0 ? t("when_now_why", { count: calls }) : t("when_now_none") }];
  return html`<section class="card" id="power" aria-labelledby="power-title"><header><h2 id="power-title">${t(machine.image ? "power" : "power_plain")}</h2></header>
    <div role="status">${pending && !begun && html`<p class="in"><span class="note live"><${Icon} name="clock" /><span>${t("power_waits")}</span><button class="button" type="button" disabled=${busy} onClick=${goOn}>${t("power_go_on")}</button></span></p>`}${begun && html`<p class="in"><span class="note live"><${Icon} name="clock" /><span>${begun}</span></span></p>`}</div>
    ${fault && html`<div class="in"><${Wrong} fault=${fault} /></div>`}
    <ul>${list.map((what) => html`<li class="room" key=${what}><span class="who wrapped"><b>${t(DEEDS[what].title)}</b><small>${t(DEEDS[what].why)}</small></span>
      <button class="button" type="button" disabled=${busy} aria-label=${`${t(what === "off" ? "power_off_act" : "power_act")}: ${t(DEEDS[what].title)}`} onClick=${() => ask(what)}>${t(what === "off" ? "power_off_act" : "power_act")}</button></li>`)}</ul>
    ${machine.image && html`<${Reset} ...${props} onBegun=${setBegun} />`}
    ${asking && html`<${Question} question=${t(DEEDS[asking].ask)} why=${t(DEEDS[asking].why)} yes=${t(asking === "off" ? "power_off_act" : "power_act")} no=${t("power_no")} onYes=${() => go(asking)} onNo=${() => setAsking(null)}>
      <${Radios} name="power-when" label=${t("when")} value=${when} onValue=${setWhen} options=${options} /><//>`}
  </section>`;
}

/** @param {any} props */
function Reset(props) {
  const { t, api, onBegun, session } = props;
  const [password, setPassword] = useState("");
  const { busy, fault, act, clear } = useDeed(props);
  const reset = () =>
    act(async () => {
      await api.write("POST", "system/reset", { password });
      setPassword("");
      onBegun(t("reset_done"));
    });
  const typed = (/** @type {string} */ text) => (clear(), setPassword(text));
  return html`<details class="reset"><summary>${t("reset")}</summary><form class="stack" novalidate onSubmit=${submit(() => password && reset())}>
    <p>${t("reset_lost")}</p><p class="second">${t("reset_kept")}</p>
    <p class="note"><${Icon} name="info" /><span>${t("reset_copy")}</span><a class="button" href=${address("backups")}>${t("backups_open")}</a></p>
    <input class="unseen" type="text" autocomplete="username" value=${session.login} readonly tabindex="-1" aria-hidden="true" />
    <${Field} id="reset-password" label=${t("reset_password")} value=${password} onValue=${typed} secret autocomplete="current-password" fault=${fault?.at("/password")} />
    <${Wrong} fault=${fault} at="/password" />
    <div class="adds"><button class="button danger strong" disabled=${busy || !password}>${t("reset_yes")}</button></div></form></details>`;
}
