// A telephone that registers, and no more.
import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";

const md5 = (/** @type {string} */ text) => createHash("md5").update(text).digest("hex");

/**
 * Registers a login at the exchange, by digest (RFC 2617, MD5); resolves when it is known there, rejects when its password is refused.
 * @param {string} exchange "127.0.0.1:5060"
 * @param {{ login: string, password: string }} account
 * @returns {Promise<() => void>} takes it off the net
 */
export async function register(exchange, { login, password }) {
  const [host = "", port = ""] = exchange.split(":");
  const socket = createSocket("udp4");
  await new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(undefined)));
  const own = `127.0.0.1:${socket.address().port}`;
  const call = randomBytes(8).toString("hex");
  const send = (/** @type {number} */ cseq, authorization = "") =>
    socket.send(
      [
        `REGISTER sip:${host} SIP/2.0`,
        `Via: SIP/2.0/UDP ${own};branch=z9hG4bK${call}${cseq};rport`,
        `From: <sip:${login}@${host}>;tag=${call}`,
        `To: <sip:${login}@${host}>`,
        `Call-ID: ${call}`,
        `CSeq: ${cseq} REGISTER`,
        `Contact: <sip:${login}@${own}>;expires=600`,
        "Max-Forwards: 70",
        "User-Agent: Test phone",
        ...(authorization ? [`Authorization: ${authorization}`] : []),
        "Content-Length: 0",
        "\r\n",
      ].join("\r\n"),
      Number(port),
      host,
    );
  return new Promise((resolve, reject) => {
    let proved = false;
    const refused = (/** @type {string} */ text) => {
      clearInterval(again);
      socket.close();
      reject(new Error(text));
    };
    const again = setInterval(() => send(1), 1_000); // a datagram may be lost
    socket.on("message", (bytes) => {
      const text = String(bytes);
      const status = Number(/^SIP\/2\.0 (\d+)/.exec(text)?.[1]);
      if (status === 401 && !proved) {
        proved = true;
        const value = (/** @type {string} */ key) => new RegExp(`^WWW-Authenticate: Digest .*${key}="?([^",\r]+)`, "im").exec(text)?.[1] ?? "";
        const [realm, nonce, uri] = [value("realm"), value("nonce"), `sip:${host}`];
        const [qop, cnonce] = [/qop=/i.test(text) ? "auth" : "", call];
        const [a1, a2] = [md5(`${login}:${realm}:${password}`), md5(`REGISTER:${uri}`)];
        const response = qop ? md5(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`) : md5(`${a1}:${nonce}:${a2}`);
        const more = qop ? `, qop=auth, nc=00000001, cnonce="${cnonce}"` : "";
        clearInterval(again);
        send(2, `Digest username="${login}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5${more}`);
      } else if (status === 200) {
        clearInterval(again);
        resolve(() => socket.close());
      } else if (status >= 300) {
        refused(text);
      }
    });
    send(1);
  });
}
