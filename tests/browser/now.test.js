// «Сейчас»: what goes on is there without reloading, and an admin can end it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { City, MOBILE, NUMBER } from "./city.js";
import { House, NARROW, look } from "./house.js";
import { register } from "./phone.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
let city = /** @type {City} */ (/** @type {unknown} */ (null));

const office = (/** @type {City} */ city) => `[office]\nname = "Ромашка"\n[protection]\nlistening = "told"\n${city.trunks}
[[extension]]
number = "203"
employee = "Отдел продаж"
outgoing_number = "78126400512"
permissions = ["internal", "city", "mobile_region", "mobile_national"]
[[extension.device]]
kind = "mobile"
number = "${MOBILE}"
ring_seconds = 60
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
members = ["203"]
member_ring_seconds = 60
max_wait_seconds = 120
[[element]]
id = "in"
kind = "incoming"
numbers = ["${NUMBER}"]
[[element]]
id = "all"
kind = "group"
group = "500"
[[link]]
from = "in.next"
to = "all"
`;

before(async () => {
  city = await City.open();
  house = await House.open({ office: office(city) });
});
after(async () => {
  city?.close();
  await house?.leave();
});

test("a call appears by itself, and is gone after an admin has ended it", async () => {
  const visit = await house.enter("now");
  const { page } = visit;
  await page.getByText("Сейчас никто не разговаривает. Звонок появится").waitFor();
  const over = city.call(house, { talk: 60_000 });
  const talk = page.locator(".talk").filter({ hasText: "8 921 123-45-67" });
  await talk.getByText("разговор", { exact: true }).waitFor();
  await look(visit, "now-talk-ru");
  await talk.getByRole("button", { name: "Завершить разговор" }).click();
  await page.getByRole("button", { name: "Не завершать" }).click();
  await talk.getByRole("button", { name: "Завершить разговор" }).click();
  await page.locator("dialog").getByRole("button", { name: "Завершить разговор" }).click();
  await talk.waitFor({ state: "detached" });
  assert.equal(await over, 0);
});

test("who waits stands at his group, and is counted in the first sentence", async (context) => {
  const quiet = await City.open({ taken: false });
  const waiting = await House.open({ office: office(quiet) });
  context.after(async () => {
    quiet.close();
    await waiting.leave();
  });
  const visit = await waiting.enter("now");
  const { page } = visit;
  quiet.call(waiting, { calls: 3 });
  await page.locator(".seat:not(.free)").nth(2).waitFor();
  assert.match(await page.locator(".seat").first().innerText(), /8\s921\s123-45-67/);
  await page.getByText("3 человека ждут ответа.").waitFor();
  await look(visit, "now-queue-ru");
  await page.setViewportSize(NARROW);
  await page.getByRole("button", { name: "Eng" }).first().click();
  await page.getByRole("heading", { name: "Waiting for an answer" }).waitFor();
  await look(visit, "now-queue-en-narrow");
});

test("a number is called by a click: the own telephone rings first", async () => {
  const visit = await house.enter("now");
  const { page } = visit;
  await page.locator("#dial-own").selectOption("203");
  await page.locator("#dial-to").fill("8 921 765-43-21");
  await page.locator("#dial-told").filter({ hasText: "Мобильный" }).waitFor();
  await look(visit, "now-dial-ru");
  await page.keyboard.press("Enter");
  await page.locator(".toast").filter({ hasText: "Звонит ваш 203" }).waitFor();
  const talk = page.locator(".talk").filter({ hasText: "8 921 765-43-21" });
  await talk.getByText("разговор", { exact: true }).waitFor();
  await talk.getByRole("button", { name: "Завершить разговор" }).click();
  await page.locator("dialog").getByRole("button", { name: "Завершить разговор" }).click();
  await talk.waitFor({ state: "detached" });
});

test("an admin listens in from a telephone of his own, where the office allows it", async (context) => {
  const visit = await house.enter("now");
  const { page } = visit;
  const over = city.call(house, { talk: 60_000 });
  const talk = page.locator(".talk").filter({ hasText: "8 921 123-45-67" });
  await talk.getByText("разговор", { exact: true }).waitFor();
  await talk.getByRole("button", { name: "Слушать разговор" }).click();
  const dialog = page.locator("dialog");
  await dialog.getByText("Собеседники услышат сигнал").waitFor();
  assert.deepEqual(await dialog.locator("#listen-own option").allInnerTexts(), ["204 Кабинет"], "who talks does not listen");
  await look(visit, "now-listen-ru");
  await dialog.getByRole("button", { name: "Позвонить мне" }).click();
  await dialog.getByText("Ни один телефон номера 204").waitFor();
  context.after(await register(house.sip, { login: "user204s0", password: "phone-secret-204" }));
  await dialog.getByText("С подсказкой сотруднику").click();
  await dialog.getByRole("button", { name: "Позвонить мне" }).click();
  await page.locator(".toast").filter({ hasText: "Звонит телефон 204" }).waitFor();
  const ask = await house.api();
  const deeds = (await ask("GET", "audit?what=listened_in")).value.items;
  assert.deepEqual(deeds.map(({ who }) => who), ["admin"]);
  await talk.getByRole("button", { name: "Завершить разговор" }).click();
  await page.locator("dialog").getByRole("button", { name: "Завершить разговор" }).click();
  await talk.waitFor({ state: "detached" });
  assert.equal(await over, 0);
});
