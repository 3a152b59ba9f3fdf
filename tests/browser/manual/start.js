// The first chapter: a new box, from its first sign-in to a telephone that can call. Each task is done as the manual tells it.
import assert from "node:assert/strict";
import { PASSWORD } from "../house.js";

/** @typedef {import("./guide.js").Guide} Guide */

/** A new office, before a city number is connected. @param {Guide} guide */
export const newOffice = (guide) => `[office]
name = "${guide.say("ООО «Ромашка»", "Daisy Ltd")}"
timezone = "Europe/Moscow"
language = "${guide.language}"
country = "RU"
area_code = "812"
${["200", "201", "202"].map((number) => `[[extension]]\nnumber = "${number}"\n[[extension.device]]\nkind = "sip"\nlogin = "rik33+user${number}s0"\npassword = "phone-secret-${number}"\n`).join("")}
[[group]]
number = "500"
name = "${guide.say("Все сотрудники", "Everybody")}"
members = ["200", "201", "202"]
`;

/** Those of the new box. @type {Record<string, (guide: Guide) => Promise<void>>} */
export const first = {
  async "sign-in"(guide) {
    const { page } = guide;
    await guide.signIn(guide.house.firstPassword);
    await guide.shot("sign-in", { of: ".gate-card", mark: ".gate-card form" });
    await guide.press("enter");
    const fields = page.locator('input[autocomplete="new-password"]');
    await fields.first().waitFor();
    await fields.nth(0).fill(PASSWORD);
    await fields.nth(1).fill(PASSWORD);
    await guide.shot("new-password", { of: ".gate-card", mark: ".gate-card form" });
    await guide.press("save_password");
    await page.locator("#main h1").first().waitFor();
    await guide.shot("signed-in", { of: ".side", mark: ".side .tools" });
  },

  async "first-steps"(guide) {
    const { page } = guide;
    await guide.go("now");
    await page.locator(".todo li").nth(4).waitFor();
    await guide.shot("first-steps", { of: "#main .head, section:has(.todo)", mark: ".todo .button.primary" });
  },

  async "connect-number"(guide) {
    const { page } = guide;
    await guide.go("trunks");
    await guide.shot("number-add", { of: "#main .head, #main .card", mark: "#main .actions .primary" });
    await guide.press("trunk_add", { in: "#main" });
    await page.locator("#carrier").selectOption("uis");
    await page.locator("#trunk-name").fill(guide.t("trunk_name_example"));
    await page.locator("#trunk-number").fill("+7 812 612-29-81");
    await page.locator("#trunk-login").fill("0291234");
    await page.locator("#trunk-password").fill("a-good-secret-77");
    await page.locator("#trunk-comment").fill(guide.t("trunk_comment_example"));
    await guide.shot("number-fields", { of: "#contract", mark: "#contract .cols:last-child" });
    await page.locator("#trunk-server").fill("127.0.0.1:9"); // nobody is to be called from here
    await guide.save();
    await guide.go("trunks");
    await page.locator(".thing").waitFor();
  },
};

/** Those of an office at work. @type {Record<string, (guide: Guide) => Promise<void>>} */
export const start = {
  async "check-number"(guide) {
    const { page } = guide;
    await guide.go("trunks");
    await page.locator(".thing .lamp.ok").nth(1).waitFor();
    await guide.shot("number-state", { of: "#main .head, #main .card", mark: ".thing .lamp" });
    await page.locator(".thing a").first().click();
    await page.locator("#trunk-name").waitFor();
    await guide.shot("number-check", { of: "#main .item-head, #contract", mark: '#main .actions .button:has-text("' + guide.t("doctor") + '")' });
    await guide.press("doctor", { in: "#main .actions" });
    await page.locator(".doctor header button").waitFor({ timeout: 90_000 });
    await guide.shot("number-checked", { of: ".doctor", mark: ".doctor .in > p:first-child" });
  },

  async "add-employee"(guide) {
    const { page } = guide;
    await guide.go("extensions");
    await page.locator(".thing").nth(5).waitFor();
    await guide.shot("employee-add", { of: "#main .head, .thing:nth-child(-n+4)", mark: "#main .actions .primary" });
    await guide.press("extensions_add", { in: "#main" });
    await page.locator("#ext-employee").fill(guide.say("Смирнова, кадры", "Smirnova, staff"));
    await page.locator("#ext-email").fill("smirnova@example.org");
    const number = await page.locator("#ext-number").inputValue();
    await guide.shot("employee-fields", { of: "#person", mark: "#person .cols" });
    await guide.save();
    await page.locator("h1", { hasText: number }).waitFor();
    await guide.shot("employee-saved", { of: ".toast", mark: ".toast .button:not(.square)", air: 40 });
  },

  async "phone-by-hand"(guide) {
    const { page } = guide;
    await guide.go("extensions", "213");
    await page.locator("#login-0").waitFor();
    await guide.shot("setup-button", { of: "#devices", mark: `#devices .button:has-text("${guide.t("device_setup")}")` });
    await guide.press("device_setup", { in: "#devices" });
    await guide.press("device_password_show", { in: "dialog" });
    await page.locator("dialog .account code").nth(2).waitFor();
    await page.locator("dialog .folds summary").first().click();
    await guide.shot("setup-by-hand", { of: "dialog .dialog-in", mark: "dialog .account" });
    await page.locator("dialog .folds summary").first().click();
    await guide.press("setup_qr", { in: "dialog" });
    await page.locator("dialog svg.qr").waitFor();
    await guide.shot("setup-qr", { of: "dialog .dialog-in", mark: "dialog svg.qr" });
    await guide.press("close", { in: "dialog" });
    await guide.go("extensions");
    await page.locator(".thing:nth-child(-n+6) .lamp.ok").first().waitFor();
    await guide.shot("phone-online", { of: "#main .thing:nth-child(-n+6)", mark: ".thing:nth-child(-n+6) .lamp.ok >> nth=0" });
  },

  async "find-anything"(guide) {
    const { page } = guide;
    await guide.go("now");
    await page.keyboard.press("/");
    await page.locator("dialog input").fill("204");
    await page.locator('dialog [role="option"]', { hasText: "204" }).first().waitFor();
    await guide.shot("find", { of: "dialog", mark: "dialog input" });
    await page.keyboard.press("Enter");
    await page.waitForURL(/#\/extensions\/204/);
    await page.locator("#ext-employee").waitFor();
    await page.locator("h1").first().click();
    await page.keyboard.press("?");
    await page.locator("dialog kbd").first().waitFor();
    await guide.shot("keys", { of: "dialog .dialog-in" });
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("dialog[open]").count(), 0);
  },
};
