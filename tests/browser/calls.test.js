// «Звонки»: real calls of the city, sought, opened, heard and deleted.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { City, MOBILE, until } from "./city.js";
import { House, NARROW, WIDE, look } from "./house.js";

const CALLER = "79211234567";
/** More than two pages of the API, and than a screen can hold. */
const MANY = 240;
let house = /** @type {House} */ (/** @type {unknown} */ (null));
let city = /** @type {City} */ (/** @type {unknown} */ (null));
let id = "";

const office = (/** @type {string} */ members) => `[office]\nname = "Ромашка"\n${city.trunks}
[[extension]]
number = "203"
employee = "Отдел продаж"
record = true
outgoing_number = "78126400512"
permissions = ["internal", "city", "mobile_region", "mobile_national"]
[[extension.device]]
kind = "mobile"
number = "${MOBILE}"
[[extension]]
number = "204"
employee = "Кабинет"
[[extension.device]]
kind = "sip"
login = "user204s0"
password = "phone-secret-204"
[[group]]
number = "500"
name = "Все сотрудники"
members = [${members}]
`;

before(async () => {
  city = await City.open();
  house = await House.open({ office: office('"204"') });
  await house.visit(); // the browser through which the API is asked
  const ask = await house.api();
  // Nobody is there: hundreds are refused at once. Then somebody is.
  assert.equal(await city.call(house, { from: "79500000000", calls: MANY }), 0);
  house.apply(office('"203"'));
  assert.equal(await city.call(house, { from: CALLER, talk: 4_000 }), 0);
  const row = await until("the recorded call", async () => {
    const { value } = await ask("GET", `history?number=${CALLER}`);
    return value.items.find((one) => one.ended_at && one.recordings.length > 0);
  });
  id = row.id;
});
after(async () => {
  city?.close();
  await house?.leave();
});

// A tab holds connections of its own, and the box takes only so many from one address.
const opened = /** @type {import("playwright-core").Page[]} */ ([]);
afterEach(async () => {
  for (const page of opened.splice(0)) await page.context().close();
});
const kept = (/** @type {Awaited<ReturnType<House["visit"]>>} */ visit) => (opened.push(visit.page), visit);
const rows = (/** @type {import("playwright-core").Page} */ page) => page.locator("tr.call");

test("of hundreds of calls only those on the screen are drawn, and the keyboard reaches the oldest", async () => {
  const { page } = kept(await house.enter("calls"));
  await rows(page).first().waitFor();
  assert.ok((await rows(page).count()) < 60);
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("a:focus").getAttribute("data-call"), id);
  for (let more = true; more; ) {
    await page.keyboard.press("End");
    await page.waitForFunction(() => document.activeElement?.hasAttribute("data-call"));
    more = (await page.locator("table.history").getAttribute("aria-rowcount")) === "-1";
  }
  await page.keyboard.press("End");
  await page.waitForFunction((last) => document.activeElement?.closest("tr")?.getAttribute("aria-rowindex") === last, String(MANY + 2));
  assert.ok((await rows(page).count()) < 60);
});

test("Enter opens a call beside the list, Esc goes back to its row", async () => {
  const { page } = kept(await house.enter("calls"));
  await rows(page).first().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const chosen = await page.locator("a:focus").getAttribute("data-call");
  await page.keyboard.press("Enter");
  await page.locator(".story-card .story").waitFor();
  assert.match(page.url(), new RegExp(`#/calls/${chosen}$`));
  await page.keyboard.press("Escape");
  await page.locator(".story-card").waitFor({ state: "detached" });
  assert.equal(await page.locator("a:focus").getAttribute("data-call"), chosen);
});

