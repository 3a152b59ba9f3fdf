// What is set once: codes, rooms, the office, mail, accounts; and the history of it all.
import assert from "node:assert/strict";
import { PASSWORD } from "../house.js";
import { totp } from "../totp.js";

/** @typedef {import("./guide.js").Guide} Guide */

/** @type {Record<string, (guide: Guide) => Promise<void>>} */
export const box = {
  async transfer(guide) {
    await guide.go("codes");
    await guide.page.locator("#code-transfer").waitFor();
    await guide.shot("codes-call", { of: '[aria-labelledby="group-call"]', mark: ".code:has(#code-transfer), .code:has(#code-attended_transfer)" });
  },

  async codes(guide) {
    const { page } = guide;
    await guide.go("codes");
    await page.locator("#code-pickup").fill("*72");
    await guide.shot("codes-change", { of: '[aria-labelledby="group-people"]', mark: ".code:has(#code-pickup)" });
    await page.locator("form:has(#code-pickup) .card-foot .primary").click();
    await page.locator("form:has(#code-pickup) .card-foot .lamp.ok").waitFor();
    await guide.shot("codes-saved", { of: "form:has(#code-pickup) .card-foot", mark: "form:has(#code-pickup) .card-foot .button:not(.primary)" });
    await guide.press("codes_reset", { in: "form:has(#code-pickup)" });
    await page.locator("form:has(#code-pickup) .card-foot .primary").click();
    await page.locator("form:has(#code-pickup) .card-foot .lamp.ok").waitFor();
  },

  async self(guide) {
    await guide.go("codes");
    await guide.page.locator("#code-forward_always").waitFor();
    await guide.shot("codes-self", { of: '[aria-labelledby="group-self"], [aria-labelledby="group-forward"]' });
  },

  async parking(guide) {
    const { page } = guide;
    await guide.go("codes");
    await page.locator("#parking-first").waitFor();
    await guide.shot("parking", { of: 'form[aria-labelledby="parking-title"]', mark: "form .pair:has(#parking-first)" });
  },

  async conference(guide) {
    const { page } = guide;
    await guide.go("codes");
    await guide.press("room_add", { in: "#main" });
    await page.locator("#room-pin").fill("2580");
    await page.locator("#room-name").fill(guide.say("Совещание", "Meeting"));
    await guide.shot("room", { of: 'section[aria-labelledby="rooms-title"]', mark: 'section[aria-labelledby="rooms-title"] form .in' });
    await guide.press("save", { in: 'section[aria-labelledby="rooms-title"]' });
    await page.locator(".room").nth(1).waitFor();
  },

  async office(guide) {
    const { page } = guide;
    await guide.go("office");
    await page.locator("#office-name").waitFor();
    await guide.shot("office", { of: "#office", mark: "#office .cols" });
    await page.locator("#recordings-keep_days").fill("180");
    await guide.shot("office-recordings", { of: "#recordings", mark: "#recordings .cols" });
    await guide.save();
  },

  async mail(guide) {
    const { page } = guide;
    await guide.go("notices");
    await page.locator("#mail-server").fill("smtp.example.org");
    await page.locator("#mail-login").fill("telephone@example.org");
    await page.locator("#mail-password").fill("a-mail-secret");
    await page.locator("#mail-from").fill("telephone@example.org");
    await page.locator("#mail-admin").fill("admin@example.org");
    await guide.shot("mail", { of: 'form[aria-labelledby="mail-title"]', mark: 'form[aria-labelledby="mail-title"] .in' });
    await page.locator('form[aria-labelledby="mail-title"] .card-foot .primary').click();
    await page.locator('form[aria-labelledby="mail-title"] .card-foot .lamp.ok').waitFor();
  },

  async users(guide) {
    const { page } = guide;
    await guide.go("users");
    await guide.press("users_add", { in: "#main" });
    await page.locator("#user-login").fill("olga");
    await page.locator("#user-password").fill("a-quiet-violet-morning");
    await guide.shot("user", { of: "#user", mark: "#user .cols" });
    await guide.shot("user-role", { of: "#role", mark: "#role .options" });
    await guide.save();
  },

  async "second-factor"(guide) {
    const { page } = guide;
    await guide.go("me");
    await page.locator("#me-current").waitFor();
    await guide.press("factor_begin", { in: "#factor" });
    await page.locator("#factor-password").fill(PASSWORD);
    await guide.shot("factor-begin", { of: "#factor", mark: "#factor form" });
    await guide.press("factor_begin", { in: "#factor" });
    await page.locator("#factor svg.qr").waitFor();
    await guide.shot("factor-scan", { of: "#factor", mark: "#factor svg.qr, #factor-code" });
    await page.locator("#factor-code").fill(totp(await page.locator("#factor p.mono").innerText()));
    await guide.press("factor_confirm", { in: "#factor" });
    await page.locator(".recovery li").nth(3).waitFor();
    await guide.shot("factor-recovery", { of: "#factor", mark: "#factor .recovery" });
    await guide.press("factor_kept", { in: "#factor" });
    await guide.press("factor_end", { in: "#factor" });
    await page.locator("#factor .lamp.off").waitFor();
  },

  async tokens(guide) {
    const { page } = guide;
    await guide.go("tokens");
    await page.locator("#token-name").fill("CRM");
    await guide.press("token_make", { in: "#main" });
    await page.locator(".made .input.mono").first().waitFor();
    await guide.shot("token", { of: "section:has(.made)", mark: ".made .affix" });
    await guide.press("token_done", { in: "#main" });
    await page.locator(".room").first().waitFor();
    await page.locator(".room .danger").first().click();
    await guide.press("token_revoke", { in: "dialog" });
    await page.locator(".room").waitFor({ state: "detached" });
  },

  async versions(guide) {
    const { page } = guide;
    await guide.go("versions");
    await page.locator(".version").nth(2).waitFor();
    await page.locator(".version .story-fold summary").last().click();
    await guide.shot("versions", { of: "#main .head, .version:nth-child(-n+4)", mark: ".version:nth-child(2) .actions .button:first-child" });
    await page.locator(".version").first().getByRole("button", { name: guide.t("version_this") }).click();
    await page.locator(".toast", { hasText: guide.t("version_done") }).waitFor();
    await page.locator(".version").nth(3).getByRole("button", { name: guide.t("version_to") }).click();
    await guide.shot("version-to", { of: "dialog", mark: "dialog .buttons" });
    await guide.press("version_no", { in: "dialog" });
    assert.equal(await page.locator("dialog[open]").count(), 0);
  },

  async audit(guide) {
    await guide.go("audit");
    await guide.page.locator(".deeds .thing").nth(4).waitFor();
    await guide.shot("audit", { of: ".deeds thead, .deeds .thing:nth-child(-n+5)" });
  },
};
