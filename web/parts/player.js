// A recording: both sides as waveforms, heard by the browser's own player, so that range requests do the seeking. Nothing is fetched
// before somebody asks for it: whoever fetches a recording stands in the audit log.
import { DRAWN_BYTES, DRAWN_MS, DRAWN_RATE, levelled, moved, nextSpeed, peaks, wave } from "../calls/sound.js";
import { span } from "../format.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Sign } from "./call_signs.js";
import { Question } from "./dialog.js";
import { Icon } from "./icons.js";

/**
 * @typedef {{ toggle: () => void, move: (key: string) => boolean }} Control
 * @typedef {{ t: import("../words.js").Say, address: string, file: string, lengthMs: number, bytes: number, sides: string[],
 *   question: string, start?: boolean, onDelete: (() => Promise<unknown>) | null, onControl?: (control: Control | null) => void }} Props
 *   `address`: of the sound; `sides`: who is heard on each channel; `onDelete`: null where it may not be deleted
 */

const WIDTH = 600;
const BARS = 150;

/** @param {Props} props */
export function Player(props) {
  const { t, address, file, lengthMs, sides, onDelete, question } = props;
  const { sound, state, toggle, seek, faster, onKey } = useSound(props);
  const [asking, setAsking] = useState(false);
  const [fault, setFault] = useState("");
  const length = lengthMs / 1000;
  const word = t(state.playing ? "calls_pause" : "calls_play");
  const remove = () => {
    setAsking(false);
    onDelete?.().catch((/** @type {Error} */ error) => setFault(error.message));
  };
  return html`<div class="player" role="group" aria-label=${t("calls_recording")}>
    <audio ref=${sound} src=${address} preload="none"></audio>
    <button class="button primary square" type="button" title=${word} aria-label=${word} aria-busy=${state.loading} onClick=${toggle}><${Icon} name=${state.playing ? "pause" : "play"} /></button>
    <${Wave} t=${t} at=${state.at} length=${length} waves=${state.waves} sides=${sides} onSeek=${seek} onKey=${onKey} />
    <div class="player-foot">
      <span><b>${span(state.at * 1000)}</b> ${t("calls_of", { length: span(lengthMs) })}</span>
      ${sides.map((side, nth) => html`<span class=${`channel ${nth === 0 ? "first" : "other"}`}>${side}</span>`)}
      <span class="player-tools">
        <button class="button quiet small" type="button" title=${t("calls_speed")} onClick=${faster}><span class="unseen">${t("calls_speed")} </span>${t("calls_times", { speed: state.speed })}</button>
        <a class="button quiet small square" href=${address} download=${file} title=${t("calls_download")} aria-label=${t("calls_download")}><${Sign} name="download" /></a>
        ${onDelete && html`<button class="button quiet small square" type="button" title=${t("calls_delete")} aria-label=${t("calls_delete")} onClick=${() => setAsking(true)}><${Icon} name="remove" /></button>`}
      </span>
    </div>
    <p class="fault" role="alert">${state.fault || fault}</p>
    ${asking && html`<${Question} question=${question} why=${t("calls_delete_why")} yes=${t("calls_delete_yes")} no=${t("calls_keep")} onYes=${remove} onNo=${() => setAsking(false)} />`}
  </div>`;
}

