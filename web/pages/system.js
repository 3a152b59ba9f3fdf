// «Система»: whether the box is well, how much of it is left, what can be set, what support asks for, and its power.
import { hour, later } from "../format.js";
import { html } from "../lib/preact.js";
import { addresses, clock, isThere, lasting, memory, room, size, temperature, troubles, wear } from "../machine.js";
import { Icon } from "../parts/icons.js";
import { give, useDeed, useWatched, Unread, Wrong } from "../parts/machine.js";
import { Power } from "../parts/power.js";
import { useStyle } from "../parts/style.js";
import { SECTIONS, address } from "../routes.js";

/** @typedef {import("../machine.js").Machine} Machine */

/** @param {any} props */
export function System(props) {
  const { t } = props;
  const styled = useStyle("system");
  const { read, said, load } = useWatched(props, "system");
  if (!styled || !read) return html`<header class="head"><h1>${t("system")}</h1></header><${Unread} t=${t} said=${said} load=${load} />`;
  const system = /** @type {any} */ (read);
  const machine = /** @type {Machine} */ (system.machine ?? { image: false });
  const wrong = troubles(machine);
  const inside = SECTIONS.filter((section) => section.inside === "system" && isThere(section, system));
  return html`<header class="head item-head"><div><h1><span class="verdict-word">${t("system")}.</span> ${t(wrong.length === 0 ? "box_well" : "box_look")}</h1>
      <p class="second">${t("box_runs", { version: system.version })}</p></div></header>
    ${wrong.length > 0 && html`<ul class="troubles">${wrong.map(({ level, word, values, href, act }) => html`<li key=${word} class=${`note ${level}`}><${Icon} name="alert" /><span>${t(word, values)}</span>
      ${href && act && SECTIONS.some((section) => href === address(section.at)) && html`<a class="button" href=${href}>${t(act)}</a>`}</li>`)}</ul>`}
    ${machine.on_trial && html`<p class="note live"><${Icon} name="refresh" /><span>${t("update_trial")}</span><a class="button" href=${address("update")}>${t("update_open")}</a></p>`}
    <section class="card" aria-labelledby="gauges-title"><h2 class="unseen" id="gauges-title">${t("box_state")}</h2><${Gauges} ...${props} system=${system} machine=${machine} /></section>
    ${!machine.image && html`<p class="note"><${Icon} name="info" /><span>${t("box_plain")}</span></p>`}
    <ul class="tiles">${inside.map(({ at, icon, name, why }) => html`<li key=${at}><a class="tile" href=${address(at)}><${Icon} name=${icon} /><span><b>${t(name)}</b>${why && html`<small>${t(why)}</small>`}</span></a></li>`)}</ul>
    <div class="columns"><div class="column"><${Power} ...${props} machine=${machine} pending=${system.pending ?? null} load=${load} /></div><div class="column"><${Support} ...${props} system=${system} /></div></div>`;
}

/** What there is to know of the machine, each in a word or two. @param {any} props */
function Gauges({ t, language, box, now, system, machine }) {
  const { cards = [], disk, temperatures = [], memory_total = 0, memory_available = 0, uptime_seconds: uptime, host_name: name, clock: told, watchdog, image, sticks = [] } = /** @type {Machine} */ (machine);
  const said = (/** @type {import("../machine.js").Said} */ { word, values }) => t(word, values);
  const bytes = (/** @type {number} */ count) => said(size(count, language));
  const hot = temperature(temperatures);
  const at = addresses(cards);
  /** @type {{ key: string, name: string, figure: unknown, judged?: import("../machine.js").Judged | null, more?: unknown }[]} */
  const all = [
    { key: "address", name: t("gauge_address"), figure: at[0] ? html`<span class="mono">${at[0]}</span>` : location.host, more: [...at.slice(1, 3), name].filter(Boolean).join(", ") },
    { key: "uptime", name: t(image ? "gauge_uptime" : "gauge_running"), figure: said(lasting((image && uptime) || system.uptime_seconds)), more: image && uptime && uptime - system.uptime_seconds > 120 ? t("gauge_exchange", { span: said(lasting(system.uptime_seconds)) }) : "" },
  ];
  if (disk) {
    const health = disk.wear === undefined && disk.failing === undefined ? null : wear(disk);
    all.push({ key: "disk", name: t("gauge_disk"), figure: t("gauge_free", { size: bytes(disk.data_free) }), judged: room(disk), more: t("gauge_of", { size: bytes(disk.data) }) });
    if (health && (image || health.level !== "off")) all.push({ key: "wear", name: t("gauge_wear"), figure: disk.model || t("gauge_disk"), judged: health, more: disk.written ? t("gauge_written", { size: bytes(disk.written) }) : "" });
  }
  if (hot.celsius !== null || image) all.push({ key: "temperature", name: t("gauge_temperature"), figure: hot.celsius === null ? "—" : `${hot.celsius} °C`, judged: hot });
  all.push({ key: "clock", name: t("gauge_clock"), figure: hour(later(system.time, now + box.skew - Date.parse(system.time))), judged: told ? clock(told) : null });
  if (memory_total > 0) all.push({ key: "memory", name: t("gauge_memory"), figure: t("gauge_free", { size: bytes(memory_available) }), judged: memory(memory_total, memory_available), more: t("gauge_of", { size: bytes(memory_total) }) });
  if (image) all.push({ key: "watchdog", name: t("gauge_watchdog"), figure: t(watchdog ? "watchdog_on" : "watchdog_off"), more: t(watchdog ? "watchdog_why" : "watchdog_why_off") });
  if (sticks.length > 0) all.push({ key: "sticks", name: t("gauge_sticks"), figure: sticks.map((stick) => stick.label || stick.id).join(", "), more: bytes(sticks.reduce((sum, stick) => sum + stick.size, 0)) });
  return html`<dl class="gauges">${all.map(({ key, name, figure, judged, more }) => html`<div class=${judged && judged.level !== "off" ? `gauge ${judged.level}` : "gauge"} key=${key}><dt>${name}</dt>
    <dd class="figure">${figure}</dd>${judged && html`<dd><span class=${`lamp ${judged.level}`}>${said(judged)}</span></dd>`}${more && html`<dd class="hint">${more}</dd>`}</div>`)}</dl>`;
}

/** @param {any} props */
function Support(props) {
  const { t, api, system, tell } = props;
  const { busy, fault, act } = useDeed(props);
  const make = () =>
    act(async () => {
      const source = URL.createObjectURL(await api.make("system/bundle"));
      give(source, `dozvon-${system.time.slice(0, 10)}.tar.gz`);
      setTimeout(() => URL.revokeObjectURL(source), 60_000);
      tell({ text: t("bundle_made") });
    });
  return html`<section class="card" id="support" aria-labelledby="support-title"><header><h2 id="support-title">${t("bundle")}</h2></header>
    <div class="in stack"><p class="second">${t("bundle_why")}</p><p class="second">${t("bundle_holds")}</p><${Wrong} fault=${fault} />
      <div class="adds"><button class="button" type="button" disabled=${busy} onClick=${make}><${Icon} name="download" />${t(busy ? "bundle_making" : "bundle_make")}</button></div></div></section>`;
}
