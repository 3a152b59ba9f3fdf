// «Сейчас»: what goes on is there without reloading, and an admin can end it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { City, MOBILE } from "./city.js";
import { House, NARROW, WIDE, look } from "./house.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
let city = /** @type {City} */ (/** @type {unknown} */ (null));

before(async () => {
  city = await City.open();
  house = await House.open({
    office: `[office]\nname = "Ромашка"\n${city.trunks}
[[extension]]
number = "203"
employee = "Отдел продаж"
outgoing_number = "78126400512"
permissions = ["internal", "city", "mobile_region", "mobile_national"]
[[extension.device]]
kind = "mobile"
number = "${MOBILE}"
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
`,
  });
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

const GROUPS = { items: [{ number: "500", name: "Все сотрудники", members: ["203"], max_queue: 10 }], next_cursor: null };
const WAITING = {
  items: [34, 11].map((seconds, nth) => ({
    id: String(nth + 1), direction: "inbound", caller: nth ? "" : "78123051140", caller_name: "", called: "78126122981", with: [], state: "prompt", state_text: "",
    element: "all", trunk: "Основной городской", started_at: new Date(Date.now() - seconds * 1000).toISOString().replace("Z", "+00:00"), answered_at: null,
  })),
  next_cursor: null,
};

for (const [name, how] of Object.entries({
  "now-queue-ru": { language: "ru", screen: WIDE },
  "now-queue-en-narrow-dark": { language: "en", screen: NARROW, dark: true, touch: true },
})) {
  test(`who waits stands at his group, the longest first: ${name}`, async () => {
    const visit = await house.visit(/** @type {any} */ (how));
    const { page } = visit;
    await page.addInitScript((language) => localStorage.setItem("language", language), how.language);
    await page.route("**/api/v1/groups?*", (route) => route.fulfill({ json: GROUPS }));
    await page.route("**/api/v1/routing", (route) => route.fulfill({ json: { elements: [{ id: "all", kind: "group", group: "500" }] } }));
    await page.route("**/api/v1/calls?*", (route) => route.fulfill({ json: WAITING }));
    await page.goto(`${house.url}/#/now`);
    await page.locator('input[autocomplete="username"]').fill("admin");
    await page.locator('input[type="password"]').fill("correct-horse-battery");
    await page.keyboard.press("Enter");
    await page.locator(".seat:not(.free)").nth(1).waitFor();
    assert.match(await page.locator(".seat").first().innerText(), /8\s812\s305-11-40/);
    await look(visit, name);
  });
}
