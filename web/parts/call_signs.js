// Icons that only calls need.
import { html } from "../lib/preact.js";

const PATHS = {
  download: "M10 3.5v9M6 9l4 4 4-4M4 16.5h12",
  handset: "M6.2 3.5 8 7.3 6.4 8.800c.9 2 2.8 3.9 4.800 4.800l1.5-1.600 3.800 1.800-.5 2.700c-6.600.3-12.800-5.900-12.500-12.500z",
  tape: "M6 6.500a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM14 6.500a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM6 12.500h8",
};

/** @param {{ name: keyof typeof PATHS }} props */
export function Sign({ name }) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
