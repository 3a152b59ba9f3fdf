// Protection, and who is told of what happens.
import { createServer } from "node:http";

/** @typedef {import("./guide.js").Guide} Guide */

/** Of the demo office: it may call abroad. */
const CALLER = "203";
/** A place that a new box blocks. */
const BLOCKED = "+24712345678";
/** What looks like a bot's. */
const TOKEN = "123456789:AAExample-token_of_nobody";

/** @param {Guide} guide */
async function protection(guide) {
  await guide.go("protection");
  await guide.page.locator("#trusted").waitFor();
}

/** A call to a blocked place is stopped, and the admin is told. @param {Guide} guide */
async function stopped(guide) {
  const ask = await guide.house.api();
  const { value, headers } = await ask("GET", `extensions/${CALLER}`);
  await ask("PUT", `extensions/${CALLER}`, { ...value, permissions: ["internal", "city", "mobile_region", "mobile_national", "long_distance", "international"] }, { "If-Match": headers.etag });
  const alarm = guide.page.locator(".alarm").first();
  for (let tries = 0; (await alarm.count()) === 0 && tries < 20; tries += 1) {
    // who talks just now can't be rung: again, when he may have hung up
    await ask("POST", "calls", { extension: CALLER, to: BLOCKED });
    await alarm.waitFor({ timeout: 5_000 }).catch(() => {});
  }
  await alarm.waitFor();
}

/** A server that takes what a bot sends. */
async function telegram() {
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ ok: true, result: {} }));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`, close: () => server.close() };
}

/** @type {Record<string, (guide: Guide) => Promise<void>>} */
export const guard = {
  async guard(guide) {
    const { page } = guide;
    await protection(guide);
    await stopped(guide);
    await page.locator("#ban-address").fill("203.0.113.5");
    await guide.press("ban_make");
    await page.locator(".ban").first().waitFor();
    await page.evaluate(() => scrollTo(0, 0));
    await guide.shot("guard", { of: "#main .head, .alarm, .side", mark: '.side a[href="#/protection"]' });
    await guide.shot("guard-event", { of: 'section[aria-labelledby="alarms-title"]', mark: ".alarm .actions" });
    await guide.shot("guard-bans", { of: 'section[aria-labelledby="bans-title"]', mark: ".ban .button" });
    await page.locator("#protection-trusted_networks").fill("10.8.0.0/24");
    await guide.shot("guard-networks", { of: "#trusted", mark: "#trusted .cols" });
    await guide.press("trusted_add", { in: "#trusted" });
    await guide.save();
  },

  async limits(guide) {
    const { page } = guide;
    await protection(guide);
    await page.locator("#limits-extension_minutes_a_day").fill("120");
    await page.locator("#limits-minutes_a_day").fill("900");
    await guide.shot("limits", { of: "#limits", mark: "#limits .limit-row" });
    await page.locator("#limits-blocked-add").fill(guide.say("куб", "cub"));
    await page.locator("#places .offers li").first().waitFor();
    await guide.shot("limits-places", { of: "#places .sect-main", mark: "#places .field:has(#limits-blocked-add) .picker" });
    await page.keyboard.press("Enter");
    await page.locator("#limits-quiet_from").fill("22:00");
    await page.locator("#limits-quiet_to").fill("07:00");
    await guide.shot("limits-quiet", { of: "#quiet", mark: "#quiet .options" });
    await guide.save();
    await guide.go("extensions", "207");
    await page.locator("#own-limits summary").click();
    await page.locator("#own-minutes_a_day").fill("300");
    await guide.shot("limits-own", { of: "#own-limits", mark: "#own-limits .cols" });
    await guide.save();
  },

  async notices(guide) {
    const { page } = guide;
    await guide.go("notices");
    await page.locator("#notices-mail").fill("admin@example.org");
    await guide.shot("notices", { of: 'form[aria-labelledby="notices-title"] header, form[aria-labelledby="notices-title"] .field', mark: ".field:has(> #notices-mail)" });
    await page.locator('[name="notices-what"]').nth(1).check();
    await page.locator(".ticks-two input").nth(0).uncheck();
    await guide.shot("notices-kinds", { of: 'form[aria-labelledby="notices-title"] fieldset.options', mark: ".ticks-two" });
    await page.locator('form[aria-labelledby="notices-title"] .card-foot .primary').click();
    await page.locator('form[aria-labelledby="notices-title"] .card-foot .lamp.ok').waitFor();
  },

  async telegram(guide) {
    const { page } = guide;
    await guide.go("notices");
    await guide.press("hook_add_telegram");
    const name = guide.say("Чат офиса", "Office chat");
    await page.locator("#hook-name").fill(name);
    await page.locator("#hook-secret").fill(TOKEN);
    await page.locator("#hook-chat").fill("-1001234567890");
    await guide.shot("telegram", { of: "#hook", mark: "#hook .cols, #hook .guide" });
    await guide.shot("telegram-events", { of: "#hook-events", mark: "#hook-events .ticks-two" });
    await guide.save();
    // Whoever answers here is not Telegram.
    const bot = await telegram();
    try {
      const ask = await guide.house.api();
      const path = `webhooks/${encodeURIComponent(name)}`;
      const { value, headers } = await ask("GET", path);
      await ask("PUT", path, { ...value, url: bot.url }, { "If-Match": headers.etag });
      await guide.drop();
      await guide.press("hook_test");
      await page.locator("#hook-check .lamp").first().waitFor();
      await guide.shot("telegram-test", { of: "#hook-check", mark: "#hook-check .adds" });
    } finally {
      bot.close();
    }
  },

  async "call-stopped"(guide) {
    const { page } = guide;
    await protection(guide);
    await stopped(guide);
    await guide.shot("stopped", { of: 'section[aria-labelledby="alarms-title"]', mark: ".alarm .actions .button:not(.quiet)" });
    await page.locator("#allow-number").selectOption("207");
    await guide.shot("stopped-allow", { of: 'section[aria-labelledby="allowances-title"]', mark: 'section[aria-labelledby="allowances-title"] form' });
    await page.locator('section[aria-labelledby="allowances-title"] form .button').click();
    await page.locator('section[aria-labelledby="allowances-title"] .room').first().waitFor();
    await guide.go("extensions", "207");
    await page.locator("#ext-employee").waitFor();
  },
};
