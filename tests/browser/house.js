// A Dozvon of the test's own and a browser before it. `DOZVON_BIN` names the binary (else the debug one), `DOZVON_PICTURES` a directory
// that gets a screenshot of each `look`.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, "../..");
/** Trusts the key of the tests' licences. */
const DEBUG_BINARY = join(ROOT, "target/x86_64-unknown-linux-musl/debug/dozvon");
const BINARY = process.env.DOZVON_BIN ?? DEBUG_BINARY;
const CHROMIUM = "/usr/bin/chromium";
/** As many as any test needs at a time. */
const VISITORS = 4;
export const PASSWORD = "correct-horse-battery";
/** The screens that people have. */
export const WIDE = { width: 1440, height: 900 };
export const NARROW = { width: 390, height: 844 };

/**
 * A port that nobody holds, for UDP or TCP, below those that the system gives to whoever connects: a browser's own connection would
 * take it else before the exchange does.
 * @returns {Promise<number>}
 */
async function freePort() {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await bound(createServer(), port)) && (await bound(createSocket("udp4"), port))) return port;
  }
}

/** @param {any} listener @param {number} port @returns {Promise<boolean>} whether it could be had; it is free again */
function bound(listener, port) {
  return new Promise((resolve) => {
    const done = () => listener.close(() => resolve(true));
    listener.once("error", () => resolve(false));
    if ("listen" in listener) listener.listen(port, "127.0.0.1", done);
    else listener.bind(port, "127.0.0.1", done);
  });
}

/**
 * Keys are pressed as by a person: on what is drawn, with its listeners in place, and what they change is drawn before the next look.
 * @param {import("playwright-core").Page} page
 */
function patient(page) {
  const press = page.keyboard.press.bind(page.keyboard);
  // An answer to a key may be another document, and nobody is left there to wait.
  const drawn = () =>
    page
      .evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))))
      .catch(() => undefined);
  page.keyboard.press = async (key, how) => {
    await drawn();
    await press(key, how);
    await drawn();
  };
}

/** A running exchange. */
export class House {
  #binary = BINARY;
  #child;
  #directory;
  #command = ["serve"];
  url = "";
  log = "";

