// «Защита» and «Уведомления»: what happened and what to do, who is blocked, limits of calls outside, and who is told.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { House, NARROW, WIDE, look } from "./house.js";
import { OFFICE } from "./office.js";
import { register } from "./phone.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
before(async () => (house = await House.open({ office: OFFICE, localOutgoing: true })));
after(() => house.leave());

/** Wrong passwords, more than any telephone is forgiven. */
const TRIES = 20;
/** @param {import("playwright-core").Page} page @param {string} section */
const to = async (page, section) => {
  await page.evaluate((hash) => (location.hash = hash), `#/${section}`);
  await page.locator("#main h1").waitFor();
  await page.waitForFunction(() => !document.querySelector('#main [aria-busy="true"]'));
};
/** @param {import("playwright-core").Page} page */
const saved = async (page) => {
  const answer = page.waitForResponse((response) => response.request().method() !== "GET" && response.ok());
  await page.keyboard.press("Control+s");
  await answer;
  await page.locator(".savebar.on").waitFor({ state: "detached" });
};

test("a calm box says so, and an address is blocked, unblocked and blocked again by hand", async () => {
  const visit = await house.enter("protection");
  const { page } = visit;
  await page.locator("h1", { hasText: "Всё спокойно" }).waitFor();
  await look(visit, "protection-calm-ru");
  await page.locator("#ban-address").fill("not an address");
  await page.getByRole("button", { name: "Заблокировать", exact: true }).click();
  await page.locator("#ban-address-fault").waitFor();
  await page.locator("#ban-address").fill("203.0.113.5");
  await page.getByRole("button", { name: "Заблокировать", exact: true }).click();
  await page.locator(".ban", { hasText: "203.0.113.5" }).waitFor();
  const ask = await house.api();
  const bans = async () => (await ask("GET", "bans")).value.items.map((/** @type {any} */ { address }) => address);
  assert.deepEqual(await bans(), ["203.0.113.5"]);
  await look(visit, "protection-ban-ru");
  await page.getByRole("button", { name: "Снять блокировку с 203.0.113.5" }).click();
  await page.locator(".ban").waitFor({ state: "detached" });
  assert.deepEqual(await bans(), []);
  await page.locator(".toast").getByRole("button", { name: "Вернуть" }).click();
  await page.locator(".ban", { hasText: "203.0.113.5" }).waitFor();
  assert.deepEqual(await bans(), ["203.0.113.5"]);
});

test("a telephone with an old password is told of wherever somebody is, named, and led to", async () => {
  const visit = await house.enter("routing");
  const { page } = visit;
  const badge = page.locator('.side a[href="#/protection"] .count.bad');
  await page.locator("h1").first().waitFor();
  assert.equal(await badge.count(), 0);
  // So often until the box is sure that nobody mistypes it.
  for (let tries = 0; tries < TRIES && (await badge.count()) === 0; tries += 1) {
    await assert.rejects(register(house.sip, { login: "rik33+user201s0", password: "the-old-password" }));
  }
  await badge.waitFor();
  await look(visit, "badge-ru");
  await page.locator('.side a[href="#/protection"]').click();
  const alarm = page.locator(".alarm", { hasText: "201" });
  await alarm.waitFor();
  await look(visit, "protection-alarm-ru");
  await alarm.getByRole("link", { name: "Открыть номер" }).click();
  await page.waitForURL(/#\/extensions\/201/);
  await to(page, "protection");
  await alarm.getByRole("button", { name: /^Понятно/ }).click();
  await alarm.waitFor({ state: "detached" });
  await badge.waitFor({ state: "detached" });
  await page.locator("h1", { hasText: "Всё спокойно" }).waitFor();
  await page.locator(".earlier summary").click();
  await page.locator(".earlier-one", { hasText: "201" }).waitFor();
});

test("limits, countries and quiet hours are set by names and kept as digits", async () => {
  const visit = await house.enter("protection");
  const { page } = visit;
  await page.locator("#limits-extension_calls").fill("2");
  await page.locator("#limits-minutes_a_day").fill("900");
  await page.locator("#places .place", { hasText: "Сомали" }).or(page.getByRole("button", { name: /Показать все/ })).first().waitFor();
  await page.locator("#limits-blocked-add").fill("куб");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /Показать все/ }).click();
  await page.getByRole("button", { name: "Убрать: Сомали" }).click();
  await page.locator("#limits-countries-add").fill("казах");
  await page.locator("#limits-countries-offers li").first().click();
  await page.locator("#limits-countries-add").fill("+375");
  await page.keyboard.press("Enter");
  await page.locator("#limits-countries-add").fill("123456");
  await page.keyboard.press("Enter");
  await page.locator("#limits-quiet_from").fill("21:30");
  await page.locator("#limits-quiet_to").fill("07:00");
  await page.locator("#quiet .check", { hasText: "Междугородние" }).locator("input").uncheck();
  await look(visit, "protection-limits-ru");
  await saved(page);
  const ask = await house.api();
  const { limits } = (await ask("GET", "settings")).value;
  assert.deepEqual([limits.extension_calls, limits.minutes_a_day, limits.quiet_from, limits.quiet_classes], [2, 900, "21:30", ["international"]]);
  assert.deepEqual(limits.countries, ["76", "77", "375", "123456"]);
  assert.ok(limits.blocked.includes("53") && !limits.blocked.includes("252"));
  await page.locator(".toast").getByRole("button", { name: "Вернуть" }).click();
  await page.waitForFunction(() => /** @type {HTMLInputElement} */ (document.querySelector("#limits-extension_calls")).value === "5");
  assert.equal((await ask("GET", "settings")).value.limits.extension_calls, 5);
});

