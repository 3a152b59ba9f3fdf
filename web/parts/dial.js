// «Позвонить»: one's own telephone rings first, then the exchange dials the number.
import { dialled } from "../calls/filter.js";
import { html, useEffect, useState } from "../lib/preact.js";
import { OwnSelect, callOut, keepOwn, ownExtension, useCallOut } from "./call_out.js";
import { Sign } from "./call_signs.js";
import { submit, useTask } from "./form.js";

/** Digits typed sooner one after the other are one question. Milliseconds. */
const SETTLE = 350;

/** @param {import("./call_out.js").Props} props */
export function Dial(props) {
  const { t, api, admin, box, name } = props;
  const can = useCallOut(api, admin);
  const [own, setOwn] = useState(() => ownExtension(box) || (box.extensions[0]?.number ?? ""));
  const [to, setTo] = useState("");
  const { busy, fault, run, clear } = useTask(t);
  const meaning = useMeaning(api, can ? own : "", to);
  if (!can || box.extensions.length === 0) return null;
  const choose = (/** @type {string} */ number) => {
    keepOwn(number);
    setOwn(number);
  };
  const call = async () => {
    keepOwn(own);
    if (await run(() => callOut(props, own, to.trim(), dialled(to) ? name(dialled(to)) : to.trim()))) setTo("");
  };
  const typed = (/** @type {InputEvent} */ event) => {
    clear();
    setTo(/** @type {HTMLInputElement} */ (event.target).value);
  };
  const wrong = fault?.at("/to") ?? fault?.at("/extension") ?? fault?.message;
  return html`<form class="card dial" aria-labelledby="dial-title" novalidate onSubmit=${submit(call)}>
    <header><h2 id="dial-title">${t("now_dial")}</h2></header>
    <div class="in">
      <div class="dial-line">
        <div class="field"><label for="dial-own">${t("calls_own_field")}</label><${OwnSelect} id="dial-own" box=${box} value=${own} onValue=${choose} /></div>
        <div class=${fault ? "field bad" : "field"}><label for="dial-to">${t("whom")}</label>
          <input class="input" id="dial-to" type="tel" inputmode="tel" autocomplete="off" value=${to} aria-invalid=${fault ? "true" : null} aria-describedby="dial-told" onInput=${typed} /></div>
        <button class="button primary" disabled=${busy || !to.trim()}><${Sign} name="handset" />${t("calls_call")}</button>
      </div>
      <small id="dial-told" class=${fault ? "fault" : "hint"} role="status">${fault ? wrong : meaning || t("now_dial_why")}</small>
    </div>
  </form>`;
}

/**
 * How the box understands what is typed, before it is called; empty: it can't tell.
 * @param {import("../api.js").Api} api
 * @param {string} own
 * @param {string} to
 */
function useMeaning(api, own, to) {
  const [told, setTold] = useState({ to: "", text: "" });
  const number = to.trim();
  useEffect(() => {
    if (!own || !number) return;
    let here = true;
    const ask = () => api.write("POST", `extensions/${own}/dial`, { number }).then(({ value }) => here && setTold({ to: number, text: value.text }), () => {});
    const timer = setTimeout(ask, SETTLE);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [own, number]);
  return told.to === number && number ? told.text : "";
}