/** @param {Props} props */
function useSound({ t, address, lengthMs, bytes, sides, start, onControl }) {
  const sound = useRef(/** @type {HTMLAudioElement | null} */ (null));
  const [playing, setPlaying] = useState(false);
  const [loading, setLoading] = useState(false);
  const [at, setAt] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [waves, setWaves] = useState(/** @type {Float32Array[] | null} */ (null));
  const [fault, setFault] = useState("");
  const asked = useRef(false);
  const draw = () => {
    if (asked.current || lengthMs > DRAWN_MS || bytes > DRAWN_BYTES) return;
    asked.current = true;
    // Without its picture it can be heard all the same.
    decoded(address, sides.length).then(setWaves, () => {});
  };
  const play = () => {
    setFault("");
    setLoading(true);
    draw();
    sound.current?.play().catch((error) => {
      if (error.name === "AbortError") return; // paused before it began
      setFault(t(error.name === "NotAllowedError" ? "calls_press_play" : "calls_cannot_play"));
    }).finally(() => setLoading(false));
  };
  const toggle = () => (sound.current?.paused === false ? sound.current.pause() : play());
  const seek = (/** @type {number} */ second) => {
    draw();
    setAt(second);
    if (sound.current) sound.current.currentTime = second;
  };
  const onKey = (/** @type {string} */ key) => {
    const next = moved(key, sound.current?.currentTime ?? 0, lengthMs / 1000);
    if (next !== null) seek(next);
    else if (key === " " || key === "Enter") toggle();
    return next !== null || key === " " || key === "Enter";
  };
  const faster = () => {
    const next = nextSpeed(speed);
    setSpeed(next);
    if (sound.current) sound.current.playbackRate = next;
  };
  useEffect(() => {
    const { current } = sound;
    if (!current) return;
    const tell = () => {
      setPlaying(!current.paused && !current.ended);
      setAt(current.currentTime);
      current.playbackRate = speed;
    };
    const events = ["play", "pause", "ended", "timeupdate", "seeked"];
    for (const event of events) current.addEventListener(event, tell);
    return () => events.forEach((event) => current.removeEventListener(event, tell));
  }, [speed]);
  useEffect(() => {
    if (start) play();
    return () => sound.current?.pause();
  }, []);
  useEffect(() => {
    onControl?.({ toggle, move: onKey });
    return () => onControl?.(null);
  }, []);
  return { sound, toggle, seek, faster, onKey, state: { playing, loading, at, speed, waves, fault } };
}

/**
 * How loud each channel is, from the file itself.
 * @param {string} address
 * @param {number} channels
 */
async function decoded(address, channels) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(String(response.status));
  const context = new OfflineAudioContext(channels, 1, DRAWN_RATE);
  const buffer = await context.decodeAudioData(await response.arrayBuffer());
  const found = Array.from({ length: Math.min(channels, buffer.numberOfChannels) }, (_, nth) => peaks(buffer.getChannelData(nth), BARS));
  return levelled(found);
}

/**
 * @param {{ t: import("../words.js").Say, at: number, length: number, waves: Float32Array[] | null, sides: string[],
 *   onSeek: (second: number) => void, onKey: (key: string) => boolean }} props
 */
function Wave({ t, at, length, waves, sides, onSeek, onKey }) {
  const height = sides.length * 42;
  const silence = new Float32Array(BARS);
  const drawn = sides.map((_, nth) => wave(waves?.[nth] ?? silence, { width: WIDTH, middle: 21 + 42 * nth, half: 19 }));
  const played = length > 0 ? Math.min(WIDTH, (WIDTH * at) / length) : 0;
  const [clip] = useState(() => `played-${Math.random().toString(36).slice(2)}`);
  const seek = (/** @type {PointerEvent} */ event) => {
    const box = /** @type {HTMLElement} */ (event.currentTarget).getBoundingClientRect();
    onSeek(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) * length);
  };
  const down = (/** @type {PointerEvent} */ event) => {
    /** @type {HTMLElement} */ (event.currentTarget).setPointerCapture(event.pointerId);
    seek(event);
  };
  const drag = (/** @type {PointerEvent} */ event) => /** @type {HTMLElement} */ (event.currentTarget).hasPointerCapture(event.pointerId) && seek(event);
  const pressed = (/** @type {KeyboardEvent} */ event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || !onKey(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  const paths = drawn.map((path, nth) => html`<path class=${nth === 0 ? "first" : "other"} d=${path} />`);
  return html`<div class="wave" role="slider" tabindex="0" aria-label=${t("calls_seek")} aria-valuemin="0" aria-valuemax=${Math.round(length)} aria-valuenow=${Math.round(at)}
      aria-valuetext=${`${span(at * 1000)} ${t("calls_of", { length: span(length * 1000) })}`} onPointerDown=${down} onPointerMove=${drag} onKeyDown=${pressed}>
    <svg viewBox=${`0 0 ${WIDTH} ${height}`} preserveAspectRatio="none" aria-hidden="true" style=${{ height: `${height}px` }}>
      <clipPath id=${clip}><rect width=${played} height=${height} /></clipPath>
      ${sides.length > 1 && html`<path class="middle" d=${`M0 42H${WIDTH}`} />`}
      <g class="later">${paths}</g>
      <g clip-path=${`url(#${clip})`}>${paths}</g>
      <path class="head" d=${`M${played} 0V${height}`} />
    </svg></div>`;
}
