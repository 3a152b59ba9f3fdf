// The page's icons: strokes on a grid of 20.
import { html } from "../lib/preact.js";

export const PATHS = {
  now: "M2.5 10.5h3.2L8 5l4 10.5 2.1-5h3.4",
  calls: "M3.5 5.5h13M3.5 10h13M3.5 14.5h8",
  help: "M10 2.800a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.400zM7.7 8.100a2.300 2.300 0 1 1 3.500 2c-.8.5-1.200 1-1.200 1.800M10 14.200v.01",
  codes: "M7.8 3.2 6.2 16.8M13.8 3.2l-1.6 13.6M3.6 7.4h13.2M3.2 12.6h13.2",
  hang: "M2.8 11.8c3.6-4.4 10.8-4.4 14.4 0l-1.6 2.3-3.1-1.2-.3-2.2a8.6 8.6 0 0 0-4.4 0l-.3 2.2-3.1 1.2z",
  moon: "M16.2 11.9A6.9 6.9 0 1 1 8.3 3.7a5.5 5.5 0 0 0 7.9 8.2z",
  sun: "M10 6.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8zM10 2v1.6M10 16.4V18M2 10h1.6M16.4 10H18M4.3 4.3l1.2 1.2M14.5 14.5l1.2 1.2M4.3 15.7l1.2-1.2M14.5 5.5l1.2-1.2",
  out: "M8 3.5H4.5v13H8M8.5 10h8M13.5 6.8 16.7 10l-3.2 3.2",
  trunk: "M10 2.8a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.4zM2.8 10h14.4M10 2.8c4.3 4.3 4.3 10.1 0 14.4M10 2.8c-4.3 4.3-4.3 10.1 0 14.4",
  inbound: "M15 5 5.5 14.5M5.5 7.5v7h7",
  outbound: "M5 15l9.5-9.5M7.5 5.5h7v7",
  internal: "M4 7h11.5M12.5 4l3 3-3 3M16 13H4.5M7.5 10l-3 3 3 3",
  routing: "M4 8.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM16 2.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM16 13.7a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6zM5.8 10c4.5 0 3.4-5.5 8.4-5.5M5.8 10c4.5 0 3.4 5.5 8.4 5.5",
  extension: "M4 9.2C5.6 4 14.4 4 16 9.2l-3 1.2-1.3-2.6H8.3L7 10.4zM6 11.8 4.8 16h10.4L14 11.8M10 11.3a1.3 1.3 0 1 1 0 2.6 1.3 1.3 0 0 1 0-2.6z",
  phones: "M5 4h10a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM6.5 4v12M9.5 7.2h4.500M9.5 10.5h.01M11.8 10.5h.01M14 10.5h.01M9.5 13h.01M11.8 13h.01M14 13h.01",
  group: "M7 4.4a2.6 2.6 0 1 1 0 5.2 2.6 2.6 0 0 1 0-5.2zM2.2 16c.4-3.2 2.3-4.8 4.8-4.8s4.4 1.6 4.8 4.8M12.6 4.7a2.6 2.6 0 0 1 0 4.7M14.4 11.6c2 .6 3 2.1 3.4 4.4",
  settings: "M4 6h7M15 6h1M4 14h1M9 14h7M13 4a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM7 12a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  find: "M8.8 3.6a5.2 5.2 0 1 1 0 10.4 5.2 5.2 0 0 1 0-10.4zM12.6 12.6l4 4",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  plus: "M10 4v12M4 10h12",
  check: "M4.5 10.5 8.3 14.3 15.7 6",
  copy: "M9 7h6a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2zM13 4.5a1.5 1.5 0 0 0-1.5-1H5A1.5 1.5 0 0 0 3.5 5v6.5a1.5 1.5 0 0 0 1 1.5",
  grip: "M7.5 5v.01M7.5 10v.01M7.5 15v.01M12.5 5v.01M12.5 10v.01M12.5 15v.01",
  mobile: "M8 2.8h4a2 2 0 0 1 2 2v10.4a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2V4.8a2 2 0 0 1 2-2zM9 14.5h2",
  lock: "M6.5 9h7a2 2 0 0 1 2 2v3.5a2 2 0 0 1-2 2h-7a2 2 0 0 1-2-2V11a2 2 0 0 1 2-2zM7 9V6.500a3 3 0 0 1 6 0V9",
  refresh: "M16 5v4h-4M4 15v-4h4M15.5 9A6 6 0 0 0 5 6.500M4.5 11A6 6 0 0 0 15 13.5",
  eye: "M2.5 10C5.5 4.8 14.5 4.8 17.5 10 14.5 15.2 5.5 15.2 2.5 10zM10 7.800a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.400z",
  remove: "M4 6h12M8 6V3.800h4V6M5.5 6l.8 10.200h7.400L14.5 6M8.5 9v4.500M11.5 9v4.5",
  back: "M12 4.5 6.5 10l5.5 5.5",
  undo: "M7 4.5 3.5 8 7 11.500M3.8 8H12a4 4 0 0 1 0 8H8.5",
  note: "M7.5 14.500V5l8-1.500v9.500M5.5 12.500a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM13.5 11a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  message: "M4.5 4h11A1.5 1.5 0 0 1 17 5.500v7a1.5 1.5 0 0 1-1.5 1.500H9l-4 3v-3h-.5A1.5 1.5 0 0 1 3 12.500v-7A1.5 1.5 0 0 1 4.5 4z",
  clock: "M10 2.800a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.400zM10 5.800V10l2.8 2",
  keypad: "M5 5v.01M10 5v.01M15 5v.01M5 10v.01M10 10v.01M15 10v.01M10 15v.01",
  building: "M5 17V3.500h10V17M3 17h14M8 7h.01M12 7h.01M8 10.500h.01M12 10.500h.01M9 17v-3h2v3",
  user: "M10 4a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM4 16.500c.6-3.6 2.9-5.2 6-5.200s5.4 1.6 6 5.2",
  key: "M6.5 8a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM9.2 9.2 16 3.500M13.5 5.800l2.2 2.2",
  list: "M7.5 5.500h9M7.5 10h9M7.5 14.500h9M3.5 5.500h.01M3.5 10h.01M3.5 14.500h.01",
  play: "M6.5 4.200v11.600l9-5.800z",
  pause: "M7 4.500v11M13 4.500v11",
  mic: "M10 3a2.5 2.5 0 0 1 2.5 2.500v4a2.5 2.5 0 0 1-5 0v-4A2.5 2.5 0 0 1 10 3zM5 9.500a5 5 0 0 0 10 0M10 14.500V17",
  upload: "M10 13V4M6.5 7.3 10 3.800l3.5 3.500M3.5 13v3h13v-3",
  qr: "M3.5 3.500h5v5h-5zM11.5 3.500h5v5h-5zM3.5 11.500h5v5h-5zM11.5 11.500h2v2M16.5 11.500v.01M16.5 14.500v2h-2M11.5 16.500v.01",
  info: "M10 2.800a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.400zM10 9.200v4.300M10 6.500v.01",
  ear: "M6 8a4 4 0 0 1 8 0c0 2.600-2.6 3.200-2.600 5.600a2.200 2.200 0 0 1-3.800 1.500M8.300 8a1.700 1.700 0 0 1 3.400 0c0 1.200-1.100 1.500-1.400 2.700",
  close: "M5 5l10 10M15 5 5 15",
  alert: "M10 3.2 17.5 16.5h-15zM10 8.2v4M10 14.4v.01",
};

/** Those made of dots need a thicker stroke. */
const DOTS = ["more", "grip", "keypad"];

/**
 * An icon that says nothing by itself: a word stands beside it, or in the label of its button.
 * @param {{ name: keyof typeof PATHS }} props
 */
export function Icon({ name }) {
  return html`<svg class=${DOTS.includes(name) ? "icon dots" : "icon"} viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
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
