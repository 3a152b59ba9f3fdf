// The SIP messages of a call as a drawing: who stands where, and an arrow for each message. Pure.

/**
 * @typedef {{ at: string, from: string, to: string, first_line: string, text: string }} Message
 * @typedef {{ parties: string[], messages: Message[] }} Exchange `parties` from left to right: who called, the exchange, the others
 * @typedef {{ nth: number, y: number, x1: number, x2: number, label: string, time: string, kind: "ask" | "wait" | "ok" | "bad" }} Arrow
 *   `time`: only where the second changes
 */

/** Where the lines of life stand. Pixels of the drawing. */
const LEFT = 104;
const RIGHT = 56;
const HEAD = 34;
const STEP = 26;
export const WIDTH = 470;
/** Between two lines at least. */
const PITCH = 116;
/** No trouble: the first two ask for the password, the third says that a CANCEL was heard. */
const USUAL = /^(401|407|487)/;

/**
 * @param {Exchange} exchange its messages in their order
 * @returns {{ lanes: { name: string, x: number }[], arrows: Arrow[], width: number, height: number, head: number }}
 */
export function draw({ parties: names, messages }) {
  const width = Math.max(WIDTH, LEFT + RIGHT + PITCH * (names.length - 1));
  const pitch = (width - LEFT - RIGHT) / Math.max(1, names.length - 1);
  const place = (/** @type {string} */ name) => LEFT + pitch * Math.max(0, names.indexOf(name));
  let before = "";
  const arrows = messages.map((message, nth) => {
    const second = message.at.slice(11, 19).replace(/^0/, "");
    const time = second === before ? "" : second;
    before = second;
    return { nth, y: HEAD + STEP * (nth + 1), x1: place(message.from), x2: place(message.to), time, ...said(message.first_line) };
  });
  return { lanes: names.map((name) => ({ name, x: place(name) })), arrows, width, height: HEAD + STEP * (messages.length + 1), head: HEAD };
}

/**
 * "INVITE sip:201@…" → INVITE; "SIP/2.0 180 Ringing" → 180 Ringing.
 * @param {string} first
 * @returns {Pick<Arrow, "label" | "kind">}
 */
export function said(first) {
  const answer = /^SIP\/2\.0 (\d)(\d\d) ?(.*)$/.exec(first);
  if (!answer) return { label: first.split(" ", 1)[0] ?? "", kind: "ask" };
  const [, family = "", rest = "", reason = ""] = answer;
  const label = `${family}${rest} ${reason}`.trim();
  return { label, kind: family === "1" || USUAL.test(label) ? "wait" : family === "2" ? "ok" : "bad" };
}

/**
 * All messages as one text, for whoever shall look into it.
 * @param {Message[]} messages
 */
export function asText(messages) {
  return messages.map(({ at, from, to, text }) => `${at} ${from} → ${to}\n${text.replaceAll("\r\n", "\n").trimEnd()}\n`).join("\n");
}
