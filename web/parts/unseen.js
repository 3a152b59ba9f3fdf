// How many alarms nobody has seen: for the frame, which is there before «Защита» is.
import { html, useEffect, useState } from "../lib/preact.js";

/**
 * How many alarms nobody has seen. It is asked in the background, and again when the box tells of news.
 * @param {import("../api.js").Api} api
 * @param {number} news
 * @param {boolean} known the box has answered
 */
export function useUnseen(api, news, known) {
  const [count, setCount] = useState(0);
  useEffect(() => {
    let here = true;
    if (known) api.get("alarms?seen=false&limit=1", { background: true }).then(({ unseen }) => here && setCount(unseen), () => {});
    return () => {
      here = false;
    };
  }, [news, known]);
  return count;
}

/** That number at a link. @param {{ t: import("../words.js").Say, unseen: number }} props */
export function Unseen({ t, unseen }) {
  return unseen > 0 && html`<b class="count bad"><span class="unseen">${t("guard_news", { count: unseen })}</span><span aria-hidden="true">${unseen}</span></b>`;
}
