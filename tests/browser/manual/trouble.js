// What does not work: where to look.
import assert from "node:assert/strict";

/** @typedef {import("./guide.js").Guide} Guide */

/** Calls of the example office that are looked at until one has pressed a key. */
const LOOKED_AT = 100;

/** @type {Record<string, (guide: Guide) => Promise<void>>} */
export const trouble = {
  async "two-phones"(guide) {
    const { page } = guide;
    await guide.go("extensions", "206");
    await page.locator("#login-0").waitFor();
    await page.locator("#devices .adds .button").first().click();
    await page.locator("#login-1").waitFor();
    await guide.shot("trouble-two-phones", { of: "#devices .devices, #devices .adds", mark: "#devices .tel:nth-child(2)" });
    await guide.save();
  },

  async "keys-not-heard"(guide) {
    const { page } = guide;
    const ask = await guide.house.api();
    const { items } = (await ask("GET", `history?direction=inbound&limit=${LOOKED_AT}`)).value;
    let pressed = "";
    for (const { id } of items) {
      const { steps } = (await ask("GET", `history/${id}`)).value;
      if (steps.some((/** @type {any} */ step) => step.kind === "digits")) {
        pressed = id;
        break;
      }
    }
    assert.ok(pressed, "somebody has pressed a key");
    await guide.go("calls", pressed);
    await page.locator(".story-card .story li").nth(2).waitFor();
    await guide.shot("trouble-keys", { of: ".story-card", mark: `.story li:has-text("${guide.t("step_digits", { digits: "" }).trim()}")` });
    await page.keyboard.press("Escape");
    await guide.go("voice-menus");
    await page.locator(".thing a").first().click();
    await page.locator("#menu-timeout_seconds").waitFor();
    await guide.shot("trouble-menu", { of: "#main .sect", mark: ".field:has(> #menu-timeout_seconds)" });
    await guide.go("routing");
  },

  async "wrong-number-shown"(guide) {
    const { page } = guide;
    await guide.go("extensions", "208");
    await page.locator("#ext-outgoing_number").waitFor();
    await guide.shot("trouble-shown", { of: "#person", mark: ".field:has(> #ext-outgoing_number)" });
    await guide.go("trunks");
    await page.locator(".thing a").first().click();
    await page.locator("#trunk-name").waitFor();
    for (const fold of await page.locator("details.foldable:not([open]) > summary").all()) await fold.click();
    await guide.shot("trouble-caller-id", { of: "#advanced", mark: ".field:has(> #trunk-caller_id_in)" });
  },

  async "no-recording"(guide) {
    const { page } = guide;
    await guide.go("extensions", "205");
    await page.locator("#ext-record").waitFor();
    await guide.shot("trouble-record", { of: "#more", mark: ".turn:has(#ext-record)" });
    await guide.go("users", "admin");
    await page.locator("#user-hears").waitFor();
    await guide.go("office");
    await page.locator("#recordings-keep_days").waitFor();
    await guide.shot("trouble-kept", { of: "#recordings", mark: "#recordings .cols" });
  },
};
