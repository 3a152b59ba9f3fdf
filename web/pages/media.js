// «Медиафайлы»: what telephones play. Uploaded with progress, recorded in the browser, heard, renamed, removed.
import { span } from "../format.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Field, Sect } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { ItemPage, useItem } from "../parts/item.js";
import { List, useList } from "../parts/list.js";
import { Play } from "../parts/play.js";
import { Recorder } from "../parts/recorder.js";
import { MOST, nameOf, progress } from "../upload.js";

/** So often is the box asked how far it is. Milliseconds. */
const ASK_EVERY = 500;

/** @param {any} props */
export function Media(props) {
  const { rest } = props;
  return rest[0] ? html`<${One} key=${rest[0]} ...${props} name=${rest[0]} />` : html`<${All} ...${props} />`;
}

/** @param {any} row */
function length(row) {
  const seconds = row.seconds ?? row.duration_seconds;
  return typeof seconds === "number" ? span(seconds * 1000) : "";
}

/**
 * Where a file is heard: "группа 500".
 * @param {{ kind: string, key: string, href: string }} use
 * @param {import("../words.js").Say} t
 */
function said({ kind, key }, t) {
  if (!key) return t(kind === "office" ? "office_music" : "voicemail");
  const word = { voice_message: t("find_voice_message"), voice_menu: t("find_voice_menu"), group: t("find_group"), extension: t("find_extension") }[kind] ?? kind;
  return `${word} ${key}`;
}

/** @param {any} props */
function All(props) {
  const { t, admin } = props;
  const { rows, fault, load } = useList(props, "media");
  const uploads = useUploads(props, rows ?? [], load);
  const columns = [
    { head: t("media_name"), cell: (/** @type {any} */ row) => html`<b>${row.name}</b>` },
    { head: t("media_length"), cell: length, look: "second" },
    { head: t("media_used"), cell: (/** @type {any} */ row) => (row.used_by ?? []).map((/** @type {any} */ use, /** @type {number} */ nth) => html`${nth > 0 && ", "}<a href=${use.href}>${said(use, t)}</a>`), look: "second above" },
    { head: t("media_listen"), cell: (/** @type {any} */ row) => html`<${Play} t=${t} media=${row.name} />`, look: "right above" },
  ];
  return html`<${List} t=${t} collection="media" title=${t("media")} why=${t("media_why")} rows=${rows} fault=${fault} onAgain=${load} keyed="name" columns=${columns}
      words=${(/** @type {any} */ row) => row.name} empty=${t("media_none")} admin=${admin}>
      ${admin && html`<${Bring} t=${t} onFiles=${uploads.send} /><${Uploads} t=${t} ...${uploads} />`}
    <//>`;
}

/** Where files come in: chosen, dropped, or recorded. @param {any} props */
function Bring({ t, onFiles }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [over, setOver] = useState(false);
  const drop = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    setOver(false);
    onFiles([...(event.dataTransfer?.files ?? [])]);
  };
  const drag = (/** @type {boolean} */ on) => (/** @type {DragEvent} */ event) => (event.preventDefault(), setOver(on));
  const chosen = (/** @type {Event} */ event) => {
    const { files } = /** @type {HTMLInputElement} */ (event.target);
    onFiles([...(files ?? [])]);
    if (input.current) input.current.value = "";
  };
  return html`<section class=${over ? "card bring over" : "card bring"} onDragOver=${drag(true)} onDragLeave=${drag(false)} onDrop=${drop}>
    <div class="in"><input class="unseen" ref=${input} type="file" id="file" multiple accept="audio/*,.wma,.m4a,.ogg,.flac" tabindex="-1" aria-label=${t("media_upload")} onChange=${chosen} />
      <button class="button primary" type="button" onClick=${() => input.current?.click()}><${Icon} name="upload" />${t("media_upload")}</button>
      <${Recorder} t=${t} onRecorded=${(/** @type {Blob} */ blob) => onFiles([new File([blob], t("media_recorded"))])} />
      <p class="hint">${over ? t("media_drop") : t("media_upload_rule")}</p></div>
  </section>`;
}

