// «Сеть»: the box's name and places in networks. A change comes back by itself unless it is confirmed from where the box is then.
import { Refused } from "../api.js";
import { html, useEffect, useRef, useState } from "../lib/preact.js";
import { blankPort, faults, list, turned } from "../network.js";
import { addresses } from "../machine.js";
import { Choice, Field, Sect, Select, Switch } from "../parts/form.js";
import { Icon } from "../parts/icons.js";
import { Head, ItemPage, useItem } from "../parts/item.js";
import { useDeed, useWatched, Wrong } from "../parts/machine.js";
import { useStyle } from "../parts/style.js";
import { SECTIONS, address } from "../routes.js";

/** A change takes itself back after that. Seconds. */
const BACK_AFTER = 120;

/** @param {any} props */
export function Network(props) {
  const styled = useStyle("system");
  const { t, box } = props;
  if (!styled) return html`<p class="empty" aria-busy="true">${t("loading")}</p>`;
  return box.system?.machine?.image ? html`<${Places} ...${props} />` : html`<${OnlyImage} t=${t} title=${t("network")} />`;
}

/** What somebody sees who typed the address. @param {{ t: import("../words.js").Say, title: string }} props */
export function OnlyImage({ t, title }) {
  return html`<${Head} t=${t} section=${SECTIONS.find(({ at }) => at === "system")} title=${title} /><p class="note"><${Icon} name="info" /><span>${t("box_plain")}</span></p>`;
}

/** @param {any} props */
function Places(props) {
  const { t, admin, box, now, query, go } = props;
  const trial = useTrial(props);
  const item = useItem({ ...props, api: sender(props.api, trial.silent), tell: () => {} }, { collection: "system/network", name: t("network"), keyed: "host_name", alone: true, onSaved: trial.begin });
  const { read } = useWatched(props, "system");
  const { draft, edit, fault } = item;
  const cards = /** @type {import("../machine.js").Card[]} */ (/** @type {any} */ (read)?.machine?.cards ?? box.system?.machine?.cards ?? []);
  const asked = useRef(false);
  useEffect(() => {
    if (item.was?.confirm_within) trial.found(item.was.confirm_within);
    // The link to the new address was followed: that it could be is the proof.
    if (item.was?.confirm_within && query.has("confirm") && !asked.current) {
      asked.current = true;
      trial.keep().then((kept) => kept && (go(address("network")), item.load()));
    }
  }, [item.was]);
  useEffect(() => {
    if (trial.ended > 0) item.load();
  }, [trial.ended]);
  const labels = { host_name: t("net_name"), office: t("net_office"), carrier: t("net_carrier"), dns: t("net_dns") };
  const second = addresses(cards).length > 0 && html`${t("net_now")} <span class="mono">${addresses(cards).join(", ")}</span>`;
  const lead = html`<${Countdown} t=${t} trial=${trial} now=${now} onKept=${item.load} />`;
  if (!draft) return html`<${ItemPage} item=${item} under="system" admin=${admin} title=${t("network")} labels=${labels} lead=${lead} fixed />`;
  const found = item.changed ? faults(draft) : {};
  const wrong = (/** @type {string} */ pointer) => {
    const one = found[pointer];
    const inside = fault?.problem?.errors?.find(({ pointer: at }) => at?.startsWith(`${pointer}/`) && ["/dns", "/carrier/routes"].includes(pointer))?.detail;
    return fault?.at(pointer) ?? inside ?? (one && t(one.word, one.values));
  };
  const mend = (/** @type {string} */ pointer, /** @type {(text: string) => void} */ onValue) => {
    const text = found[pointer]?.mend;
    return text && html`<button class="plain" type="button" onClick=${() => onValue(text)}>${t("net_mend", { text })}</button>`;
  };
  const frame = { t, cards, wrong, mend };
  const office = (/** @type {any} */ change) => edit((/** @type {any} */ before) => ({ office: { ...before.office, ...change } }));
  const carrier = (/** @type {any} */ change) => edit((/** @type {any} */ before) => ({ carrier: { ...before.carrier, ...change } }));
  const port = draft.carrier?.port;
  const advanced = draft.office.vlan !== null || draft.office.card !== "" || draft.carrier !== null;
  return html`<${ItemPage} item=${{ ...item, changed: item.changed && trial.left(now) <= 0 }} under="system" admin=${admin} title=${t("network")} second=${second} labels=${labels} lead=${lead} fixed>
    <${Sect} id="office-net" title=${t("net_office")} help=${html`<p>${t("net_returns", { seconds: BACK_AFTER })}</p><p>${t("net_phones")}</p>`}>
      <${Way} ...${frame} at="/office" port=${draft.office} onPort=${office} />
      <div class="cols"><${Typed} ...${frame} id="net-dns" pointer="/dns" label=${t("net_dns")} hint=${t("net_dns_why")} value=${draft.dns} onValue=${(/** @type {string[]} */ dns) => edit({ dns })} placeholder="192.168.1.1" />
        <${Field} id="net-name" label=${t("net_name")} hint=${t("net_name_why")} span=${6} mono value=${draft.host_name} fault=${wrong("/host_name")} onValue=${(/** @type {string} */ text) => edit({ host_name: text.trim() })} /></div>
    <//>
    <${Sect} id="more-net" title=${t("net_more")} fold open=${advanced} help=${html`<p>${t("net_more_why")}</p>`}>
      <h3>${t("net_office")}</h3>
      <${Socket} ...${frame} at="/office" port=${draft.office} onPort=${office} />
      <${Switch} id="net-carrier" label=${t("net_carrier")} hint=${t("net_carrier_why")} on=${draft.carrier !== null} onTurn=${(/** @type {boolean} */ on) => edit({ carrier: on ? { port: { ...blankPort(), card: spare(cards, draft.office.card) }, routes: [] } : null })} />
      ${port && html`<div class="carrier"><${Socket} ...${frame} at="/carrier/port" port=${port} onPort=${(/** @type {any} */ change) => carrier({ port: { ...port, ...change } })} />
        <${Way} ...${frame} at="/carrier/port" port=${port} onPort=${(/** @type {any} */ change) => carrier({ port: { ...port, ...change } })} />
        <div class="cols"><${Typed} ...${frame} id="net-routes" pointer="/carrier/routes" label=${t("net_routes")} hint=${t("net_routes_why")} value=${draft.carrier.routes} onValue=${(/** @type {string[]} */ routes) => carrier({ routes })} placeholder="10.0.0.0/8" /></div></div>`}
    <//>
  <//>`;
}

