// One call: who and when, its recordings, how it went step by step, how it sounded, and the SIP messages behind a fold.
import { grade, lostPercent, worst } from "../calls/quality.js";
import { date, hour, second, span } from "../format.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { lines, look } from "../story.js";
import { isKey } from "../words.js";
import { CallButton } from "./call_out.js";
import { Ladder } from "./call_ladder.js";
import { dayInWords } from "./call_list.js";
import { Icon } from "./icons.js";
import { Player } from "./player.js";

/**
 * @typedef {import("../story.js").Row & { quality?: (import("../calls/quality.js").Side | null)[] | null, recordings?: string[] }} Row
 * @typedef {{ id: string, started_at: string, ended_at: string | null, duration_ms: number, bytes: number, format: string, file: string }} Recording
 * @typedef {{ t: import("../words.js").Say, language: "ru" | "en", api: import("../api.js").Api, id: string, box: import("../store.js").Box,
 *   today: string, changes: number, admin: boolean, mayHear: boolean, start: boolean, back: string, desk: Map<string, string>,
 *   name: (digits: string, name?: string) => string, tell: (toast: { text: string }) => void, onRefused: (error: unknown) => void,
 *   onControl: (control: import("./player.js").Control | null) => void }} Props
 */

/** Several things happen at once when a call ends; the story is read once for all of them. Milliseconds. */
const SETTLE = 700;

/** @param {Props} props */
export function Story(props) {
  const { t, language, id, today, name, back, box } = props;
  const { row, failed, again } = useStory(props);
  const panel = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => panel.current?.focus({ preventScroll: true }), [id]);
  const mos = worst(row?.quality);
  const other = row && (row.direction === "inbound" ? row.caller : row.direction === "outbound" ? row.called : "");
  const title = row ? html`${name(row.caller, row.caller_name)} ${t("arrow")} ${name(row.answered_by ?? row.called)}` : t(failed === "gone" ? "calls_gone" : failed ? "no_answer" : "loading");
  return html`<section class="card story-card" ref=${panel} tabindex="-1" aria-labelledby="story-title" aria-busy=${row === null && !failed}>
    <header>
      <div>
        <h2 id="story-title">${title}</h2>
        ${row && html`<p class="second">${dayInWords(date(row.started_at), today, language, t)}, ${hour(row.started_at)}${row.talk_ms > 0 ? `, ${t("talked", { span: span(row.talk_ms) })}` : ""}</p>`}
        ${mos !== null && html`<span class=${`chip ${{ good: "ok", fair: "", poor: "warn" }[grade(mos)]}`} title=${t("calls_mos", { mos: mos.toFixed(1) })}>${t(`calls_sound_${grade(mos)}`)}</span>`}
      </div>
      <a class="button quiet square" href=${back} title=${t("close")} aria-label=${t("close")}><${Icon} name="close" /></a>
    </header>
    ${failed === "silent" && html`<p class="empty"><button class="button" type="button" onClick=${again}>${t("try_again")}</button></p>`}
    ${failed === "gone" && html`<p class="empty">${t("calls_gone_why")} <a href=${back}>${t("calls_back")}</a></p>`}
    ${row && html`<${Recordings} ...${props} row=${row} />
      <div class="in story-in"><h3>${t("story")}</h3><${Steps} ...${props} row=${row} /></div>
      ${other && other.length > 6 && html`<div class="in"><${CallButton} ...${props} box=${box} to=${other} word=${t("calls_call_back")} /></div>`}
      ${mos !== null && html`<${Sound} t=${t} row=${row} name=${name} />`}
      <${Ladder} ...${props} ended=${row.ended_at !== null} />`}
  </section>`;
}

/** @param {Props} props */
function useStory({ api, id, changes, onRefused }) {
  const [row, setRow] = useState(/** @type {Row | null} */ (null));
  const [failed, setFailed] = useState(/** @type {"" | "gone" | "silent"} */ (""));
  const goes = row?.ended_at === null;
  const load = () =>
    api.get(`history/${id}`, { background: row !== null }).then(
      (next) => {
        setFailed("");
        setRow(next);
      },
      (error) => {
        setFailed(error.status === 404 ? "gone" : "silent");
        onRefused(error);
      },
    );
  useEffect(() => {
    if (row && !goes) return;
    const timer = setTimeout(load, row ? SETTLE : 0);
    return () => clearTimeout(timer);
  }, [id, goes ? changes : 0]);
  return { row, failed, again: load };
}

