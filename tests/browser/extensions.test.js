// «Внутренние номера»: what an admin does with a number, by pointer and by keyboard.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, NARROW, WIDE, look } from "./house.js";
import { OFFICE } from "./office.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
before(async () => (house = await House.open({ office: OFFICE })));
after(() => house.leave());

/** @param {import("playwright-core").Page} page */
const save = (page) => page.locator(".savebar .primary").click();
/** @param {import("playwright-core").Page} page */
const told = (page) => page.locator(".toast");

for (const [name, how] of Object.entries({ "ru-wide": { language: "ru", screen: WIDE }, "en-narrow-dark": { language: "en", screen: NARROW, dark: true } })) {
  test(`the list and a number can be read by everybody: ${name}`, async () => {
    const visit = await house.enter("extensions", /** @type {any} */ (how));
    await visit.page.locator(".thing").nth(2).waitFor();
    await look(visit, `extensions-${name}`);
    await visit.page.locator(".thing", { hasText: "200" }).locator("a").click();
    await visit.page.locator(".tel").nth(1).waitFor();
    await look(visit, `extension-${name}`);
  });
}

test("a number is added with a free number and a login, and taken back by the toast", async () => {
  const visit = await house.enter("extensions");
  const { page } = visit;
  await page.getByRole("link", { name: "Добавить номер" }).click();
  await page.locator("#ext-employee").fill("Отдел продаж");
  assert.equal(await page.locator("#ext-number").inputValue(), "203");
  assert.equal(await page.locator("#login-0").inputValue(), "user203s0");
  await page.keyboard.press("Control+s");
  await told(page).getByText("203").waitFor();
  await page.locator("h1", { hasText: "203 Отдел продаж" }).waitFor();
  await told(page).getByRole("button", { name: "Вернуть" }).click();
  await page.waitForURL(/#\/extensions$/);
  await page.locator(".thing").nth(2).waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".thing").length === 3);
});

test("devices change their order by Alt and arrows, read out, and by the pointer", async () => {
  const visit = await house.enter("extensions/200");
  const { page } = visit;
  await page.locator(".tel").nth(1).waitFor();
  const order = () => page.locator(".tel-head b").allInnerTexts();
  const before = await order();
  await page.locator(".grip").nth(0).focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.waitForFunction((first) => document.querySelector(".tel-head b")?.textContent !== first, before[0]);
  assert.deepEqual(await order(), [before[1], before[0]]);
  assert.match(await page.locator('[aria-live="polite"]').first().innerText(), /2-е из 2/);
  const grip = await page.locator(".grip").nth(0).boundingBox();
  const last = await page.locator(".tel").nth(1).boundingBox();
  assert.ok(grip && last);
  await page.mouse.move(grip.x + 10, grip.y + 10);
  await page.mouse.down();
  await page.mouse.move(grip.x + 10, last.y + last.height * 0.8, { steps: 8 });
  await page.mouse.up();
  assert.deepEqual(await order(), before);
});

test("a forwarding without the right is told at its field, with the button that mends it", async () => {
  const visit = await house.enter("extensions/201");
  const { page } = visit;
  await page.locator("#forward-0").selectOption("always");
  await page.locator("#forward-to-0").fill("8 495 123-45-67");
  await save(page);
  await page.locator("#forward-to-0-fault").waitFor();
  assert.match(await page.locator(".savebar").innerText(), /мешает сохранить/);
  await look(visit, "extension-fault");
  await page.getByRole("button", { name: "Разрешить звонить туда" }).click();
  await save(page);
  await told(page).waitFor();
  const ask = await house.api();
  const { value } = await ask("GET", "extensions/201");
  assert.ok(value.permissions.includes("long_distance"));
  assert.equal(value.devices[0].forward.to, "74951234567");
});

test("a password is shown only on demand, and a new one waits for the save", async () => {
  const { page } = await house.enter("extensions/202");
  const field = page.locator("#password-0");
  await field.waitFor();
  assert.doesNotMatch(await field.inputValue(), /phone-secret/);
  await page.getByRole("button", { name: "Показать пароль" }).click();
  await page.waitForFunction(() => /** @type {HTMLInputElement} */ (document.getElementById("password-0")).value === "phone-secret-202");
  await page.getByRole("button", { name: "Сгенерировать новый" }).click();
  const made = await field.inputValue();
  assert.match(made, /^\w{16}$/);
  await save(page);
  await told(page).waitFor();
  const ask = await house.api();
  const { value } = await ask("GET", `extensions/202/devices/${encodeURIComponent("rik33+user202s0")}/password`);
  assert.equal(value.password, made);
});

test("what sets a telephone up by hand stands in one place, with a code", async () => {
  const visit = await house.enter("extensions/201", { language: "en" });
  const { page } = visit;
  await page.getByRole("button", { name: "How to set up" }).click();
  await page.getByRole("button", { name: "QR code" }).click();
  await page.locator("svg.qr").waitFor();
  await look(visit, "setup-en");
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
});

test("unsaved work asks before it is left, and stays when wanted", async () => {
  const { page } = await house.enter("extensions/201");
  await page.locator("#ext-employee").fill("Другая");
  await page.locator(".side").getByRole("link", { name: "Группы" }).click();
  await page.getByRole("button", { name: "Остаться" }).click();
  assert.equal(await page.locator("#ext-employee").inputValue(), "Другая");
  assert.match(page.url(), /extensions\/201/);
  await page.locator(".side").getByRole("link", { name: "Группы" }).click();
  await page.getByRole("button", { name: "Уйти, не сохраняя" }).click();
  await page.waitForURL(/#\/groups/);
});

test("what somebody else saved meanwhile is shown beside mine, and both are kept", async () => {
  const visit = await house.enter("extensions/201");
  const { page } = visit;
  await page.locator("#ext-employee").fill("Главный бухгалтер");
  const ask = await house.api();
  const { value, headers } = await ask("GET", "extensions/201");
  const put = await ask("PUT", "extensions/201", { ...value, email: "money@example.org" }, { "If-Match": headers.etag });
  assert.equal(put.status, 200, JSON.stringify(put.value));
  await save(page);
  await page.locator(".clash").waitFor();
  assert.match(await page.locator(".clash").innerText(), /money@example\.org/);
  await look(visit, "extension-meanwhile");
  await page.getByRole("button", { name: "Сохранить и их, и мои" }).click();
  await told(page).waitFor();
  const now = (await ask("GET", "extensions/201")).value;
  assert.deepEqual([now.employee, now.email], ["Главный бухгалтер", "money@example.org"]);
});

test("a number that is needed is removed with the question where its calls go, and comes back", async () => {
  const visit = await house.enter("extensions/202");
  const { page } = visit;
  await page.getByRole("button", { name: "Удалить" }).click();
  await page.locator("dialog .references li").first().waitFor();
  assert.match(await page.locator("dialog .references").innerText(), /500/);
  await look(visit, "extension-needed");
  await page.locator("#instead").selectOption("201");
  await page.getByRole("button", { name: "Удалить и переключить" }).click();
  await page.waitForURL(/#\/extensions$/);
  const ask = await house.api();
  assert.equal((await ask("GET", "extensions/202")).status, 404);
  assert.ok(!(await ask("GET", "groups/500")).value.members.includes("202"));
  await told(page).getByRole("button", { name: "Вернуть" }).click();
  await page.locator("h1", { hasText: "202 Склад" }).waitFor();
  assert.ok((await ask("GET", "groups/500")).value.members.includes("202"));
});
