// A desk telephone, as far as the exchange can tell: it asks for its maker's files in their order and by its name, reads what it gets as
// that maker's format, and registers as it was told. RFC 3261 §10 with digest (RFC 8760).
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import { connect } from "node:tls";
import { yealink } from "./makes.js";

const EXPIRES = 600;

export class DeskPhone {
  /** What it was told in NOTIFY requests: each the value of `Event`. @type {string[]} */
  told = [];
  /** The file that it got last. @type {Map<string, string>} */
  settings = new Map();
  /** The first account of that file. @type {import("./makes.js").Account | null} */
  account = null;
  #line = /** @type {any} */ (null);
  #waiting = /** @type {Map<string, (message: Message) => void>} */ (new Map());

  /**
   * @param {string | import("./makes.js").Make} make a telephone, or the MAC of one of Yealink's: `80:5e:c0:41:0a:7c`
   * @param {string} server the address at which it looks for its files
   * @param {string} [model] of Yealink's
   */
  constructor(make, server, model) {
    this.make = typeof make === "string" ? yealink(make, model) : make;
    this.mac = this.make.mac;
    this.server = server;
    this.agent = this.make.agent;
  }

  /** What it asks for when it is switched on; each with the status of the answer. */
  async start() {
    const plain = this.mac.replaceAll(":", "");
    /** @type {Record<string, number>} */
    const answers = {};
    for (const pattern of this.make.files) {
      const name = pattern.replace("{mac}", plain).replace("{MAC}", plain.toUpperCase());
      const answer = await this.#fetch(name);
      answers[name] = answer.status;
      if (answer.status !== 200) continue;
      if (name === pattern) {
        assert.doesNotMatch(answer.text, new RegExp(`${plain}|user20`, "i"), `${name} is for everybody`);
        continue;
      }
      await this.#take(answer.text);
      break;
    }
    return answers;
  }

  /** Does as its file says; from then on it asks where it was told. @param {string} text */
  async #take(text) {
    const other = this.make.follow?.(text);
    const { settings, account, server } = this.make.read(other ? (await this.#fetch(other)).text : text, this.mac);
    [this.settings, this.account] = [settings, account];
    if (server) this.server = server;
  }

  /** @param {string} name @returns {Promise<{ status: number, text: string }>} */
  #fetch(name) {
    const url = new URL(name, this.server);
    const get = url.protocol === "https:" ? getSecure : getPlain;
    return new Promise((resolve, reject) => {
      const request = get(url, { headers: { "User-Agent": this.agent }, rejectUnauthorized: false, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part) => (text += part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.on("error", reject);
    });
  }

  /** Registers its first line as its settings say. */
  async register() {
    assert.ok(this.account, "it has no settings");
    const { host, port, transport, user, password } = this.account;
    this.#line ??= await open(transport, host, port, (text) => this.#heard(text));
    const id = randomBytes(8).toString("hex");
    const ask = (/** @type {number} */ sequence, /** @type {string} */ proof) =>
      this.#request([
        `REGISTER sip:${host}:${port} SIP/2.0`,
        `Via: SIP/2.0/${transport} ${this.#line.address};branch=z9hG4bK${randomBytes(6).toString("hex")};rport`,
        `From: <sip:${user}@${host}>;tag=${id}`,
        `To: <sip:${user}@${host}>`,
        `Call-ID: ${id}`,
        `CSeq: ${sequence} REGISTER`,
        `Contact: <sip:${user}@${this.#line.address};transport=${transport.toLowerCase()}>`,
        `User-Agent: ${this.agent}`,
        `Expires: ${EXPIRES}`,
        "Max-Forwards: 70",
        ...(proof ? [`Authorization: ${proof}`] : []),
      ]);
    const asked = await ask(1, "");
    assert.equal(asked.status, 401, asked.first);
    const taken = await ask(2, answer(asked.all("www-authenticate"), user, password, `sip:${host}:${port}`));
    assert.equal(taken.status, 200, taken.first);
  }

