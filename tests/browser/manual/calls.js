// Calls: those of now, those that were, and what was left in mailboxes. The example office's own calls are looked at.

/** @typedef {import("./guide.js").Guide} Guide */

/** A talk that somebody may end is waited for so long. Milliseconds. */
const TALK = 90_000;

/** @type {Record<string, (guide: Guide) => Promise<void>>} */
export const calls = {
  async now(guide) {
    const { page } = guide;
    await guide.go("now");
    await page.locator(".talk").first().waitFor({ timeout: TALK });
    await guide.shot("now", { of: "#main .head, .columns > .column:first-child", mark: "section:has(.talk)" });
    await page.locator(".talk").last().waitFor({ timeout: TALK });
    await page.locator(".talk .danger:not(:disabled)").last().click();
    await page.locator("dialog .buttons").waitFor();
    await guide.shot("hang-up", { of: "dialog", mark: "dialog .buttons" });
    await guide.press("keep_call", { in: "dialog" });
    await page.locator(".phone").nth(3).waitFor();
    await guide.shot("now-phones", { of: "section:has(.phones) header, .phone:nth-child(-n+6)", mark: ".phone:nth-child(1) .lamp, .phone:nth-child(2) .lamp" });
  },

  async dial(guide) {
    const { page } = guide;
    await guide.go("now");
    await page.locator("#dial-own").selectOption("204");
    await page.locator("#dial-to").fill("8 998 010-20-34");
    await page.waitForFunction((why) => document.querySelector("#dial-told")?.textContent !== why, guide.t("now_dial_why"));
    await guide.shot("dial", { of: ".dial", mark: ".dial-line" });
  },

  async "find-call"(guide) {
    const { page } = guide;
    await guide.go("calls");
    await page.locator("tr.call").nth(5).waitFor();
    await page.locator(".filter select").nth(0).selectOption("week");
    await page.locator(".filter select").nth(3).selectOption("answered");
    await page.waitForURL(/outcome=answered/);
    await page.locator("tr.call").nth(5).waitFor();
    await guide.shot("calls-filters", { of: ".filters", mark: ".filters" });
    await page.locator("tr.call a").first().click();
    await page.locator(".story-card .story li").nth(2).waitFor();
    await guide.shot("call-story", { of: ".story-card", mark: ".story-card .story" });
    await page.keyboard.press("Escape");
    await page.locator(".story-card").waitFor({ state: "detached" });
  },

  async recordings(guide) {
    const { page } = guide;
    await guide.go("extensions", "212");
    await page.locator("#ext-record").waitFor();
    await page.locator("#ext-record").click();
    await guide.shot("record-switch", { of: "#more", mark: ".turn:has(#ext-record)" });
    await guide.save();
    await page.evaluate(() => (location.hash = "#/calls?when=week&outcome=answered"));
    await page.locator("tr.call .taped").first().waitFor();
    await page.locator("tr.call:has(.taped) a").first().click();
    await page.locator(".player .button.primary").first().click();
    await page.waitForFunction(() => Number(document.querySelector(".wave")?.getAttribute("aria-valuenow")) >= 1);
    await page.locator(".player .button.primary").first().click();
    await guide.shot("player", { of: ".player:nth-child(-n+3)", mark: ".player .button.primary" });
    await page.keyboard.press("Escape");
  },

  async export(guide) {
    const { page } = guide;
    await guide.go("calls");
    await page.locator("tr.call").nth(5).waitFor();
    await page.locator(".filter select").nth(0).selectOption("month");
    await page.waitForURL(/when=month/);
    await page.locator("tr.call").nth(5).waitFor();
    await guide.shot("export", { of: ".calls-head, .filters", mark: ".exports" });
    await page.locator(".plot-in svg").waitFor();
    await guide.shot("month", { of: ".plot-in", air: 2 });
    await guide.shot("not-called-back", { of: ".back, section:has(.back) header", mark: ".back li:first-child .button" });
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".exports a").last().click()]);
    await file.cancel();
  },

  async voicemail(guide) {
    const { page } = guide;
    await guide.go("voicemail");
    await page.locator(".message-row").nth(1).waitFor();
    await page.locator(".message-row a").first().click();
    await page.locator(".player .button.primary").first().waitFor();
    await guide.shot("voicemail", { of: ".filters, .messages > li:nth-child(-n+4)", mark: ".messages > li.open" });
    await page.locator(".message-tools .button").first().click();
    await page.locator(".message-tools").getByRole("button", { name: guide.t("calls_mark_new") }).waitFor();
  },
};
