// A steward of the test's own: it takes the orders of src/machine/order.rs on a socket, remembers them, and does nothing to the machine.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { WELL } from "./machine.js";

export class Steward {
  #directory = mkdtempSync(join(tmpdir(), "dozvon-steward-"));
  /** Orders in the order of their coming, but for questions. @type {any[]} */
  orders = [];
  state = { ...structuredClone(WELL), network: { office: { card: "", vlan: null, address: { mode: "dhcp" } }, carrier: null, dns: [] }, confirm_within: /** @type {number | null} */ (null), time_servers: [], time_served: true };
  kernel = "[    0.000000] Linux version 6.12.107\n[    1.250000] e1000e: eth0 NIC Link is Up 1000 Mbps\n";
  /** An update is written then. @type {Promise<unknown>} */
  written = Promise.resolve();
  /** Why an update is not written. */
  refuses = "";
  #server = createServer((socket) => {
    socket.on("error", () => {});
    createInterface({ input: socket }).on("line", (line) => {
      const order = JSON.parse(line);
      const say = (/** @type {any} */ answer) => socket.write(`${JSON.stringify(answer)}\n`);
      if (order.order !== "write_update") return void (order.order !== "alive" && say(this.#answer(order)));
      this.orders.push(order);
      say({ answer: "working", percent: 40 });
      this.written.then(() => say(this.refuses ? { answer: "refused", reason: this.refuses } : { answer: "done" }));
    });
  });

  get socket() {
    return join(this.#directory, "steward.sock");
  }

  static async open() {
    const steward = new Steward();
    await new Promise((resolve) => steward.#server.listen(steward.socket, () => resolve(undefined)));
    return steward;
  }

  close() {
    this.#server.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Orders of this name. @param {string} name */
  told(name) {
    return this.orders.filter(({ order }) => order === name);
  }

  /** @param {any} order */
  #answer(order) {
    const { image, ...state } = this.state;
    switch (order.order) {
      case "state":
        return { answer: "state", ...state };
      case "kernel_log":
        return { answer: "text", text: this.kernel };
      case "network":
        Object.assign(this.state, { network: order.network, confirm_within: order.confirm_within || null });
        break;
      case "confirm_network":
        this.state.confirm_within = null;
        break;
      case "host_name":
        this.state.host_name = order.name;
        break;
      case "time":
        Object.assign(this.state, { time_servers: order.servers, time_served: order.serve });
        break;
    }
    this.orders.push(order);
    return { answer: "done" };
  }
}