  /** @param {string[]} lines @returns {Promise<Message>} */
  #request(lines) {
    const sequence = lines.find((line) => line.startsWith("CSeq: "))?.slice(6) ?? "";
    return new Promise((resolve) => {
      this.#waiting.set(sequence, resolve);
      this.#line.send([...lines, "Content-Length: 0", "", ""].join("\r\n"));
    });
  }

  /** @param {string} text */
  #heard(text) {
    const message = new Message(text);
    if (message.status) return void this.#waiting.get(message.all("cseq")[0] ?? "")?.(message);
    if (message.first.startsWith("NOTIFY")) this.told.push(message.all("event")[0] ?? "");
    const copied = ["via", "from", "to", "call-id", "cseq"].flatMap((name) => message.lines(name));
    this.#line.send(["SIP/2.0 200 OK", ...copied, "Content-Length: 0", "", ""].join("\r\n"));
  }

  close() {
    this.#line?.close();
  }
}

/** A request or an answer, as far as its head goes. */
class Message {
  #head;

  /** @param {string} text */
  constructor(text) {
    this.#head = (text.split("\r\n\r\n")[0] ?? "").split("\r\n");
    this.first = this.#head[0] ?? "";
    this.status = Number(/^SIP\/2\.0 (\d{3})/.exec(this.first)?.[1] ?? 0);
  }

  /** @param {string} name in small letters */
  lines(name) {
    return this.#head.filter((line) => line.toLowerCase().startsWith(`${name}:`));
  }

  /** @param {string} name */
  all(name) {
    return this.lines(name).map((line) => line.slice(name.length + 1).trim());
  }
}

/**
 * The proof of a password: RFC 7616 §3.4, by the first algorithm that is known.
 * @param {string[]} challenges
 * @param {string} user
 * @param {string} password
 * @param {string} uri
 */
function answer(challenges, user, password, uri) {
  const field = (/** @type {string} */ challenge, /** @type {string} */ name) => new RegExp(`[ ,]${name}="?([^",]+)"?`, "i").exec(challenge)?.[1] ?? "";
  const known = challenges.find((challenge) => ["", "MD5"].includes(field(challenge, "algorithm")));
  assert.ok(known, `no challenge for MD5: ${challenges.join(" | ")}`);
  const hash = (/** @type {string} */ text) => createHash("md5").update(text).digest("hex");
  const [realm, nonce, opaque] = [field(known, "realm"), field(known, "nonce"), field(known, "opaque")];
  const [once, count] = [randomBytes(6).toString("hex"), "00000001"];
  const proof = hash([hash(`${user}:${realm}:${password}`), nonce, count, once, "auth", hash(`REGISTER:${uri}`)].join(":"));
  const more = opaque ? `, opaque="${opaque}"` : "";
  return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${proof}", algorithm=MD5, qop=auth, nc=${count}, cnonce="${once}"${more}`;
}

/**
 * @param {string} transport
 * @param {string} host
 * @param {number} port
 * @param {(text: string) => void} heard
 */
async function open(transport, host, port, heard) {
  if (transport === "UDP") {
    const socket = createSocket("udp4");
    socket.on("message", (bytes) => heard(String(bytes)));
    await new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(undefined)));
    return { address: `127.0.0.1:${socket.address().port}`, send: (/** @type {string} */ text) => socket.send(text, port, host), close: () => socket.close() };
  }
  assert.equal(transport, "TLS");
  const socket = connect({ host, port, rejectUnauthorized: false });
  await new Promise((resolve, reject) => socket.once("secureConnect", () => resolve(undefined)).once("error", reject));
  let buffer = "";
  socket.setEncoding("utf8").on("data", (part) => {
    buffer += part;
    for (let end = buffer.indexOf("\r\n\r\n"); end >= 0; end = buffer.indexOf("\r\n\r\n")) {
      const whole = end + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(buffer.slice(0, end))?.[1] ?? 0);
      if (buffer.length < whole) return;
      heard(buffer.slice(0, whole));
      buffer = buffer.slice(whole);
    }
  });
  return { address: `127.0.0.1:${socket.localPort}`, send: (/** @type {string} */ text) => socket.write(text), close: () => socket.destroy() };
}
