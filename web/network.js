// The box's places in networks, as they are typed: what is plainly wrong with them is told before the box is asked. Pure.

/**
 * @typedef {import("./words.js").Key} Key
 * @typedef {{ mode: "dhcp" } | { mode: "fixed", address: string, gateway: string | null }} Addressing
 * @typedef {{ card: string, vlan: number | null, address: Addressing }} Port
 * @typedef {{ port: Port, routes: string[] }} Carrier
 * @typedef {{ host_name: string, office: Port, carrier: Carrier | null, dns: string[] }} Network
 * @typedef {{ word: Key, values?: Record<string, unknown>, mend?: string }} Fault `mend`: what the field should hold
 */

/**
 * An IPv4 address as a number; `null`: it is none.
 * @param {string} text
 */
export function ipv4(text) {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text.trim())?.slice(1).map(Number);
  if (!parts || parts.some((part) => part > 255)) return null;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/**
 * An address with the length of its network, `192.168.1.10/24`.
 * @param {string} text
 */
export function cidr(text) {
  const [first = "", length, ...more] = text.trim().split("/");
  const address = ipv4(first);
  const prefix = /^\d{1,2}$/.test(length ?? "") ? Number(length) : -1;
  if (address === null || more.length > 0 || prefix < 0 || prefix > 32) return null;
  const span = 2 ** (32 - prefix);
  const network = Math.floor(address / span) * span;
  return { address, prefix, network, broadcast: network + span - 1 };
}

/** A name or an address of a server, as far as one can see. @param {string} text */
export function isHost(text) {
  return ipv4(text) !== null || /^[0-9a-f:]*:[0-9a-f:.]*$/i.test(text) || (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text) && !/^[\d.]+$/.test(text));
}

/** RFC 1123 §2.1: one label. @param {string} text */
export function isLabel(text) {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(text);
}

/**
 * A list as it is typed: commas, spaces or lines between.
 * @param {string} text
 */
export function list(text) {
  return text.split(/[\s,;]+/).filter(Boolean);
}

/**
 * What is wrong with a port's address.
 * @param {Addressing} how
 * @returns {Record<string, Fault>}
 */
function faultsOf(how) {
  if (how.mode !== "fixed") return {};
  /** @type {Record<string, Fault>} */
  const faults = {};
  const { address, gateway } = how;
  const own = cidr(address);
  if (!address) faults.address = { word: "net_address_needed" };
  else if (!own) faults.address = ipv4(address) === null ? { word: "net_address_none" } : { word: "net_mask_needed", mend: `${address.trim()}/24` };
  else if (own.prefix < 31 && (own.address === own.network || own.address === own.broadcast)) faults.address = { word: "net_address_reserved" };
  if (!gateway) return faults;
  const way = ipv4(gateway);
  if (way === null) faults.gateway = { word: "net_address_none" };
  else if (own && (way < own.network || way > own.broadcast)) faults.gateway = { word: "net_gateway_far", values: { address } };
  else if (own && way === own.address) faults.gateway = { word: "net_gateway_own" };
  return faults;
}

/**
 * What is plainly wrong, by the pointer of its field.
 * @param {Network} network
 * @returns {Record<string, Fault>}
 */
export function faults({ host_name: name, office, carrier, dns }) {
  /** @type {Record<string, Fault>} */
  const all = {};
  if (!isLabel(name)) all["/host_name"] = { word: "net_name_rule" };
  for (const [at, port] of /** @type {[string, Port | undefined][]} */ ([["/office", office], ["/carrier/port", carrier?.port]])) {
    if (!port) continue;
    if (port.vlan !== null && (port.vlan < 1 || port.vlan > 4094)) all[`${at}/vlan`] = { word: "net_vlan_rule" };
    for (const [key, fault] of Object.entries(faultsOf(port.address))) all[`${at}/address/${key}`] = fault;
  }
  const wrong = dns.find((one) => ipv4(one) === null && !one.includes(":"));
  if (wrong !== undefined) all["/dns"] = { word: "net_is_no_address", values: { text: wrong } };
  const route = carrier?.routes.find((one) => cidr(one) === null && !one.includes(":"));
  if (route !== undefined) all["/carrier/routes"] = { word: "net_is_no_network", values: { text: route } };
  if (carrier && carrier.port.card === office.card && carrier.port.vlan === office.vlan) all["/carrier/port/card"] = { word: "net_same_port" };
  return all;
}

/** A port that takes what it is given. @returns {Port} */
export function blankPort() {
  return { card: "", vlan: null, address: { mode: "dhcp" } };
}

/**
 * The port with its address told by somebody, or always the same: what the box has now, at first.
 * @param {Port} port
 * @param {string} mode
 * @param {string} present `192.168.1.10/24`; empty: not known
 * @returns {Port}
 */
export function turned(port, mode, present) {
  if (mode !== "fixed") return { ...port, address: { mode: "dhcp" } };
  return port.address.mode === "fixed" ? port : { ...port, address: { mode: "fixed", address: present, gateway: null } };
}