test("what is wrong with a limit stands at its field", async () => {
  const { page } = await house.enter("protection");
  await page.locator("#limits-quiet_from").fill("22:00");
  await page.keyboard.press("Control+s");
  await page.locator("#limits-quiet_to-fault").waitFor();
  await page.locator("#protection-trusted_networks").fill("office");
  await page.keyboard.press("Control+s");
  await page.locator("#protection-trusted_networks-fault").waitFor();
});

test("a number gets a limit of its own, and an hour without any", async () => {
  const visit = await house.enter("extensions/201");
  const { page } = visit;
  await page.locator("#own-limits summary").click();
  await page.locator("#own-minutes_a_day").fill("30");
  await look(visit, "extension-limits-ru");
  await saved(page);
  const ask = await house.api();
  assert.deepEqual((await ask("GET", "extensions/201")).value.limits, { minutes_a_day: 30 });
  await to(page, "protection");
  await page.locator("#limits a", { hasText: "201" }).waitFor();
  await page.locator("#allow-number").selectOption("201");
  await page.locator('section[aria-labelledby="allowances-title"]').getByRole("button", { name: "Разрешить на час" }).click();
  const row = page.locator('section[aria-labelledby="allowances-title"] .room', { hasText: "201" });
  await row.waitFor();
  await look(visit, "protection-allowed-ru");
  await page.getByRole("button", { name: "Отменить разрешение номера 201" }).click();
  await row.waitFor({ state: "detached" });
  assert.deepEqual((await ask("GET", "allowances")).value.items, []);
});

test("a program is told, and what it answers to a test is told in words", async () => {
  const heard = /** @type {string[]} */ ([]);
  let status = 200;
  const server = createServer((request, response) => {
    request.setEncoding("utf8").on("data", (text) => heard.push(text));
    request.on("end", () => {
      response.statusCode = status;
      response.end("{}");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const port = /** @type {import("node:net").AddressInfo} */ (server.address()).port;
  try {
    const visit = await house.enter("notices");
    const { page } = visit;
    await page.getByRole("link", { name: "Добавить программу" }).click();
    await page.locator("#hook-name").fill("CRM");
    await page.locator("#hook-url").fill("ftp://crm");
    await page.keyboard.press("Control+s");
    await page.locator("#hook-url-fault").waitFor();
    await look(visit, "webhook-fault-ru");
    await page.locator("#hook-url").fill(`http://127.0.0.1:${port}/dozvon`);
    await page.locator("#hook-secret").fill("a-signing-secret");
    await saved(page);
    await page.getByRole("button", { name: "Отправить проверку" }).click();
    await page.locator("#hook-check .lamp.ok").first().waitFor();
    assert.equal(heard.filter((text) => JSON.parse(text).type === "test").length, 1);
    status = 500;
    await page.getByRole("button", { name: "Отправить проверку" }).click();
    await page.locator('#hook-check [role="status"] .lamp.bad').waitFor();
    assert.match(await page.locator('#hook-check [role="status"] .lamp.bad').innerText(), /500/);
    await look(visit, "webhook-ru");
    await to(page, "notices");
    await page.locator(".hook", { hasText: "CRM" }).waitFor();
    const ask = await house.api();
    assert.ok(!JSON.stringify((await ask("GET", "webhooks")).value).includes("a-signing-secret"));
  } finally {
    server.close();
  }
});

test("the administrator chooses what he is written about", async () => {
  const visit = await house.enter("notices");
  const { page } = visit;
  await page.locator("#notices-mail").fill("admin@example.org, second@example.org");
  await page.getByLabel("только об отмеченном").check();
  await page.getByLabel("внешний номер снова работает").uncheck();
  await look(visit, "notices-ru");
  await page.locator('form[aria-labelledby="notices-title"] .card-foot .primary').click();
  await page.locator('form[aria-labelledby="notices-title"] .card-foot .lamp.ok').waitFor();
  const ask = await house.api();
  const { notices } = (await ask("GET", "settings")).value;
  assert.deepEqual(notices.mail, ["admin@example.org", "second@example.org"]);
  assert.ok(notices.kinds.includes("trunk_down") && !notices.kinds.includes("trunk_back"));
});

for (const [name, how] of Object.entries({ "ru-narrow": { language: "ru", screen: NARROW }, "en-wide-dark": { language: "en", screen: WIDE, dark: true }, "ru-360": { language: "ru", screen: { width: 360, height: 740 } } })) {
  test(`protection and notices can be read by everybody: ${name}`, async () => {
    const visit = await house.enter("protection", /** @type {any} */ (how));
    const { page } = visit;
    for (const section of ["protection", "notices", "notices/CRM", "notices/new?format=telegram"]) {
      await to(page, section);
      await look(visit, `${section.replaceAll(/[/?=]/g, "-")}-${name}`);
    }
  });
}

test("a viewer sees what protection does and changes nothing", async () => {
  const ask = await house.api();
  assert.equal((await ask("POST", "users", { login: "looker", role: "viewer", password: "a-password-to-look", must_change: false })).status, 201);
  const visit = await house.enter("protection", { login: "looker", password: "a-password-to-look" });
  const { page } = visit;
  await page.locator(".ban", { hasText: "203.0.113.5" }).waitFor();
  assert.equal(await page.locator(".ban .button, .by-hand, .savebar").count(), 0);
  await look(visit, "protection-viewer-ru");
  await to(page, "notices");
  await page.locator("#notices-mail").waitFor();
  assert.equal(await page.getByRole("heading", { name: "Telegram и программы" }).count(), 0, "addresses of webhooks may be secret");
  assert.equal(await page.locator(".card-foot.save").count(), 0);
});
