// Who is signed in, and how: a viewer's page, the own password, a second factor.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, NARROW, look } from "./house.js";
import { totp } from "./totp.js";
import { OFFICE } from "./office.js";

const VIEWER = "a-quiet-violet-morning";
let house = /** @type {House} */ (/** @type {unknown} */ (null));
before(async () => {
  house = await House.open({ office: OFFICE });
  await house.visit();
  const ask = await house.api();
  const made = await ask("POST", "users", { login: "olga", role: "viewer", password: VIEWER, must_change: false });
  assert.equal(made.status, 201, JSON.stringify(made.value));
});
after(() => house.leave());

test("a viewer sees numbers and changes nothing", async () => {
  const visit = await house.enter("extensions", { login: "olga", password: VIEWER });
  const { page } = visit;
  await page.locator(".thing").first().waitFor();
  assert.equal(await page.getByRole("link", { name: "Добавить номер" }).count(), 0);
  await page.locator(".thing a").first().click();
  await page.locator("#ext-employee").waitFor();
  assert.equal(await page.locator("#ext-employee").isDisabled(), true);
  assert.equal(await page.getByRole("button", { name: "Сохранить" }).count(), 0);
  assert.equal(await page.getByRole("button", { name: "Показать пароль" }).count(), 0);
  await look(visit, "extension-viewer");
  await page.locator(".side").getByRole("link", { name: "Настройки" }).click();
  assert.equal(await page.getByRole("link", { name: "Журнал действий" }).count(), 0);
});

test("a second factor is set up, asked for at the next sign-in, and switched off", async () => {
  const visit = await house.enter("me", { language: "en", screen: NARROW });
  const { page } = visit;
  await page.locator("#factor").getByRole("button", { name: "Switch on" }).click();
  await page.locator("#factor-password").fill("not the password");
  await page.locator("#factor").getByRole("button", { name: "Switch on" }).click();
  await page.locator("#factor .fault").first().waitFor();
  await page.locator("#factor-password").fill("correct-horse-battery");
  await page.locator("#factor").getByRole("button", { name: "Switch on" }).click();
  await page.locator("#factor svg.qr").waitFor();
  await look(visit, "second-factor-en");
  const secret = await page.locator("#factor p.mono").innerText();
  await page.locator("#factor-code").fill(totp(secret));
  await page.getByRole("button", { name: "Check and switch on" }).click();
  await page.locator(".recovery li").nth(3).waitFor();
  const recovery = await page.locator(".recovery li").first().innerText();
  await page.getByRole("button", { name: "I kept them" }).click();

  const next = await house.visit({ language: "en" });
  await next.page.goto(house.url);
  await next.page.locator('input[autocomplete="username"]').fill("admin");
  await next.page.locator('input[type="password"]').fill("correct-horse-battery");
  await next.page.keyboard.press("Enter");
  await next.page.locator("#code").fill(recovery);
  await look(next, "sign-in-code-en");
  await next.page.keyboard.press("Enter");
  await next.page.locator("#main").waitFor();

  await page.locator("#factor").getByRole("button", { name: "Switch off" }).click();
  await page.locator("#factor .lamp.off").waitFor();
});
