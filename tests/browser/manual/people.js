// What an employee may, and how he is reached.

/** @typedef {import("./guide.js").Guide} Guide */

/** @param {Guide} guide @param {string} number */
async function extension(guide, number) {
  await guide.go("extensions", number);
  await guide.page.locator("#ext-employee").waitFor();
}

/** @type {Record<string, (guide: Guide) => Promise<void>>} */
export const people = {
  async rights(guide) {
    const { page } = guide;
    await extension(guide, "211");
    await page.locator("#rights .rung input").nth(2).check();
    await guide.shot("rights", { of: "#rights", mark: "#rights .rungs" });
    await guide.save();
  },

  async "shown-number"(guide) {
    const { page } = guide;
    await extension(guide, "208");
    await page.locator("#ext-outgoing_number").selectOption({ index: 2 });
    await guide.shot("shown-number", { of: "#person", mark: "#ext-outgoing_number" });
    await guide.drop();
  },

  async forwarding(guide) {
    const { page } = guide;
    await extension(guide, "211");
    await page.locator("#forward-0").selectOption("conditional");
    await page.locator("#forward-no_answer-0").fill("201");
    await page.locator("#forward-no_answer-0-hint").filter({ hasText: /./ }).waitFor();
    await guide.shot("forward", { of: "#devices .tel", mark: "#devices .cols:has(#forward-0)" });
    await page.locator("#forward-0").selectOption("always");
    await page.locator("#forward-to-0").fill("8 495 123-45-67");
    await page.locator(".savebar .primary").click();
    await page.locator("#forward-to-0-fault").waitFor();
    await guide.shot("forward-not-allowed", { of: "#devices .tel", mark: "#forward-to-0-fault" });
    await guide.press("forward_allow", { in: "#devices" });
    await guide.drop();
  },

  async mobile(guide) {
    const { page } = guide;
    await extension(guide, "204");
    await guide.press("device_mobile", { in: "#devices .adds" });
    await page.locator("#number-1").fill("8 921 123-45-67");
    await guide.shot("mobile", { of: "#devices .tel:nth-child(2), #devices .adds", mark: "#devices .tel:nth-child(2)" });
    await guide.press("ring_sequential", { in: "#devices" });
    await guide.shot("ring-order", { of: "#devices .sect-head, #devices .ringline, #devices .adds", mark: "#devices .sect-head .choice, #devices .ringline" });
    await guide.save();
  },

  async "switch-on-voicemail"(guide) {
    const { page } = guide;
    await extension(guide, "205");
    await page.locator("#ext-voicemail").click();
    await page.locator("#ext-voicemail_pin").fill("4711");
    await guide.shot("voicemail-on", { of: "#more", mark: ".turn:has(#ext-voicemail), #more .cols" });
    await guide.save();
  },

  async "remove-number"(guide) {
    const { page } = guide;
    await extension(guide, "207");
    await guide.press("delete", { in: "#main .actions" });
    await page.locator("dialog .references li").first().waitFor();
    await page.locator("#instead").selectOption("206");
    await guide.shot("remove", { of: "dialog", mark: "dialog .field" });
    await guide.press("remove_move", { in: "dialog" });
    await page.locator(".toast").waitFor();
    await guide.shot("remove-undo", { of: ".toast", mark: ".toast .button:not(.square)", air: 40 });
    await guide.press("bring_back", { in: ".toast" });
    await page.locator("h1", { hasText: "207" }).waitFor();
  },
};
