// «Как находятся телефоны»: whether the box answers them and gives addresses, and what a router is told.
import { html } from "../lib/preact.js";
import { SECTIONS } from "../routes.js";
import { Field, Sect, Switch } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { Head, ItemPage, useItem } from "../parts/item.js";
import { Copied, Resets, Routers, useSetup } from "../parts/phone_setup.js";

/** How each state of a way by which telephones find the box is lit. @type {Record<string, string>} */
const LAMPS = { on: "ok", off: "off", looking: "ring", closed: "bad" };

/** @param {any} props */
export function PhoneSearch(props) {
  const { t, admin, tell } = props;
  const setup = useSetup(props);
  const item = useItem(props, { collection: "settings", name: t("tel_search"), keyed: "name", alone: true, send: ({ provisioning }) => ({ provisioning }) });
  const labels = { provisioning: t("tel_search") };
  const { draft, edit, fault } = item;
  if (!draft) return html`<${ItemPage} item=${item} admin=${admin} title=${t("tel_search_title")} labels=${labels} fixed under="phones" />`;
  const own = draft.provisioning;
  const set = (/** @type {any} */ part) => edit((/** @type {any} */ before) => ({ provisioning: { ...before.provisioning, ...part } }));
  const at = (/** @type {string} */ key) => fault?.at(`/provisioning/${key}`);
  const field = (/** @type {string} */ key) => ({ id: `dhcp-${key}`, value: own[key], fault: at(key), onValue: (/** @type {string} */ value) => set({ [key]: value.trim() }) });
  // What is not saved yet has no state of its own.
  const told = (/** @type {"pnp" | "dhcp" | "tftp" | "ldap"} */ way) => {
    const state = setup?.ways?.[way];
    return state && html`<p class=${state.state === "closed" ? "note warn" : "hint"} role="status"><span class=${`lamp ${LAMPS[state.state] ?? "off"}`}>${state.text}</span></p>`;
  };
  const router = html`<${Sect} id="router" title=${t("tel_find_router")} help=${html`<p>${t("tel_url_help")}</p>`}>
      <p class="second">${t("tel_find_router_why")}</p>
      ${setup && html`<div class="cols"><div class="field c12"><span class="second">${t("tel_url")}</span><${Copied} t=${t} tell=${tell} label=${t("tel_url")} text=${setup.url} /></div></div><${Routers} t=${t} tell=${tell} setup=${setup} />`}
    <//>
    ${setup && html`<${Sect} id="resets" title=${t("tel_find_reset")}><p class="second">${t("tel_find_reset_why")}</p><${Resets} setup=${setup} /><//>`}`;
  if (!own) {
    return html`<${Head} t=${t} section=${SECTIONS.find(({ at: place }) => place === "phones")} title=${t("tel_search_title")} second=${t("tel_search_why")} />
      ${!admin && html`<p class="note">${t("admin_only")}</p>`}<div class="item">${router}</div>`;
  }
  return html`<${ItemPage} item=${item} admin=${admin} title=${t("tel_search_title")} second=${t("tel_search_why")} labels=${labels} fixed under="phones">
    <${Sect} id="search" title=${t("tel_search_box")} help=${html`<p><b>${t("tel_pnp")}</b>: ${t("tel_pnp_help")}</p><p><b>${t("tel_dhcp")}</b>: ${t("tel_dhcp_help")}</p>`}>
      <${Switch} id="pnp" label=${t("tel_pnp")} hint=${t("tel_pnp_why")} on=${own.pnp} fault=${at("pnp")} onTurn=${(/** @type {boolean} */ pnp) => set({ pnp })}>${told("pnp")}<//>
      <${Switch} id="dhcp" label=${t("tel_dhcp")} hint=${t("tel_dhcp_why")} on=${own.dhcp} fault=${at("dhcp")} onTurn=${(/** @type {boolean} */ dhcp) => set({ dhcp })}>${told("dhcp")}<//>
      ${own.dhcp && !item.was.provisioning.dhcp && html`<p class="note warn"><${Icon} name="alert" /><span>${t("tel_dhcp_warn")}</span></p>`}
      ${own.dhcp && html`<div class="cols"><${Field} ...${field("dhcp_first")} label=${t("tel_dhcp_first")} span=${4} mono optional placeholder="192.168.1.100" /><${Field} ...${field("dhcp_last")} label=${t("tel_dhcp_last")} span=${4} mono optional placeholder="192.168.1.199" /></div>
        <small class="hint">${t("tel_dhcp_range")}</small>`}
      ${"ldap" in own && html`<${Switch} id="ldap" label=${t("tel_ldap")} hint=${t("tel_ldap_why")} on=${own.ldap} fault=${at("ldap")} onTurn=${(/** @type {boolean} */ ldap) => set({ ldap })}>${told("ldap")}<//>`}
      ${setup?.ways?.tftp && html`<div><h3>${t("tel_tftp")}</h3><small class="hint">${t("tel_tftp_why")}</small>${told("tftp")}</div>`}
    <//>
    ${router}
  <//>`;
}
