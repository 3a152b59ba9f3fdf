// «Маршрутизация»: a route is drawn by a hand and by keys, undone, applied, asked «what if», and never lost.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, NARROW, WIDE, look } from "./house.js";

const OFFICE = `
[office]
name = "ООО Ромашка"
timezone = "Europe/Moscow"
language = "ru"
country = "RU"
area_code = "812"

[[trunk]]
name = "Городской"
number = "78126122981"
server = "127.0.0.1:9"
login = "78126122981"
password = "carrier-secret"

[[extension]]
number = "200"
employee = "Приёмная"
  [[extension.device]]
  kind = "sip"
  login = "abcde+user200s0"
  password = "Phone-secret-200"

[[extension]]
number = "201"
employee = "Бухгалтерия"
  [[extension.device]]
  kind = "sip"
  login = "abcde+user201s0"
  password = "Phone-secret-201"

[[schedule]]
name = "Рабочее время"
hours = [ { days = "mon-fri", from = "09:00", to = "18:00" } ]

[[group]]
number = "500"
name = "Все сотрудники"
members = ["200", "201"]

[[element]]
id = "in"
kind = "incoming"
numbers = ["78126122981"]
x = 40
y = 160

[[element]]
id = "hours"
kind = "schedule"
schedule = "Рабочее время"
x = 300
y = 160

[[element]]
id = "all"
kind = "group"
group = "500"
x = 580
y = 100

[[element]]
id = "bye"
kind = "hang_up"
x = 900
y = 300

[[link]]
from = "in.next"
to = "hours"
[[link]]
from = "hours.yes"
to = "all"
[[link]]
from = "hours.no"
to = "bye"
[[link]]
from = "all.reserve"
to = "bye"
`;

let house = /** @type {House} */ (/** @type {unknown} */ (null));
before(async () => {
  house = await House.open({ office: OFFICE });
  await house.visit(); // the API's own cookies stay with the first visitor
});
after(() => house.leave());

/** The page at the desk, in a language. */
async function desk(/** @type {Parameters<House["enter"]>[1]} */ how = {}) {
  const visit = await house.enter("routing", how);
  // The office speaks Russian; whoever wants English has chosen it.
  if (how?.language === "en") {
    await visit.page.evaluate(() => localStorage.setItem("language", "en"));
    await visit.page.reload();
  }
  await visit.page.locator(".desk-el, .desk-list li").first().waitFor();
  return visit;
}

/** @param {import("playwright-core").Page} page */
async function edit(page) {
  await page.keyboard.press("e");
  await page.locator(".desk.editing").waitFor();
}

/** Where things of the desk are on the screen. @param {import("playwright-core").Page} page @param {string} selector */
async function middle(page, selector) {
  const box = await page.locator(selector).boundingBox();
  assert.ok(box, selector);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** @param {import("playwright-core").Page} page @param {{ x: number, y: number }} from @param {{ x: number, y: number }} to */
async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 4 });
  await page.mouse.move(to.x, to.y, { steps: 4 });
  await page.mouse.up();
}

/** The route as the box has it. */
async function route() {
  const ask = await house.api();
  const { value } = await ask("GET", "routing");
  return new Map(value.elements.map((/** @type {any} */ element) => [element.id, element]));
}

const wire = (/** @type {string} */ name) => `[data-wire="${name}"]`;
const jack = (/** @type {string} */ id, /** @type {string} */ out) => `[data-card="${id}"] [data-jack="${out}"]`;

for (const language of /** @type {const} */ (["ru", "en"])) {
  test(`the desk is fit to be looked at and edited: ${language}`, async () => {
    const visit = await desk({ language, dark: language === "en" });
    await look(visit, `desk-${language}`);
    await edit(visit.page);
    await visit.page.locator('[data-card="hours"]').click({ position: { x: 60, y: 12 } });
    await visit.page.locator(".desk-week").waitFor();
    await look(visit, `desk-edit-${language}`);
    await visit.page.context().close();
  });

  test(`on a narrow screen it is a list that reads from top to bottom: ${language}`, async () => {
    const visit = await desk({ language, screen: NARROW, touch: true });
    const names = await visit.page.locator(".desk-list b").allInnerTexts();
    assert.deepEqual(names.map((name) => /\d{3}-\d\d-\d\d|Рабочее|сотрудники/.exec(name)?.[0] ?? "end"), ["612-29-81", "Рабочее", "сотрудники", "end", "end"]);
    await look(visit, `desk-narrow-${language}`);
    await visit.page.locator(".desk-choice button").nth(1).click();
    await visit.page.locator(".desk-el").first().waitFor();
    await look(visit, `desk-narrow-drawing-${language}`);
    await visit.page.context().close();
  });
}

