// What makers' telephones say of themselves, which files they ask for in which order, and how each reads what it gets.
import assert from "node:assert/strict";

/** @typedef {{ host: string, port: number, transport: string, user: string, password: string, name: string }} Account */
/** @typedef {{ path: string, attributes: Record<string, string>, text: string }} Element */
/**
 * `read` gives all that the file says by the maker's own names, the first account, and where it asks from then on.
 * @typedef {{ vendor: string, mac: string, model: string, agent: string, files: string[], follow?: (text: string) => string,
 *   read: (text: string, mac: string) => { settings: Map<string, string>, account: Account, server: string } }} Make
 */

const TRANSPORTS = ["UDP", "TCP", "TLS"];

/** @param {string} address `192.168.1.10:5060` */
function split(address) {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}

/** @param {string} mac @param {string} model @param {string} firmware @returns {Make} */
export const yealink = (mac, model = "SIP-T31P", firmware = "124.86.0.40") => ({
  vendor: "yealink",
  mac,
  model,
  agent: `Yealink ${model} ${firmware} ${mac}`,
  files: ["{mac}.boot", "y000000000000.boot", "y000000000123.cfg", "{mac}.cfg"],
  read(text) {
    assert.ok(text.startsWith("#!version:1.0.0.1"), text.slice(0, 80));
    const pairs = text.split("\n").map((line) => /^([\w.]+) = (.*)$/.exec(line));
    const settings = new Map(pairs.flatMap((pair) => (pair ? [[pair[1] ?? "", pair[2] ?? ""]] : [])));
    const of = (/** @type {string} */ key) => settings.get(`account.1.${key}`) ?? "";
    const account = {
      host: of("sip_server.1.address"),
      port: Number(of("sip_server.1.port")),
      transport: TRANSPORTS[Number(of("sip_server.1.transport_type"))] ?? "",
      user: of("user_name"),
      password: of("password"),
      name: of("display_name"),
    };
    return { settings, account, server: settings.get("static.auto_provision.server.url") ?? "" };
  },
});

/**
 * A maker whose file is XML: `of` finds the text of the first element with this ending of its path.
 * @param {Omit<Make, "read">} make
 * @param {(of: (ending: string) => string, all: Element[]) => { account: Account, server: string }} take
 * @param {(all: Element[]) => [string, string][]} [named]
 * @returns {Make}
 */
function inXml(make, take, named = (all) => all.map(({ path, text }) => [path, text])) {
  return {
    ...make,
    read(text) {
      const all = xml(text);
      const settings = new Map(named(all).reverse());
      const of = (/** @type {string} */ ending) => {
        const found = all.find(({ path }) => path.endsWith(`/${ending}`));
        assert.ok(found, `${make.vendor}: no ${ending} in ${text}`);
        return found.text;
      };
      return { settings, ...take(of, all) };
    },
  };
}

/** @param {Omit<Make, "read">} make */
const cisco = (make) =>
  inXml(make, (of) => ({
    account: { ...split(of("Proxy_1_")), transport: of("SIP_Transport_1_"), user: of("Auth_ID_1_"), password: of("Password_1_"), name: of("Display_Name_1_") },
    server: of("Profile_Rule").replace(/[^/]*$/, ""),
  }));