/**
 * The box may be elsewhere before its answer is here.
 * @param {import("../api.js").Api} api
 * @param {(body: any) => void} onSilent
 */
function sender(api, onSilent) {
  const write = (/** @type {"PUT"} */ method, /** @type {string} */ path, /** @type {any} */ body, /** @type {string} */ etag) =>
    api.write(method, path, body, etag).catch((/** @type {unknown} */ error) => {
      if (!(error instanceof Refused) || error.status !== 0) throw error;
      onSilent(body);
      return { value: null, etag: "", version: "", confirmBy: "" };
    });
  return { read: (/** @type {string} */ path) => api.read(path), write };
}

/** A card that the office does not use. @param {import("../machine.js").Card[]} cards @param {string} used */
function spare(cards, used) {
  const first = used || cards.find(({ link }) => link)?.mac || cards[0]?.mac;
  return cards.find(({ mac }) => mac !== first)?.mac ?? "";
}

/** How a port comes by its address. @param {any} props */
function Way({ t, at, port, cards, wrong, mend, onPort }) {
  const id = at.replaceAll("/", "-");
  const card = cards.find((/** @type {any} */ one) => one.mac === port.card) ?? (at === "/office" ? cards.find((/** @type {any} */ one) => one.link) : null);
  const present = card?.addresses.find((/** @type {string} */ one) => one.includes(".")) ?? "";
  const { mode } = port.address;
  const carried = at !== "/office";
  const change = (/** @type {any} */ part) => onPort({ address: { ...port.address, ...part } });
  const field = (/** @type {"address" | "gateway"} */ key) => {
    const onValue = (/** @type {string} */ text) => change({ [key]: text.trim() || (key === "gateway" ? null : "") });
    return { id: `net${id}-${key}`, value: port.address[key] ?? "", fault: wrong(`${at}/address/${key}`), mend: mend(`${at}/address/${key}`, onValue), onValue };
  };
  return html`<${Choice} label=${t("net_how")} value=${mode} onValue=${(/** @type {string} */ next) => onPort(turned(port, next, present))} options=${[{ key: "dhcp", text: t(carried ? "net_dhcp_carrier" : "net_dhcp") }, { key: "fixed", text: t("net_fixed") }]} />
    ${mode === "dhcp" ? !carried && html`<p class="second">${t("net_dhcp_why")}</p>` : html`<div class="cols">
      <${Field} ...${field("address")} label=${t("net_address")} hint=${t("net_address_why")} span=${6} mono placeholder="192.168.1.10/24" />
      <${Field} ...${field("gateway")} label=${t(carried ? "net_gateway_carrier" : "net_gateway")} hint=${t(carried ? "net_gateway_carrier_why" : "net_gateway_why")} span=${6} mono optional placeholder="192.168.1.1" /></div>`}`;
}

/** Which socket of the box, and which VLAN on its cable. @param {any} props */
function Socket({ t, at, port, cards, wrong, onPort }) {
  const id = at.replaceAll("/", "-");
  const told = (/** @type {import("../machine.js").Card} */ one) => `${one.name}, ${one.mac}: ${t(one.link ? "net_cable" : "net_no_cable")}`;
  const options = [...(at === "/office" ? [{ key: "", text: t("net_any_card") }] : []), ...cards.map((/** @type {any} */ one) => ({ key: one.mac, text: told(one) }))];
  const typed = (/** @type {string} */ text) => {
    const digits = text.replaceAll(/\D/g, "").slice(0, 4);
    onPort({ vlan: digits === "" ? null : Number(digits) });
  };
  return html`<div class="cols"><${Select} id=${`net${id}-card`} label=${t("net_card")} span=${8} value=${port.card} fault=${wrong(`${at}/card`)} onValue=${(/** @type {string} */ card) => onPort({ card })} options=${options} />
    <${Field} id=${`net${id}-vlan`} label=${t("net_vlan")} hint=${t("net_vlan_why")} span=${4} digits optional value=${port.vlan === null ? "" : String(port.vlan)} fault=${wrong(`${at}/vlan`)} onValue=${typed} /></div>`;
}

