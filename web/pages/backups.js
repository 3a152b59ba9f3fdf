// «Резервные копии»: a copy now, those that are there, everything back from one, and copies by themselves.
import { Refused } from "../api.js";
import { SHORTEST, age, condition, faultOf, header } from "../backups.js";
import { fullDate, hour } from "../format.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { size } from "../machine.js";
import { Timetable } from "../parts/backup_plan.js";
import { Question } from "../parts/dialog.js";
import { Field, Select, submit, Switch } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { Bring, give, Sending, useDeed, useWatched, Wrong } from "../parts/machine.js";
import { moment } from "../parts/moment.js";
import { MoveIn } from "../parts/move_in.js";
import { useStyle } from "../parts/style.js";

/** @typedef {import("../backups.js").Copy} Copy */

/** While one is made it is looked at so often, else seldom. Milliseconds. */
const RUNNING = 1_500;
const SELDOM = 30_000;
/** On the box itself, to be fetched by the browser. */
const HERE = "box";

/** @param {any} props */
export function Backups(props) {
  const { t, admin, box, now } = props;
  const styled = useStyle("system");
  const item = useItem(props, { collection: "backup", name: t("backups"), keyed: "", alone: true });
  const copies = useWatched(props, "backups", { every: (list) => (/** @type {any} */ (list)?.items?.some((/** @type {Copy} */ { state }) => state === "running") ? RUNNING : SELDOM) });
  const items = /** @type {Copy[] | null} */ (/** @type {any} */ (copies.read)?.items ?? null);
  const days = items && age(items, now + box.skew);
  const second = days === null ? t("backups_why") : days === 0 ? t("copy_last_today") : t("copy_last", { count: days });
  const labels = { enabled: t("plan"), hour: t("plan_hour"), weekdays: t("plan_days"), keep: t("plan_keep"), recordings: t("copy_recordings"), places: t("copy_places"), passphrase: t("copy_word") };
  const [chosen, setChosen] = useState(/** @type {Copy | null} */ (null));
  const frame = { ...props, items, plan: item.was, load: copies.load, before: /** @type {any} */ (copies.read)?.before_restore ?? null };
  const lead = styled && html`<div class="columns even"><div class="column"><${Make} ...${frame} /><${MoveIn} ...${frame} /></div><div class="column"><${Copies} ...${frame} said=${copies.said} onRestore=${setChosen} /><${Restore} ...${frame} chosen=${chosen} onDrop=${() => setChosen(null)} /></div></div>`;
  return html`<${ItemPage} item=${item} under="system" admin=${admin} title=${t("backups")} second=${second} labels=${labels} lead=${lead} fixed>
    ${item.draft && styled && html`<${Timetable} ...${props} item=${item} sticks=${box.system?.machine?.sticks ?? []} />`}
  <//>`;
}

