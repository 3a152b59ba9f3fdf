// «Телефоны»: a telephone is heard, connected with one click, told of a change, replaced; templates and sheets.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DeskPhone } from "./desk_phone.js";
import { House, NARROW, WIDE, look } from "./house.js";
import { OFFICE } from "./office.js";

const FIRST = "80:5e:c0:41:0a:7c";
/** So long is waited for what a telephone is told. Milliseconds. */
const PATIENCE = 60_000;
const SECOND = "80:5e:c0:41:0a:7d";
let house = /** @type {House} */ (/** @type {unknown} */ (null));
let ask = /** @type {any} */ (null);
/** Where telephones look for their files. */
let server = "";
const phones = /** @type {DeskPhone[]} */ ([]);

before(async () => {
  house = await House.open({ office: OFFICE });
  ask = await house.api();
  server = (await ask("GET", "phones/setup")).value.url;
});
after(async () => {
  phones.forEach((phone) => phone.close());
  await house?.leave();
});

/** @param {string} mac @param {string} [model] */
function plugIn(mac, model) {
  const phone = new DeskPhone(mac, server, model);
  phones.push(phone);
  return phone;
}

/** @param {import("playwright-core").Page} page @param {string} section */
const to = (page, section) => page.evaluate((hash) => (location.hash = hash), `#/${section}`);
/** @param {import("playwright-core").Page} page */
const told = (page) => page.locator(".toast");
/** @param {import("playwright-core").Page} page @param {string} mac */
const row = (page, mac) => page.locator(".telephones .thing", { hasText: mac });

test("with no telephone the page says what to do, to everybody", async () => {
  for (const [name, how] of Object.entries({ "ru-wide": { language: "ru", screen: WIDE }, "en-narrow-dark": { language: "en", screen: NARROW, dark: true } })) {
    const visit = await house.enter("phones", /** @type {any} */ (how));
    const { page } = visit;
    await page.locator("summary", { hasText: "MikroTik" }).click();
    await page.locator("pre", { hasText: server }).first().waitFor();
    await look(visit, `phones-none-${name}`);
    await to(page, "phone-search");
    await page.waitForFunction((url) => [...document.querySelectorAll("input")].some((input) => input.value === url), server);
    await look(visit, `phone-search-${name}`);
    await page.context().close();
  }
});

test("a telephone that is plugged in is connected with one click, and what it does is told until it is registered", async () => {
  const visit = await house.enter("phones");
  const { page } = visit;
  await page.getByText("Телефонов не слышно").waitFor();
  const phone = plugIn(FIRST);
  const refused = await phone.start();
  assert.equal(refused["805ec0410a7c.cfg"], 404, "nobody has accepted it");
  await row(page, FIRST).getByText("Yealink SIP-T31P").waitFor();
  await look(visit, "phones-seen-ru");
  await row(page, FIRST).getByRole("link", { name: "Подключить" }).click();
  await page.locator("#connect-line-0").selectOption("201");
  await page.getByText("rik33+user201s0").waitFor();
  await look(visit, "phones-choose-ru");
  await page.locator(".connect .primary").click();
  await page.locator(".steps").getByText("Ждём, когда телефон заберёт настройки").waitFor();
  await look(visit, "phones-waits-ru");
  const given = await phone.start();
  assert.equal(given["805ec0410a7c.cfg"], 200);
  await page.locator(".steps").getByText("Настройки забрал").waitFor();
  await look(visit, "phones-took-ru");
  await phone.register();
  await page.locator(".connect").getByText("Готово: телефон работает").waitFor();
  await row(page, FIRST).getByText("на связи", { exact: true }).waitFor();
  await look(visit, "phones-works-ru");
  await page.setViewportSize(NARROW);
  await look(visit, "phones-works-ru-narrow");
});

test("a telephone's own page shows its lines, its password to who asks, and what it fetched", async () => {
  const visit = await house.enter(`phones/${encodeURIComponent(FIRST)}`);
  const { page } = visit;
  await page.locator(".fetched .thing").first().waitFor();
  await page.locator("summary", { hasText: "Что он получит" }).click();
  const preview = page.locator(".preview pre");
  await preview.getByText("account.1.user_name").waitFor();
  assert.doesNotMatch(await preview.innerText(), /phone-secret/);
  await look(visit, "phone-ru");
  await page.getByRole("button", { name: "Показать пароль" }).click();
  await page.waitForFunction(() => /^\w{8,}$/.test(/** @type {HTMLInputElement} */ (document.getElementById("tel-password")).value));
  await page.setViewportSize(NARROW);
  await page.getByRole("button", { name: "Eng" }).first().click();
  await page.getByRole("heading", { name: "Lamps of colleagues" }).waitFor();
  await look(visit, "phone-en-narrow");
});

