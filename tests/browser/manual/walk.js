// Does every task of the manual in one language, and holds the manual to what was seen: each picture is made and wanted, each word of the
// page that an article names stood on a page of its task.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ARTICLES, picture, pieces, sentence } from "../../../web/manual/contents.js";
import { box } from "./box.js";
import { calls } from "./calls.js";
import { guard } from "./guard.js";
import { machine } from "./machine.js";
import { Guide } from "./guide.js";
import { people } from "./people.js";
import { first, newOffice, start } from "./start.js";
import { trouble } from "./trouble.js";
import { way } from "./way.js";

const AT_WORK = { ...start, ...way, ...people, ...calls, ...box, ...machine, ...guard, ...trouble };

/** @param {"ru" | "en"} language @param {import("../../../web/manual/contents.js").Texts} texts */
export function walk(language, { articles }) {
  const guide = new Guide(language);
  const failed = /** @type {string[]} */ ([]);
  after(() => guide.leave());

  /** @param {string} id @param {(guide: Guide) => Promise<void>} task */
  const doing = (id, task) =>
    test(`${language}: ${articles[id]?.title ?? id}`, { timeout: 180_000 }, async () => {
      await guide.begin();
      failed.push(id);
      await task(guide).catch(async (error) => {
        // what the page refused, and why, is told nowhere else
        const said = await guide.page.locator('[role="alert"]').allInnerTexts();
        throw new Error(`${error.message}\nthe page said: ${said.filter(Boolean).join(" | ")}`, { cause: error });
      });
      assert.deepEqual(guide.complaints, []);
      const named = articles[id]?.steps.map(sentence).flatMap(pieces).filter(({ kind }) => kind === "label") ?? [];
      assert.deepEqual(named.filter(({ text }) => !guide.saw(text)).map(({ text }) => text), [], "words that stand on no page of the task");
      failed.pop();
    });

  test(`${language}: a new box`, async () => {
    await guide.move({ oneTime: true });
    guide.house.apply(newOffice(guide));
  });
  for (const [id, task] of Object.entries(first)) doing(id, task);
  test(`${language}: an office at work`, async () => {
    await guide.move({ demo: language, localOutgoing: true });
    await guide.signIn();
    await guide.page.keyboard.press("Enter");
    await guide.page.locator("#main h1").first().waitFor();
  });
  for (const { id } of ARTICLES) {
    const task = /** @type {Record<string, (guide: Guide) => Promise<void>>} */ (AT_WORK)[id];
    if (task) doing(id, task);
  }

  test(`${language}: every picture of the manual is made, and none in vain`, () => {
    assert.deepEqual(failed, [], "tasks that were not done");
    const wanted = Object.values(articles).flatMap(({ steps }) => steps.map(picture).filter(Boolean));
    assert.deepEqual(Object.keys(guide.pictures).sort(), wanted.sort());
    guide.keep();
  });
}
