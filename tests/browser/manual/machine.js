// The box itself: its network, an update, backups, and what support asks for. The box is played (../machine.js): the demo runs on plain
// Linux.
import { Box } from "../machine.js";

/** @typedef {import("./guide.js").Guide} Guide */

/**
 * Does a task on a played box, and takes it away again.
 * @param {Guide} guide
 * @param {(box: Box) => Promise<void>} task
 */
async function played(guide, task) {
  const box = new Box();
  await box.under(guide.page);
  await guide.drop();
  try {
    await task(box);
  } finally {
    await guide.page.unrouteAll({ behavior: "ignoreErrors" });
    await guide.drop();
  }
}

/** A file that a browser would choose. @param {string} name */
const file = (name) => ({ name, mimeType: "", buffer: Buffer.alloc(2_000) });

/** @type {Record<string, (guide: Guide) => Promise<void>>} */
export const machine = {
  network: (guide) =>
    played(guide, async () => {
      const { page } = guide;
      await guide.go("system");
      await guide.go("network");
      await guide.press("net_fixed");
      await page.locator("#net-office-address").fill("192.168.1.20/24");
      await page.locator("#net-office-gateway").fill("192.168.1.1");
      await guide.shot("network", { of: "#office-net", mark: "#office-net .choice, #office-net .cols:first-of-type" });
      await page.locator(".savebar .primary").click();
      await page.locator("#counting-title").waitFor();
      await guide.shot("network-trial", { of: ".counting", mark: ".counting a.button" });
      await guide.press("net_keep");
      await page.locator("#counting-title").waitFor({ state: "detached" });
    }),

  backup: (guide) =>
    played(guide, async (box) => {
      const { page } = guide;
      await guide.go("backups");
      await page.locator("#copy-word").fill("four quite long words");
      await page.locator("#copy-again").fill("four quite long words");
      await guide.shot("backup", { of: "#make", mark: "#make .pair" });
      const download = page.waitForEvent("download");
      await page.locator("#make .primary").click();
      await page.locator("#copies .lamp.ring").waitFor();
      Object.assign(box.backups[0], { state: "good", proved: true, bytes: 18_300_000 });
      await download;
      await page.locator("#copies .lamp.ok").waitFor();
      await page.locator("#place-add").selectOption("sftp");
      await page.locator("#place-0-server").fill("backup.example.org");
      await page.locator("#place-0-login").fill("dozvon");
      await page.locator("#plan-enabled").click();
      await guide.shot("backup-plan", { of: "#plan, #places", mark: "#plan .turn:first-of-type" });
      await guide.save();
      await guide.go("backups");
    }),

  restore: (guide) =>
    played(guide, async () => {
      const { page } = guide;
      await guide.go("backups");
      await page.locator("#restore-file").setInputFiles(file("dozvon-2026-11-20.dozvon"));
      await page.locator("#restore-word").fill("four quite long words");
      await guide.shot("restore", { of: "#restore", mark: "#restore .primary" });
      await guide.press("restore_look");
      await page.locator("#restore .account").waitFor();
      await guide.shot("restore-seen", { of: "#restore", mark: "#restore .danger" });
    }),

  update: (guide) =>
    played(guide, async () => {
      const { page } = guide;
      await guide.go("system");
      await guide.go("update");
      await guide.shot("update", { of: "#main", mark: ".bring-file" });
      await page.locator("#update-file").setInputFiles(file("dozvon-1.0.0.update"));
      await page.locator("#ready-title").waitFor();
      await guide.shot("update-ready", { of: "form.card", mark: "form.card .primary" });
      await guide.press("update_start");
      await page.locator(".todo .now").waitFor();
    }),

  support: (guide) =>
    played(guide, async () => {
      const { page } = guide;
      await guide.go("system");
      await guide.shot("support", { of: "#main .head, .gauges, #support", mark: "#support .button" });
      const download = page.waitForEvent("download");
      await guide.press("bundle_make");
      await download;
      await guide.go("capture");
      await guide.shot("support-capture", { of: "#capture-new", mark: "#capture-new .primary" });
      await guide.press("capture_begin");
      await page.locator(".lamp.ring").waitFor();
    }),
};