/** A copy now. @param {any} props */
function Make(props) {
  const { t, api, box, items, plan, load, tell } = props;
  const sticks = /** @type {import("../machine.js").Stick[]} */ (box.system?.machine?.sticks ?? []);
  const [where, setWhere] = useState(HERE);
  const [recordings, setRecordings] = useState(false);
  const [shut, setShut] = useState(true);
  const [word, setWord] = useState("");
  const [again, setAgain] = useState("");
  const [tried, setTried] = useState(false);
  const { busy, fault, act, clear } = useDeed(props);
  // The one that is awaited, to be given to the browser as soon as it is made.
  const [awaited, setAwaited] = useState("");
  const ready = items?.find((/** @type {Copy} */ { id }) => id === awaited);
  useEffect(() => {
    if (!ready || ready.state === "running") return;
    setAwaited("");
    if (ready.state === "good") give(`/api/v1/backups/${encodeURIComponent(ready.id)}/file`, ready.name);
  }, [ready?.state]);
  const wrong = shut ? faultOf(word, again, plan?.has_passphrase === true) : null;
  const make = () => {
    setTried(true);
    if (wrong) return;
    act(async () => {
      const known = new Set((items ?? []).map((/** @type {Copy} */ { id }) => id));
      const { value } = await api.write("POST", "backups", { where, recordings, ...((word || !shut) && { passphrase: shut ? word : "" }) });
      const { items: list } = await api.get("backups", { background: true });
      const id = value?.id ?? list.find((/** @type {Copy} */ one) => !known.has(one.id))?.id ?? "";
      if (where === HERE) setAwaited(String(id));
      setWord("");
      setAgain("");
      setTried(false);
      tell({ text: t("copy_begun") });
      await load();
    });
  };
  const places = (plan?.places ?? []).map((/** @type {any} */ { name }) => ({ key: name, text: name }));
  const options = [{ key: HERE, text: t("copy_here") }, ...sticks.map(({ id, label }) => ({ key: `stick:${id}`, text: t("copy_stick", { name: label || id }) })), ...places];
  return html`<form class="card" id="make" aria-labelledby="make-title" novalidate onSubmit=${submit(make)}><header><h2 id="make-title">${t("copy_now")}</h2></header>
    <div class="in stack"><p class="second">${t("copy_holds")}</p>
      <${Select} id="copy-where" label=${t("copy_where")} hint=${where === HERE ? t("copy_here_why") : ""} value=${where} fault=${fault?.at("/where")} onValue=${(/** @type {string} */ value) => (clear(), setWhere(value))} options=${options} />
      <${Switch} id="copy-recordings" label=${t("copy_recordings")} hint=${t("copy_recordings_why")} on=${recordings} onTurn=${setRecordings} />
      <${Switch} id="copy-shut" label=${t("copy_shut")} hint=${t("copy_word_why")} on=${shut} onTurn=${(/** @type {boolean} */ on) => (clear(), setTried(false), setShut(on))} />
      ${shut && html`<div class="pair"><${Field} id="copy-word" label=${t("copy_word")} secret optional autocomplete="new-password" value=${word} placeholder=${plan?.has_passphrase ? t("copy_word_kept") : ""}
          fault=${fault?.at("/passphrase") ?? (wrong?.key === "text" && tried ? t(wrong.word, { count: SHORTEST }) : "")} onValue=${(/** @type {string} */ text) => (clear(), setWord(text))} />
        ${word && html`<${Field} id="copy-again" label=${t("copy_word_again")} secret optional autocomplete="new-password" value=${again} fault=${wrong?.key === "again" && tried ? t(wrong.word) : ""} onValue=${setAgain} />`}</div>`}
      <${Wrong} fault=${fault} at=${shut ? "/passphrase" : ""} /></div>
    <footer class="card-foot save"><div role="status">${awaited && html`<span class="lamp ring">${t("copy_running")}</span>`}</div><button class="button primary" disabled=${busy}><${Icon} name="copy" />${t("copy_make")}</button></footer></form>`;
}

