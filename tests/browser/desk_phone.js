// A desk telephone of Yealink's, as far as the exchange can tell: it asks for its files in its order and by its name, reads what it gets,
// and registers as it was told. RFC 3261 §10 with digest (RFC 8760).
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { get as getPlain } from "node:http";
import { get as getSecure } from "node:https";
import { connect } from "node:tls";

const EXPIRES = 600;

export class DeskPhone {
  /** What it was told in NOTIFY requests: each the value of `Event`. @type {string[]} */
  told = [];
  /** The file that it got last. @type {Map<string, string>} */
  settings = new Map();
  #line = /** @type {any} */ (null);
  #waiting = /** @type {Map<string, (message: Message) => void>} */ (new Map());

  /**
   * @param {string} mac `80:5e:c0:41:0a:7c`
   * @param {string} server the address at which it looks for its files
   */
  constructor(mac, server, model = "SIP-T31P", firmware = "124.86.0.40") {
    this.mac = mac;
    this.server = server;
    this.agent = `Yealink ${model} ${firmware} ${mac}`;
  }

  /** What it asks for when it is switched on; each with the status of the answer. */
  async start() {
    const plain = this.mac.replaceAll(":", "");
    /** @type {Record<string, number>} */
    const answers = {};
    for (const name of [`${plain}.boot`, "y000000000000.boot", "y000000000123.cfg", `${plain}.cfg`]) {
      const { status, text } = await this.#fetch(name);
      answers[name] = status;
      if (status === 200 && name === `${plain}.cfg`) this.settings = read(text);
    }
    // From then on it asks where it was told.
    const own = this.settings.get("static.auto_provision.server.url");
    if (own) this.server = own;
    return answers;
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
    const account = (/** @type {string} */ key) => this.settings.get(`account.1.${key}`) ?? "";
    const [host, port] = [account("sip_server.1.address"), Number(account("sip_server.1.port"))];
    const transport = ["UDP", "TCP", "TLS"][Number(account("sip_server.1.transport_type"))] ?? "UDP";
    this.#line ??= await open(transport, host, port, (text) => this.#heard(text));
    const [user, password] = [account("user_name"), account("password")];
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
 * `key = value`, as a Yealink reads it.
 * @param {string} text
 */
function read(text) {
  assert.ok(text.startsWith("#!version:1.0.0.1"), text.slice(0, 80));
  const pairs = text.split("\n").map((line) => /^([\w.]+) = (.*)$/.exec(line));
  return new Map(pairs.flatMap((pair) => (pair ? [[pair[1] ?? "", pair[2] ?? ""]] : [])));
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
