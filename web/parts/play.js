// A button that plays what callers hear. One sound at a time.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Icon } from "./icons.js";

/** What plays now. @type {HTMLAudioElement | null} */
let playing = null;

/** @param {{ t: import("../words.js").Say, media: string, source?: string }} props `source`: something that is no media file yet */
export function Play({ t, media, source }) {
  const [on, setOn] = useState(false);
  const [failed, setFailed] = useState(false);
  const audio = useRef(/** @type {HTMLAudioElement | null} */ (null));
  useEffect(() => () => audio.current?.pause(), [media, source]);
  if (!media && !source) return null;
  const turn = () => {
    if (on) return audio.current?.pause();
    playing?.pause();
    const sound = new Audio(source ?? `/api/v1/media/${encodeURIComponent(media)}/audio`);
    playing = audio.current = sound;
    sound.onpause = sound.onended = () => setOn(false);
    sound.play().then(
      () => (setOn(true), setFailed(false)),
      () => (setOn(false), setFailed(true)),
    );
  };
  const word = on ? t("media_stop") : t("media_play_of", { name: media });
  return html`<button class="button quiet square play" type="button" title=${failed ? t("something_wrong") : word} aria-label=${word} aria-pressed=${String(on)} onClick=${turn}><${Icon} name=${failed ? "alert" : on ? "pause" : "play"} /></button>`;
}
