// «Проверить»: what the box finds out about a city number, with the next step, and what to tell the carrier.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { useTask } from "./form.js";
import { Icon } from "./icons.js";
import { NEW } from "./item.js";

/** So often is asked how far it is. Milliseconds. */
const ASK_EVERY = 1_000;
/** How each state of a finding is lit. @type {Record<string, string>} */
const LAMPS = { ok: "ok", bad: "bad", unclear: "warn", skipped: "off", running: "ring" };

/**
 * @param {any} props
 * @returns {{ check: any, busy: boolean, fault: import("../api.js").Refused | null, begin: () => void, mend: () => void }}
 */
export function useDoctor({ t, api, tell, onRefused }, /** @type {string} */ name, /** @type {() => void} */ onMended) {
  const [check, setCheck] = useState(/** @type {any} */ (null));
  const { busy, fault, run } = useTask(t);
  const alive = useRef(true);
  const path = `trunks/${encodeURIComponent(name)}/check`;
  const task = (/** @type {() => Promise<void>} */ work) =>
    run(async () => {
      try {
        await work();
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  const follow = async (/** @type {any} */ first) => {
    for (let now = first; ; now = await api.get(path, { background: true })) {
      if (!alive.current) return;
      setCheck(now);
      if (!now.running) return;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
    }
  };
  useEffect(() => {
    alive.current = true;
    if (name === NEW) return;
    // One that was begun elsewhere goes on; none is no trouble.
    api.get(path, { background: true }).then((/** @type {any} */ now) => now.running && task(() => follow(now)), () => {});
    return () => {
      alive.current = false;
    };
  }, [path]);
  const begin = () => task(async () => follow((await api.write("POST", path)).value));
  const mend = () =>
    task(async () => {
      const { value, etag } = await api.read(`trunks/${encodeURIComponent(name)}`);
      const { state, ...trunk } = value;
      const answer = await api.write("PUT", `trunks/${encodeURIComponent(name)}`, { ...trunk, [check.fix.field]: check.fix.value }, etag);
      const back = answer.version ? { act: () => api.write("POST", `versions/${answer.version}/revert`, { scope: "this" }).then(onMended) } : {};
      tell({ text: t("doctor_fixed"), ...back });
      setCheck(null);
      onMended();
    });
  return { check, busy, fault, begin, mend };
}

/** @param {any} props */
export function Doctor({ t, tell, check, busy, fault, begin, mend }) {
  if (!check && !busy && !fault) return null;
  const copy = () => navigator.clipboard.writeText(check.letter).then(() => tell({ text: t("copied") }), () => {});
  const form = (/** @type {"e164" | "plus" | "national"} */ word) => t(`format_${word}`);
  const state = (/** @type {any} */ one) => t(/** @type {"doctor_ok"} */ (`doctor_${one.state}`));
  const said = (/** @type {any} */ one) => (one.text ? html`${one.text}${one.state !== "running" && html`<span class="unseen"> (${state(one)})</span>`}` : state(one));
  return html`<section class="card doctor" aria-labelledby="doctor-title">
    <header><h2 id="doctor-title">${t("doctor_title")}</h2>${check && !check.running && html`<button class="button quiet" type="button" disabled=${busy} onClick=${begin}><${Icon} name="refresh" />${t("doctor_again")}</button>`}</header>
    <div role="status" class="in">
      ${fault && html`<p class="fault">${fault.message}</p>`}
      ${(!check || check.running) && !fault && html`<p class="second">${t("doctor_running")} ${t("doctor_why")}</p>`}
      ${check && !check.running && html`<p><b>${check.text}</b></p>${check.next && html`<p>${check.next}</p>`}
        ${check.fix && html`<p><button class="button primary" type="button" disabled=${busy} onClick=${mend}>${t("doctor_fix")}</button></p>`}`}
      ${check && html`<ul class="findings">${check.findings.map((/** @type {any} */ one) => html`<li><span class=${`lamp ${LAMPS[one.state] ?? "off"}`}><span><b>${t(/** @type {"doctor_name"} */ (`doctor_${one.what}`))}</b> ${said(one)}</span></span></li>`)}</ul>`}
    </div>
    ${check?.letter && html`<div class="in letter"><details><summary>${t("doctor_letter")}</summary><pre>${check.letter}</pre><button class="button" type="button" onClick=${copy}><${Icon} name="copy" />${t("copy")}</button></details></div>`}
    ${check?.trials.some((/** @type {any} */ trial) => trial.call) && html`<div class="in letter"><details><summary>${t("doctor_trials")}</summary><ul>${check.trials.map((/** @type {any} */ trial, /** @type {number} */ nth) => html`<li>${trial.call
      ? html`<a href=${`#/calls/${trial.call}`}>${t("doctor_trial", { nth: nth + 1, form: form(trial.number_format) })}</a>` : t("doctor_trial", { nth: nth + 1, form: form(trial.number_format) })}</li>`)}</ul></details></div>`}
  </section>`;
}
