// «Сертификат»: what browsers and telephones see of the box.
import { html } from "../lib/preact.js";
import { Certificate } from "../parts/certificate.js";
import { Head } from "../parts/item.js";
import { SECTIONS } from "../routes.js";

/** @param {any} props */
export function CertificatePage(props) {
  const { t } = props;
  return html`<${Head} t=${t} section=${SECTIONS.find(({ at }) => at === "system")} title=${t("certificate")} /><div class="item"><${Certificate} ...${props} /></div>`;
}
