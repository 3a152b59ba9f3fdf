// Firmware of telephones that somebody uploaded: the list, a way to add and to remove, and the choice of one telephone.
import { html, useRef, useState } from "../lib/preact.js";
import { Select, useTask } from "./form.js";
import { Icon } from "./icons.js";
import { useList } from "./list.js";

const COLLECTION = "phones/firmware";
const MEGABYTE = 1_000_000;

/** The telephones' own name for a file may hold spaces; an address may not. @param {string} file */
export function fileName(file) {
  return file.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "").slice(0, 100) || "firmware";
}

/** Which one a telephone loads. @param {any} props `field`: of the form */
export function FirmwareChoice(props) {
  const { t, field } = props;
  const { rows } = useList(props, COLLECTION);
  const names = (rows ?? []).map(({ name }) => name);
  if (field.value && !names.includes(field.value)) names.push(field.value);
  const options = [{ key: "", text: t("tel_firmware_keep") }, ...names.map((key) => ({ key, text: key }))];
  return html`<${Select} ...${field} span=${6} options=${options} />`;
}

/** «Прошивки»: all of them. @param {any} props */
export function Firmware(props) {
  const { t, api, admin, tell, onRefused } = props;
  const { rows, load } = useList(props, COLLECTION);
  const { busy, fault, run } = useTask(t);
  const [sent, setSent] = useState(/** @type {{ name: string, percent: number } | null} */ (null));
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const act = (/** @type {() => Promise<unknown>} */ work) =>
    run(async () => {
      try {
        await work();
        load();
      } catch (error) {
        onRefused(error);
        throw error;
      } finally {
        setSent(null);
      }
    });
  const bring = (/** @type {Event} */ event) => {
    const chosen = /** @type {HTMLInputElement} */ (event.target);
    const file = chosen.files?.[0];
    chosen.value = "";
    if (!file) return;
    const name = fileName(file.name);
    const part = (/** @type {number} */ done) => setSent({ name, percent: Math.round(done * 100) });
    act(async () => {
      await api.upload(`${COLLECTION}?name=${encodeURIComponent(name)}`, file, part);
      tell({ text: t("tel_firmware_ready", { name }) });
    });
  };
  const remove = (/** @type {string} */ name) => act(async () => {
    await api.write("DELETE", `${COLLECTION}/${encodeURIComponent(name)}`);
    tell({ text: t("tel_firmware_gone", { name }) });
  });
  const said = fault && (fault.problem?.errors?.[0]?.detail ?? [fault.message, ...(fault.problem?.references ?? []).map((/** @type {any} */ one) => one.text)].join(" "));
  return html`<section class="card" aria-labelledby="firmware-title"><header><h2 id="firmware-title">${t("tel_firmware_all")}</h2></header>
    <div class="in"><p class="second">${t("tel_firmware_about")}</p>
      ${said && html`<p class="note bad" role="alert"><${Icon} name="alert" /><span>${said}</span></p>`}
      ${rows && rows.length > 0 && html`<ul class="members">${rows.map((one) => html`<li class="member" key=${one.name}><div class="member-in start"><span><b class="mono">${one.name}</b>
        <small class="hint"> ${t("tel_firmware_size", { size: Math.max(1, Math.round(one.bytes / MEGABYTE)) })}${one.used_by.length > 0 && `, ${t("tel_phones_count", { count: one.used_by.length })}`}</small></span></div>
        ${admin && html`<button class="button quiet square" type="button" disabled=${busy} title=${t("delete")} aria-label=${`${t("delete")}: ${one.name}`} onClick=${() => remove(one.name)}><${Icon} name="close" /></button>`}</li>`)}</ul>`}
      ${sent && html`<p class="note" role="status"><span>${t("media_sending", sent)}</span><progress max="100" value=${sent.percent} aria-label=${sent.name}></progress></p>`}
      ${admin && html`<div class="adds"><input class="unseen" ref=${input} type="file" id="firmware-file" tabindex="-1" aria-label=${t("tel_firmware_add")} onChange=${bring} />
        <button class="button" type="button" disabled=${busy} onClick=${() => input.current?.click()}><${Icon} name="upload" />${t("tel_firmware_add")}</button></div>`}
    </div></section>`;
}
