// «Журнал»: what the box writes down about itself, as it happens; and a server elsewhere that gets it too.
import { date, second } from "../format.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Choice, Field, Sect, Select, Switch } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { useWatched } from "../parts/machine.js";
import { useStyle } from "../parts/style.js";

/** So often it is read while it is followed. Milliseconds. */
const FOLLOWED = 2_000;
/** At rest nothing is asked but by a press. Milliseconds. */
const AT_REST = 3_600_000;
/** Whether they are sent elsewhere is asked so often. Milliseconds. */
const SENDING = 5_000;
/** Lines that are shown at first, and so many more by a press. */
const LINES = 200;
/** Typing is not a question for each letter. Milliseconds. */
const SETTLE = 300;

/** How each level is lit. @type {Record<string, string>} */
const LAMPS = { error: "bad", warn: "warn", info: "ok", debug: "off", trace: "off" };

/** How the sending is lit. @type {Record<string, string>} */
const STATES = { starting: "ring", sending: "ok", failing: "bad" };

/** @param {any} props */
export function Log(props) {
  const { t, admin } = props;
  const styled = useStyle("system");
  const item = useItem(props, { collection: "syslog", name: t("syslog"), keyed: "", alone: true });
  const sending = /** @type {any} */ (useWatched(props, "syslog", { every: () => SENDING }).read)?.state ?? null;
  const labels = { server: t("syslog_server"), transport: t("syslog_transport"), enabled: t("syslog") };
  const lead = styled && html`<${Lines} ...${props} />`;
  const { draft, edit, fault } = item;
  if (!draft) return html`<${ItemPage} item=${item} under="system" admin=${admin} title=${t("log")} second=${t("log_why")} labels=${labels} lead=${lead} fixed />`;
  return html`<${ItemPage} item=${item} under="system" admin=${admin} title=${t("log")} second=${t("log_why")} labels=${labels} lead=${lead} fixed calm>
    <${Sect} id="syslog" title=${t("syslog")} fold open=${draft.enabled} help=${html`<p>${t("syslog_why")}</p>`}>
      ${item.was.enabled && sending && html`<p><span class=${`lamp ${STATES[sending.state] ?? "off"}`}><span>${t(/** @type {"syslog_off"} */ (`syslog_${sending.state}`))}${sending.text && html`: ${sending.text}`}</span></span></p>`}
      <${Switch} id="syslog-enabled" label=${t("syslog_enabled")} hint=${t("syslog_enabled_why")} on=${draft.enabled} fault=${fault?.at("/enabled")} onTurn=${(/** @type {boolean} */ enabled) => edit({ enabled })} />
      <div class="cols"><${Field} id="syslog-server" label=${t("syslog_server")} hint=${t("syslog_server_why")} span=${8} mono optional placeholder="log.example.org:514" value=${draft.server} fault=${fault?.at("/server")} onValue=${(/** @type {string} */ text) => edit({ server: text.trim() })} />
        <${Select} id="syslog-transport" label=${t("syslog_transport")} span=${4} value=${draft.transport} fault=${fault?.at("/transport")} onValue=${(/** @type {string} */ transport) => edit({ transport })} options=${[{ key: "udp", text: "UDP" }, { key: "tcp", text: "TCP" }]} /></div>
    <//>
  <//>`;
}

/** @param {any} props */
function Lines(props) {
  const { t, language } = props;
  const [level, setLevel] = useState("info");
  const [text, setText] = useState("");
  const [asked, setAsked] = useState("");
  const [live, setLive] = useState(true);
  const [count, setCount] = useState(LINES);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(text.trim()), SETTLE);
    return () => clearTimeout(timer);
  }, [text]);
  const query = new URLSearchParams({ level, ...(asked && { text: asked }), limit: String(count) });
  const { read, said, load } = useWatched(props, `system/log?${query}`, { every: () => (live ? FOLLOWED : AT_REST) });
  const items = /** @type {{ at: string, level: string, target: string, text: string }[] | null} */ (/** @type {any} */ (read)?.items ?? null);
  const more = items !== null && /** @type {any} */ (read)?.next_cursor;
  const today = props.box.system ? date(props.box.system.time) : "";
  return html`<section class="card log" aria-labelledby="log-title"><header><h2 id="log-title" class="unseen">${t("log")}</h2>
      <label class="unseen" for="log-level">${t("log_level")}</label>
      <select class="input narrow" id="log-level" value=${level} onChange=${(/** @type {Event} */ event) => setLevel(/** @type {HTMLSelectElement} */ (event.target).value)}>
        ${/** @type {const} */ (["error", "warn", "info", "debug"]).map((one) => html`<option key=${one} value=${one}>${t(`log_from_${one}`)}</option>`)}</select>
      <label class="unseen" for="log-text">${t("log_text")}</label>
      <input class="input" id="log-text" type="search" placeholder=${t("log_text")} value=${text} onInput=${(/** @type {InputEvent} */ event) => setText(/** @type {HTMLInputElement} */ (event.target).value)} />
      <${Choice} label=${t("log_follow")} value=${live ? "live" : "rest"} onValue=${(/** @type {string} */ value) => setLive(value === "live")} options=${[{ key: "live", text: t("log_live") }, { key: "rest", text: t("log_rest") }]} />
      <a class="button" href="/api/v1/system/log.txt" download="dozvon-log.txt"><${Icon} name="download" />${t("log_take")}</a></header>
    ${items === null && html`<p class="empty" aria-busy=${String(!said)}>${said || t("loading")} ${said && html`<button class="button" type="button" onClick=${load}>${t("try_again")}</button>`}</p>`}
    ${items !== null && said && html`<p class="in hint">${said}</p>`}
    ${items?.length === 0 && html`<p class="empty">${t(asked ? "list_nothing" : "log_none")} ${asked && html`<button class="button" type="button" onClick=${() => setText("")}>${t("list_all")}</button>`}</p>`}
    <ol class="log-lines" lang=${language === "en" ? null : "en"} aria-label=${t("log")} tabindex="0">${(items ?? []).map((line, nth) => html`<li class=${`log-line ${line.level}`} key=${`${line.at} ${line.target} ${line.text} ${nth}`}>
      <time class="hint">${today && date(line.at) !== today ? `${date(line.at).slice(8)}.${date(line.at).slice(5, 7)} ` : ""}${second(line.at)}</time>
      <span class=${`lamp ${LAMPS[line.level] ?? "off"}`} lang=${language}>${LAMPS[line.level] ? t(/** @type {"log_is_info"} */ (`log_is_${line.level}`)) : line.level}</span><span class="log-text"><span class="hint">${line.target}</span> ${line.text}</span></li>`)}</ol>
    ${more && html`<footer class="card-foot"><button class="button quiet" type="button" onClick=${() => setCount(count + LINES)}>${t("more")}</button></footer>`}
  </section>`;
}
