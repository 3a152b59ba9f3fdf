// «О программе»: by what this box works, how much of that is in use, another licence in place of the present one, and whom to ask.
import { fullDate } from "../format.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { Sect, submit, useTask } from "../parts/form.js";
import { Icon } from "../parts/icons.js";

const FUNCTIONS = /** @type {const} */ ([
  ["recording", "license_recording"],
  ["transcoding", "license_transcoding"],
  ["provisioning", "license_provisioning"],
]);
/** No licence is longer, in bytes. */
const LONGEST = 16_384;

/** @param {any} props */
export function About(props) {
  const { t, api, language, admin, onRefused, settings } = props;
  const [held, setHeld] = useState(/** @type {any} */ (null));
  const [version, setVersion] = useState("");
  const { fault, run } = useTask(t);
  useEffect(() => {
    run(async () => {
      try {
        setHeld(await api.get("license"));
        setVersion((await api.get("system")).version);
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  }, [settings]);
  return html`<header class="head item-head"><div><h1>${t("about")}</h1><p class="second">Dozvon ${version}</p></div></header>
    <div role="alert">${fault && html`<p class="note warn"><${Icon} name="alert" />${fault.message}</p>`}</div>
    ${held && html`<div class="item">
      <${State} t=${t} language=${language} held=${held} tell=${props.tell} />
      <${Use} t=${t} held=${held} />
      <${Support} t=${t} held=${held} />
      ${admin && html`<${Another} ...${props} onHeld=${setHeld} />`}
    </div>`}`;
}

/** @param {{ t: import("../words.js").Say, language: import("../words.js").Language, held: any, tell: (told: any) => void }} props */
function State({ t, language, held, tell }) {
  const day = (/** @type {string} */ text) => fullDate(text.slice(0, 10), language);
  const copy = () => navigator.clipboard.writeText(held.hardware).then(() => tell({ text: t("copied") }), () => {});
  const { license: own, state } = held;
  const until = own?.expires ? day(own.expires) : "";
  const words = {
    trial: () => t("license_trial", { day: day(held.until ?? "") }),
    licensed: () => (until ? t("license_until", { day: until }) : t("license_endless")),
    grace: () => t("license_grace", { last: until, day: day(held.until ?? "") }),
    free: () => t("license_free"),
  };
  const rows = own ? [["license_owner", own.owner], ["license_serial", own.serial], ["license_edition", own.edition]] : [];
  return html`<${Sect} id="license" title=${t("license")} help=${html`<p>${t("license_help")}</p><p>${t("license_never")}</p>`}>
    <p><b>${words[/** @type {keyof typeof words} */ (state)]()}</b></p>
    ${state === "trial" && html`<p class="second">${t("license_trial_then")}</p>`}
    ${held.days_left !== null && state !== "trial" && html`<p class="note warn"><${Icon} name="alert" />${t("license_ends", { days: held.days_left })}</p>`}
    ${held.why && html`<p class="note warn"><${Icon} name="alert" />${held.why}</p>`}
    ${held.clock_set_back && html`<p class="note warn"><${Icon} name="clock" />${t("license_clock")}</p>`}
    <dl class="account">${rows.map(([name, value]) => html`<div key=${name}><dt>${t(/** @type {import("../words.js").Key} */ (name))}</dt><dd>${value}</dd></div>`)}
      <div><dt>${t("license_hardware")}</dt><dd><code>${held.hardware}</code>
        <button class="button quiet square" type="button" title=${t("copy")} aria-label=${`${t("copy")}: ${t("license_hardware")}`} onClick=${copy}><${Icon} name="copy" /></button></dd></div></dl>
  <//>`;
}

/** @param {{ t: import("../words.js").Say, held: any }} props */
function Use({ t, held }) {
  const limits = [["extensions", "license_extensions"], ["outside_calls", "license_calls"]];
  return html`<${Sect} id="use" title=${t("license_use")}>
    <dl class="account">${limits.map(([key, name]) => {
      const { used, most } = held.limits[/** @type {string} */ (key)];
      const full = most !== null && used >= most;
      return html`<div key=${key}><dt>${t(/** @type {import("../words.js").Key} */ (name))}</dt>
        <dd>${most === null ? t("license_used", { used }) : t("license_used_of", { used, most })}
          ${most !== null && html`<meter min="0" max=${Math.max(most, 1)} value=${Math.min(used, most)} aria-label=${t(/** @type {import("../words.js").Key} */ (name))}></meter>`}
          ${full && key === "extensions" && used > most && html`<small class="fault">${t("license_beyond", { most })}</small>`}</dd></div>`;
    })}
    ${FUNCTIONS.map(([name, word]) => html`<div key=${name}><dt>${t(word)}</dt>
      <dd><span class=${held.functions[name] ? "lamp ok" : "lamp off"}>${t(held.functions[name] ? "license_has" : "license_lacks")}</span></dd></div>`)}</dl>
  <//>`;
}

/** @param {{ t: import("../words.js").Say, held: any }} props */
function Support({ t, held }) {
  const { support_mail: mail = "", support_phone: phone = "" } = held.license ?? {};
  if (!mail && !phone) return null;
  return html`<${Sect} id="support" title=${t("license_support")}>
    <dl class="account">
      ${mail && html`<div><dt>${t("license_mail")}</dt><dd><a href=${`mailto:${mail}`}>${mail}</a></dd></div>`}
      ${phone && html`<div><dt>${t("license_phone")}</dt><dd><a href=${`tel:${phone.replace(/[^+\d]/g, "")}`}>${phone}</a></dd></div>`}
    </dl>
  <//>`;
}

/** @param {any} props */
function Another({ t, api, onRefused, onHeld, tell }) {
  const [text, setText] = useState("");
  const { busy, fault, run } = useTask(t);
  const send = () =>
    run(async () => {
      try {
        onHeld((await api.write("POST", "license", { text })).value);
        setText("");
        tell({ text: t("license_done") });
      } catch (error) {
        onRefused(error);
        throw error;
      }
    });
  const read = async (/** @type {Event} */ event) => {
    const input = /** @type {HTMLInputElement} */ (event.target);
    const [file] = input.files ?? [];
    // What is longer is refused by the box in words; its beginning will do for that.
    if (file) setText(await file.slice(0, LONGEST + 1).text());
    input.value = "";
  };
  const told = fault?.at("/text") || (fault && !fault.problem?.errors?.length ? fault.message : "");
  return html`<${Sect} id="another" title=${t("license_renew")} help=${html`<p>${t("license_renew_why")}</p>`}>
    <form class="form" novalidate onSubmit=${submit(() => text.trim() && send())}>
      <div class=${told ? "field bad" : "field"}><label for="license-text">${t("license_text")}</label>
        <textarea class="input mono" id="license-text" rows="6" spellcheck=${false} autocomplete="off" value=${text} aria-invalid=${told ? "true" : null}
          aria-describedby="license-told" onInput=${(/** @type {InputEvent} */ event) => setText(/** @type {HTMLTextAreaElement} */ (event.target).value)}></textarea>
        <small id="license-told" class=${told ? "fault" : "hint"} role=${told ? "alert" : null}>${told || t("license_text_hint")}</small></div>
      <div class="actions"><button class="button primary" disabled=${busy || !text.trim()}>${t(busy ? "saving" : "license_install")}</button>
        <label class="button"><${Icon} name="upload" />${t("license_file")}<input class="unseen" type="file" accept=".license,.key,.txt,text/plain" onChange=${read} /></label></div>
    </form>
  <//>`;
}
