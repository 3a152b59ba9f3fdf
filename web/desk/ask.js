// «What if»: a sentence with blanks that answers while it is changed.
import { span } from "../format.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { Glyph } from "./glyphs.js";
import { body, keys, lit, strip, typed } from "./whatif.js";

/** The box is asked when nobody has changed the question for so long. Milliseconds. */
const PAUSE = 250;

/**
 * The answer to a question, asked anew whenever the question or the desk changes.
 * @param {{ api: import("../api.js").Api, open: boolean, question: import("./whatif.js").Question, elements: import("./kinds.js").Element[], minute: number,
 *   onRefused: (error: unknown) => void }} asked
 */
export function useAnswer({ api, open, question, elements, minute, onRefused }) {
  const [answer, setAnswer] = useState(/** @type {{ steps: import("./whatif.js").Step[], fault: import("../api.js").Refused | null } | null} */ (null));
  useEffect(() => {
    if (!open || !question.number) return setAnswer(null);
    let here = true;
    const timer = setTimeout(() => {
      api.write("POST", "routing/what-if", body(question, elements)).then(
        ({ value }) => here && setAnswer({ steps: value.steps, fault: null }),
        (error) => {
          onRefused(error);
          if (here) setAnswer({ steps: [], fault: error });
        },
      );
    }, PAUSE);
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [open, question, elements, question.at ? 0 : minute]);
  return { answer, way: lit(answer?.steps ?? [], elements) };
}

/**
 * @param {{ t: import("../words.js").Say, tell: import("./telling.js").Teller, box: import("../store.js").Box, question: import("./whatif.js").Question,
 *   at: import("./telling.js").Moment, elements: import("./kinds.js").Element[], answer: ReturnType<typeof useAnswer>["answer"], way: import("./whatif.js").Lit,
 *   onQuestion: (question: import("./whatif.js").Question) => void, onGo: (id: string) => void, onClose: () => void }} props
 */
export function Ask({ t, tell, box, at, question, elements, answer, way, onQuestion, onGo, onClose }) {
  const set = (/** @type {Partial<import("./whatif.js").Question>} */ part) => onQuestion({ ...question, ...part });
  const [written, setWritten] = useState(typed(question.keys));
  const first = useRef(/** @type {HTMLSelectElement | null} */ (null));
  useEffect(() => {
    // Whoever came by the keyboard goes on by it.
    if (document.activeElement?.matches(":focus-visible")) first.current?.focus({ preventScroll: true });
  }, []);
  const value = (/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).value;
  const people = (/** @type {"busy" | "offline"} */ what, /** @type {import("../words.js").Key} */ word) => html`<${People} t=${t} label=${t(word)} box=${box} chosen=${question[what]}
    onChosen=${(/** @type {string[]} */ chosen) => set({ [what]: chosen })} />`;
  const entries = strip(answer?.steps ?? [], way);
  const names = new Map(elements.map((element) => [element.id, tell.name(element)]));
  const told = entries.map(({ element, texts }) => `${names.get(element ?? "") ?? ""} ${texts.join(", ")}`.trim()).join("; ");
  return html`<section class="desk-ask" aria-label=${t("desk_whatif")}>
    <div class="desk-sentence"><b class="what"><${Glyph} name="wand" />${t("desk_whatif")}</b>
      <label><span>${t("desk_whatif_calls")}</span><select ref=${first} class="blank" value=${question.number} onChange=${(/** @type {Event} */ event) => set({ number: value(event) })}>
        ${tell.numbers.map((number) => html`<option key=${number} value=${number}>${tell.dialled(number)}</option>`)}</select></label>
      <label><span>${t("desk_whatif_from")}</span><input class="blank from" inputmode="tel" value=${question.from} placeholder=${t("desk_whatif_hidden")} onInput=${(/** @type {Event} */ event) => set({ from: value(event).replaceAll(/\D/g, "") })} /></label>
      ${!question.at && html`<span>${t("desk_whatif_at")}</span><button class="blank" type="button" onClick=${() => set({ at: `${at.date}T${String(Math.floor(at.minute / 60)).padStart(2, "0")}:${String(at.minute % 60).padStart(2, "0")}` })}>${t("desk_whatif_now")}</button>`}
      ${question.at && html`<label><span>${t("desk_whatif_at")}</span><input class="blank at" type="datetime-local" value=${question.at} onChange=${(/** @type {Event} */ event) => set({ at: value(event) })} /></label>`}
      <label title=${t("desk_whatif_keys_why")}><span>${t("desk_whatif_keys")}</span><input class="blank keys" inputmode="tel" value=${written} placeholder=${t("desk_whatif_no_keys")}
        aria-description=${t("desk_whatif_keys_why")} onInput=${(/** @type {Event} */ event) => {
          const clean = value(event).replaceAll(/[^\d*#\s,—–-]/g, "");
          setWritten(clean);
          set({ keys: keys(clean) });
        }} /></label>
      ${people("busy", "desk_whatif_busy")}${people("offline", "desk_whatif_offline")}
    </div>
    <button class="button quiet square" type="button" title=${t("desk_whatif_close")} aria-label=${t("desk_whatif_close")} onClick=${onClose}><${Glyph} name="close" /></button>
    ${tell.numbers.length === 0
      ? html`<p class="second">${t("desk_whatif_none")}</p>`
      : answer?.fault
        ? html`<p class="fault" role="alert">${answer.fault.problem?.errors?.[0]?.detail ?? answer.fault.problem?.detail ?? t("desk_whatif_failed")}</p>`
        : html`<ol class="desk-steps" aria-label=${t("desk_whatif_way")} aria-busy=${answer === null}>
          ${answer === null && html`<li class="second">${t("desk_whatif_thinking")}</li>`}
          ${entries.map(({ element, after, texts, maybe }, nth) => html`<li key=${`${nth} ${element}`} class=${maybe ? "maybe" : ""}><small>${span(after * 1000)}${maybe && nth > 0 && !entries[nth - 1]?.maybe ? ` · ${t("desk_whatif_maybe")}` : ""}</small>
            ${element && names.has(element) ? html`<button class="plain" type="button" onClick=${() => onGo(element)}>${names.get(element)}</button>` : ""}<span>${texts.join(", ")}</span></li>`)}
        </ol>`}
    <p class="unseen" role="status">${told && t("desk_whatif_said", { way: told })}</p>
  </section>`;
}

/** @param {{ t: import("../words.js").Say, label: string, box: import("../store.js").Box, chosen: string[], onChosen: (chosen: string[]) => void }} props */
function People({ t, label, box, chosen, onChosen }) {
  const fold = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  const toggle = (/** @type {string} */ number) => onChosen(chosen.includes(number) ? chosen.filter((one) => one !== number) : [...chosen, number].sort());
  useEffect(() => {
    const outside = (/** @type {Event} */ event) => {
      if (fold.current?.open && !fold.current.contains(/** @type {Node} */ (event.target))) fold.current.open = false;
    };
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, []);
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !fold.current?.open) return;
    event.stopPropagation();
    fold.current.open = false;
    fold.current.querySelector("summary")?.focus();
  };
  return html`<div class="desk-people"><span>${label}</span><details ref=${fold} onKeyDown=${escape}><summary class="blank" aria-label=${`${label}: ${chosen.join(", ") || t("desk_whatif_nobody")}`}>${chosen.join(", ") || t("desk_whatif_nobody")}</summary>
    <div class="desk-pick">${box.extensions.map(({ number, employee }) => html`<label class="check" key=${number}><input type="checkbox" checked=${chosen.includes(number)} onChange=${() => toggle(number)} /><span>${number} ${employee}</span></label>`)}</div></details></div>`;
}
