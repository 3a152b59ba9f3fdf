// The way of calls: the desk, hours, what is heard, groups.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {import("./guide.js").Guide} Guide */

const SOUND = join(dirname(fileURLToPath(import.meta.url)), "../../data/sounds/greeting.ogg");

/** @param {import("playwright-core").Page} page @param {string} selector */
async function middle(page, selector) {
  const box = await page.locator(selector).first().boundingBox();
  assert.ok(box, selector);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** @param {import("playwright-core").Page} page @param {string} from @param {string | { x: number, y: number }} to */
async function drag(page, from, to) {
  const [start, end] = [await middle(page, from), typeof to === "string" ? await middle(page, to) : to];
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  await page.mouse.move((start.x + end.x) / 2, (start.y + end.y) / 2, { steps: 4 });
  await page.mouse.move(end.x, end.y, { steps: 4 });
  await page.mouse.up();
}

/** @type {Record<string, (guide: Guide) => Promise<void>>} */
export const way = {
  async "draw-route"(guide) {
    const { page } = guide;
    await guide.go("routing");
    await page.locator(".desk-el").nth(10).waitFor();
    await guide.shot("route-edit", { of: ".desk-head, .desk-el", mark: ".desk-head .primary" });
    await guide.press("desk_edit");
    await page.locator(".desk.editing").waitFor();
    await guide.shot("route-palette", { of: ".desk-head, .desk-palette", mark: ".desk-palette" });
    const stage = await page.locator(".desk-canvas").boundingBox();
    assert.ok(stage);
    await drag(page, '[data-kind="extension"]', { x: stage.x + stage.width - 120, y: stage.y + stage.height * 0.62 });
    await page.locator('[data-card="extension"]').waitFor();
    await page.locator("#desk-stands").selectOption("203");
    await guide.shot("route-put", { of: '[data-card="extension"], [data-card="bye"], .desk-side header, .desk-side .field', mark: '[data-card="extension"], #desk-stands' });
    await drag(page, '[data-card="menu"] .desk-ports .spare [data-jack]', '[data-card="extension"] .name');
    await page.locator('[data-card="extension"]:not(.loose)').waitFor();
    await page.locator('[data-card="menu"]').click({ position: { x: 60, y: 14 } });
    await page.locator(".desk-ways").waitFor();
    await guide.shot("route-link", { of: '[data-card="menu"], [data-card="extension"], .desk-ways', mark: '[data-card="menu"] .desk-ports, [data-card="extension"]', air: 24 });
    // What leads nowhere is told before anybody calls.
    await page.locator('[data-card="hours"]').click({ position: { x: 60, y: 14 } });
    await page.locator("#desk-way-no").selectOption("");
    await page.locator(".desk-dock.problems li").first().waitFor();
    await guide.shot("route-problem", { of: '.desk-dock.problems, [data-card="hours"]', mark: ".desk-dock.problems li:first-child" });
    await page.keyboard.press("Control+z");
    await page.locator(".desk-dock.problems").waitFor({ state: "detached" });
    await guide.shot("route-finish", { of: ".desk-head", mark: ".desk-head .primary" });
    await guide.press("desk_finish");
    await page.locator(".desk:not(.editing)").waitFor();
    await page.locator(".toast").waitFor();
  },

  async "what-if"(guide) {
    const { page } = guide;
    await guide.go("routing");
    await page.locator(".desk-el").nth(10).waitFor();
    await guide.press("desk_whatif");
    await guide.press("desk_whatif_now", { in: ".desk-ask" });
    await page.locator(".blank.at").fill("2026-11-25T14:20");
    await page.locator(".blank.keys").fill("1");
    await page.locator('[data-card="sales"].lit').waitFor();
    await guide.shot("what-if-sentence", { of: ".desk-ask", mark: ".desk-sentence" });
    await guide.shot("what-if-way", { of: ".desk-el, .desk-ask" });
    await page.locator(".blank.at").fill("2026-11-25T23:10");
    await page.locator('[data-card="closed"].lit').waitFor();
    await guide.shot("what-if-night", { of: ".desk-el, .desk-ask", mark: ".blank.at" });
  },

  async "working-hours"(guide) {
    const { page } = guide;
    await guide.go("schedules");
    await guide.press("schedules_add", { in: "#main" });
    await page.locator("#schedule-name").fill(guide.say("Часы склада", "Hours of the store"));
    await guide.press("schedule_lunch");
    await page.locator("#hours-1-to").waitFor();
    await guide.shot("hours-week", { of: "#hours", mark: "#hours .spans" });
    await guide.press("schedule_except_add");
    await page.locator("#except-0").fill("2026-12-30");
    await guide.press("schedule_holidays_add");
    await page.locator("#closed-0-first").fill("2026-12-31");
    await page.locator("#closed-0-last").fill("2027-01-10");
    await guide.shot("hours-holidays", { of: "#except, #closed", mark: "#closed .span" });
    await guide.save();
  },

  async greeting(guide) {
    const { page } = guide;
    await guide.go("media");
    await page.locator(".thing").nth(3).waitFor();
    await guide.shot("media-upload", { of: "#main .head, .bring", mark: ".bring .primary" });
    await page.locator("#file").setInputFiles(SOUND);
    await page.locator(".thing", { hasText: "greeting" }).waitFor();
    await page.locator(".uploads li").waitFor({ state: "detached" });
    await guide.shot("media-listen", { of: ".things", mark: ".thing:nth-child(1) .above" });
    await guide.go("voice-messages");
    await guide.press("messages_add", { in: "#main" });
    await page.locator("#message-name").fill(guide.say("Здравствуйте", "Good day"));
    await page.locator("#message-media").selectOption("greeting");
    await guide.shot("message", { of: "#message", mark: "#message .cols" });
    await guide.save();
  },

  async "record-voice"(guide) {
    const { page } = guide;
    await guide.go("media");
    await guide.press("media_record");
    await page.locator('[role="timer"]').waitFor();
    await page.waitForFunction(() => /[1-9]/.test(document.querySelector('[role="timer"]')?.textContent ?? ""));
    await guide.shot("record", { of: ".bring", mark: ".bring .danger" });
    await guide.press("media_record_stop");
    await page.locator(".bring .primary").nth(1).waitFor();
    await guide.shot("record-keep", { of: ".bring", mark: ".bring .primary:not(:first-of-type)" });
    await guide.press("media_record_save");
    await page.locator(".thing", { hasText: guide.t("media_recorded") }).waitFor({ timeout: 30_000 });
  },

  async music(guide) {
    const { page } = guide;
    await guide.go("office");
    await page.locator("#melody").selectOption(guide.say("Оставайтесь на линии", "Please hold"));
    await page.locator("#music .member").nth(1).waitFor();
    await guide.shot("music", { of: "#music", mark: "#melody" });
    await guide.save();
  },

  async "voice-menu"(guide) {
    const { page } = guide;
    await guide.go("voice-menus");
    await guide.press("menus_add", { in: "#main" });
    await page.locator("#menu-name").fill(guide.say("Меню склада", "Menu of the store"));
    await page.locator("#menu-greeting").selectOption(guide.say("Главное приветствие", "Main greeting"));
    await guide.shot("menu", { of: "#menu", mark: "#menu .cols" });
    await guide.save();
    await guide.go("routing");
    await page.locator(".desk-el").nth(10).waitFor();
    await guide.press("desk_edit");
    await page.locator('[data-card="menu"]').click({ position: { x: 60, y: 14 } });
    await page.locator(".desk-ways").waitFor();
    await guide.shot("menu-keys", { of: '[data-card="menu"], .desk-ways', mark: ".desk-ways" });
    await guide.press("desk_finish");
    await page.locator(".desk:not(.editing)").waitFor();
  },

  async groups(guide) {
    const { page } = guide;
    await guide.go("groups");
    await guide.press("groups_add", { in: "#main" });
    await page.locator("#group-name").fill(guide.say("Склад и доставка", "Store and delivery"));
    await page.locator("#member").selectOption("211");
    await page.locator("#member").selectOption("213");
    await page.locator(".option").nth(1).click();
    await guide.shot("group-who", { of: "#group, section:has(.option)", mark: "#group .cols, .options" });
    await guide.shot("group-members", { of: "section:has(.members)", mark: ".members .grip" });
    await page.locator("#queue summary").click();
    await guide.shot("group-queue", { of: "#queue", mark: "#queue .cols" });
    await guide.save();
  },
};