  /**
   * @param {{ office?: string, oneTime?: boolean, localOutgoing?: boolean, demo?: "ru" | "en", debug?: boolean, steward?: string }} [how] `office`: an
   *   office file's text; `oneTime`: the first password must be changed; `localOutgoing`: servers on this machine may be asked; `demo`:
   *   the example office, whose telephones and city make calls, in this language; `debug`: the debug binary; `steward`:
   *   the socket of one: then it runs on the box
   */
  static async open({ office = "", oneTime = false, localOutgoing = false, demo, debug = false, steward = "" } = {}) {
    const house = new House();
    if (demo) house.#command = ["demo", "--language", demo, "--seed", "7"];
    if (debug) house.#binary = DEBUG_BINARY;
    if (steward) house.environment.DOZVON_STEWARD = steward;
    house.#directory = mkdtempSync(join(tmpdir(), "dozvon-browser-"));
    const [sip, tls, http, https] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    house.sip = `127.0.0.1:${sip}`;
    writeFileSync(
      join(house.#directory, "host.toml"),
      `[sip]\nudp = "${house.sip}"\ntcp = "${house.sip}"\ntls = "127.0.0.1:${tls}"\n[rtp]\nports = "${40000 + (sip % 1000) * 20}-${40018 + (sip % 1000) * 20}"\n` +
        `[phones]\nldap = "127.0.0.1:0"\n[web]\nhttp = "127.0.0.1:${http}"\nhttps = "127.0.0.1:${https}"\n${localOutgoing ? "allow_local_outgoing = true\n" : ""}`,
    );
    if (!oneTime) house.environment.DOZVON_ADMIN_PASSWORD = PASSWORD;
    if (office) house.apply(office);
    house.url = `https://127.0.0.1:${https}`;
    await house.#start();
    return house;
  }

  environment = { ...process.env };

  /** Its data directory. */
  get data() {
    return join(this.#directory, "data");
  }

  /** @param {string} office */
  apply(office) {
    const file = join(this.#directory, "office.toml");
    writeFileSync(file, office);
    const done = this.run("apply", file);
    assert.equal(done.status, 0, done.stderr);
  }

  /** Runs a command of the binary against this data directory. @param {string[]} words */
  run(...words) {
    const rest = ["--data", join(this.#directory, "data"), "--config", join(this.#directory, "host.toml")];
    return spawnSync(this.#binary, [...words, ...rest], { env: this.environment, encoding: "utf8" });
  }

  #start() {
    const rest = ["--data", join(this.#directory, "data"), "--config", join(this.#directory, "host.toml")];
    const child = spawn(this.#binary, [...this.#command, ...rest], { env: this.environment, stdio: ["ignore", "ignore", "pipe"] });
    this.#child = child;
    return new Promise((resolve, reject) => {
      child.stderr.setEncoding("utf8").on("data", (text) => {
        this.log += text;
        if (/^.*ready sip=/m.test(this.log)) resolve(undefined);
      });
      child.on("exit", (status) => reject(new Error(`it ended with ${status}:\n${this.log}`)));
    });
  }

  /** The password that the first start printed. */
  get firstPassword() {
    return /first sign-in: admin \/ (\S+) at/.exec(this.log)?.[1] ?? "";
  }

  async close() {
    const child = this.#child;
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The API as a program uses it, signed in as admin. */
  async api() {
    const seen = { cookie: "", csrf: "" };
    // A visitor of its own, so that nobody at the page is signed out by it.
    this.#program ??= await (await this.#launched()).newContext({ ignoreHTTPSErrors: true });
    const ask = async (method, path, body, headers = {}) => {
      const response = await this.#program.request.fetch(`${this.url}/api/v1/${path}`, {
        method,
        headers: { ...(seen.csrf && { "X-CSRF-Token": seen.csrf }), "Content-Type": "application/json", ...headers },
        data: body === undefined ? undefined : JSON.stringify(body),
        ignoreHTTPSErrors: true,
      });
      const text = await response.text();
      return { status: response.status(), headers: response.headers(), value: text ? JSON.parse(text) : null };
    };
    const session = await ask("POST", "session", { login: "admin", password: PASSWORD });
    assert.equal(session.status, 200, JSON.stringify(session.value));
    seen.csrf = session.value.csrf_token;
    return ask;
  }

  #program = /** @type {any} */ (null);
  /** Those who look at the page, in the order of their coming. */
  #visitors = /** @type {any[]} */ ([]);
  #browser = /** @type {any} */ (null);

  async #launched(local = "") {
    assert.ok(existsSync(CHROMIUM), "Debian's chromium is installed");
    const here = local ? { args: ["--use-fake-device-for-media-stream"], env: { ...process.env, LANGUAGE: local === "ru" ? "ru" : "en_GB" } } : { args: [] };
    this.#browser ??= await chromium.launch({ executablePath: CHROMIUM, ...here, args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", ...here.args] });
    return this.#browser;
  }

  /**
   * A tab of a new visitor.
   * @param {{ language?: "ru" | "en", screen?: { width: number, height: number }, dark?: boolean, touch?: boolean, local?: boolean }} [how]
   *   `local`: the browser itself speaks the language, so that dates look as people know them, and it has a microphone
   */
  async visit({ language = "ru", screen = WIDE, dark = false, touch = false, local = false } = {}) {
    const context = await (await this.#launched(local ? language : "")).newContext({
      ignoreHTTPSErrors: true,
      viewport: screen,
      locale: language === "ru" ? "ru-RU" : "en-US",
      timezoneId: "Europe/Moscow",
      colorScheme: dark ? "dark" : "light",
      hasTouch: touch,
      reducedMotion: "reduce",
      ...(local && { permissions: ["microphone"] }),
    });
    // Each has six connections, and one address may have only so many: who came first goes.
    this.#visitors.push(context);
    while (this.#visitors.length > VISITORS) await this.#visitors.shift().close();
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    patient(page);
    const complaints = /** @type {string[]} */ ([]);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      // A refused request is told by the browser as an error; what the page makes of it is the test's business.
      if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
    });
    return { page, complaints };
  }

  /**
   * Opens the page at a section, signed in.
   * @param {string} section as in the address: `now`, `extensions/200`
   * @param {Parameters<House["visit"]>[0] & { login?: string, password?: string, before?: (page: import("playwright-core").Page) => Promise<unknown> }} [how]
   *   `before`: is done to the tab before the page is opened
   */
  async enter(section, { login = "admin", password = PASSWORD, before, ...how } = {}) {
    const visit = await this.visit(how);
    await before?.(visit.page);
    // As somebody who has chosen it: otherwise the office's language holds.
    await visit.page.addInitScript((language) => localStorage.setItem("language", language), how.language ?? "ru");
    await visit.page.goto(`${this.url}/#/${section}`);
    await visit.page.locator('input[autocomplete="username"]').fill(login);
    await visit.page.locator('input[type="password"]').first().fill(password);
    await visit.page.keyboard.press("Enter");
    await visit.page.locator("#main").waitFor();
    return visit;
  }

  async leave() {
    await this.#browser?.close();
    await this.close();
  }
}

/**
 * What the page must be wherever it is looked at: accessible, no wider than the screen, without a complaint of the browser.
 * @param {{ page: import("playwright-core").Page, complaints: string[] }} visit
 * @param {string} name of the picture
 */
export async function look({ page, complaints }, name) {
  const pictures = process.env.DOZVON_PICTURES;
  if (pictures) {
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  }
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(tooWide <= 0, `${name}: ${tooWide} px wider than the screen`);
  // Evaluated by the debugger, which the page's CSP does not bind.
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => /** @type {any} */ (globalThis).axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"] }));
  const faults = found.violations.map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`);
  assert.deepEqual(faults, [], name);
  assert.deepEqual(complaints, [], name);
}
