// «Внешние номера» and «Группы».
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, NARROW, WIDE, look } from "./house.js";
import { OFFICE } from "./office.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
before(async () => (house = await House.open({ office: OFFICE })));
after(() => house.leave());

for (const [name, how] of Object.entries({ "ru-narrow": { language: "ru", screen: NARROW }, "en-wide-dark": { language: "en", screen: WIDE, dark: true } })) {
  test(`lists and forms can be read by everybody: ${name}`, async () => {
    const visit = await house.enter("trunks", /** @type {any} */ (how));
    const { page } = visit;
    for (const [section, ready] of [["trunks", ".thing"], ["trunks/new", "#carrier"], [`trunks/${encodeURIComponent("Основной городской")}`, "#trunk-name"], ["groups", ".thing"], ["groups/500", ".member"]]) {
      await page.evaluate((hash) => (location.hash = hash), `#/${section}`);
      await page.locator(/** @type {string} */ (ready)).first().waitFor();
      for (const fold of await page.locator("details.fold:not([open]) > summary").all()) await fold.click();
      await look(visit, `${decodeURIComponent(/** @type {string} */ (section)).replaceAll(/[/ ]/g, "-")}-${name}`);
    }
  });
}

test("a number is connected by six fields, with what is known of the carrier", async () => {
  const { page } = await house.enter("trunks");
  assert.match(await page.locator(".thing").innerText(), /не отвечает|нет соединения|подключ|подожд|устанавлив/i);
  await page.getByRole("link", { name: "Подключить номер" }).click();
  await page.locator("#carrier").selectOption("uis");
  assert.equal(await page.locator("#trunk-server").inputValue(), "voip.uiscom.ru:9060");
  await page.locator(".savebar .primary").click();
  await page.locator("#trunk-name-fault, #trunk-number-fault").first().waitFor();
  await page.locator("#trunk-name").fill("Второй");
  await page.locator("#trunk-number").fill("8 (812) 640-05-12");
  await page.locator("#trunk-server").fill("127.0.0.1:9");
  await page.locator("#trunk-login").fill("0291235");
  await page.locator("#trunk-password").fill("a-good-secret-77");
  await page.locator("#trunk-comment").fill("договор 18");
  await page.locator(".savebar .primary").click();
  await page.locator(".toast").waitFor();
  const ask = await house.api();
  const { value } = await ask("GET", `trunks/${encodeURIComponent("Второй")}`);
  assert.deepEqual([value.number, value.login, value.comment], ["78126400512", "0291235", "договор 18"]);
  assert.equal((await ask("GET", `trunks/${encodeURIComponent("Второй")}/password`)).value.password, "a-good-secret-77");
});

test("a group gets its members, their order and its rule", async () => {
  const { page } = await house.enter("groups");
  await page.getByRole("link", { name: "Добавить группу" }).click();
  await page.locator("#group-name").fill("Продажи");
  assert.equal(await page.locator("#group-number").inputValue(), "501");
  await page.locator("#member").selectOption("202");
  await page.locator("#member").selectOption("200");
  await page.locator(".grip").nth(1).focus();
  await page.keyboard.press("Alt+ArrowUp");
  await page.getByText("По кругу").click();
  await page.locator("#queue summary").click();
  await page.locator("#group-max_wait_seconds").fill("45");
  await page.keyboard.press("Control+s");
  await page.locator(".toast").waitFor();
  const ask = await house.api();
  const { value } = await ask("GET", "groups/501");
  assert.deepEqual([value.name, value.members, value.strategy, value.max_wait_seconds], ["Продажи", ["200", "202"], "round_robin", 45]);
});
