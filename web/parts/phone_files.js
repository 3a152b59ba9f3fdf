// What a telephone fetched, and what it would get: each file, with secrets masked.
import { html, useEffect, useState } from "../lib/preact.js";
import { useTask } from "./form.js";
import { moment } from "./moment.js";

/** As many are shown. */
const SHOWN = 50;
/** How each answer is lit. @type {Record<string, string>} */
const LAMPS = { given_once: "ok", given: "ok", common: "ok", refused: "bad" };

/** @param {any} props `stamp`: changes when the telephone has fetched something */
export function Fetches({ t, api, mac, box, now, stamp }) {
  const [fetches, setFetches] = useState(/** @type {any[] | null} */ (null));
  const { fault, run } = useTask(t);
  useEffect(() => {
    run(async () => setFetches((await api.get(`phones/${encodeURIComponent(mac)}/fetches?limit=${SHOWN}`, { background: true })).items));
  }, [mac, stamp]);
  return html`<section class="card" aria-labelledby="fetches-title">
    <header><h2 id="fetches-title">${t("tel_fetches")}</h2><span class="hint">${t("tel_fetches_why")}</span></header>
    ${fault && html`<p class="empty">${fault.message}</p>`}
    ${!fetches && !fault && html`<p class="empty" aria-busy="true">${t("loading")}</p>`}
    ${fetches?.length === 0 && html`<p class="empty">${t("tel_fetches_none")}</p>`}
    ${fetches && fetches.length > 0 && html`<table class="table things fetched">
      <thead><tr><th scope="col">${t("tel_file")}</th><th scope="col">${t("tel_answer")}</th><th scope="col">${t("tel_from")}</th><th scope="col">${t("when")}</th></tr></thead>
      <tbody>${fetches.map((one) => html`<tr class="thing"><td class="mono">${one.file || "/"}</td>
        <td><span class=${`lamp ${LAMPS[one.outcome] ?? "off"}`}>${t(/** @type {"tel_out_given"} */ (`tel_out_${one.outcome}`))}</span></td>
        <td class="second"><span class="mono">${one.address}</span> ${t(one.secure ? "tel_secure" : "tel_plain")}</td><td class="second">${moment(one.at, box, now, t)}</td></tr>`)}</tbody>
    </table>`}
  </section>`;
}

/** @param {any} props */
export function Preview({ t, api, mac, stamp }) {
  const [open, setOpen] = useState(false);
  const [file, setFile] = useState("");
  const [made, setMade] = useState(/** @type {any} */ (null));
  const { fault, run } = useTask(t);
  useEffect(() => {
    if (!open) return;
    run(async () => setMade(await api.get(`phones/${encodeURIComponent(mac)}/preview${file && `?file=${encodeURIComponent(file)}`}`)));
  }, [mac, open, file, stamp]);
  const files = made?.files ?? [];
  return html`<section class="card letter preview"><details onToggle=${(/** @type {Event} */ event) => setOpen(/** @type {HTMLDetailsElement} */ (event.currentTarget).open)}>
    <summary><h2>${t("tel_preview")}</h2> <span class="hint">${t("tel_preview_why")}</span></summary>
    ${fault && html`<p class="fault">${fault.message}</p>`}
    ${files.length > 1 && html`<div class="field"><label for="preview-file">${t("tel_file")}</label><select class="input narrow" id="preview-file" value=${made.file} onChange=${(/** @type {Event} */ event) => setFile(/** @type {HTMLSelectElement} */ (event.target).value)}>
      ${files.map((/** @type {string} */ name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></div>`}
    ${made && !fault && html`<pre tabindex="0" role="region" aria-label=${made.file}>${made.text}</pre>`}
  </details></section>`;
}
