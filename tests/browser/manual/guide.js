// A guide who does each task of the manual in the browser and takes the manual's pictures. `DOZVON_MANUAL` names a directory that gets
// them: LANGUAGE/NAME.webp, and LANGUAGE.js with their sizes. Without it the tasks are done all the same.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { learn } from "../../../web/words.js";
import { House, PASSWORD } from "../house.js";

/** The manual shows the page as it is on a small notebook. */
const SCREEN = { width: 1240, height: 900 };
/** Of a picture: text stays sharp, a picture takes 10 to 30 kB. */
const QUALITY = 62;
/** Around what a picture shows. Pixels. */
const AIR = 14;

export class Guide {
  language;
  #words;
  #house;
  #visit;
  #session;
  /** Everything that could be read on the pages since the article was begun. */
  #seen = "";
  /** @type {Record<string, [number, number]>} */
  pictures = {};

  /** @param {"ru" | "en"} language */
  constructor(language) {
    this.language = language;
  }

  /**
   * Opens a house and looks at its page; the one before is closed.
   * @param {Parameters<typeof House.open>[0]} how
   */
  async move(how) {
    await this.leave();
    this.#words = await learn(this.language);
    this.#house = await House.open(how);
    this.#visit = await this.#house.visit({ language: this.language, screen: SCREEN, local: true });
    this.page.on("dialog", (dialog) => dialog.accept()); // unsaved work of a task that was not done
    await this.page.addInitScript((language) => localStorage.setItem("language", language), this.language);
    this.#session = await this.page.context().newCDPSession(this.page);
    await this.page.goto(this.#house.url);
  }

  async leave() {
    await this.#house?.leave();
    this.#house = undefined;
  }

  get house() {
    assert.ok(this.#house);
    return this.#house;
  }

  /** @returns {import("playwright-core").Page} */
  get page() {
    return this.#visit.page;
  }

  get complaints() {
    return this.#visit.complaints;
  }

  /** A word of the page. @param {string} key @param {Record<string, unknown>} [values] */
  t(key, values) {
    return this.#words(key, values);
  }

  /** One of two, by the language. @param {string} ru @param {string} en */
  say(ru, en) {
    return this.language === "ru" ? ru : en;
  }

  async signIn(password = PASSWORD) {
    await this.page.locator('input[autocomplete="username"]').fill("admin");
    await this.page.locator('input[type="password"]').first().fill(password);
  }

  /** @param {...string} words of the address */
  async go(...words) {
    await this.page.evaluate((hash) => (location.hash = hash), `#/${words.map(encodeURIComponent).join("/")}`);
    await this.page.locator("#main h1").first().waitFor();
    await this.page.waitForFunction(() => !document.querySelector('#main [aria-busy="true"]'));
    await this.#glance();
  }

  /**
   * Presses what has this word of the page.
   * @param {string} key
   * @param {{ in?: string, values?: Record<string, unknown>, exact?: boolean }} [how]
   */
  async press(key, { in: place = "body", values, exact = true } = {}) {
    const word = this.t(key, values);
    const place_ = this.page.locator(place);
    const thing = place_.getByRole("button", { name: word, exact }).or(place_.getByRole("link", { name: word, exact })).or(place_.getByRole("switch", { name: word, exact }));
    await thing.first().click();
    await this.#glance();
  }

  /** Saves by the bar and waits until it is saved. */
  async save() {
    const answer = this.page.waitForResponse((response) => ["PUT", "POST"].includes(response.request().method()) && response.ok());
    await this.page.locator(".savebar .primary").click();
    await answer;
    await this.page.locator(".toast").first().waitFor();
    await this.page.locator(".savebar.on").waitFor({ state: "detached" });
    await this.#glance();
  }

  /** Forgets what was being edited. */
  async drop() {
    await this.page.reload();
    await this.page.locator("#main h1").first().waitFor();
  }

  /** An article begins: what the pages say from now on is its. Nothing is left open by the one before. */
  async begin() {
    this.#seen = "";
    if ((await this.page.locator("dialog[open]").count()) > 0) await this.drop();
  }

  /** Whether the pages of this article have said it. @param {string} word */
  saw(word) {
    return this.#seen.includes(plain(word));
  }

  /** What can be read on the page now is remembered. */
  async #glance() {
    const read = await this.page.evaluate(() => {
      const told = [...document.querySelectorAll("[aria-label], [title], [placeholder]")].flatMap((one) => ["aria-label", "title", "placeholder"].map((name) => one.getAttribute(name) ?? ""));
      const choices = [...document.querySelectorAll("option")].map((one) => one.textContent ?? "");
      return [document.body.innerText, document.body.textContent ?? "", ...told, ...choices].join("\n");
    });
    this.#seen += `\n${plain(read)}`;
  }

  /**
   * Takes a picture.
   * @param {string} name
   * @param {{ of?: string, mark?: string, air?: number }} [how] selectors. `of`: all that match are in the picture, else the page beside the
   *   navigation; `mark`: all that match are framed
   */
  async shot(name, { of = "#main", mark = "", air = AIR } = {}) {
    assert.ok(!this.pictures[name], `two pictures have the name ${name}`);
    await this.page.locator(of).first().waitFor();
    if (mark) await this.page.locator(mark).first().waitFor();
    await this.#glance();
    const handles = async (/** @type {string} */ selector) => (selector ? await this.page.locator(selector).elementHandles() : []);
    // What has just been saved is told on top of things; it is no part of a picture unless it is its subject.
    if (!`${of} ${mark}`.includes("toast")) await this.page.evaluate(() => document.querySelectorAll(".toasts").forEach((toasts) => /** @type {HTMLElement} */ (toasts).style.setProperty("visibility", "hidden")));
    const clip = await this.page.evaluate(frame, { of: await handles(of), mark: await handles(mark), air });
    this.pictures[name] = [Math.round(clip.width), Math.round(clip.height)];
    const directory = process.env.DOZVON_MANUAL;
    if (directory) {
      const { data } = await this.#session.send("Page.captureScreenshot", { format: "webp", quality: QUALITY, clip: { ...clip, scale: 1 } });
      mkdirSync(join(directory, this.language), { recursive: true });
      writeFileSync(join(directory, this.language, `${name}.webp`), Buffer.from(data, "base64"));
    }
    await this.page.evaluate(() => {
      document.querySelectorAll(".manual-mark").forEach((mark) => mark.remove());
      document.querySelectorAll(".toasts").forEach((toasts) => /** @type {HTMLElement} */ (toasts).style.removeProperty("visibility"));
    });
  }

  /** The sizes of the pictures, for the page: nothing moves when they come. */
  keep() {
    const directory = process.env.DOZVON_MANUAL;
    const names = Object.fromEntries(Object.entries(this.pictures).sort(([one], [other]) => (one < other ? -1 : 1)));
    if (directory) writeFileSync(join(directory, `${this.language}.js`), `export default ${JSON.stringify(names)};\n`);
  }
}

/** Without the differences that nobody reads. @param {string} text */
function plain(text) {
  return text.replaceAll(/\s+/g, " ");
}

/**
 * In the page: brings everything into sight, frames what is marked, and says where the picture is. The frame is set by the CSSOM, which
 * the page's CSP allows, and lies on top of dialogs.
 * @param {{ of: Element[], mark: Element[], air: number }} what
 */
async function frame({ of, mark, air }) {
  const around = (/** @type {Element[]} */ elements) => {
    const boxes = elements.map((element) => element.getBoundingClientRect()).filter(({ width, height }) => width > 0 && height > 0);
    const least = (/** @type {"left" | "top"} */ side) => Math.min(...boxes.map((box) => box[side]));
    const most = (/** @type {"right" | "bottom"} */ side) => Math.max(...boxes.map((box) => box[side]));
    return { left: least("left"), top: least("top"), right: most("right"), bottom: most("bottom") };
  };
  const drawn = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const whole = around(of);
  const middle = (whole.top + whole.bottom) / 2;
  if (whole.bottom - whole.top < innerHeight) scrollBy(0, middle - innerHeight / 2);
  else (mark[0] ?? of[0])?.scrollIntoView({ block: mark[0] ? "center" : "start" });
  await drawn();
  const lines = mark.map((element) => {
    const box = element.getBoundingClientRect();
    const line = document.createElement("div");
    line.className = "manual-mark";
    line.popover = "manual";
    const look = { position: "fixed", inset: "auto", left: `${box.left - 6}px`, top: `${box.top - 6}px`, width: `${box.width + 12}px`, height: `${box.height + 12}px`, margin: "0", padding: "0",
      border: "3px solid #d6246e", "border-radius": "10px", background: "none", "box-sizing": "border-box", "box-shadow": "0 0 0 4px rgb(214 36 110 / .18)", "pointer-events": "none", overflow: "visible" };
    for (const [name, value] of Object.entries(look)) line.style.setProperty(name, value);
    document.body.append(line);
    line.showPopover();
    return line;
  });
  const box = around([...of, ...lines]);
  const [left, top] = [Math.max(0, box.left - air), Math.max(0, box.top - air)];
  const [right, bottom] = [Math.min(innerWidth, box.right + air), Math.min(innerHeight, box.bottom + air)];
  await drawn();
  return { x: Math.round(left + scrollX), y: Math.round(top + scrollY), width: Math.round(right - left), height: Math.round(bottom - top) };
}
