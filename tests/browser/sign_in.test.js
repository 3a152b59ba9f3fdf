// First sign-in, as the console's line says, and the way back in.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, NARROW, PASSWORD, WIDE, look } from "./house.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
before(async () => (house = await House.open({ oneTime: true })));
after(() => house.leave());

test("the one-time password opens only the choice of another", async () => {
  const visit = await house.visit({ language: "en" });
  const { page } = visit;
  await page.goto(house.url);
  await page.locator('input[autocomplete="username"]').fill("admin");
  await page.locator('input[type="password"]').fill(house.firstPassword);
  await page.keyboard.press("Enter");
  const fields = page.locator('input[autocomplete="new-password"]');
  await fields.first().waitFor();
  await look(visit, "new-password-en");
  await fields.nth(0).fill(PASSWORD);
  await fields.nth(1).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("nav").first().waitFor();
  assert.match(await page.locator("h1").innerText(), /./);
});

for (const [name, how] of Object.entries({
  "sign-in-ru": { language: "ru", screen: WIDE },
  "sign-in-en-narrow-dark": { language: "en", screen: NARROW, dark: true },
})) {
  test(`a wrong password is told in words: ${name}`, async () => {
    const visit = await house.visit(/** @type {any} */ (how));
    const { page } = visit;
    await page.goto(house.url);
    await page.locator('input[autocomplete="username"]').fill("admin");
    await page.locator('input[type="password"]').fill("not the password");
    await page.keyboard.press("Enter");
    await page.locator('[role="alert"], .error, .note').first().waitFor();
    await look(visit, name);
  });
}
