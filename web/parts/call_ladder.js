// The SIP messages of a call, behind a fold for the curious: a drawing, and the text of the message that is chosen.
import { asText, draw } from "../calls/ladder.js";
import { html, useEffect, useMemo, useRef, useState } from "../lib/preact.js";
import { Sign } from "./call_signs.js";
import { Icon } from "./icons.js";

/**
 * @param {{ t: import("../words.js").Say, api: import("../api.js").Api, id: string, ended: boolean,
 *   onRefused: (error: unknown) => void }} props
 */
export function Ladder({ t, api, id, ended, onRefused }) {
  const [open, setOpen] = useState(false);
  const [exchange, setExchange] = useState(/** @type {import("../calls/ladder.js").Exchange | null} */ (null));
  const [failed, setFailed] = useState(/** @type {"" | "gone" | "silent"} */ (""));
  const load = () => {
    setFailed("");
    api.get(`history/${id}/ladder`).then(
      setExchange,
      (error) => {
        setFailed(error.status === 404 ? "gone" : "silent");
        onRefused(error);
      },
    );
  };
  useEffect(() => {
    if (open) load();
  }, [open, ended]);
  const toggled = (/** @type {Event} */ event) => setOpen(/** @type {HTMLDetailsElement} */ (event.target).open);
  return html`<details class="fold" onToggle=${toggled}>
    <summary>${t("calls_ladder")}</summary>
    ${open && (failed === "silent"
      ? html`<p class="empty">${t("no_answer")} <button class="button" type="button" onClick=${load}>${t("try_again")}</button></p>`
      : failed === "gone" || exchange?.messages.length === 0
        ? html`<p class="empty">${t("calls_ladder_gone")}</p>`
        : exchange === null
          ? html`<p class="empty" aria-busy="true">${t("loading")}</p>`
          : html`<${Drawing} t=${t} id=${id} exchange=${exchange} />`)}
  </details>`;
}

/** @param {{ t: import("../words.js").Say, id: string, exchange: import("../calls/ladder.js").Exchange }} props */
function Drawing({ t, id, exchange }) {
  const { messages } = exchange;
  const [chosen, setChosen] = useState(/** @type {number | null} */ (null));
  const { lanes, arrows, width, height, head } = useMemo(() => draw(exchange), [exchange]);
  const text = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => {
    if (chosen !== null) text.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const message = chosen === null ? undefined : messages[chosen];
  const keys = (/** @type {number} */ nth) => (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" || event.key === " ") setChosen(chosen === nth ? null : nth);
    else if (step) /** @type {SVGElement | null} */ (/** @type {SVGElement} */ (event.currentTarget).parentNode?.querySelector(`[data-nth="${nth + step}"]`))?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return html`<div class="ladder">
    <div class="ladder-tools"><span class="hint">${t("calls_ladder_press")}</span><span><${Copy} t=${t} word=${t("calls_copy_all")} text=${() => asText(messages)} />
      <a class="button quiet small" href=${`/api/v1/history/${id}/ladder.pcap`} download><${Sign} name="download" />${t("calls_capture")}</a></span></div>
    <div class="scroll-x">
      <svg viewBox=${`0 0 ${width} ${height}`} width=${width} height=${height} role="group" aria-label=${t("calls_ladder")}>
        ${lanes.map((lane) => html`<text key=${lane.name} class="party" x=${lane.x} y="14" text-anchor="middle">${cut(lane.name)}</text><path class="life" d=${`M${lane.x} ${head - 10}V${height}`} />`)}
        ${arrows.map(
          (arrow) => html`<g key=${arrow.nth} data-nth=${arrow.nth} class=${`message ${arrow.kind}`} role="button" tabindex="0" aria-pressed=${String(chosen === arrow.nth)}
              aria-label=${`${messages[arrow.nth]?.at.slice(11, 23)} ${arrow.label}: ${messages[arrow.nth]?.from} → ${messages[arrow.nth]?.to}`}
              onClick=${() => setChosen(chosen === arrow.nth ? null : arrow.nth)} onKeyDown=${keys(arrow.nth)}>
            <rect x="2" y=${arrow.y - 19} width=${width - 4} height="26" rx="4" />
            ${arrow.time && html`<text class="at" x="8" y=${arrow.y}>${arrow.time}</text>`}
            <path d=${line(arrow)} />
            <text class="label" x=${arrow.x1 === arrow.x2 ? arrow.x1 + 34 : (arrow.x1 + arrow.x2) / 2} y=${arrow.y - 5} text-anchor=${arrow.x1 === arrow.x2 ? "start" : "middle"}>${arrow.label}</text>
          </g>`,
        )}
      </svg>
    </div>
    ${message &&
    html`<section class="message-text" ref=${text} aria-label=${message.first_line}>
      <header><b>${message.from} ${t("arrow")} ${message.to}</b><${Copy} t=${t} word=${t("calls_copy")} text=${() => message.text} /></header>
      <pre tabindex="0">${message.text}</pre>
    </section>`}
  </div>`;
}

/** @param {import("../calls/ladder.js").Arrow} arrow */
function line({ x1, x2, y }) {
  if (x1 === x2) return `M${x1} ${y - 6}h28v8h-24m5 -4l-5 4l5 4`;
  const way = Math.sign(x2 - x1);
  return `M${x1} ${y}H${x2 - way}M${x2 - 7 * way} ${y - 4}L${x2 - way} ${y}L${x2 - 7 * way} ${y + 4}`;
}

/** A name that has room over its line. @param {string} name */
function cut(name) {
  return name.length > 17 ? `${name.slice(0, 16)}…` : name;
}

/** @param {{ t: import("../words.js").Say, word: string, text: () => string }} props */
function Copy({ t, word, text }) {
  const [done, setDone] = useState(/** @type {"" | "copied" | "failed"} */ (""));
  const copy = () =>
    navigator.clipboard.writeText(text()).then(
      () => setDone("copied"),
      () => setDone("failed"),
    );
  return html`<button class="button quiet small" type="button" onClick=${copy}><${Icon} name="copy" />${done === "copied" ? t("calls_copied") : word}</button>
    <span class="unseen" role="status">${done === "copied" ? t("calls_copied") : done === "failed" ? t("something_wrong") : ""}</span>`;
}
