// «Телефоны»: those that were seen in the network and wait, and those that are connected; and one of them.
import { find } from "../find.js";
import { html, useState } from "../lib/preact.js";
import { condition, title } from "../phones.js";
import { address } from "../routes.js";
import { Icon } from "../parts/icons.js";
import { Head } from "../parts/item.js";
import { arrows } from "../parts/list.js";
import { moment } from "../parts/moment.js";
import { Connect, PROGRAM, TYPED, connecting } from "../parts/phone_connect.js";
import { usePhones } from "../parts/phone_live.js";
import { PhoneForm } from "../parts/phone_form.js";
import { Resets, Routers, useSetup } from "../parts/phone_setup.js";

const NBSP = "\u00a0";
/** With more telephones than that, they can be searched. */
const MANY = 8;

/** @param {any} props */
export function Phones(props) {
  const { rest } = props;
  const live = usePhones(props);
  const setup = useSetup(props);
  const all = { ...props, ...live, setup };
  if (!live.phones) return html`<${Head} t=${props.t} title=${rest[0] ?? props.t("phones")} /><${Unread} t=${props.t} ...${live} />`;
  return rest[0] ? html`<${One} key=${rest[0]} ...${all} mac=${rest[0]} />` : html`<${All} ...${all} />`;
}

/** @param {any} props */
function Unread({ t, fault, load }) {
  if (!fault) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  return html`<p class="empty">${fault.message} <button class="button" type="button" onClick=${load}>${t("try_again")}</button></p>`;
}

/** A telephone's own page, or «Подключить» while it is nobody's. @param {any} props */
function One(props) {
  const { t, phones, mac, load, go } = props;
  const phone = phones.find((/** @type {any} */ one) => one.mac === mac);
  if (phone?.bound) return html`<${PhoneForm} ...${props} phone=${phone} />`;
  const section = { at: "phones", name: /** @type {const} */ ("phones") };
  if (!phone) return html`<${Head} t=${t} section=${section} title=${mac} /><p class="empty">${t("item_none")} <a href=${address("phones")}>${t("item_list")}</a></p>`;
  return html`<${Head} t=${t} section=${section} title=${title(phone) || t("tel_some")} />
    <div class="alone"><${Connect} ...${props} onMade=${load} onDropped=${load} onClose=${() => go(address("phones"))} /></div>`;
}

/** @param {any} props */
function All(props) {
  const { t, phones, box, now, admin, query, go, setup, tell, load } = props;
  const [question, setQuestion] = useState("");
  const chosen = query.get("connect") ?? "";
  const country = box.system?.country;
  const told = phones.map((/** @type {any} */ phone) => ({ phone, name: title(phone) || t("tel_some"), is: condition(phone, box.extensions, now + box.skew) }));
  const owners = (/** @type {any} */ phone) => phone.lines.map((/** @type {any} */ { extension }) => `${extension} ${box.extensions.find((/** @type {any} */ one) => one.number === extension)?.employee ?? ""}`.trim());
  const things = told.map((/** @type {any} */ one) => ({ text: `${one.name} ${owners(one.phone).join(" ")}`, about: "", href: "", words: `${one.phone.mac} ${one.phone.mac.replaceAll(":", "")} ${one.phone.seen?.address ?? ""}`, one }));
  const shown = question.trim() ? /** @type {any[]} */ (find(things, question, things.length)).map(({ one }) => one) : told;
  const waiting = shown.filter((/** @type {any} */ { phone }) => !phone.bound).sort((/** @type {any} */ one, /** @type {any} */ other) => (one.phone.seen.first_at < other.phone.seen.first_at ? 1 : -1));
  const bound = shown.filter((/** @type {any} */ { phone }) => phone.bound);
  const wait = told.filter((/** @type {any} */ { phone }) => !phone.bound).length;
  const frame = { ...props, owners, chosen, country };
  const open = (/** @type {string} */ mac) => go(mac ? connecting(mac) : address("phones"));
  const count = phones.length === 0 ? "" : t("tel_count", { bound: phones.length - wait, wait });
  return html`<header class="head item-head">
      <div><h1>${t("phones")}</h1>${count && html`<p class="second">${count} ${t("tel_why")}</p>`}</div>
      <div class="actions phone-links"><a class="button" href=${address("phone-sheets")}><${Icon} name="list" />${t("tel_sheets")}</a>
        <a class="button" href=${address("phone-templates")}>${t("tel_templates")}</a><a class="button" href=${address("phone-search")}><${Icon} name="settings" />${t("tel_search")}</a></div>
    </header>
    <div class=${chosen ? "phone-split open" : "phone-split"}>
      ${chosen && html`<${Connect} ...${props} key=${chosen} mac=${chosen} onMade=${(/** @type {string} */ mac) => (load(), open(mac))} onDropped=${() => (load(), open(""))} onClose=${() => open("")} />`}
      <div class="column">
        ${phones.length > MANY && html`<div class="filterline"><label class="unseen" for="phones-filter">${t("list_filter")}</label>
          <input class="input" id="phones-filter" type="search" placeholder=${t("tel_filter")} value=${question} onInput=${(/** @type {InputEvent} */ event) => setQuestion(/** @type {HTMLInputElement} */ (event.target).value)} />
          <span class="hint" role="status">${question.trim() && t("list_found", { count: shown.length, all: phones.length })}</span></div>`}
        ${question.trim() && shown.length === 0 && html`<p class="empty">${t("list_nothing")} <button class="button" type="button" onClick=${() => setQuestion("")}>${t("list_all")}</button></p>`}
        ${(!question.trim() || waiting.length > 0) && html`<section class="card" aria-labelledby="seen-title">
          <header><h2 id="seen-title">${t("tel_seen")}</h2>${wait > 0 && html`<b class="count">${wait}</b>`}<span class="hint"><span class=${deaf(setup) ? "lamp warn" : "lamp live"}>${t(deaf(setup) ? "tel_listens_not" : "tel_listens")}</span></span></header>
          ${waiting.length === 0 ? html`<${Nobody} ...${frame} />` : html`<${Seen} ...${frame} rows=${waiting} />`}
          ${admin && html`<footer class="card-foot save"><b class="start">${t("tel_not_there")}</b>
            <a class="button" href=${connecting(TYPED)}>${t("tel_type_mac")}</a><a class="button" href=${connecting(PROGRAM)}><${Icon} name="qr" />${t("tel_add_program")}</a></footer>`}
        </section>`}
        ${bound.length > 0 && html`<section class="card" aria-labelledby="bound-title"><header><h2 id="bound-title">${t("tel_bound")}</h2></header><${Bound} ...${frame} rows=${bound} /></section>`}
        ${phones.length === 0 && admin && setup && !chosen && html`<section class="card" aria-labelledby="find-title"><header><h2 id="find-title">${t("tel_find_router")}</h2></header>
          <div class="in"><p class="second">${t("tel_find_router_why")}</p><${Routers} t=${t} tell=${tell} setup=${setup} /></div></section>
          <section class="card letter"><details><summary><h2>${t("tel_find_reset")}</h2></summary><p class="second">${t("tel_find_reset_why")}</p><${Resets} setup=${setup} /></details></section>`}
      </div>
    </div>`;
}

