// Reads server-sent events out of text that comes in pieces (WHATWG HTML, "event stream interpretation"). Pure.

/** @typedef {{ id: string, type: string, data: string }} Message */

export class EventParser {
  #rest = "";

  /**
   * The events that are complete now. Comments and `retry` only show that the other side is there.
   * @param {string} text
   * @returns {Message[]}
   */
  push(text) {
    const blocks = (this.#rest + text).replaceAll("\r\n", "\n").split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.map(parse).filter((message) => message.data !== "");
  }
}

/**
 * @param {string} block
 * @returns {Message}
 */
function parse(block) {
  const message = { id: "", type: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (name === "id") message.id = value;
    if (name === "event") message.type = value;
    if (name === "data") message.data += (message.data && "\n") + value;
  }
  return message;
}
