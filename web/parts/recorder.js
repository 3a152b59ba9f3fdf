// Records the voice of whoever sits at the page. The box makes of it what telephones can play.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";
import { Play } from "./play.js";

/** Longer than any greeting; and far below what the box takes. Seconds. */
const LONGEST = 300;
/** What browsers write and the box reads; left to itself, one browser writes WebM, which the box does not know. */
const FORMATS = ["audio/ogg;codecs=opus", "audio/mp4;codecs=opus", "audio/mp4"];

/** @param {{ t: import("../words.js").Say, onRecorded: (blob: Blob) => void }} props */
export function Recorder({ t, onRecorded }) {
  const [since, setSince] = useState(0);
  const [seconds, setSeconds] = useState(0);
  const [done, setDone] = useState(/** @type {{ blob: Blob, source: string } | null} */ (null));
  const [refused, setRefused] = useState(false);
  const recorder = useRef(/** @type {MediaRecorder | null} */ (null));
  const stop = () => recorder.current?.state === "recording" && recorder.current.stop();
  useEffect(() => () => {
    stop();
  }, []);
  useEffect(() => {
    if (!since) return;
    const timer = setInterval(() => {
      const passed = Math.floor((Date.now() - since) / 1000);
      setSeconds(passed);
      if (passed >= LONGEST) stop();
    }, 250);
    return () => clearInterval(timer);
  }, [since]);
  useEffect(() => () => {
    if (done) URL.revokeObjectURL(done.source);
  }, [done]);
  if (!navigator.mediaDevices || typeof MediaRecorder === "undefined") return null;
  const start = async () => {
    setRefused(false);
    setDone(null);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
      const made = new MediaRecorder(stream, mimeType ? { mimeType } : {});
      /** @type {Blob[]} */
      const parts = [];
      made.ondataavailable = ({ data }) => parts.push(data);
      made.onstop = () => {
        stream.getTracks().forEach((track) => track.stop());
        const blob = new Blob(parts, { type: made.mimeType });
        setSince(0);
        setDone({ blob, source: URL.createObjectURL(blob) });
      };
      recorder.current = made;
      made.start();
      setSeconds(0);
      setSince(Date.now());
    } catch {
      setRefused(true);
    }
  };
  const keep = () => {
    if (done) onRecorded(done.blob);
    setDone(null);
  };
  if (since) {
    return html`<button class="button danger" type="button" onClick=${stop}><${Icon} name="pause" />${t("media_record_stop")}</button>
      <span class="lamp live" role="timer">${t("media_recording", { seconds })}</span>`;
  }
  return html`<button class="button" type="button" onClick=${start}><${Icon} name="mic" />${t(done ? "media_record_again" : "media_record")}</button>
    ${done && html`<${Play} t=${t} media="" source=${done.source} /><button class="button primary" type="button" onClick=${keep}>${t("media_record_save")}</button>`}
    ${refused && html`<p class="fault" role="alert">${t("media_record_refused")}</p>`}`;
}