/** Those that are there. @param {any} props */
function Copies(props) {
  const { t, api, box, now, language, items, load, said, onRestore } = props;
  const [asking, setAsking] = useState(/** @type {Copy | null} */ (null));
  const { busy, fault, act } = useDeed(props);
  const remove = (/** @type {Copy} */ { id }) => {
    setAsking(null);
    act(async () => (await api.write("DELETE", `backups/${encodeURIComponent(id)}`), await load()));
  };
  const place = (/** @type {string} */ where) => (where === HERE ? t("copy_on_box") : where.startsWith("stick:") ? t("copy_stick", { name: where.slice(6) }) : where);
  const about = (/** @type {Copy} */ one) => {
    const bytes = size(one.bytes, language);
    return [place(one.where), one.bytes > 0 && t(bytes.word, bytes.values), one.recordings && t("copy_with_recordings"), one.encrypted === false && t("copy_open")].filter(Boolean).join(" · ");
  };
  const sorted = [...(items ?? [])].sort((/** @type {Copy} */ one, /** @type {Copy} */ other) => (one.at < other.at ? 1 : -1));
  return html`<section class="card" id="copies" aria-labelledby="copies-title"><header><h2 id="copies-title">${t("copies")}</h2>${sorted.length > 0 && html`<b class="count">${sorted.length}</b>`}</header>
    ${fault && html`<div class="in"><${Wrong} fault=${fault} /></div>`}
    ${items === null && html`<p class="empty" aria-busy=${String(!said)}>${said || t("loading")}</p>`}
    ${items?.length === 0 && html`<p class="empty">${t("copies_none")}</p>`}
    <ul>${sorted.map((/** @type {Copy} */ one) => {
      const { lamp, word } = condition(one);
      const when = moment(one.at, box, now, t);
      return html`<li class="room wraps" key=${one.id}><span class="who wrapped"><b>${when}</b><small>${about(one)}</small>${one.error && html`<small class="fault">${one.error}</small>`}</span>
        <span class=${`lamp ${lamp}`} title=${one.proved ? t("copy_proved_why") : null}>${t(word)}${one.state === "running" && one.percent ? ` ${one.percent} %` : ""}</span>
        <span class="adds">${one.state === "good" && html`<button class="button square" type="button" title=${t("restore")} aria-label=${`${t("restore")}: ${when}`} onClick=${() => onRestore(one)}><${Icon} name="undo" /></button>`}
          ${one.state === "good" && one.where === HERE && html`<a class="button square" href=${`/api/v1/backups/${encodeURIComponent(one.id)}/file`} download=${one.name} title=${t("take")} aria-label=${`${t("take")}: ${when}`}><${Icon} name="download" /></a>`}
          ${one.state !== "running" && html`<button class="button quiet square" type="button" disabled=${busy} title=${t("delete")} aria-label=${`${t("delete")}: ${when}`} onClick=${() => (one.state === "failed" ? remove(one) : setAsking(one))}><${Icon} name="remove" /></button>`}</span></li>`;
    })}</ul>
    ${asking && html`<${Question} question=${t("copy_remove", { when: moment(asking.at, box, now, t) })} why=${t("copy_remove_why")} yes=${t("delete")} no=${t("copy_keep")} onYes=${() => remove(asking)} onNo=${() => setAsking(null)} />`}</section>`;
}