test("a change on the page reaches the telephone, which fetches and has it", async () => {
  const [phone] = phones;
  assert.ok(phone);
  const { page } = await house.enter(`phones/${encodeURIComponent(FIRST)}`);
  await page.getByRole("button", { name: "Все коллеги" }).click();
  await page.locator("#lamps .grip").nth(0).focus();
  await page.keyboard.press("Alt+ArrowDown");
  assert.match(await page.locator("#lamps .member").nth(0).innerText(), /^202/);
  await page.locator(".savebar .primary").click();
  await told(page).waitFor();
  await to(page, "extensions/201");
  await page.locator("#ext-employee").fill("Главный бухгалтер");
  await page.locator(".savebar .primary").click();
  await told(page).waitFor();
  await page.waitForFunction(() => !document.querySelector(".savebar.on"));
  await until(() => phone.told.some((event) => event.startsWith("check-sync")));
  await to(page, "phones");
  await row(page, FIRST).getByText("настройки прежние").waitFor();
  await phone.start();
  assert.equal(phone.settings.get("account.1.display_name"), "Главный бухгалтер");
  assert.deepEqual([...phone.settings.values()].filter((value) => value === "200" || value === "202"), ["202", "200"], "lamps of both colleagues, in their order");
  await row(page, FIRST).getByText("на связи", { exact: true }).waitFor();
});

test("settings are sent by hand, with and without a restart", async () => {
  const [phone] = phones;
  assert.ok(phone);
  const { page } = await house.enter(`phones/${encodeURIComponent(FIRST)}`);
  phone.told.length = 0;
  await page.getByRole("button", { name: "Отправить настройки" }).click();
  await until(() => phone.told.some((event) => event.includes("reboot=false")));
  await page.getByRole("button", { name: "Перезагрузить" }).click();
  await until(() => phone.told.some((event) => event.includes("reboot=true")));
});

test("a broken telephone is replaced by one that was seen, and the change is taken back", async () => {
  const other = plugIn(SECOND, "SIP-T33G");
  await other.start();
  const visit = await house.enter(`phones/${encodeURIComponent(FIRST)}`);
  const { page } = visit;
  await page.getByRole("button", { name: "Заменить телефон" }).click();
  await page.locator("dialog .member", { hasText: SECOND }).waitFor();
  await look(visit, "phone-replace-ru");
  await page.locator("dialog .member", { hasText: SECOND }).getByRole("button").click();
  await page.locator("h1", { hasText: "SIP-T33G" }).waitFor();
  assert.equal((await other.start())["805ec0410a7d.cfg"], 200);
  assert.equal(other.settings.get("account.1.auth_name"), "rik33+user201s0");
  await told(page).getByRole("button", { name: "Вернуть" }).click();
  await page.locator("h1", { hasText: "SIP-T31P" }).waitFor();
});