/** A list that is typed as a line. @param {any} props */
function Typed({ id, pointer, label, hint, value, onValue, wrong, placeholder }) {
  const [text, setText] = useState(() => value.join(", "));
  useEffect(() => {
    // Somebody took the changes back.
    if (list(text).join() !== value.join()) setText(value.join(", "));
  }, [value]);
  return html`<${Field} id=${id} label=${label} hint=${hint} span=${6} mono optional placeholder=${placeholder} value=${text} fault=${wrong(pointer)} onValue=${(/** @type {string} */ next) => (setText(next), onValue(list(next)))} />`;
}

/**
 * A change that waits to be confirmed.
 * @param {any} props
 */
function useTrial(props) {
  const { api, t, tell } = props;
  const [until, setUntil] = useState(/** @type {number | null} */ (null));
  const [links, setLinks] = useState(/** @type {string[]} */ ([]));
  const [unheard, setUnheard] = useState(false);
  const [ended, setEnded] = useState(0);
  const { busy, fault, act } = useDeed(props);
  useEffect(() => {
    if (until === null) return;
    const timer = setTimeout(() => {
      setUntil(null);
      setEnded((count) => count + 1);
      tell({ text: t("net_went_back") });
    }, Math.max(0, until - Date.now()));
    return () => clearTimeout(timer);
  }, [until]);
  return {
    busy, fault, links, ended, unheard,
    silent: (/** @type {import("../network.js").Network} */ { office }) => {
      const port = location.port ? `:${location.port}` : "";
      setLinks(office.address.mode === "fixed" ? [`https://${office.address.address.replace(/\/.*$/, "")}${port}`] : []);
      setUnheard(true);
    },
    left: (/** @type {number} */ now) => (until === null ? 0 : Math.min(BACK_AFTER, Math.max(0, Math.ceil((until - now) / 1000)))),
    found: (/** @type {number} */ seconds) => setUntil(Date.now() + seconds * 1000),
    begin: (/** @type {import("../api.js").Answer} */ { value }) => {
      // The name alone is no danger.
      if (value?.confirm_by === null) return (tell({ text: t("item_saved", { name: t("network") }) }), setEnded((count) => count + 1));
      if (value) setLinks(value.addresses ?? []);
      setUnheard(value === null);
      // By the page's own clock: the box's may have been set meanwhile.
      setUntil(Date.now() + BACK_AFTER * 1000);
    },
    keep: () =>
      act(async () => {
        await api.write("POST", "system/network/confirm");
        setUntil(null);
        tell({ text: t("net_kept") });
      }),
  };
}

/** @param {any} props */
function Countdown({ t, trial, now, onKept }) {
  const left = trial.left(now);
  const card = useRef(/** @type {HTMLElement | null} */ (null));
  const shown = left > 0;
  useEffect(() => {
    if (shown) card.current?.scrollIntoView({ block: "center" });
  }, [shown]);
  if (!shown) return null;
  const here = trial.links.some((/** @type {string} */ link) => URL.canParse(link) && new URL(link).host === location.host);
  const others = trial.links.filter((/** @type {string} */ link) => URL.canParse(link) && new URL(link).host !== location.host);
  const keep = () => trial.keep().then((/** @type {boolean} */ kept) => kept && onKept());
  return html`<section class="card counting" ref=${card} aria-labelledby="counting-title"><header><h2 id="counting-title">${t("net_trial_title")}</h2><span class="hint"><b class="seconds">${t("seconds", { count: left })}</b></span></header>
    <div class="in stack"><p role="status">${trial.unheard && `${t("net_trial_silent")} `}${t(here ? "net_trial_here" : others.length > 0 ? "net_trial_elsewhere" : "net_trial_unknown")}</p>
      <progress max=${BACK_AFTER} value=${left} aria-label=${t("net_trial_title")}></progress>
      ${others.length > 0 && html`<p class="adds">${others.map((/** @type {string} */ link, /** @type {number} */ nth) => html`<a class=${nth === 0 && !here ? "button primary" : "button"} key=${link} href=${`${link.replace(/\/+$/, "")}/#/network?confirm`} target="_blank" rel="noopener">${t("net_open", { address: new URL(link).host })}</a>`)}</p>`}
      <${Wrong} fault=${trial.fault} />
      <div class="adds"><button class=${here || others.length === 0 ? "button primary" : "button"} type="button" disabled=${trial.busy} onClick=${keep}>${t("net_keep")}</button><span class="hint">${t("net_else")}</span></div></div></section>`;
}
