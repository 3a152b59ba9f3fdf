// «Справка»: the manual is reached from every page by «?», found, read on every screen, and loses nobody's work.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, NARROW, WIDE, look } from "./house.js";
import { OFFICE } from "./office.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
/** Without room for the manual beside the page. */
const NOTEBOOK = { width: 1280, height: 800 };
before(async () => (house = await House.open({ office: OFFICE })));
after(() => house.leave());

for (const [name, how] of Object.entries({ "ru-wide": { language: "ru", screen: WIDE }, "ru-360": { language: "ru", screen: { width: 360, height: 740 } }, "en-narrow-dark": { language: "en", screen: NARROW, dark: true }, "en-820": { language: "en", screen: { width: 820, height: 900 } } })) {
  test(`the contents and an article can be read by everybody: ${name}`, async () => {
    const visit = await house.enter("help", /** @type {any} */ (how));
    const { page } = visit;
    await page.locator(".manual-chapters a").nth(20).waitFor();
    await look(visit, `help-${name}`);
    await page.evaluate(() => (location.hash = "#/help/draw-route"));
    await page.locator(".manual-steps li").nth(3).waitFor();
    await look(visit, `help-article-${name}`);
    await page.evaluate(() => (location.hash = "#/help/one-way-sound"));
    await page.locator(".manual-steps li").nth(3).waitFor();
    await look(visit, `help-trouble-${name}`);
    assert.equal(await page.evaluate(() => [...document.images].filter((image) => image.complete && image.naturalWidth === 0).length), 0, "no picture is broken");
  });
}

test("each page has its «?», which opens what the manual says of it", async () => {
  const { page } = await house.enter("now", { screen: NOTEBOOK });
  for (const [section, title] of [["extensions/201", "Добавить сотрудника"], ["routing", "Нарисовать путь звонка"], ["calls", "Найти звонок и узнать, как он шёл"], ["trunks", "Подключить городской номер"], ["versions", "Вернуть настройки"]]) {
    await page.evaluate((hash) => (location.hash = hash), `#/${section}`);
    await page.waitForFunction((at) => document.querySelector("#main > .ask-help a")?.getAttribute("href")?.endsWith(`=${at}`), /** @type {string} */ (section).split("/")[0]);
    await page.locator("#main > .ask-help a").click();
    await page.locator("article h1", { hasText: title }).waitFor();
  }
  await page.getByRole("link", { name: "Открыть «История настроек»" }).click();
  await page.waitForURL(/#\/versions$/);
  await page.locator("h1", { hasText: "История настроек" }).click();
  await page.keyboard.press("?");
  await page.locator("dialog").getByRole("link", { name: "Справка об этой странице" }).click();
  await page.locator("article h1", { hasText: "Вернуть настройки" }).waitFor();
});

test("whoever asks how in the middle of his work gets the answer beside it, and loses nothing", async () => {
  const { page } = await house.enter("extensions/201", { screen: NOTEBOOK });
  await page.locator("#ext-employee").fill("Главный бухгалтер");
  const [other] = await Promise.all([page.context().waitForEvent("page"), page.locator("#main > .ask-help a").click()]);
  await other.locator("article h1", { hasText: "Добавить сотрудника" }).waitFor();
  assert.equal(await page.locator("#ext-employee").inputValue(), "Главный бухгалтер");
  assert.equal(await page.locator("dialog[open]").count(), 0);
});

test("where there is room the manual stands beside the page, and stays while somebody does what it says", async () => {
  const visit = await house.enter("extensions", { language: "en" });
  const { page } = visit;
  await page.locator("#main > .ask-help a").click();
  const beside = page.locator(".help-beside");
  await beside.locator("h2", { hasText: "Add an employee" }).waitFor();
  await look(visit, "help-beside-en");
  await page.getByRole("link", { name: "Add a number" }).click();
  await page.locator("#ext-employee").fill("Somebody");
  await beside.getByRole("link", { name: "Make a group with a queue" }).click();
  await beside.locator("h2", { hasText: "Make a group with a queue" }).waitFor();
  assert.equal(await page.locator("#ext-employee").inputValue(), "Somebody");
  await page.keyboard.press("Escape");
  await beside.waitFor({ state: "detached" });
  await page.locator(".savebar").getByRole("link", { name: "Cancel" }).click();
  await page.waitForURL(/#\/extensions$/);
  await page.locator("#main > .ask-help a").click();
  for (const section of ["now", "calls", "routing", "trunks/new", "groups/500", "schedules/new", "codes", "office", "users/new"]) {
    await page.evaluate((hash) => (location.hash = hash), `#/${section}`);
    await page.locator("#main h1").first().waitFor();
    await page.waitForFunction(() => !document.querySelector('#main [aria-busy="true"]'));
    await look(visit, `help-beside-${section.replace("/", "-")}`);
  }
});

test("an article is found in the contents, and by the search box of every page", async () => {
  const { page } = await house.enter("help", { language: "en" });
  await page.locator("#help-find").fill("park");
  await page.locator(".manual-found a", { hasText: "Park a call" }).click();
  await page.locator("article h1", { hasText: "Park a call" }).waitFor();
  await page.locator("#help-find").fill("zzzz");
  await page.getByText("The help has nothing on that.").waitFor();
  await page.locator("article h1").click();
  await page.keyboard.press("/");
  await page.locator("dialog input").fill("second factor");
  await page.locator('[role="option"]', { hasText: "Switch a second factor on" }).click();
  await page.locator("article h1", { hasText: "Switch a second factor on" }).waitFor();
});

test("on paper the article stands alone, and all of them go on one page", async () => {
  const { page } = await house.enter("help/parking");
  await page.locator(".manual-steps").waitFor();
  await page.emulateMedia({ media: "print" });
  for (const aside of [".side", ".manual-side", ".manual-tools", ".manual-turn"]) assert.equal(await page.locator(aside).first().isVisible(), false, aside);
  assert.ok(await page.locator("article h1").isVisible());
  await page.emulateMedia({ media: "screen" });
  await page.evaluate(() => (location.hash = "#/help?all"));
  await page.locator(".manual-whole article").nth(40).waitFor();
});