test("a hand draws: put, link, put an end elsewhere, undo, redo, apply", async () => {
  const visit = await desk();
  const { page } = visit;
  await edit(page);
  const stage = await page.locator(".desk-canvas").boundingBox();
  assert.ok(stage);
  await drag(page, await middle(page, '[data-kind="extension"]'), { x: stage.x + 560, y: stage.y + stage.height - 140 });
  await page.locator('[data-card="extension"]').waitFor();
  assert.match(await page.locator('[data-card="extension"]').innerText(), /без связей, не участвует/);

  await drag(page, await middle(page, jack("hours", "no")), await middle(page, '[data-card="extension"] .name'));
  await page.locator('.desk-side [aria-pressed], [data-card="extension"]:not(.loose)').first().waitFor();
  assert.equal(await page.locator(wire("hours.no")).count(), 1);

  // The end of a link is taken from its jack and put on another card.
  await drag(page, await middle(page, '[data-card="extension"] [data-in]'), await middle(page, '[data-card="bye"] .name'));
  await page.locator('[data-card="extension"].loose').waitFor();
  await page.keyboard.press("Control+z");
  await page.locator('[data-card="extension"]:not(.loose)').waitFor();
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  assert.equal(await page.locator('[data-card="extension"]').count(), 0);
  await page.keyboard.press("Control+Shift+z");
  await page.keyboard.press("Control+y");
  await page.locator('[data-card="extension"]:not(.loose)').waitFor();

  await page.getByRole("button", { name: "Закончить редактирование" }).click();
  await page.locator(".desk:not(.editing)").waitFor();
  const now = await route();
  assert.equal(now.get("hours").links.no, "extension");
  assert.equal(now.get("extension").x % 20, 0);
  await look(visit, "desk-applied");
  await page.context().close();
});

