// «Телефоны»: telephones of nine makers appear, are connected by one click each, and register; a change reaches one by NOTIFY.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DeskPhone } from "./desk_phone.js";
import { House, look } from "./house.js";
import { MAKES } from "./makes.js";
import { OFFICE } from "./office.js";

/** So long is waited for what a telephone is told. Milliseconds. */
const PATIENCE = 60_000;
const NUMBERS = MAKES.map((_, nth) => String(211 + nth));
const STAFF = NUMBERS.map((number) => `
[[extension]]
number = "${number}"
employee = "Сотрудник <${number}> & Ко"

[[extension.device]]
kind = "sip"
login = "rik33+user${number}s0"
password = "Long4711<&>${number}"
`);
let house = /** @type {House} */ (/** @type {unknown} */ (null));
const phones = /** @type {DeskPhone[]} */ ([]);

before(async () => {
  const [head, ...rest] = OFFICE.split("[[extension]]");
  house = await House.open({ office: [head + STAFF.join(""), ...rest].join("[[extension]]") });
});
after(async () => {
  phones.forEach((phone) => phone.close());
  await house?.leave();
});

test("telephones of nine makers appear, are connected by one click each, and work", async () => {
  const ask = await house.api();
  const server = (await ask("GET", "phones/setup")).value.url;
  const visit = await house.enter("phones");
  const { page } = visit;
  const row = (/** @type {string} */ mac) => page.locator(".telephones .thing", { hasText: mac });
  for (const [nth, make] of MAKES.entries()) {
    const phone = new DeskPhone(make, server);
    phones.push(phone);
    const refused = Object.entries(await phone.start()).filter(([name]) => name.toLowerCase().includes(make.mac.replaceAll(":", "")));
    assert.ok(refused.length > 0 && refused.every(([, status]) => status === 404), `${make.vendor}: nobody has accepted it: ${refused}`);
    await row(make.mac).getByText(make.model).first().waitFor();
    await row(make.mac).getByRole("link", { name: "Подключить" }).click();
    await page.locator("#connect-line-0").selectOption(NUMBERS[nth] ?? "");
    await page.locator(".connect .primary").click();
    await page.locator(".steps").getByText("Ждём, когда телефон заберёт настройки").waitFor();
    await phone.start();
    assert.equal(phone.account?.user, `rik33+user${NUMBERS[nth]}s0`, make.vendor);
    assert.equal(phone.account?.password, `Long4711<&>${NUMBERS[nth]}`, make.vendor);
    assert.ok(phone.account?.name.endsWith(`Сотрудник <${NUMBERS[nth]}> & Ко`), `${make.vendor}: ${phone.account?.name}`);
    await phone.register();
    await page.locator(".connect").getByText("Готово: телефон работает").waitFor();
    await row(make.mac).getByText("на связи", { exact: true }).waitFor();
  }
  await look(visit, "phones-of-nine-makers-ru");
});

test("a change on the page is told to a telephone of another maker, which fetches it", async () => {
  const phone = phones.find(({ make }) => make.vendor === "grandstream");
  assert.ok(phone);
  const number = NUMBERS[phones.indexOf(phone)];
  const { page } = await house.enter(`extensions/${number}`);
  await page.locator("#ext-employee").fill("Новое & имя");
  await page.locator(".savebar .primary").click();
  for (const end = Date.now() + PATIENCE; !phone.told.some((event) => event.startsWith("check-sync")); ) {
    assert.ok(Date.now() < end, `it was told ${phone.told}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await phone.start();
  assert.equal(phone.account?.name, "Новое & имя");
  const told = phones.filter((other) => other !== phone && other.told.length > 0).map(({ make }) => make.vendor);
  assert.deepEqual(told, [], "nobody else's settings have changed");
});