/** All of them, each with a telephone. @type {Make[]} */
export const MAKES = [
  yealink("80:5e:c0:12:34:56", "SIP-T46S", "66.86.0.15"),
  inXml(
    { vendor: "grandstream", mac: "00:0b:82:12:34:56", model: "GXP2135", agent: "Grandstream Model HW GXP2135 SW 1.0.11.48 DevId 000b82123456", files: ["cfg{mac}", "cfg{mac}.xml", "cfggxp2135.xml", "cfg.xml"] },
    (of) => ({
      account: { ...split(of("P47")), transport: TRANSPORTS[Number(of("P130"))] ?? "", user: of("P36"), password: of("P34"), name: of("P3") },
      server: `${of("P212") === "2" ? "https" : "http"}://${of("P237")}`,
    }),
  ),
  inXml(
    { vendor: "fanvil", mac: "0c:38:3e:12:34:56", model: "X4U", agent: "Fanvil X4U 2.12.1 0c383e123456", files: ["f0X4Uhw1.0.cfg", "{mac}.cfg"] },
    (of) => ({
      account: {
        host: of("line/RegisterAddr"),
        port: Number(of("line/RegisterPort")),
        transport: ["UDP", "TCP", "", "TLS"][Number(of("line/Transport"))] ?? "",
        user: of("line/RegisterUser"),
        password: of("line/RegisterPswd"),
        name: of("line/DisplayName"),
      },
      server: of("FlashServerIP"),
    }),
  ),
  inXml(
    { vendor: "snom", mac: "00:04:13:12:34:56", model: "D785", agent: "Mozilla/4.0 (compatible; snomD785-SIP 10.1.54.13 000413123456)", files: ["snomD785.htm", "snomD785-{MAC}.htm"] },
    (of) => {
      const [address = "", transport = ""] = of("user_outbound").split(";transport=");
      const account = { ...split(address), transport: transport.toUpperCase(), user: of("user_pname"), password: of("user_pass"), name: of("user_realname") };
      return { account, server: of("setting_server").replace(/[^/]*$/, "") };
    },
  ),
  cisco({ vendor: "cisco-spa", mac: "00:0e:08:12:34:56", model: "SPA504G", agent: "Cisco/SPA504G-7.6.2b (000e08123456)(CCQ1234)", files: ["spa504G.cfg", "{mac}.xml"] }),
  cisco({ vendor: "cisco-mpp", mac: "00:56:2b:12:34:56", model: "CP-8841", agent: "Cisco-CP-8841-3PCC/11.3.7 (00562b123456)", files: ["CP-8841-3PCC.xml", "{mac}.xml"] }),
  inXml(
    {
      vendor: "polycom",
      mac: "00:04:f2:12:34:56",
      model: "VVX_411",
      agent: "FileTransport PolycomVVX-VVX_411-UA/5.9.7.4477 (SN:0004f2123456) Type/Application",
      files: ["{mac}.cfg", "000000000000.cfg", "{mac}-directory.xml"],
      // The first file is a list of those that it takes.
      follow: (text) => xml(text).at(-1)?.attributes.CONFIG_FILES ?? "",
    },
    (_, all) => {
      const set = all.find(({ attributes }) => "reg.1.address" in attributes)?.attributes ?? {};
      const of = (/** @type {string} */ key) => set[key] ?? "";
      const server = "reg.1.server.1";
      const account = {
        host: of(`${server}.address`),
        port: Number(of(`${server}.port`)),
        transport: of(`${server}.transport`).slice(0, 3),
        user: of("reg.1.auth.userId"),
        password: of("reg.1.auth.password"),
        name: of("reg.1.displayName"),
      };
      return { account, server: of("device.prov.serverName") };
    },
    (all) => all.flatMap(({ attributes }) => Object.entries(attributes)),
  ),
  inXml(
    { vendor: "htek", mac: "00:1f:c1:12:34:56", model: "UC924", agent: "Htek UC924 2.0.4.8.21 00:1f:c1:12:34:56", files: ["cfguc924.xml", "cfg{mac}.xml"] },
    (of) => ({
      account: { ...split(of("P47")), transport: TRANSPORTS[Number(of("P130"))] ?? "", user: of("P36"), password: of("P34"), name: of("P3") },
      server: `http://${of("P237")}`,
    }),
  ),
  inXml(
    { vendor: "gigaset", mac: "7c:2f:80:12:34:56", model: "N870 IP PRO", agent: "Gigaset N870 IP PRO/83.V2.48.0;7C2F80123456", files: ["42/2/{MAC}.xml"] },
    (_, all) => {
      const of = (/** @type {string} */ name) => all.find(({ attributes }) => attributes.name === name)?.attributes.value ?? "";
      const [provider, account] = ["SipProvider.0", "SipAccount.00001"];
      return {
        account: {
          host: of(`${provider}.RegServerAddress`),
          port: Number(of(`${provider}.RegServerPort`)),
          transport: ["", "UDP", "TCP", "TLS"][Number(of(`${provider}.TransportProtocol`))] ?? "",
          user: of(`${account}.AuthName`),
          password: of(`${account}.AuthPassword`),
          name: of(`${account}.DisplayName`),
        },
        server: "",
      };
    },
    (all) => all.flatMap(({ attributes: { name, value } }) => (name ? [/** @type {[string, string]} */ ([name, value ?? ""])] : [])),
  ),
];

/**
 * A whole document of XML, its elements in the order of their ends; it fails where it is not well formed.
 * @param {string} text
 * @returns {Element[]}
 */
export function xml(text) {
  /** @type {Element[]} */
  const [open, done] = [[], []];
  let at = 0;
  const wrong = (/** @type {string} */ why) => assert.fail(`${why} at ${JSON.stringify(text.slice(at, at + 60))}`);
  const plain = (/** @type {string} */ part) => {
    assert.doesNotMatch(part, /<|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-f]+);)/i, "it is not escaped");
    return part.replace(/&(#x?)?(\w+);/g, (_, number, word) =>
      number ? String.fromCodePoint(Number.parseInt(word, number === "#x" ? 16 : 10)) : ({ amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }[/** @type {"amp"} */ (word)] ?? wrong("an entity")));
  };
  const token = /<\?[^]*?\?>|<!--[^]*?-->|<\/([\w.:-]+)\s*>|<([\w.:-]+)((?:\s+[\w.:-]+\s*=\s*"[^"]*")*)\s*(\/?)>|[^<]+/y;
  while (at < text.length) {
    token.lastIndex = at;
    const found = token.exec(text) ?? wrong("no XML");
    const [whole, end, start, attributes = "", empty] = found;
    const top = open.at(-1);
    if (end) {
      if (!top?.path.endsWith(`/${end}`)) wrong(`${end} is not open`);
      done.push(/** @type {Element} */ (open.pop()));
    } else if (start) {
      const pairs = [...attributes.matchAll(/([\w.:-]+)\s*=\s*"([^"]*)"/g)].map(([, name = "", value = ""]) => [name, plain(value)]);
      const element = { path: `${top?.path ?? ""}/${start}`, attributes: Object.fromEntries(pairs), text: "" };
      if (empty) done.push(element);
      else open.push(element);
    } else if (!whole.startsWith("<")) {
      const words = plain(whole);
      if (top) top.text += words;
      else if (words.trim()) wrong("text outside of all elements");
    }
    at += whole.length;
  }
  if (open.length > 0 || done.length === 0) wrong("an element without its end");
  return done;
}
