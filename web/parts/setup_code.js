// A code for the camera of a softphone. The library that draws it is fetched when it is asked for.
import { html, useEffect, useState } from "../lib/preact.js";

/** Light around the code, in its own squares: ISO/IEC 18004 asks for four. */
const QUIET = 4;

/** @param {{ text: string, label: string }} props */
export function Code({ text, label }) {
  const [code, setCode] = useState(/** @type {import("../lib/qr.js").Code | null} */ (null));
  useEffect(() => {
    let here = true;
    import("../lib/qr.js").then(({ generate }) => here && setCode(generate(text)), () => {});
    return () => {
      here = false;
    };
  }, [text]);
  if (!code) return html`<div class="qr" aria-busy="true"></div>`;
  const { size } = code;
  let path = "";
  for (let y = 0; y < size; y += 1) for (let x = 0; x < size; x += 1) if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  return html`<svg class="qr" viewBox=${`0 0 ${size + 2 * QUIET} ${size + 2 * QUIET}`} role="img" aria-label=${label} shape-rendering="crispEdges"><path d=${path} /></svg>`;
}

/**
 * What a telephone is told as its server: where the box says that it is, else the page's own host; with a port that is not the usual one.
 * @param {import("../store.js").System | null} system
 * @param {string} host
 */
export function serverOf(system, host) {
  const address = system?.sip?.host ?? host;
  const port = system?.sip?.udp_port ?? 5060;
  const shown = address.includes(":") && !address.startsWith("[") ? `[${address}]` : address;
  return port === 5060 ? shown : `${shown}:${port}`;
}

/**
 * What Grandstream Wave reads: an account as XML.
 * @param {{ server: string, login: string, password: string, name: string }} account
 */
export function waveAccount({ server, login, password, name }) {
  const field = (/** @type {string} */ tag, /** @type {string} */ text) => `<${tag}>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</${tag}>`;
  const inside = [field("RegisterServer", server), field("UserID", login), field("AuthID", login), field("AuthPass", password), field("AccountName", name), field("DisplayName", name), "<Dialplan>{x+|*x+|#x+|*x+#}</Dialplan>", "<RandomPort>0</RandomPort>"];
  return `<?xml version="1.0" encoding="utf-8"?><AccountConfig version="1"><Account>${inside.join("")}</Account></AccountConfig>`;
}