/** @param {Props & { row: Row }} props */
function Recordings(props) {
  const { t, api, row, id, admin, mayHear, start, name, tell, onRefused, onControl } = props;
  const [recordings, setRecordings] = useState(/** @type {Recording[]} */ ([]));
  const [failed, setFailed] = useState(false);
  const ids = (row.recordings ?? []).join();
  const load = () =>
    api.get(`recordings?call=${id}&limit=100`).then(
      ({ items }) => {
        setFailed(false);
        setRecordings([...items].reverse());
      },
      (error) => {
        setFailed(true);
        onRefused(error);
      },
    );
  useEffect(() => {
    if (ids) load();
  }, [ids, row.ended_at]);
  if (!ids) return null;
  if (!mayHear) return html`<p class="note player-note"><${Icon} name="lock" />${t("calls_may_not_hear")}</p>`;
  if (failed) return html`<p class="empty">${t("no_answer")} <button class="button" type="button" onClick=${load}>${t("try_again")}</button></p>`;
  const gone = (/** @type {string} */ recording) => async () => {
    await api.write("DELETE", `recordings/${recording}`).catch((error) => {
      onRefused(error);
      throw error;
    });
    setRecordings((before) => before.filter((one) => one.id !== recording));
    tell({ text: t("calls_deleted") });
  };
  const sides = [name(row.caller, row.caller_name), row.answered_by ? name(row.answered_by) : t("calls_other_side")];
  return recordings.map((one, nth) =>
    one.ended_at === null
      ? html`<p key=${one.id} class="note player-note"><span class="lamp live">${t("calls_recording_now")}</span></p>`
      : html`<${Player} key=${one.id} t=${t} address=${`/api/v1/recordings/${one.id}/audio`} file=${one.file} lengthMs=${one.duration_ms} bytes=${one.bytes} sides=${sides}
          question=${t("calls_delete_question")} start=${start && nth === 0} onDelete=${admin ? gone(one.id) : null} onControl=${nth === 0 ? onControl : undefined} />`,
  );
}

/** @param {Props & { row: Row }} props */
function Steps({ t, row, name, desk }) {
  const who = name(row.caller, row.caller_name);
  const first = t(row.direction === "inbound" ? "step_called_in" : "step_dialled", { who, whom: name(row.called) });
  const waited = row.answered_at ? t("waited", { span: span(row.ring_ms) }) : "";
  const ended = row.cause && isKey(`end_${row.cause}`) ? t(/** @type {import("../words.js").Key} */ (`end_${row.cause}`)) : "";
  const say = (/** @type {import("../story.js").Line} */ line) => {
    const element = desk.get(String(line.values.element));
    if (line.key === "step_element" && element) return element;
    const values = Object.fromEntries(Object.entries(line.values).map(([key, value]) => [key, ["by", "to"].includes(key) ? name(String(value)) : value]));
    return t(line.key, { ...values, who: line.parties.map((one) => name(one)).join(", ") });
  };
  return html`<ol class="story">
    <${Step} at=${row.started_at} text=${first} hint=${row.trunk ? t("via", { trunk: row.trunk }) : ""} lamp="" />
    ${lines(row).map((line) => html`<${Step} at=${line.at} text=${say(line)} hint=${line.key === "step_answered" ? waited : ""} lamp=${line.lamp} />`)}
    ${row.ended_at && html`<${Step} at=${row.ended_at} text=${ended || row.outcome_text} hint=${ended ? row.outcome_text : ""} lamp=${look(row).lamp} />`}
  </ol>`;
}

/** @param {{ at: string, text: string, hint: string, lamp: string }} props */
function Step({ at, text, hint, lamp }) {
  return html`<li class=${lamp}><time datetime=${at}>${second(at)}</time><i></i><span>${text}${hint && html`<small>${hint}</small>`}</span></li>`;
}

/** @param {{ t: import("../words.js").Say, row: Row, name: (digits: string, name?: string) => string }} props */
function Sound({ t, row, name }) {
  const who = [name(row.caller, row.caller_name), name(row.answered_by ?? row.called)];
  return html`<details class="fold"><summary>${t("calls_sound")}</summary>
    <dl class="sound in">${(row.quality ?? []).map((side, nth) => side && typeof side.mos === "number" && html`<div><dt>${who[nth]}</dt>
      <dd>${t("calls_heard", { grade: t(`calls_heard_${grade(side.mos)}`), mos: side.mos.toFixed(1) })}
        <small>${t("calls_counted", { lost: lostPercent(side).toFixed(1), jitter: Math.round(side.jitter_ms) })}</small>
        ${side.far && html`<small>${t("calls_hears", { grade: t(`calls_heard_${grade(side.far.mos)}`), mos: side.far.mos.toFixed(1) })}</small>`}</dd></div>`)}</dl>
  </details>`;
}
