// What is known of carriers that offices in Russia use, to fill in the form «Подключить номер». Defaults, never constants: addresses
// age, so people check them against their contract. Keys are those of a trunk; what the sources don't say is left out. Read in
// carriers' and exchanges' own manuals in November 2026, checked with no carrier.

/**
 * @typedef {{ id: string, name: string, set: Record<string, any>, note?: { ru: string, en: string } }} Carrier
 *   `set`: what it fills in; `note`: for the person who fills in the rest
 */

/** @type {Carrier[]} */
export const CARRIERS = [
  { id: "beeline", name: "Билайн, облачная АТС", set: { server: "ip.beeline.ru", outbound_proxy: "ip.beeline.ru", from_domain: "ip.beeline.ru" },
    note: { ru: "Логин вида SIP01XXXXXXXXX@ip.beeline.ru, он же логин для проверки: вставьте его целиком в оба поля.", en: "The login looks like SIP01XXXXXXXXX@ip.beeline.ru and is the login for authentication too: enter it whole in both fields." } },
  { id: "domru", name: "Дом.ру Бизнес", set: { server: "voip.domru.ru" },
    note: { ru: "Логин короткий, вида 6401111; номер телефона при этом полный.", en: "The login is short, like 6401111; the telephone number is the full one." } },
  { id: "exolve", name: "МТС Exolve", set: { server: "sip.exolve.ru" }, note: { ru: "Логин вида 883140XXXXXXXXXX.", en: "The login looks like 883140XXXXXXXXXX." } },
  { id: "mango", name: "Mango Office", set: {}, note: { ru: "Сервер у каждого клиента свой, вида vpbx….mangosip.ru: он в личном кабинете.", en: "Each customer has a server of his own, like vpbx….mangosip.ru: see the carrier's site." } },
  { id: "megafon", name: "МегаФон МультиФон Бизнес", set: { server: "multifon.ru", outbound_proxy: "sbc.megafon.ru", register_every: 120 },
    note: { ru: "Логин — сам номер, вида 7922….", en: "The login is the number itself, like 7922…." } },
  { id: "mtt", name: "МТТ", set: { server: "voip.mtt.ru" }, note: { ru: "По логину подключайте каждый номер отдельно: оператор не говорит, какой из номеров набрали.", en: "Connect each number by itself: with a login the carrier does not tell which number was dialled." } },
  { id: "novofon", name: "Novofon", set: { server: "sip.novofon.ru", codecs: ["pcma", "pcmu"] }, note: { ru: "У каждого номера свой логин.", en: "Each number has a login of its own." } },
  { id: "obit", name: "Обит", set: { server: "tel.obit.ru" }, note: { ru: "Сервер, логин и пароль сверьте с договором: открытого описания у оператора нет.", en: "Check server, login and password against your contract: the carrier publishes no description." } },
  { id: "plusofon", name: "Plusofon", set: { server: "plusofon.ru" } },
  { id: "rostelecom", name: "Ростелеком, виртуальная АТС", set: { number_format: "national" }, note: { ru: "Сервер (домен) указан в личном кабинете.", en: "The server (domain) is on the carrier's site." } },
  { id: "rostelecom-cable", name: "Ростелеком, отдельный кабель", set: { register: false },
    note: { ru: "Логина и пароля нет: оператор знает вас по адресу. Сервер указан в договоре.", en: "No login and no password: the carrier knows you by your address. The server is in the contract." } },
  { id: "sipnet", name: "SIPNET", set: { server: "sipnet.ru", codecs: ["pcma", "pcmu"], register_every: 600 }, note: { ru: "Логин — SIP ID вида 00….", en: "The login is the SIP ID, like 00…." } },
  { id: "telphin", name: "Телфин", set: { server: "sip.telphin.com", outbound_proxy: "voice.telphin.com:5068" }, note: { ru: "Логин вида 00019XXXX.", en: "The login looks like 00019XXXX." } },
  { id: "uis", name: "UIS", set: { server: "voip.uiscom.ru:9060" }, note: { ru: "Логин из семи цифр. Порт 9060 обязателен.", en: "The login has seven digits. The port 9060 is needed." } },
  { id: "zadarma", name: "Zadarma", set: { server: "sip.zadarma.com" }, note: { ru: "У каждого номера свой логин.", en: "Each number has a login of its own." } },
];

/** What a trunk is when nobody says otherwise. */
export const PLAIN = {
  name: "", number: "", numbers: /** @type {string[]} */ ([]), server: "", login: "", comment: "", register: true, transport: "udp", auth_login: "", outbound_proxy: "", from_domain: "",
  number_format: "e164", caller_id_in: "from", codecs: ["pcma", "pcmu", "g722", "opus"], max_calls: 0, register_every: 300, srtp: "off",
};

/** What a carrier may have filled in, and another one takes away again. */
const SET = /** @type {const} */ (["server", "outbound_proxy", "from_domain", "number_format", "codecs", "register", "register_every", "transport", "caller_id_in"]);

/**
 * A trunk with what is known of a carrier; an unknown one leaves the plain one.
 * @template {Record<string, any>} T
 * @param {T} trunk
 * @param {string} id
 * @returns {T}
 */
export function filled(trunk, id) {
  const plain = Object.fromEntries(SET.map((key) => [key, PLAIN[key]]));
  return { ...trunk, ...plain, ...(CARRIERS.find((carrier) => carrier.id === id)?.set ?? {}) };
}
