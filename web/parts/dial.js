// «Позвонить»: one's own telephone rings first, then the exchange dials the number.
import { dialled } from "../calls/filter.js";
import { html, useState } from "../lib/preact.js";
import { OwnSelect, callOut, keepOwn, ownExtension, useCallOut } from "./call_out.js";
import { Sign } from "./call_signs.js";
import { submit, useTask } from "./form.js";

/** @param {import("./call_out.js").Props} props */
export function Dial(props) {
  const { t, api, admin, box } = props;
  const can = useCallOut(api, admin);
  const [own, setOwn] = useState(() => ownExtension(box) || (box.extensions[0]?.number ?? ""));
  const [to, setTo] = useState("");
  const { busy, fault, run } = useTask(t);
  if (!can || box.extensions.length === 0) return null;
  const choose = (/** @type {string} */ number) => {
    keepOwn(number);
    setOwn(number);
  };
  const call = async () => {
    const number = dialled(to) || to.trim();
    if (!number) return;
    keepOwn(own);
    if (await run(() => callOut(props, own, number))) setTo("");
  };
  const wrong = fault?.at("/to") ?? fault?.at("/extension") ?? fault?.message;
  return html`<form class="card dial" aria-labelledby="dial-title" novalidate onSubmit=${submit(call)}>
    <header><h2 id="dial-title">${t("now_dial")}</h2></header>
    <div class="in">
      <div class="dial-line">
        <div class="field"><label for="dial-own">${t("calls_own_field")}</label><${OwnSelect} id="dial-own" box=${box} value=${own} onValue=${choose} /></div>
        <div class=${fault ? "field bad" : "field"}><label for="dial-to">${t("whom")}</label>
          <input class="input" id="dial-to" type="tel" inputmode="tel" autocomplete="off" value=${to} aria-invalid=${fault ? "true" : null} aria-describedby="dial-told" onInput=${(/** @type {InputEvent} */ event) => setTo(/** @type {HTMLInputElement} */ (event.target).value)} /></div>
        <button class="button primary" disabled=${busy || !to.trim()}><${Sign} name="handset" />${t("calls_call")}</button>
      </div>
      <small id="dial-told" class=${fault ? "fault" : "hint"} role="status">${fault ? wrong : t("now_dial_why")}</small>
    </div>
  </form>`;
}