/** Whether telephones that call for an exchange are not heard. @param {any} setup */
function deaf(setup) {
  return ["off", "closed"].includes(setup?.ways?.pnp.state);
}

/** What to do when no telephone is heard. @param {any} props */
function Nobody({ t, phones, setup }) {
  return html`<div class="empty"><p>${phones.length === 0 ? t("tel_none") : html`${t("tel_none_new")} <a href=${address("phone-search")}>${t("tel_none_help")}</a>`}</p>${deaf(setup) && html`<p class="note warn"><${Icon} name="alert" /><span>${t("tel_deaf")} ${setup.ways.pnp.text}</span></p>`}</div>`;
}

/** @param {any} props */
function Name({ name, phone }) {
  return html`<td class="name"><a href=${address("phones", phone.mac)}><b>${name}</b><br /><small class="hint mono">${phone.mac}</small></a></td>`;
}

/** @param {any} props */
function Seen({ t, rows, box, now, admin, chosen }) {
  return html`<table class="table things telephones" onKeyDown=${arrows}>
    <thead><tr><th scope="col">${t("tel_phone")}</th><th scope="col">${t("tel_address")}</th><th scope="col">${t("tel_how")}</th><th scope="col" class="wide-only">${t("tel_last")}</th><th></th></tr></thead>
    <tbody>${rows.map((/** @type {any} */ { phone, name }) => html`<tr class="thing" key=${phone.mac} aria-current=${phone.mac === chosen ? "true" : null}>
      <${Name} name=${name} phone=${phone} />
      <td class="mono second">${phone.seen.address}</td>
      <td class="second">${phone.seen.asked ? html`<small>${t("tel_asked", { file: phone.seen.asked })}</small>` : t(/** @type {"tel_how_pnp"} */ (`tel_how_${phone.seen.how}`))}</td>
      <td class="second wide-only">${moment(phone.seen.last_at, box, now, t)}</td>
      <td class="right">${admin && html`<a class="button above" href=${connecting(phone.mac)} aria-label=${t("tel_connect_this", { name })}>${t("tel_connect")}</a>`}</td></tr>`)}</tbody>
  </table>`;
}

/** @param {any} props */
function Bound({ t, rows, box, now, owners }) {
  return html`<table class="table things telephones" onKeyDown=${arrows}>
    <thead><tr><th scope="col">${t("tel_phone")}</th><th scope="col">${t("tel_whose_head")}</th><th scope="col">${t("tel_state")}</th><th scope="col" class="wide-only">${t("tel_address")}</th></tr></thead>
    <tbody>${rows.map((/** @type {any} */ { phone, name, is }) => html`<tr class="thing" key=${phone.mac}>
      <${Name} name=${name} phone=${phone} />
      <td>${owners(phone).map((/** @type {string} */ owner) => owner.replace(" ", NBSP)).join(", ") || html`<span class="second">${t("tel_nobodys")}</span>`}</td>
      <td><span class=${`lamp ${is.lamp}`}>${t(/** @type {"tel_is_new"} */ (`tel_is_${is.what}`))}${is.what === "silent" && ` ${t("since", { when: moment(is.since, box, now, t) })}`}</span></td>
      <td class="mono second wide-only">${phone.seen?.address ?? ""}</td></tr>`)}</tbody>
  </table>`;
}