test("a telephone is unbound at once, and comes back by the toast", async () => {
  const { page } = await house.enter(`phones/${encodeURIComponent(FIRST)}`);
  await page.getByRole("button", { name: "Отвязать" }).click();
  await page.waitForURL(/#\/phones$/);
  assert.equal((await ask("GET", "extensions/201")).value.devices[0].mac, "");
  await told(page).getByRole("button", { name: "Вернуть" }).click();
  await page.locator("h1", { hasText: "SIP-T31P" }).waitFor();
  assert.equal((await ask("GET", "extensions/201")).value.devices[0].mac, FIRST);
});

test("a telephone that nobody has seen is connected by its MAC, and one with a spelling mistake is told", async () => {
  const visit = await house.enter("phones", { language: "en", screen: NARROW, dark: true });
  const { page } = visit;
  await page.getByRole("link", { name: "Type its MAC address" }).click();
  await page.locator("#connect-mac").fill("80:5e:c0");
  await page.locator(".connect .primary").click();
  await page.locator("#connect-mac-fault").waitFor();
  await look(visit, "phones-mac-en-narrow-dark");
  await page.locator("#connect-mac").fill("00-0B-82-12-34-56");
  await page.locator("#connect-line-0").selectOption("202");
  await page.getByRole("button", { name: "Another number on this phone" }).click();
  await page.locator("#connect-line-1").waitFor();
  await page.locator(".connect .primary").click();
  await page.locator(".steps").waitFor();
  const { value } = await ask("GET", `phones/${encodeURIComponent("00:0b:82:12:34:56")}`);
  assert.equal(value.vendor, "grandstream");
  assert.equal(value.lines.length, 2);
  await page.getByRole("button", { name: "Stop" }).click();
  await page.waitForURL(/#\/phones$/);
  assert.equal((await ask("GET", `phones/${encodeURIComponent("00:0b:82:12:34:56")}`)).status, 404);
});

test("a template is looked at, copied, and a mistake in it is told with its line before it is saved", async () => {
  const visit = await house.enter("phone-templates");
  const { page } = visit;
  await page.locator(".thing", { hasText: "Yealink" }).waitFor();
  await look(visit, "phone-templates-ru");
  await page.locator(".thing", { hasText: "Yealink" }).locator("a").click();
  await page.getByRole("button", { name: "Скопировать и изменить" }).click();
  await page.locator("#template-name").waitFor();
  const text = page.locator("#template-text");
  const good = await text.inputValue();
  await text.fill(good.replace("{{ line.login }}", "{{ line.nothing }}"));
  await page.locator(".note.bad").getByText(/Строка \d+/).waitFor();
  await page.locator(".note.bad").getByRole("button", { name: "показать" }).click();
  assert.match(await page.evaluate(() => String(getSelection())), /^$|nothing/);
  await look(visit, "phone-template-fault-ru");
  await page.locator(".savebar .primary").click();
  await page.locator(".savebar").getByText(/мешает сохранить/).waitFor();
  await text.fill(`${good}\n`.replace("static.auto_provision.pnp_enable = 1", "static.auto_provision.pnp_enable = 0"));
  await page.getByText("Ошибок нет").waitFor();
  await page.locator(".savebar .primary").click();
  await told(page).waitFor();
  await page.setViewportSize(NARROW);
  await look(visit, "phone-template-ru-narrow");
  const own = (await ask("GET", "phone-templates")).value.items.find((/** @type {any} */ one) => !one.built_in);
  assert.equal(own.base, "yealink");
  await page.getByRole("button", { name: "Удалить" }).click();
  await page.waitForURL(/#\/phone-templates$/);
});

test("a program gets a code to scan, and its owner's sheet has it too", async () => {
  const visit = await house.enter("phones");
  const { page } = visit;
  await page.getByRole("link", { name: "Программа по коду QR" }).click();
  await page.locator("#connect-line-0").selectOption("200");
  await page.locator(".connect .primary").click();
  await page.locator(".steps").waitFor();
  const { value } = await ask("GET", "phones");
  const program = value.items.find((/** @type {any} */ one) => one.template === "linphone");
  await page.getByRole("button", { name: "Показать код QR" }).click();
  await page.locator(".connect svg.qr").waitFor();
  await look(visit, "phone-program-ru");
  await to(page, "phone-sheets?extension=200");
  await page.locator(".sheet", { hasText: "Linphone" }).waitFor();
  await page.locator("#sheet-secrets").click();
  await page.locator(".sheet").getByRole("img", { name: "Код QR для Linphone" }).waitFor();
  const removed = await ask("DELETE", `phones/${encodeURIComponent(program.mac)}`);
  assert.equal(removed.status, 204);
});

test("who may only look sees the telephones, and no way to change them", async () => {
  const made = await ask("POST", "users", { login: "viewer", password: "viewer-horse-battery", role: "viewer", must_change: false });
  assert.equal(made.status, 201, JSON.stringify(made.value));
  const visit = await house.enter("phones", { login: "viewer", password: "viewer-horse-battery", screen: { width: 360, height: 740 } });
  const { page } = visit;
  await row(page, FIRST).waitFor();
  assert.equal(await page.getByRole("link", { name: "Подключить" }).count(), 0);
  await look(visit, "phones-viewer-ru-360");
  await to(page, `phones/${encodeURIComponent(FIRST)}`);
  await page.locator(".fetched .thing").first().waitFor();
  assert.equal(await page.getByRole("button", { name: "Отвязать" }).count(), 0);
  await look(visit, "phone-viewer-ru-360");
  await to(page, "phone-search");
  await page.getByText("Менять это может администратор.").waitFor();
  await look(visit, "phone-search-viewer-ru-360");
});

test("sheets are printed for everybody, one a page, with what a program needs", async () => {
  const visit = await house.enter("phone-sheets");
  const { page } = visit;
  await page.locator(".sheet").nth(2).waitFor();
  await page.locator("#sheet-secrets").click();
  await page.locator(".sheet svg.qr").first().waitFor();
  await look(visit, "phone-sheets-ru");
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  assert.equal(await page.locator(".side").isVisible(), false);
  const pdf = await page.pdf({ format: "A5", ...picture("phone-sheets.pdf") });
  assert.equal((pdf.toString("latin1").match(/\/Type \/Page\b/g) ?? []).length, 3);
  await page.emulateMedia({ media: "screen" });
  await page.locator("#sheet-of").selectOption("202");
  await page.waitForFunction(() => document.querySelectorAll(".sheet").length === 1);
  assert.match(await page.locator(".sheet").innerText(), /202[^]*rik33\+user202s0/);
});

/** Where a picture goes, if anywhere. @param {string} name */
function picture(name) {
  const pictures = process.env.DOZVON_PICTURES;
  if (!pictures) return {};
  mkdirSync(pictures, { recursive: true });
  return { path: join(pictures, name) };
}

/** @param {() => boolean} holds */
async function until(holds) {
  for (const end = Date.now() + PATIENCE; !holds(); await new Promise((resolve) => setTimeout(resolve, 50))) {
    assert.ok(Date.now() < end, `it did not come to hold: ${holds}`);
  }
}
