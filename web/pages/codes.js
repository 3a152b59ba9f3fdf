// «Коды и парковка»: what employees dial and key, where calls wait, and conference rooms.
import { FEATURES, example, moved, places } from "../codes.js";
import { html } from "../lib/preact.js";
import { Field, SaveBar, submit, useResource } from "../parts/form.js";
import { Rooms } from "../parts/rooms.js";

/**
 * @typedef {{ t: import("../words.js").Say, api: import("../api.js").Api, admin: boolean, onRefused: (error: unknown) => void }} Props
 * @typedef {{ codes: import("../codes.js").Codes, defaults: import("../codes.js").Codes }} Answer
 * @typedef {{ first: number, last: number, timeout_seconds: number }} ParkingPlaces
 */

/** @param {Props} props */
export function Codes(props) {
  const { t, admin } = props;
  return html`<div class="head"><h1>${t("codes")}</h1><p class="second">${t("codes_why")}</p>${!admin && html`<p class="note">${t("admin_only")}</p>`}</div>
    <div class="columns">
      <div class="column"><${CodeList} ...${props} /></div>
      <div class="column"><${Parking} ...${props} /><${Rooms} ...${props} /></div>
    </div>`;
}

/** @param {Props} props */
function CodeList({ t, api, admin, onRefused }) {
  const form = useResource({ t, api, path: "codes", onRefused });
  const was = /** @type {Answer | null} */ (form.was);
  const draft = /** @type {Answer | null} */ (form.draft);
  if (!was || !draft) return html`<section class="card"><${Waiting} t=${t} form=${form} /></section>`;
  const set = (/** @type {string} */ key, /** @type {string} */ code) => form.edit({ codes: { ...draft.codes, [key]: code.trim() } });
  const reset = () => form.edit({ codes: { ...draft.defaults } });
  const changed = moved(draft.codes, was.codes).length > 0;
  return html`<form class="card" aria-labelledby="codes-title" novalidate onSubmit=${submit(() => form.save(draft))}>
    <header><h2 id="codes-title">${t("codes_title")}</h2></header>
    <p class="in second">${t("codes_rule")}</p>
    ${FEATURES.map(
      ({ group, features }) => html`<div class="codes" role="group" aria-labelledby=${`group-${group}`}>
        <h3 id=${`group-${group}`}>${t(/** @type {import("../words.js").Key} */ (`codes_${group}`))}</h3>
        ${features.map((feature) => html`<${Code} key=${feature.key} t=${t} feature=${feature} code=${draft.codes[feature.key] ?? ""}
          normal=${draft.defaults[feature.key] ?? ""} fixed=${!admin} fault=${form.fault?.at(`/codes/${feature.key}`)}
          onCode=${(/** @type {string} */ code) => set(feature.key, code)} />`)}
      </div>`,
    )}
    ${admin &&
    html`<${SaveBar} t=${t} ...${form} changed=${changed} onReload=${form.load}>
      ${moved(draft.codes, draft.defaults).length > 0 && html`<button class="button" type="button" onClick=${reset}>${t("codes_reset")}</button>`}
    <//>`}
  </form>`;
}

/**
 * @param {{ t: import("../words.js").Say, feature: import("../codes.js").Feature, code: string, normal: string, fixed: boolean,
 *   fault?: string, onCode: (code: string) => void }} props
 */
function Code({ t, feature, code, normal, fixed, fault, onCode }) {
  const id = `code-${feature.key}`;
  const name = t(/** @type {import("../words.js").Key} */ (`code_${feature.key}`));
  const off = code === "";
  return html`<div class=${off ? "code off" : "code"}>
    <label for=${id}><b>${name}</b><small>${t(/** @type {import("../words.js").Key} */ (`does_${feature.key}`))}</small></label>
    <div class=${fault ? "field bad" : "field"}>
      <input class="input" id=${id} value=${code} maxlength="6" readonly=${fixed} placeholder=${t("code_none")} autocomplete="off" spellcheck=${false}
        inputmode="tel" aria-invalid=${fault ? "true" : null} aria-describedby=${`${id}-told`}
        onInput=${(/** @type {InputEvent} */ event) => onCode(/** @type {HTMLInputElement} */ (event.target).value)} />
    </div>
    ${!fixed &&
    html`<button class="switch" type="button" role="switch" aria-checked=${off ? "false" : "true"} aria-label=${t("code_on", { name })}
      title=${t(off ? "code_turn_on" : "code_turn_off")} onClick=${() => onCode(off ? normal : "")}></button>`}
    <small class=${fault ? "fault" : "hint"} id=${`${id}-told`}>${fault || (!off && feature.follows && t("code_dial", { example: example(code, feature.follows) }))}
      ${!fixed && !off && code !== normal && html` <button class="plain" type="button" onClick=${() => onCode(normal)}>${t("code_back", { code: normal })}</button>`}</small>
  </div>`;
}

/** @param {Props} props */
function Parking({ t, api, admin, onRefused }) {
  const form = useResource({ t, api, path: "parking", onRefused });
  const was = /** @type {ParkingPlaces | null} */ (form.was);
  const draft = /** @type {ParkingPlaces | null} */ (form.draft);
  if (!was || !draft) return html`<section class="card"><${Waiting} t=${t} form=${form} /></section>`;
  const on = draft.last !== 0;
  const turn = () => form.edit(on ? { last: 0 } : was.last !== 0 ? { ...was } : { first: 701, last: 709 });
  const number = (/** @type {keyof ParkingPlaces} */ key) => ({
    id: `parking-${key}`,
    value: String(draft[key] || ""),
    fixed: !admin,
    digits: true,
    fault: form.fault?.at(`/${key}`),
    onValue: (/** @type {string} */ value) => form.edit({ [key]: Number(value.replaceAll(/\D/g, "").slice(0, 5)) }),
  });
  const changed = draft.first !== was.first || draft.last !== was.last || draft.timeout_seconds !== was.timeout_seconds;
  return html`<form class="card" aria-labelledby="parking-title" novalidate onSubmit=${submit(() => form.save(draft))}>
    <header><h2 id="parking-title">${t("parking")}</h2>
      <span class="hint">${places(was) || t("code_off")}</span>
      ${admin && html`<button class="switch" type="button" role="switch" aria-checked=${String(on)} aria-label=${t("parking")} onClick=${turn}></button>`}</header>
    <div class="in form">
      <p class="second">${t(on ? "parking_why" : "parking_none")}</p>
      ${on &&
      html`<div class="pair"><${Field} ...${number("first")} label=${t("parking_first")} /><${Field} ...${number("last")} label=${t("parking_last")} /></div>
        <${Field} ...${number("timeout_seconds")} label=${t("parking_timeout")} hint=${t("parking_timeout_why")} />`}
    </div>
    ${admin && html`<${SaveBar} t=${t} ...${form} changed=${changed} onReload=${form.load} />`}
  </form>`;
}

/** @param {{ t: import("../words.js").Say, form: { fault: import("../api.js").Refused | null, load: () => void } }} props */
export function Waiting({ t, form }) {
  if (!form.fault) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  return html`<p class="empty">${form.fault.message} <button class="button" type="button" onClick=${form.load}>${t("try_again")}</button></p>`;
}