/**
 * @param {any} props
 * @param {any[]} rows
 * @param {() => void} load
 */
function useUploads({ t, api, tell, onRefused }, rows, load) {
  const [list, setList] = useState(/** @type {{ key: number, name: string, percent: number, working: boolean, failed: string }[]} */ ([]));
  const alive = useRef(true);
  useEffect(() => () => {
    alive.current = false;
  }, []);
  const change = (/** @type {number} */ key, /** @type {any} */ part) => setList((before) => before.map((one) => (one.key === key ? { ...one, ...part } : one)));
  const drop = (/** @type {number} */ key) => setList((before) => before.filter((one) => one.key !== key));
  const one = async (/** @type {File} */ file, /** @type {string} */ name, /** @type {number} */ key) => {
    try {
      const { value } = await api.upload(`media?name=${encodeURIComponent(name)}`, file, (/** @type {number} */ part) => change(key, { percent: Math.round(part * 100) }));
      change(key, { working: true });
      for (;;) {
        const { done, failed } = progress(await api.get(`media/imports/${encodeURIComponent(value.id)}`, { background: true }));
        if (failed) return change(key, { failed });
        if (done || !alive.current) break;
        await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
      }
      drop(key);
      load();
      tell({ text: t("media_ready", { name }) });
    } catch (error) {
      onRefused(error);
      change(key, { failed: error instanceof Error ? /** @type {any} */ (error).problem?.errors?.[0]?.detail ?? error.message : t("something_wrong") });
    }
  };
  const send = (/** @type {File[]} */ files) => {
    const taken = [...rows.map(({ name }) => name), ...list.map(({ name }) => name)];
    for (const file of files) {
      const key = Date.now() + Math.random();
      const name = nameOf(file.name, taken);
      taken.push(name);
      const failed = file.size > MOST ? t("media_too_large", { name: file.name }) : "";
      setList((before) => [...before, { key, name, percent: 0, working: false, failed }]);
      if (!failed) one(file, name, key);
    }
  };
  return { list, send, drop };
}

/** @param {any} props */
function Uploads({ t, list, drop }) {
  return html`<div role="status"><ul class="uploads">${list.map((/** @type {any} */ one) => html`<li key=${one.key} class=${one.failed ? "note bad" : "note"}>
    <div><span>${one.failed ? html`<b>${one.name}</b>: ${one.failed}` : one.working ? t("media_working", { name: one.name }) : t("media_sending", { name: one.name, percent: one.percent })}</span>
      ${!one.failed && (one.working ? html`<progress aria-label=${one.name}></progress>` : html`<progress max="100" value=${one.percent} aria-label=${one.name}></progress>`)}</div>
    ${one.failed && html`<button class="button" type="button" onClick=${() => drop(one.key)}>${t("media_dismiss")}</button>`}</li>`)}</ul></div>`;
}

/** @param {any} props */
function One(props) {
  const { t, name, admin } = props;
  const all = useList(props, "media");
  const item = useItem(props, { collection: "media", name, keyed: "name", send: ({ name: renamed }) => ({ name: renamed }) });
  const { draft, edit, fault, was } = item;
  const labels = { name: t("media_name") };
  const others = (all.rows ?? []).filter((one) => one.name !== name).map((one) => ({ key: one.name, text: one.name }));
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} />`;
  return html`<${ItemPage} item=${item} admin=${admin} title=${was.name} second=${length(was)} labels=${labels} others=${others}>
    <${Sect} id="media" title=${t("media_rename")}>
      <div class="cols"><${Field} id="media-name" label=${t("media_name")} span=${6} value=${draft.name} fault=${fault?.at("/name")} onValue=${(/** @type {string} */ value) => edit({ name: value })} /></div>
      <audio controls preload="none" src=${`/api/v1/media/${encodeURIComponent(was.name)}/audio`}></audio>
    <//>
  <//>`;
}
