// The city: a carrier of SIPp's through which people call the office, and mobile telephones that take calls.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const SCENARIO = readFileSync(join(dirname(fileURLToPath(import.meta.url)), "sipp/city_calls.xml"), "utf8");
/** A mobile that is called takes the call. */
export const MOBILE = "79215550816";
/** The office's number, by which it is called; by the other one it calls mobiles. */
export const NUMBER = "78126122981";
export const SECOND = "78126400512";

export class City {
  #directory = mkdtempSync(join(tmpdir(), "dozvon-city-"));
  #children = new Set();
  #callers = 0;
  #mobiles = 0;

  static async open() {
    const city = new City();
    [city.#callers, city.#mobiles] = [await freePort(), await freePort()];
    // The built-in scenario: rings, answers, and waits to be hung up on.
    city.#start(["-sn", "uas", "-aa", "-p", String(city.#mobiles), "-rtp_echo", "-mp", String(await freePort())]);
    return city;
  }

  /** The trunks to here in an office file. A trunk is known by its address: who calls has the one, who is called the other. */
  get trunks() {
    const trunk = (name, number, port) =>
      `[[trunk]]\nname = "${name}"\nnumber = "${number}"\nserver = "127.0.0.1:${port}"\nlogin = "${number}"\npassword = "carrier-secret-1"\nregister = false\n`;
    return trunk("Основной городской", NUMBER, this.#callers) + trunk("Мобильный", SECOND, this.#mobiles);
  }

  /**
   * Somebody calls the office, one at a time. Resolves with SIPp's exit status when the call is over.
   * @param {import("./house.js").House} house
   * @param {{ from?: string, talk?: number, calls?: number }} [how] `talk`: milliseconds; `calls`: as many, one after the other, quickly
   */
  async call(house, { from = "79211234567", talk = 3_000, calls = 1 } = {}) {
    const file = join(this.#directory, `call-${from}-${talk}.xml`);
    writeFileSync(file, SCENARIO.replaceAll("$CALLER$", from).replaceAll("$TALK$", String(talk)));
    // G.711 A-law of a tone that rises and falls: something to see in a waveform.
    const sound = Buffer.from({ length: 8_000 }, (_, nth) => ((nth >> 2) & 1 ? 0xd5 : 0x55) ^ (nth % 4_000 < 2_000 ? 0x3a : 0));
    writeFileSync(join(this.#directory, "sound.alaw"), sound);
    const many = ["-m", String(calls), "-r", "50", "-l", "20"];
    const child = this.#start(["-sf", file, "-s", NUMBER, "-aa", "-p", String(this.#callers), "-mp", String(await freePort()), ...many, "-timeout", "90", house.sip]);
    return new Promise((resolve) => child.once("exit", resolve));
  }

  /** @param {string[]} words */
  #start(words) {
    const child = spawn("sipp", ["-i", "127.0.0.1", "-mi", "127.0.0.1", "-nostdin", ...words], { cwd: this.#directory, stdio: "ignore" });
    child.once("error", (error) => assert.fail(`sipp (apt-get install sip-tester): ${error}`));
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  close() {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/**
 * Waits until something holds.
 * @template T
 * @param {string} what
 * @param {() => Promise<T | undefined | null | false>} ask
 * @returns {Promise<T>}
 */
export async function until(what, ask) {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const found = await ask();
    if (found) return found;
  }
  return assert.fail(`not within 30 s: ${what}`);
}