test("the keyboard alone draws the same", async () => {
  const visit = await desk({ language: "en" });
  const { page } = visit;
  await page.locator("#main").focus();
  await edit(page);
  const said = page.locator('.desk > [role="status"]');
  await page.keyboard.press("ArrowRight");
  await page.locator('[data-card="in"]:focus').waitFor();
  await page.keyboard.press("Tab");
  await page.locator('[data-card="hours"]:focus').waitFor();
  await page.keyboard.press("4");
  await page.locator('[data-card="hang_up"]:focus').waitFor();
  const before = await page.locator('[data-card="hang_up"]').evaluate((card) => card.offsetLeft);
  await page.keyboard.press("Alt+ArrowRight");
  await page.keyboard.press("Alt+ArrowRight");
  await page.waitForFunction((left) => /** @type {HTMLElement} */ (document.querySelector('[data-card="hang_up"]')).offsetLeft === left + 40, before);

  await page.locator('[data-card="all"]').focus();
  await page.keyboard.press("l");
  assert.match(await said.innerText(), /reserve/);
  await page.keyboard.press("Enter");
  for (let step = 0; step < 6 && !(await page.locator('[data-card="hang_up"].aimed').count()); step += 1) {
    await page.keyboard.press(["ArrowLeft", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowRight", "ArrowDown"][step] ?? "ArrowLeft");
  }
  await page.locator('[data-card="hang_up"].aimed').waitFor();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /linked to/.test(document.querySelector('.desk > [role="status"]')?.textContent ?? ""));
  await page.keyboard.press("Control+s");
  await page.locator(".desk:not(.editing)").waitFor();
  assert.equal((await route()).get("all").links.reserve, "hang_up");
  await page.context().close();
});

test("what if lights the way and answers while the question changes", async () => {
  const visit = await desk();
  const { page } = visit;
  await page.getByRole("button", { name: "Что если" }).click();
  await page.getByRole("button", { name: "сейчас" }).click();
  await page.locator(".blank.at").fill("2026-11-25T14:20");
  await page.locator(".desk-wire.what[data-wire='hours.yes']").waitFor();
  assert.ok(await page.locator('[data-card="all"].lit').count());
  assert.ok(await page.locator(".desk-steps li.maybe").count(), "what comes only if nobody answers");
  await look(visit, "desk-what-if");
  await page.locator(".blank.at").fill("2026-11-25T23:10");
  await page.locator(".desk-wire.what[data-wire='hours.no']").waitFor();
  assert.equal(await page.locator(".desk-wire.what[data-wire='hours.yes']").count(), 0);
  await page.context().close();
});

test("a reload keeps what is not applied, and leaving asks first", async () => {
  const visit = await desk();
  const { page } = visit;
  await edit(page);
  await page.locator('[data-card="in"]').focus();
  await page.keyboard.press("3");
  await page.locator('[data-card="dial_extension"]').waitFor();
  page.once("dialog", (dialog) => dialog.accept());
  await page.reload();
  await page.locator('.desk.editing [data-card="dial_extension"]').waitFor();
  await page.evaluate(() => (location.hash = "#/now"));
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator('.desk.editing [data-card="dial_extension"]').waitFor();
  await page.evaluate(() => (location.hash = "#/now"));
  await page.locator("dialog[open]").getByText("Они останутся здесь черновиком").waitFor();
  await page.locator("dialog[open]").getByRole("button", { name: "Уйти", exact: true }).click();
  await page.locator("#calls-title").waitFor();
  await page.evaluate(() => (location.hash = "#/routing"));
  await page.locator('.desk.editing [data-card="dial_extension"]').waitFor();
  assert.equal((await route()).has("dial_extension"), false);
  await page.getByRole("button", { name: "Отменить правки" }).click();
  await page.locator(".desk:not(.editing)").waitFor();
  assert.equal(await page.locator('[data-card="dial_extension"]').count(), 0);
  await page.locator(".toast button").first().click();
  await page.locator('.desk.editing [data-card="dial_extension"]').waitFor();
  await page.keyboard.press("Control+z");
  await page.context().close();
});

test("a timetable made on the fly loses nothing that is drawn", async () => {
  const visit = await desk();
  const { page } = visit;
  await edit(page);
  await page.locator('[data-kind="hang_up"]').click();
  await page.locator('[data-card="hours"]').click({ position: { x: 60, y: 12 } });
  await page.getByRole("button", { name: "Новое расписание" }).click();
  await page.locator("#desk-made").fill("Летом");
  await look(visit, "desk-new-timetable");
  await page.getByRole("button", { name: "Создать и поставить" }).click();
  await page.waitForFunction(() => /** @type {HTMLSelectElement} */ (document.querySelector("#desk-stands"))?.value === "Летом");
  assert.match(await page.locator('[data-card="hours"]').innerText(), /Летом/);
  assert.ok(await page.locator(".chip.warn").count());
  await page.getByRole("button", { name: "Отменить правки" }).click();
  await page.context().close();
});

test("somebody else's change meanwhile is told, and neither is lost", async () => {
  const visit = await desk();
  const { page } = visit;
  await edit(page);
  await page.locator('[data-card="bye"]').focus();
  await page.keyboard.press("Alt+ArrowDown");
  const ask = await house.api();
  const { value, headers } = await ask("GET", "routing");
  const theirs = value.elements.map((/** @type {any} */ element) => (element.id === "in" ? { ...element, y: element.y + 100 } : element));
  const done = await ask("PUT", "routing", { elements: theirs }, { "If-Match": headers.etag });
  assert.equal(done.status, 200);
  await page.keyboard.press("Control+s");
  await page.getByRole("button", { name: "Взять их" }).click();
  await page.locator('.desk.editing [data-card="in"]').waitFor();
  const there = theirs.find((/** @type {any} */ one) => one.id === "in").y;
  const stands = (/** @type {number} */ top) =>
    page.waitForFunction((top) => /** @type {HTMLElement | null} */ (document.querySelector('[data-card="in"]'))?.offsetTop === top, top);
  await stands(there);
  await page.keyboard.press("Control+z");
  await stands(there - 100);
  await page.keyboard.press("Control+s");
  await page.locator(".desk:not(.editing)").waitFor();
  assert.equal((await route()).get("in").y, there - 100);
  await page.context().close();
});

test("fingers pan, pinch and drag", async () => {
  const visit = await desk({ screen: { width: 1024, height: 768 }, touch: true });
  const { page } = visit;
  const percent = async () => Number.parseInt(await page.locator(".desk-dock .percent").innerText(), 10);
  const was = await percent();
  const stage = await page.locator(".desk-canvas").boundingBox();
  assert.ok(stage);
  const client = await page.context().newCDPSession(page);
  const touch = (/** @type {string} */ type, /** @type {number[][]} */ points) =>
    client.send("Input.dispatchTouchEvent", { type: /** @type {any} */ (type), touchPoints: points.map(([x = 0, y = 0], id) => ({ x, y, id })) });
  const [x, y] = [stage.x + 200, stage.y + stage.height - 60];
  await touch("touchStart", [[x, y], [x + 200, y]]);
  for (let step = 1; step <= 5; step += 1) await touch("touchMove", [[x + step * 15, y], [x + 200 - step * 15, y]]);
  await touch("touchEnd", []);
  await page.waitForFunction((before) => Number.parseInt(document.querySelector(".desk-dock .percent")?.textContent ?? "", 10) < before, was);
  await page.context().close();
});

test("the screen is right at every width", async () => {
  for (const [width, name] of /** @type {[number, string][]} */ ([[360, "360"], [820, "820"], [1100, "1100"], [WIDE.width, "wide"]])) {
    const visit = await desk({ screen: { width, height: 800 } });
    await look(visit, `desk-width-${name}`);
    if (width > 720) {
      await edit(visit.page);
      await look(visit, `desk-edit-width-${name}`);
    }
    await visit.page.context().close();
  }
});