test("what is sought stands in the address, is kept by a reload, and a search that finds nothing has a way out", async () => {
  const visit = kept(await house.enter("calls"));
  const { page } = visit;
  await page.getByRole("searchbox").fill("8 (921) 123-45-67");
  await page.waitForURL(/text=8\+%28921%29/);
  await until("one row", async () => (await rows(page).count()) === 1);
  await page.reload();
  await until("one row after the reload", async () => (await rows(page).count()) === 1);
  await page.locator(".filter select").nth(0).selectOption("yesterday");
  await page.getByText("Ничего не нашлось.").waitFor();
  await look(visit, "calls-nothing-ru");
  await page.getByRole("button", { name: "Искать за 30 дней" }).click();
  await rows(page).first().waitFor();
  assert.match(page.url(), /when=month/);
  const exported = await page.getByRole("link", { name: "CSV" }).getAttribute("href");
  assert.match(String(exported), new RegExp(`^/api/v1/history\\.csv\\?from=.*number=${CALLER}`));
  await page.getByRole("button", { name: "Сбросить" }).click();
  await page.waitForURL(/#\/calls$/);
});

test("a page without a call whose search goes on is asked on, and files are in the page's language", async () => {
  const { page } = kept(await house.enter("calls"));
  await rows(page).first().waitFor();
  let empty = 3;
  await page.route(/\/api\/v1\/history\?/, (route) => {
    if (empty === 0) return route.continue({ url: route.request().url().replace(/&cursor=further-\d/, "") });
    empty -= 1;
    return route.fulfill({ json: { items: [], next_cursor: `further-${empty}` } });
  });
  await page.getByRole("searchbox").fill("8 (921) 123-45-67");
  await until("one row, behind three pages without any", async () => empty === 0 && (await rows(page).count()) === 1);
  assert.match(String(await page.getByRole("link", { name: "XLSX" }).getAttribute("href")), /[?&]lang=ru$/);
});

test("a call opens beside the list, which keeps its place", async () => {
  const { page } = kept(await house.enter("calls"));
  await rows(page).nth(20).waitFor();
  await page.mouse.wheel(0, 900);
  await until("scrolled", async () => (await page.evaluate(() => scrollY)) > 300);
  const before = await page.evaluate(() => scrollY);
  const seen = await page.evaluate(() => [...document.querySelectorAll("tr.call a")].find((link) => link.getBoundingClientRect().top > 300)?.getAttribute("data-call"));
  await page.locator(`a[data-call="${seen}"]`).click();
  await page.locator(".story-card .story").waitFor();
  const after = await page.evaluate(() => scrollY);
  assert.ok(Math.abs(after - before) < 100, `${before}, ${after}`); // the plot above is laid out anew
});

test("a call of one's own dates, of one extension, of one outcome", async () => {
  const { page } = kept(await house.enter("calls"));
  await page.locator(".filter select").nth(0).selectOption("own");
  await page.waitForURL(/when=\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d/);
  await page.locator(".filter select").nth(1).selectOption("203");
  await page.locator(".filter select").nth(3).selectOption("answered");
  await page.waitForURL(/extension=203&outcome=answered/);
  await until("one row", async () => (await rows(page).count()) === 1);
});

const LADDER = {
  parties: ["carrier", "exchange", "203"],
  messages: [
    ["carrier", "exchange", "INVITE sip:78126122981@box SIP/2.0"],
    ["exchange", "carrier", "SIP/2.0 100 Trying"],
    ["exchange", "203", "INVITE sip:203@phone SIP/2.0"],
    ["203", "exchange", "SIP/2.0 200 OK"],
    ["exchange", "carrier", "SIP/2.0 200 OK"],
  ].map(([from, to, first_line], nth) => ({ at: `2026-11-25T10:31:0${nth}.000+03:00`, from, to, first_line, text: `${first_line}\r\nCall-ID: ladder-${nth}\r\n\r\n` })),
};

for (const [name, how] of Object.entries({
  "call-open-ru": { language: "ru", screen: WIDE },
  "call-open-en-narrow-dark": { language: "en", screen: NARROW, dark: true, touch: true },
})) {
  test(`a call opens to its steps, its sound and its messages: ${name}`, async () => {
    const visit = kept(await house.enter(`calls/${id}`, /** @type {any} */ (how)));
    const { page } = visit;
    await page.route("**/api/v1/history/*/ladder", (route) => route.fulfill({ json: LADDER }));
    if (how.language === "en") await page.getByRole("button", { name: "Eng" }).first().click();
    await page.locator(".story li").nth(3).waitFor();
    await page.locator(".player .button.primary").click();
    await page.waitForFunction(() => Number(document.querySelector(".wave")?.getAttribute("aria-valuenow")) >= 1);
    // Both sides are drawn from the file, and neither is silent: SIPp sends back what it hears.
    const tall = () => [...document.querySelectorAll(".wave .later path")].every((path) => path.getBoundingClientRect().height > 10);
    await page.waitForFunction(tall);
    await page.locator(".player .button.primary").click();
    await page.locator(".wave").focus();
    await page.keyboard.press("Home");
    assert.equal(await page.locator(".wave").getAttribute("aria-valuenow"), "0");
    await page.locator(".call-fold summary").last().click();
    await page.locator("g.message").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    assert.match(await page.locator(".message-text pre").innerText(), /^SIP\/2\.0 100 Trying\s+Call-ID: ladder-1/);
    await look(visit, name);
  });
}

test("a click calls back: the own telephone is asked once and remembered", async () => {
  const visit = kept(await house.visit());
  const { page } = visit;
  const ordered = /** @type {unknown[]} */ ([]);
  await page.route("**/api/v1/openapi.json", (route) => route.fulfill({ json: { paths: { "/api/v1/calls": { post: {} } } } }));
  await page.route("**/api/v1/calls", (route) => (ordered.push(route.request().postDataJSON()), route.fulfill({ status: 202, json: { id: "1" } })));
  await page.goto(`${house.url}/#/calls/${id}`);
  await page.locator('input[autocomplete="username"]').fill("admin");
  await page.locator('input[type="password"]').fill("correct-horse-battery");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Перезвонить/ }).click();
  await page.locator("#own").selectOption("204");
  await look(visit, "call-own-ru");
  await page.locator("dialog").getByRole("button", { name: "Позвонить" }).click();
  await page.locator(".toast").waitFor();
  await page.getByRole("button", { name: /^Перезвонить/ }).click();
  await until("the second order", async () => ordered.length === 2);
  assert.deepEqual(ordered, [{ extension: "204", to: `+${CALLER}` }, { extension: "204", to: `+${CALLER}` }]);
});

test("a recording is deleted only after the question, for nothing brings it back", async () => {
  const { page } = kept(await house.enter(`calls/${id}`));
  const button = page.getByRole("button", { name: "Удалить запись" });
  await button.click();
  await page.getByRole("button", { name: "Оставить" }).click();
  await button.click();
  await page.locator("dialog").getByRole("button", { name: "Удалить" }).click();
  await page.locator(".player").waitFor({ state: "detached" });
  const ask = await house.api();
  assert.equal((await ask("GET", `recordings?call=${id}`)).value.items.length, 0);
});

for (const [name, how] of Object.entries({
  "calls-ru": { language: "ru", screen: WIDE },
  "calls-ru-narrow": { language: "ru", screen: NARROW, touch: true },
  "calls-en-dark": { language: "en", screen: WIDE, dark: true },
})) {
  test(`the history can be read by anybody: ${name}`, async () => {
    const visit = kept(await house.enter("calls", /** @type {any} */ (how)));
    if (how.language === "en") await visit.page.getByRole("button", { name: "Eng" }).first().click();
    await rows(visit.page).nth(3).waitFor();
    await look(visit, name);
  });
}
