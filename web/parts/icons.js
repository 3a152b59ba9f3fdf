// The page's icons: strokes on a grid of 20.
import { html } from "../lib/preact.js";

const PATHS = {
  now: "M2.5 10.5h3.2L8 5l4 10.5 2.1-5h3.4",
  calls: "M3.5 5.5h13M3.5 10h13M3.5 14.5h8",
  codes: "M7.8 3.2 6.2 16.8M13.8 3.2l-1.6 13.6M3.6 7.4h13.2M3.2 12.6h13.2",
  hang: "M2.8 11.8c3.6-4.4 10.8-4.4 14.4 0l-1.6 2.3-3.1-1.2-.3-2.2a8.6 8.6 0 0 0-4.4 0l-.3 2.2-3.1 1.2z",
  moon: "M16.2 11.9A6.9 6.9 0 1 1 8.3 3.7a5.5 5.5 0 0 0 7.9 8.2z",
  sun: "M10 6.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8zM10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M4.3 15.7l1.2-1.2M14.5 5.5l1.2-1.2",
  out: "M8 3.5H4.5v13H8M8.5 10h8M13.5 6.8 16.7 10l-3.2 3.2",
  trunk: "M10 2.8a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.4zM2.8 10h14.4M10 2.8c4.3 4.3 4.3 10.1 0 14.4M10 2.8c-4.3 4.3-4.3 10.1 0 14.4",
  inbound: "M15 5 5.5 14.5M5.5 7.5v7h7",
  outbound: "M5 15l9.5-9.5M7.5 5.5h7v7",
  internal: "M4 7h11.5M12.5 4l3 3-3 3M16 13H4.5M7.5 10l-3 3 3 3",
  close: "M5 5l10 10M15 5 5 15",
  alert: "M10 3.2 17.5 16.5h-15zM10 8.2v4M10 14.4v.01",
};

/**
 * An icon that says nothing by itself: a word stands beside it, or in the label of its button.
 * @param {{ name: keyof typeof PATHS }} props
 */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}

/** Two jacks and a cord: the mark. */
export function Mark() {
  return html`<svg class="mark" viewBox="0 0 26 26" aria-hidden="true">
    <path d="M6.5 11v3.2c0 3.2 2.2 5.3 5.3 5.3h3.3" />
    <circle cx="6.5" cy="6.5" r="4.4" />
    <circle class="lit" cx="19.5" cy="19.5" r="4.4" />
  </svg>`;
}

/**
 * The cord between two who talk; dashed while it rings.
 * @param {{ state: string }} props
 */
export function Cord({ state }) {
  const open = state === "ringing" || state === "prompt";
  return html`<svg class=${open ? "cord open" : "cord"} viewBox="0 0 116 24" aria-hidden="true">
    <path d="M7 8C40 22 76 22 109 8" />
    <circle class="end" cx="7" cy="8" r="5" />
    <circle class=${open ? "" : "end"} cx="109" cy="8" r=${open ? 4 : 5} />
  </svg>`;
}
