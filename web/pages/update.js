// «Обновление»: a signed file in, when it begins, and the story of it, also over the restart in its midst.
import { html, useEffect, useState } from "../lib/preact.js";
import { size } from "../machine.js";
import { Field, submit } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { Head } from "../parts/item.js";
import { Bring, Radios, Sending, useDeed, useWatched, Unread, Wrong } from "../parts/machine.js";
import { useStyle } from "../parts/style.js";
import { SECTIONS } from "../routes.js";
import { isTime, isUpdate, moves, startsAt, story } from "../update.js";
import { OnlyImage } from "./network.js";

/** @typedef {import("../update.js").Update} Update */

/** It is asked so often while something goes on, else seldom. Milliseconds. */
const MOVING = 1_500;
const SELDOM = 30_000;

/** @param {any} props */
export function Updates(props) {
  const { t, box } = props;
  const styled = useStyle("system");
  if (!styled) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  return box.system?.machine?.image ? html`<${Update} ...${props} />` : html`<${OnlyImage} t=${t} title=${t("update")} />`;
}

/** @param {any} props */
function Update(props) {
  const { t, box } = props;
  const [begun, setBegun] = useState(false);
  const { read, said, fault, load } = useWatched(props, "system/update", { every: (one) => (begun || (one && moves(/** @type {any} */ (one))) ? MOVING : SELDOM) });
  const update = /** @type {Update | null} */ (read);
  const machine = box.system.machine;
  const lost = fault !== null && (fault.status === 0 || fault.status >= 500);
  useEffect(() => {
    if (update && begun && !moves(update) && update.state !== "ready") setBegun(false);
  }, [update]);
  const head = html`<${Head} t=${t} section=${SECTIONS.find(({ at }) => at === "system")} title=${t("update")} second=${html`${t("update_runs", { version: machine.release || box.system.version })}${machine.other_release && ` ${t("update_other", { version: machine.other_release })}`}`} />`;
  if (!update) return html`${head}<${Unread} t=${t} said=${said} load=${load} />`;
  const frame = { ...props, update, lost, load };
  const idle = ["none", "kept", "returned"].includes(update.state);
  return html`${head}<div class="item">
    ${update.state === "returned" && html`<${Returned} ...${frame} />`}
    ${update.state === "kept" && html`<p class="note ok" role="status"><${Icon} name="check" /><span>${t("update_done", { version: update.version || machine.release })}</span></p>`}
    ${update.state === "ready" && html`<${Ready} ...${frame} onBegun=${() => setBegun(true)} />`}
    ${update.state !== "none" && update.state !== "ready" && html`<${Story} ...${frame} />`}
    ${idle && html`<${Choose} ...${frame} sticks=${machine.sticks ?? []} />`}
  </div>`;
}

/** @param {any} props */
function Returned({ t, update, box }) {
  return html`<section class="card returned" role="alert" aria-labelledby="returned-title"><header><${Icon} name="undo" /><h2 id="returned-title">${t("update_returned", { version: box.system.machine.release || box.system.version })}</h2></header>
    <div class="in stack">${update.reason && html`<p><b>${update.reason}</b></p>`}<p class="second">${t("update_returned_safe")}</p><p class="second">${t("update_returned_do")} <a href="#/system">${t("bundle")}</a></p></div></section>`;
}

/** @param {any} props */
function Choose(props) {
  const { t, api, sticks, language, load } = props;
  const { busy, fault, act } = useDeed(props);
  const [sent, setSent] = useState(/** @type {number | null} */ (null));
  const [wrong, setWrong] = useState("");
  // Refused, and whoever brought it may mean it all the same: an older version.
  const [again, setAgain] = useState(/** @type {{ take: () => void } | null} */ (null));
  const judged = async (/** @type {() => Promise<unknown>} */ deed, /** @type {(() => void) | null} */ older) => {
    setAgain(null);
    if (!(await act(deed))) setAgain(older && { take: older });
  };
  const bring = (/** @type {File} */ file, older = false) => {
    setWrong(isUpdate(file.name) ? "" : t("update_not_one", { name: file.name }));
    if (!isUpdate(file.name)) return;
    judged(async () => {
      try {
        setSent(0);
        await api.upload(`system/update${older ? "?downgrade=true" : ""}`, file, (/** @type {number} */ part) => setSent(Math.round(part * 100)));
        await load();
      } finally {
        setSent(null);
      }
    }, older ? null : () => bring(file, true));
  };
  const stick = (/** @type {string} */ id, /** @type {string} */ file, older = false) =>
    judged(async () => (await api.write("POST", "system/update/from-stick", { stick: id, file, ...(older && { downgrade: true }) }), await load()), older ? null : () => stick(id, file, true));
  const onSticks = sticks.flatMap((/** @type {import("../machine.js").Stick} */ one) => one.updates.map((file) => ({ one, file })));
  return html`<section class="card" aria-labelledby="choose-title"><header><h2 id="choose-title">${t("update_choose")}</h2></header>
    <div class="in stack"><p class="second">${t("update_choose_why")}</p>
      <${Bring} t=${t} id="update-file" label=${t("update_file")} rule=${t("update_file_rule")} accept=".update" busy=${busy} onFile=${(/** @type {File} */ file) => bring(file)} />
      ${sent !== null && html`<${Sending} text=${sent < 100 ? t("update_sending", { percent: sent }) : t("update_checking")} percent=${sent} />`}
      ${wrong && html`<p class="note bad" role="alert"><${Icon} name="alert" /><span>${wrong}</span></p>`}<${Wrong} fault=${fault} />
      ${fault?.status === 422 && again && html`<p class="adds"><span class="hint">${t("update_older_why")}</span><button class="button" type="button" disabled=${busy} onClick=${again.take}>${t("update_older")}</button></p>`}</div>
    ${onSticks.length > 0 && html`<ul>${onSticks.map((/** @type {{ one: import("../machine.js").Stick, file: string }} */ { one, file }) => {
      const whole = size(one.size, language);
      return html`<li class="room" key=${`${one.id} ${file}`}><span class="who wrapped"><b>${file.replace(/^.*\//, "")}</b><small>${t("update_on_stick", { stick: `${one.label || one.id}, ${t(whole.word, whole.values)}` })}</small></span><button class="button" type="button" disabled=${busy} onClick=${() => stick(one.id, file)}>${t("update_take")}</button></li>`;
    })}</ul>`}
    <p class="card-foot start-foot hint">${onSticks.length > 0 ? t("update_safe") : t("update_stick_why")}</p></section>`;
}

