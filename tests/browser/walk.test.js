// The first ten minutes: from the password on the console to a number and a telephone that work, led by what is still missing.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { City, NUMBER } from "./city.js";
import { House, NARROW, PASSWORD, WIDE, look } from "./house.js";
import { register } from "./phone.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
let city = /** @type {City} */ (/** @type {unknown} */ (null));
let hangUp = () => {};
before(async () => {
  city = await City.open();
  house = await House.open({ oneTime: true });
});
after(async () => {
  hangUp();
  city?.close();
  await house?.leave();
});

test("who starts a new box is led to its first number and telephone", async () => {
  const visit = await house.visit();
  const { page } = visit;
  await page.goto(house.url);
  await page.locator('input[autocomplete="username"]').fill("admin");
  await page.locator('input[type="password"]').fill(house.firstPassword);
  await page.keyboard.press("Enter");
  await page.locator('input[autocomplete="new-password"]').nth(0).fill(PASSWORD);
  await page.locator('input[autocomplete="new-password"]').nth(1).fill(PASSWORD);
  await page.keyboard.press("Enter");

  const list = page.locator("section", { has: page.getByRole("heading", { name: "Чего не хватает для звонков" }) });
  await list.getByText("0 из 5").waitFor();
  assert.equal(await page.locator(".columns .column").nth(1).locator("h2").first().innerText(), "Чего не хватает для звонков", "it stands first there");
  await look(visit, "walk-begins-ru");
  await page.setViewportSize(NARROW);
  const [todo, calls] = [await list.boundingBox(), await page.locator("#calls-title").boundingBox()];
  assert.ok(todo && calls && todo.y < calls.y, "on a telephone it comes before the calls that nobody can make");
  await look(visit, "walk-begins-ru-narrow");
  await page.setViewportSize(WIDE);

  await list.getByRole("link", { name: "Подключить номер" }).click();
  await page.locator("#trunk-name").fill("Городской");
  const note = page.locator(".next-step");
  assert.match(await note.innerText(), /Подключить городской номер/);
  await page.locator("#trunk-number").fill(NUMBER);
  // This carrier answers by its address and takes no registration.
  const servers = [...city.trunks.matchAll(/server = "(.+?)"/g)];
  await page.locator("#trunk-server").fill(servers[1]?.[1] ?? "");
  await page.locator("#trunk-login").fill(NUMBER);
  await page.locator("#trunk-password").fill("carrier-secret-1");
  await page.locator("#trunk-comment").fill("договор 18");
  for (const fold of await page.locator("details.foldable:not([open]) > summary").all()) await fold.click();
  await page.locator("#trunk-register").click();
  await look(visit, "walk-number-ru");
  await page.locator(".savebar .primary").click();
  await page.locator(".toast").waitFor();

  await note.getByRole("link", { name: "Весь список" }).click();
  await list.getByText("Городской номер подключён").waitFor();
  await list.getByText("1 из 5").waitFor();
  await list.getByRole("link", { name: "Подключить телефон" }).click();
  await page.getByRole("heading", { name: "Телефоны" }).first().waitFor();
  await look(visit, "walk-phone-ru");
  const ask = await house.api();
  const { login } = (await ask("GET", "extensions/200")).value.devices[0];
  const { password } = (await ask("GET", `extensions/200/devices/${encodeURIComponent(login)}/password`)).value;
  await page.locator("a[href='#/now']").first().click();
  await list.getByRole("link", { name: "Подключить телефон" }).waitFor();
  hangUp = await register(house.sip, { login, password });
  await list.getByText("Телефоны в сети: 1 из 3").waitFor();
  await list.getByText("2 из 5").waitFor();
  await list.getByRole("button", { name: "Скрыть" }).waitFor();
  await look(visit, "walk-works-ru");
  await page.evaluate(() => (location.hash = "#/extensions"));
  await page.locator(".thing").first().waitFor();
  assert.equal(await note.count(), 0, "what comes next is told no more");
});
