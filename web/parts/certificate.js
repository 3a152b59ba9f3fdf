// The box's certificate: its own, or one that is brought here with its key. The key goes in and never comes out.
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { asPem, sorted } from "../pem.js";
import { useTask } from "./form.js";
import { Icon } from "./icons.js";

/** @param {any} props */
export function Certificate({ t, api, language, tell, onRefused }) {
  const [was, setWas] = useState(/** @type {any} */ (null));
  const files = useRef(/** @type {HTMLInputElement | null} */ (null));
  const { busy, fault, run } = useTask(t);
  const refused = (/** @type {unknown} */ error) => {
    onRefused(error);
    throw error;
  };
  const load = () => run(async () => setWas(await api.get("certificate").catch(refused)));
  useEffect(() => {
    load();
  }, []);
  const bring = (/** @type {File[]} */ chosen) =>
    run(async () => {
      const texts = await Promise.all(chosen.map(async (file) => asPem(new Uint8Array(await file.arrayBuffer()))));
      const answer = await api.write("PUT", "certificate", sorted(texts)).catch(refused);
      setWas(answer.value);
      tell({ text: t("certificate_taken") });
    });
  const back = () =>
    run(async () => {
      await api.write("DELETE", "certificate").catch(refused);
      setWas(await api.get("certificate").catch(refused));
      tell({ text: t("certificate_own_again") });
    });
  const picked = () => {
    const chosen = [...(files.current?.files ?? [])];
    if (files.current) files.current.value = "";
    if (chosen.length > 0) bring(chosen);
  };
  const day = (/** @type {string} */ when) => new Date(when).toLocaleDateString(language === "ru" ? "ru-RU" : "en-GB", { dateStyle: "long" });
  const about = (/** @type {any} */ one, /** @type {string} */ name, /** @type {boolean} */ used) =>
    html`<li class="room"><span class="who"><b><span class=${used ? "lamp ok" : "lamp off"}>${name}</span></b>
      <small>${t("certificate_by", { name: one.issuer })} · ${t("authorities_until", { when: day(one.not_after) })}</small><small>${one.names.join(", ")}</small></span></li>`;
  return html`<section class="card authorities" aria-labelledby="certificate-title">
    <header><h2 id="certificate-title">${t("certificate")}</h2>
      <input ref=${files} class="unseen" id="certificate-files" type="file" multiple accept=".pem,.crt,.cer,.der,.key" tabindex="-1" aria-label=${t("certificate_add")} onChange=${picked} />
      <button class="button" type="button" disabled=${busy} onClick=${() => files.current?.click()}><${Icon} name="upload" />${t("certificate_add")}</button></header>
    <p class="in second">${t("certificate_why")}</p>
    <div role="alert">${fault && html`<p class="in fault">${fault.problem?.errors?.[0]?.detail ?? fault.message}</p>`}</div>
    ${was && html`<ul>
      ${was.uploaded && about(was.uploaded, t(was.in_use === "uploaded" ? "certificate_uploaded" : "certificate_ended"), was.in_use === "uploaded")}
      ${about(was.own, t("certificate_own"), was.in_use === "own")}</ul>
    <div class="in actions">${was.uploaded && html`<button class="button" type="button" disabled=${busy} onClick=${back}>${t("certificate_back")}</button>`}
      <a class="button" href="/api/v1/authority.pem" download="dozvon-authority.pem"><${Icon} name="lock" />${t("certificate_authority")}</a></div>
    <p class="in hint">${t("certificate_authority_why")}</p>`}
  </section>`;
}
