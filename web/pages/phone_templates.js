// «Шаблоны телефонов»: what telephones' files are made of. Those of the program can be looked at and copied; a copy can be changed.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { SECTIONS, address } from "../routes.js";
import { Field, Sect, useTask } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { Head, ItemPage, useItem } from "../parts/item.js";
import { List, useList } from "../parts/list.js";
import { Editor } from "../parts/editor.js";
import { Firmware } from "../parts/phone_firmware.js";

/** So long is waited for the next letter before a text is tried. Milliseconds. */
const SETTLE = 700;

/** @param {any} props */
export function PhoneTemplates(props) {
  const { rest } = props;
  return rest[0] ? html`<${Template} key=${rest[0]} ...${props} name=${rest[0]} />` : html`<${Templates} ...${props} />`;
}

/** @param {any} props */
function Templates(props) {
  const { t, admin } = props;
  const { rows, fault, load } = useList(props, "phone-templates");
  const columns = [
    { head: t("tel_template"), cell: (/** @type {any} */ row) => html`<b>${row.built_in ? row.title || row.name : row.name}</b>` },
    { head: t("tel_template_kind"), cell: (/** @type {any} */ row) => (row.built_in ? t("tel_template_shipped") : t("tel_template_made", { base: row.base })), look: "second" },
    { head: t("tel_template_used"), cell: (/** @type {any} */ row) => (row.used_by.length ? t("tel_phones_count", { count: row.used_by.length }) : ""), look: "second" },
    { head: t("tel_template_files"), cell: (/** @type {any} */ row) => html`<span class="mono">${row.files.flatMap((/** @type {any} */ one) => one.names).join(", ")}</span>`, look: "second wide-only" },
  ];
  return html`<a class="crumb" href=${address("phones")}><${Icon} name="back" />${t("phones")}</a>
    <${List} t=${t} collection="phone-templates" title=${t("tel_templates_title")} why=${t("tel_templates_why")} rows=${rows} fault=${fault} onAgain=${load} keyed="name" columns=${columns}
      words=${(/** @type {any} */ row) => `${row.name} ${row.title}`} empty="" admin=${admin} />
    <${Firmware} ...${props} />`;
}

/** @param {any} props */
function Template(props) {
  const { t, api, admin, name, go, tell, onRefused } = props;
  const item = useItem(props, { collection: "phone-templates", name, keyed: "name", send });
  const { busy, fault, run } = useTask(t);
  const editor = useRef(/** @type {{ show: (line: number) => void } | null} */ (null));
  const labels = { name: t("tel_template_name"), text: t("tel_template_text") };
  if (!item.draft) return html`<${ItemPage} item=${item} admin=${admin} title=${name} labels=${labels} fixed />`;
  const { draft, edit, was } = item;
  const copy = () =>
    run(async () => {
      try {
        const taken = (await api.all("phone-templates")).map((/** @type {any} */ one) => one.name);
        const answer = await api.write("POST", "phone-templates", { name: spare(t("tel_template_copy", { name: was.title || was.name }), taken), base: was.base, text: was.text });
        go(address("phone-templates", answer.value.name));
        tell({ text: t("item_made", { name: answer.value.name }), act: () => api.write("POST", `versions/${answer.version}/revert`, { scope: "this" }).then(() => go(address("phone-templates"))) });
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  const actions = admin && html`<button class=${was.built_in ? "button primary" : "button"} type="button" disabled=${busy} onClick=${copy}><${Icon} name="copy" />${t("tel_template_fork")}</button>`;
  const second = html`${was.built_in ? t("tel_template_shipped_why") : t("tel_template_made", { base: was.base })}`;
  const used = was.used_by.length ? html`<p>${t("tel_template_used_by")}</p><ul>${was.used_by.map((/** @type {string} */ mac) => html`<li key=${mac}><a class="mono" href=${address("phones", mac)}>${mac}</a></li>`)}</ul>` : html`<p>${t(was.built_in ? "tel_template_used_vendor" : "tel_template_unused")}</p>`;
  const files = html`<p>${t("tel_template_asks")}</p><ul>${was.files.map((/** @type {any} */ one) => html`<li class="mono">${one.names.join(", ")}</li>`)}</ul>`;
  const show = (/** @type {number} */ line) => editor.current?.show(line);
  const help = html`${used}${files}<p class="note"><${Icon} name="info" /><span>${t("tel_template_how")}</span></p>`;
  const text = html`<${Editor} id="template-text" label=${t("tel_template_text")} value=${draft.text} fixed=${was.built_in || !admin} handle=${editor} onValue=${(/** @type {string} */ next) => edit({ text: next })} />`;
  const failed = fault && html`<p class="note bad" role="alert"><${Icon} name="alert" /><span>${fault.problem?.errors?.[0]?.detail ?? fault.message}</span></p>`;
  if (was.built_in) {
    return html`${failed}<${Head} t=${t} section=${SECTIONS.find(({ at }) => at === "phone-templates")} title=${was.title || was.name} second=${second}>${actions}<//>
      <${Sect} id="template" title=${t("tel_template_text")} help=${help}>${text}<//>`;
  }
  return html`${failed}<${ItemPage} item=${item} admin=${admin} title=${was.name} second=${second} actions=${actions} labels=${labels}>
      <${Sect} id="template" title=${t("tel_template_text")} help=${help}>
        <${Field} id="template-name" label=${t("tel_template_name")} value=${draft.name} fault=${item.fault?.at("/name")} onValue=${(/** @type {string} */ next) => edit({ name: next })} />
        <${Check} t=${t} api=${api} admin=${admin} text=${draft.text} fault=${item.fault?.at("/text")} was=${was.text} onShow=${show} />
        ${text}
      <//>
    <//>`;
}

/** What is wrong with a text, said while it is written: the line and the cause. @param {any} props */
function Check({ t, api, admin, text, was, fault, onShow }) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => {
    setFound(null);
    if (!admin || text === was) return;
    let here = true;
    const ask = () => api.write("POST", "phone-templates/check", { text }).then((/** @type {any} */ { value }) => here && setFound(value), () => {});
    const timer = setTimeout(ask, SETTLE);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [text]);
  const problem = found?.problem;
  if (problem) return html`<p class="note bad" role="status"><${Icon} name="alert" /><span>${problem.text} <button class="plain" type="button" onClick=${() => onShow(problem.line)}>${t("show")}</button></span></p>`;
  if (fault) return html`<p class="note bad" role="alert"><${Icon} name="alert" /><span class="fault">${fault}</span></p>`;
  return html`<p class="hint" role="status">${found ? html`<span class="lamp ok">${t("tel_template_good", { files: found.files.flatMap((/** @type {any} */ one) => one.names).join(", ") })}</span>` : text !== was && t("tel_template_checks")}</p>`;
}

/** @param {any} body */
function send({ name, base, text }) {
  return { name, base, text };
}

/**
 * The name, or with the first number that is free.
 * @param {string} name
 * @param {string[]} taken
 */
function spare(name, taken) {
  for (let nth = 1; ; nth += 1) {
    const next = nth === 1 ? name : `${name} ${nth}`;
    if (!taken.includes(next)) return next;
  }
}
