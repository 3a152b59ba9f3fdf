// «Запись трафика»: what goes over the wire is written to a file for whoever looks for a fault; without anybody's password.
import { span } from "../format.js";
import { html, useState } from "../lib/preact.js";
import { size } from "../machine.js";
import { Field, Sect, Select, submit } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { Head } from "../parts/item.js";
import { Radios, useDeed, useWatched, Wrong } from "../parts/machine.js";
import { moment } from "../parts/moment.js";
import { useStyle } from "../parts/style.js";
import { SECTIONS } from "../routes.js";

/** @typedef {{ id: string, at: string, bytes: number, state: "running" | "done" | "failed", error: string | null, what: string, address: string | null, seconds?: number }} Recorded */

/** How long. Seconds. */
const SPANS = [60, 300, 900, 3_600];
/** While one runs it is looked at so often, else seldom. Milliseconds. */
const RUNNING = 1_500;
const SELDOM = 15_000;
const OTHER = "other";

/** @param {any} props */
export function Capture(props) {
  const { t } = props;
  const styled = useStyle("system");
  const { read, said, load } = useWatched(props, "captures", { every: (list) => (/** @type {any} */ (list)?.items?.some((/** @type {Recorded} */ { state }) => state === "running") ? RUNNING : SELDOM) });
  const items = /** @type {Recorded[] | null} */ (/** @type {any} */ (read)?.items ?? null);
  if (!styled) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  return html`<${Head} t=${t} section=${SECTIONS.find(({ at }) => at === "system")} title=${t("capture")} second=${t("capture_why")} />
    <div class="item"><${Begin} ...${props} running=${items?.some(({ state }) => state === "running") ?? false} onBegun=${load} />
      <${Files} ...${props} items=${items} said=${said} load=${load} /></div>`;
}

/** Where telephones are, by the addresses from which they registered. @param {import("../store.js").Box} box */
function places({ extensions }) {
  return extensions.flatMap(({ number, employee, devices }) =>
    devices.flatMap((device) => (device.kind === "sip" ? device.registration.contacts.map(({ address }) => ({ key: address.replace(/:\d+$/, ""), text: `${number} ${employee}, ${address.replace(/:\d+$/, "")}` })) : [])),
  ).filter(({ key }, nth, all) => all.findIndex((one) => one.key === key) === nth);
}

/** @param {any} props */
function Begin(props) {
  const { t, api, box, running, onBegun } = props;
  const [what, setWhat] = useState("signalling");
  const [seconds, setSeconds] = useState(SPANS[1] ?? 300);
  const [whose, setWhose] = useState("");
  const [typed, setTyped] = useState("");
  const { busy, fault, act, clear } = useDeed(props);
  const address = whose === OTHER ? typed.trim() : whose;
  const begin = () =>
    act(async () => {
      await api.write("POST", "captures", { seconds, what, ...(address && { address }) });
      await onBegun();
    });
  const whoses = [{ key: "", text: t("capture_all") }, ...places(box), { key: OTHER, text: t("capture_other") }];
  return html`<${Sect} id="capture-new" title=${t("capture_new")} help=${html`<p>${t("capture_help")}</p><p>${t("capture_law")}</p>`}>
    <form class="form" novalidate onSubmit=${submit(begin)}>
      <${Radios} name="capture-what" look="two" label=${t("capture_what")} value=${what} onValue=${setWhat} options=${[{ key: "signalling", text: t("capture_signalling"), why: t("capture_signalling_why") }, { key: "all", text: t("capture_sound"), why: t("capture_sound_why") }]} />
      <div class="cols"><${Select} id="capture-seconds" label=${t("capture_seconds")} hint=${t("capture_seconds_why")} span=${4} value=${String(seconds)} fault=${fault?.at("/seconds")} onValue=${(/** @type {string} */ value) => setSeconds(Number(value))} options=${SPANS.map((one) => ({ key: String(one), text: t("minutes", { count: one / 60 }) }))} />
        <${Select} id="capture-whose" label=${t("capture_whose")} span=${8} value=${whose} fault=${whose === OTHER ? "" : fault?.at("/address")} onValue=${(/** @type {string} */ value) => (clear(), setWhose(value))} options=${whoses} />
        ${whose === OTHER && html`<${Field} id="capture-address" label=${t("capture_address")} span=${8} mono placeholder="192.168.1.41" value=${typed} fault=${fault?.at("/address")} onValue=${(/** @type {string} */ value) => (clear(), setTyped(value))} />`}</div>
      <${Wrong} fault=${fault} at="/address" />
      <div class="adds"><button class="button primary" disabled=${busy || (whose === OTHER && !address)}><${Icon} name="record" />${t(busy ? "saving" : "capture_begin")}</button>${running && html`<span class="hint">${t("capture_then")}</span>`}</div>
    </form><//>`;
}

/** @param {any} props */
function Files(props) {
  const { t, api, box, now, language, items, said, load } = props;
  const { busy, fault, act } = useDeed(props);
  const stop = (/** @type {Recorded} */ { id }) => act(async () => (await api.write("POST", `captures/${encodeURIComponent(id)}/stop`), await load()));
  const end = (/** @type {Recorded} */ { id }) => act(async () => (await api.write("DELETE", `captures/${encodeURIComponent(id)}`), await load()));
  const about = (/** @type {Recorded} */ one) => [t(one.what === "all" ? "capture_sound" : "capture_signalling"), one.address || t("capture_all")].join(" · ");
  const left = (/** @type {Recorded} */ one) => Math.max(0, (one.seconds ?? 0) - (now + box.skew - Date.parse(one.at)) / 1000);
  const how = (/** @type {Recorded} */ one) => {
    const bytes = size(one.bytes, language);
    if (one.state === "failed") return html`<span class="lamp bad">${one.error || t("capture_failed")}</span>`;
    return html`<span class=${one.state === "running" ? "lamp ring" : "lamp ok"}>${one.state === "running" ? t("capture_runs", { left: span(left(one) * 1000) }) : t("capture_done")}, ${t(bytes.word, bytes.values)}</span>`;
  };
  return html`<section class="card" aria-labelledby="captures-title"><header><h2 id="captures-title">${t("captures")}</h2></header>
    ${fault && html`<div class="in"><${Wrong} fault=${fault} /></div>`}
    ${items === null && html`<p class="empty" aria-busy=${String(!said)}>${said || t("loading")}</p>`}
    ${items?.length === 0 && html`<p class="empty">${t("captures_none")}</p>`}
    <ul aria-live="polite">${(items ?? []).map((/** @type {Recorded} */ one) => html`<li class="room wraps" key=${one.id}><span class="who wrapped"><b>${moment(one.at, box, now, t)}</b><small>${about(one)}</small></span>${how(one)}
      <span class="adds">${one.state === "running" && html`<button class="button" type="button" disabled=${busy} onClick=${() => stop(one)}>${t("capture_stop")}</button>`}${one.state !== "running" && one.bytes > 0 && html`<a class="button" href=${`/api/v1/captures/${encodeURIComponent(one.id)}/file`} download=${`dozvon-${one.at.slice(0, 10)}.pcap`}><${Icon} name="download" />${t("take")}</a>`}
        ${one.state !== "running" && html`<button class="button quiet" type="button" disabled=${busy} onClick=${() => end(one)}>${t("delete")}</button>`}</span></li>`)}</ul></section>`;
}