/** Everything back from a file, or from one of the list. @param {any} props */
function Restore(props) {
  const { t, api, language, box, now, plan, chosen, onDrop, before, onAnew } = props;
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [word, setWord] = useState("");
  const [sent, setSent] = useState(/** @type {number | null} */ (null));
  const [seen, setSeen] = useState(/** @type {any} */ (null));
  const [begun, setBegun] = useState(""); // since when the exchange ran that is to start anew
  const [back, setBack] = useState(false);
  const card = useRef(/** @type {HTMLElement | null} */ (null));
  const { busy, fault, act, clear } = useDeed(props);
  const drop = () => (clear(), setFile(null), setSeen(null), setWord(""), onDrop());
  const bring = (/** @type {File} */ next) => (drop(), setFile(next));
  useEffect(() => {
    if (!chosen) return;
    clear();
    setFile(null);
    setSeen(null);
    card.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const opened = async (/** @type {any} */ answer) => {
    let value = answer;
    // A large one takes its time.
    while (value.state === "running") {
      await new Promise((resolve) => setTimeout(resolve, RUNNING));
      value = await api.get(`backups/restore/${encodeURIComponent(value.token)}`, { background: true });
    }
    setSeen(value);
  };
  const look = () =>
    act(async () => {
      try {
        if (!file) return await opened((await api.write("POST", `backups/${encodeURIComponent(chosen.id)}/restore`, word ? { passphrase: word } : {})).value);
        setSent(0);
        await opened((await api.upload("backups/restore", file, (/** @type {number} */ part) => setSent(Math.round(part * 100)), word ? { "Dozvon-Passphrase": header(word) } : {})).value);
      } finally {
        setSent(null);
      }
    });
  const anew = (/** @type {string} */ order) =>
    act(async () => {
      await api.write("POST", order);
      onAnew();
      setBegun(box.system.started_at);
    });
  const apply = () => anew(`backups/restore/${encodeURIComponent(seen.token)}/apply`);
  const undo = () => (setBack(false), anew("backups/undo"));
  const name = file?.name ?? (chosen && moment(chosen.at, box, now, t));
  const wrongWord = fault?.at("/passphrase");
  if (begun) return html`<section class="card" aria-labelledby="restore-title"><header><h2 id="restore-title">${t("restore")}</h2></header><div class="in stack"><${Comeback} t=${t} api=${api} since=${begun} /></div></section>`;
  return html`<section class="card" id="restore" ref=${card} aria-labelledby="restore-title"><header><h2 id="restore-title">${t("restore")}</h2></header>
    <div class="in stack">${!seen && html`<p class="second">${t("restore_why")}</p>`}
    ${!name && html`<${Bring} t=${t} id="restore-file" plain label=${t("restore_file")} rule=${t("restore_file_rule")} onFile=${bring} />`}
    ${!name && before && html`<p class="note next-step"><${Icon} name="undo" /><span>${t("restore_before", { when: moment(before, box, now, t) })}</span><button class="button" type="button" disabled=${busy} onClick=${() => setBack(true)}>${t("restore_back")}</button></p><${Wrong} fault=${fault} />`}
    ${name && !seen && html`<form class="stack" novalidate onSubmit=${submit(look)}><p><b>${name}</b></p>
      <${Field} id="restore-word" label=${t("copy_word")} hint=${t("restore_word_why")} secret optional first autocomplete="off" value=${word} placeholder=${plan?.has_passphrase ? t("copy_word_kept") : ""} fault=${wrongWord} onValue=${(/** @type {string} */ text) => (clear(), setWord(text))} />
      ${sent !== null && html`<${Sending} text=${sent < 100 ? t("media_sending", { name, percent: sent }) : t("restore_opening")} percent=${sent} />`}
      <${Wrong} fault=${fault} at="/passphrase" />
      <div class="adds"><button class="button primary" disabled=${busy}>${t("restore_look")}</button><button class="button quiet" type="button" disabled=${busy} onClick=${drop}>${t("cancel")}</button></div></form>`}
    ${seen && html`<div class="stack" role="status"><dl class="account">
        <div><dt>${t("restore_whose")}</dt><dd><b>${seen.name || t("restore_nameless")}</b></dd></div>
        <div><dt>${t("restore_made")}</dt><dd>${fullDate(seen.made_at.slice(0, 10), language)}, ${hour(seen.made_at)}</dd></div>
        <div><dt>${t("restore_holds")}</dt><dd>${t("restore_numbers", { extensions: seen.extensions, trunks: seen.trunks })}${seen.recordings && `, ${t("copy_with_recordings")}`}</dd></div>
        <div><dt>${t("gauge_version")}</dt><dd>${seen.version}</dd></div></dl>
      <p class="note warn"><${Icon} name="alert" /><span>${t("restore_lost")}</span></p><p class="second">${t("restore_undo")}</p><${Wrong} fault=${fault} />
      <div class="adds"><button class="button danger strong" type="button" disabled=${busy} onClick=${apply}>${t("restore_yes")}</button><button class="button quiet" type="button" disabled=${busy} onClick=${drop}>${t("cancel")}</button></div></div>`}
    </div>
    ${back && html`<${Question} question=${t("restore_back_ask", { when: moment(before, box, now, t) })} why=${t("restore_back_why")} yes=${t("restore_back")} no=${t("copy_keep")} onYes=${undo} onNo=${() => setBack(false)} />`}</section>`;
}

/** The exchange starts anew with what was in the copy; the page comes back with it. @param {any} props */
function Comeback({ t, api, since }) {
  useEffect(() => {
    const ask = async () => {
      // It may be back sooner than it was missed. Accounts are those of the copy by then, and whoever was signed in may not be.
      const anew = await api.get("system", { background: true }).then(
        (/** @type {any} */ { started_at: at }) => at !== since,
        (/** @type {unknown} */ error) => error instanceof Refused && error.status === 401,
      );
      if (anew) location.reload();
    };
    const timer = setInterval(ask, RUNNING);
    return () => clearInterval(timer);
  }, []);
  return html`<p class="note live" role="status"><span class="turning"></span><span>${t("restore_begun")}</span></p><p class="second">${t("restore_then")}</p>
    <p><button class="button" type="button" onClick=${() => location.reload()}>${t("reload_page")}</button></p>`;
}
