// «Голосовая почта»: somebody leaves a message, an admin hears it, marks it and deletes it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { City, NUMBER, until } from "./city.js";
import { House, NARROW, WIDE, look } from "./house.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
let city = /** @type {City} */ (/** @type {unknown} */ (null));

before(async () => {
  city = await City.open();
  house = await House.open({
    office: `[office]\nname = "Ромашка"\n${city.trunks}
[[extension]]
number = "204"
employee = "Кабинет"
voicemail = true
[[extension.device]]
kind = "sip"
login = "user204s0"
password = "phone-secret-204"
[[element]]
id = "in"
kind = "incoming"
numbers = ["${NUMBER}"]
[[element]]
id = "cabinet"
kind = "extension"
extension = "204"
[[link]]
from = "in.next"
to = "cabinet"
`,
  });
  await house.visit(); // the browser through which the API is asked
  const ask = await house.api();
  for (const from of ["79211234567", "79219876543"]) {
    // The mailbox greets first, then it listens.
    assert.equal(await city.call(house, { from, talk: 12_000 }), 0);
  }
  await until("two messages", async () => (await ask("GET", "voicemail")).value.items.length === 2);
});
after(async () => {
  city?.close();
  await house?.leave();
});

for (const [name, how] of Object.entries({
  "voicemail-ru": { language: "ru", screen: WIDE },
  "voicemail-en-narrow-dark": { language: "en", screen: NARROW, dark: true, touch: true },
})) {
  test(`a message is heard where it stands: ${name}`, async () => {
    const visit = await house.enter("voicemail", /** @type {any} */ (how));
    const { page } = visit;
    if (how.language === "en") await page.getByRole("button", { name: "Eng" }).first().click();
    await page.locator(".message-row a").first().click();
    await page.locator(".player .button.primary").click();
    await page.waitForFunction(() => Number(document.querySelector(".wave")?.getAttribute("aria-valuenow")) >= 1);
    await look(visit, name);
  });
}

test("a message is marked as heard, and deleted only after the question", async () => {
  const { page } = await house.enter("voicemail?extension=204");
  await page.getByText("новых 2").waitFor();
  await page.locator(".message-row a").first().click();
  await page.getByRole("button", { name: "Прослушано" }).click();
  await page.getByText("новых 1").waitFor();
  await page.getByRole("button", { name: "Удалить запись" }).click();
  await page.locator("dialog").getByRole("button", { name: "Удалить" }).click();
  await page.locator(".message-row").nth(1).waitFor({ state: "detached" });
  const ask = await house.api();
  assert.equal((await ask("GET", "voicemail")).value.items.length, 1);
});