/** @param {any} props */
function Ready(props) {
  const { t, api, box, update, load, onBegun, lost } = props;
  const calls = box.calls.length;
  const [when, setWhen] = useState(calls > 0 ? "idle" : "now");
  const [time, setTime] = useState("03:00");
  const { busy, fault, act, clear } = useDeed(props);
  const start = () =>
    act(async () => {
      await api.write("POST", "system/update/start", { when: when === "at" ? time : when });
      onBegun();
      await load();
    });
  const forget = () => act(async () => (await api.write("DELETE", "system/update"), await load()));
  const options = [
    { key: "now", text: t("when_now"), why: calls > 0 ? t("when_now_why", { count: calls }) : t("when_now_none") },
    { key: "idle", text: t("when_idle"), why: t("when_idle_why") },
    { key: "at", text: t("when_at"), why: t("when_at_why") },
  ];
  return html`<form class="card" aria-labelledby="ready-title" novalidate onSubmit=${submit(start)}><header><h2 id="ready-title">${t("update_ready", { version: update.version ?? "" })}</h2><span class="hint"><span class="lamp ok">${t("upd_checked")}</span></span></header>
    <div class="in stack">${update.reason && html`<p class="note bad" role="alert"><${Icon} name="alert" /><span>${t("update_not_begun")} ${update.reason}</span></p>`}
      ${update.notes && html`<div class="news"><h3>${t("update_news")}</h3>${update.notes.split("\n").filter(Boolean).map((/** @type {string} */ line) => html`<p key=${line}>${line}</p>`)}</div>`}
      <h3>${t("when")}</h3><${Radios} name="update-when" label=${t("when")} value=${when} onValue=${(/** @type {string} */ value) => (clear(), setWhen(value))} options=${options} />
      ${when === "at" && html`<div class="cols"><${Field} id="update-time" label=${t("update_time")} type="time" span=${3} value=${time} fault=${isTime(time) ? fault?.at("/when") : t("update_time_rule")} onValue=${setTime} /></div>`}
      <p class="second">${t("update_minutes")}</p><${Wrong} fault=${fault} at=${when === "at" ? "/when" : ""} /></div>
    <footer class="card-foot save"><button class="button" type="button" disabled=${busy} onClick=${forget}>${t("update_forget")}</button>
      <button class="button primary" disabled=${busy || lost || (when === "at" && !isTime(time))}>${t("update_start")}</button></footer></form>`;
}

/** @param {any} props */
function Story(props) {
  const { t, api, update, lost, load } = props;
  const { busy, fault, act } = useDeed(props);
  const forget = () => act(async () => (await api.write("DELETE", "system/update"), await load()));
  const steps = story(update, { lost, time: startsAt(update.starts_at) });
  return html`<section class="card" aria-labelledby="story-title"><header><h2 id="story-title">${update.version ? t("update_to", { version: update.version }) : t("update")}</h2>${lost && html`<span class="hint"><span class="lamp ring">${t("lost_short")}</span></span>`}</header>
    <ol class="todo" aria-live="polite">${steps.map(({ key, is, word, values, why, whyValues, percent }, nth) => html`<li key=${key} class=${is} aria-current=${is === "now" ? "step" : null}>
      <span class="tick">${is === "done" ? html`<${Icon} name="check" />` : is === "bad" ? html`<${Icon} name="close" />` : is === "now" ? html`<span class="turning"></span>` : nth + 1}</span>
      <span class="what">${is === "now" || is === "bad" ? html`<b>${t(word, values)}</b>` : t(word, values)}${why && html`<small>${t(why, whyValues)}</small>`}${percent !== undefined && html`<progress max="100" value=${percent} aria-label=${t(word, values)}></progress>`}</span></li>`)}</ol>
    ${fault && html`<div class="in"><${Wrong} fault=${fault} /></div>`}
    ${update.state === "waiting" && html`<footer class="card-foot save"><button class="button" type="button" disabled=${busy} onClick=${forget}>${t("update_forget")}</button></footer>`}
    ${(update.state === "writing" || update.state === "trial") && html`<p class="card-foot start-foot hint">${t(update.state === "trial" ? "update_trial_why" : "update_power")}</p>`}</section>`;
}
