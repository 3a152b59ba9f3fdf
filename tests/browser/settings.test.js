// «Настройки»: timetables, what callers hear, media files, the office, accounts, the history of the settings; and the search box.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { House, NARROW, WIDE, look } from "./house.js";
import { OFFICE } from "./office.js";

const SOUND = join(dirname(fileURLToPath(import.meta.url)), "../data/sounds/greeting.ogg");
let house = /** @type {House} */ (/** @type {unknown} */ (null));
before(async () => (house = await House.open({ office: OFFICE })));
after(() => house.leave());

/** @param {import("playwright-core").Page} page @param {string} section */
const to = (page, section) => page.evaluate((hash) => (location.hash = hash), `#/${section}`);
/** @param {import("playwright-core").Page} page */
const saved = async (page) => {
  const answer = page.waitForResponse((response) => response.request().method() !== "GET" && response.ok());
  await page.keyboard.press("Control+s");
  await answer;
  await page.locator(".toast").waitFor();
  await page.locator(".savebar.on").waitFor({ state: "detached" });
};

test("a sound is uploaded, heard, and put into a message and a menu", async () => {
  const visit = await house.enter("media");
  const { page } = visit;
  await page.locator("#file").setInputFiles(SOUND);
  await page.locator(".thing", { hasText: "greeting" }).waitFor();
  await page.locator(".uploads li").waitFor({ state: "detached" });
  await look(visit, "media-ru");
  await page.locator(".thing a").click();
  await page.locator("#media-name").fill("Приветствие");
  await saved(page);
  const ask = await house.api();
  const sound = await page.request.get(`${house.url}/api/v1/media/${encodeURIComponent("Приветствие")}/audio`, { headers: { Range: "bytes=0-99" } });
  assert.equal(sound.status(), 206);
  await to(page, "voice-messages/new");
  await page.locator("#message-name").fill("Здравствуйте");
  await page.locator("#message-media").selectOption("Приветствие");
  await saved(page);
  await to(page, "voice-menus/new");
  await page.locator("#menu-name").fill("Главное меню");
  await page.locator("#menu-greeting").selectOption("Приветствие");
  await saved(page);
  assert.equal((await ask("GET", `voice-menus/${encodeURIComponent("Главное меню")}`)).value.greeting, "Приветствие");
  await to(page, `media/${encodeURIComponent("Приветствие")}`);
  await page.getByRole("button", { name: "Удалить" }).click();
  await page.locator("dialog .references li").nth(1).waitFor();
  await page.getByRole("button", { name: "Оставить" }).click();
});

test("a file that is too large is refused before it is sent", async () => {
  const { page } = await house.enter("media", { language: "en" });
  await page.locator("#file").setInputFiles({ name: "long.wav", mimeType: "audio/wav", buffer: Buffer.alloc(10_000_001) });
  await page.getByText(/over 10 MB/).waitFor();
});

test("a mail server whose certificate is not checked is warned of", async () => {
  const visit = await house.enter("notices");
  const { page } = visit;
  const form = page.locator("form", { has: page.locator("#mail-title") });
  await form.locator("#mail-server").fill("smtp.office.example");
  await form.locator("#mail-from").fill("box@office.example");
  await form.locator("#mail-any").click();
  await form.locator(".note.warn", { hasText: "Проверка сертификата выключена" }).waitFor();
  await look(visit, "mail-any-ru");
  await form.getByRole("button", { name: "Сохранить" }).click();
  await form.locator(".lamp.ok", { hasText: "Сохранено" }).waitFor();
  const ask = await house.api();
  assert.equal((await ask("GET", "mail")).value.trust_any_certificate, true);
  await ask("PUT", "mail", {}, { "If-Match": (await ask("GET", "mail")).headers.etag });
});

test("a timetable gets a lunch, a night and a holiday, and is drawn", async () => {
  const visit = await house.enter(`schedules/${encodeURIComponent("Рабочее время")}`);
  const { page } = visit;
  await page.getByRole("button", { name: "Обед" }).click();
  await page.getByRole("button", { name: "Добавить часы" }).click();
  await page.locator("#hours-2-from").fill("22:00");
  await page.locator("#hours-2-to").fill("06:00");
  assert.equal(await page.locator(".week-bar i").count(), 12);
  await page.getByRole("button", { name: "Добавить день" }).click();
  await page.locator("#except-0").fill("2026-12-31");
  await look(visit, "schedule-ru");
  await saved(page);
  const ask = await house.api();
  const { value } = await ask("GET", `schedules/${encodeURIComponent("Рабочее время")}`);
  assert.deepEqual(value.hours, [
    { days: "mon-fri", from: "09:00", to: "13:00" },
    { days: "mon-fri", from: "14:00", to: "18:00" },
    { days: "sat", from: "22:00", to: "06:00" },
  ]);
  assert.equal(value.except[0].date, "2026-12-31");
});

test("the office's settings are saved as a whole", async () => {
  const { page } = await house.enter("office");
  await page.locator("#office-name").fill("ООО Василёк");
  await page.locator("#recordings-keep_days").fill("90");
  await saved(page);
  const ask = await house.api();
  const { value } = await ask("GET", "settings");
  assert.deepEqual([value.office.name, value.recordings.keep_days], ["ООО Василёк", 90]);
});

test("an account is made, and its owner signs in", async () => {
  const { page } = await house.enter("users");
  await page.getByRole("link", { name: "Добавить человека" }).click();
  await page.locator("#user-login").fill("olga");
  await page.locator("#user-password").fill("a-quiet-violet-morning");
  await saved(page);
  const other = await house.visit();
  await other.page.goto(house.url);
  await other.page.locator('input[autocomplete="username"]').fill("olga");
  await other.page.locator('input[type="password"]').fill("a-quiet-violet-morning");
  await other.page.keyboard.press("Enter");
  await other.page.locator('#main, input[autocomplete="new-password"]').first().waitFor();
});

test("a token is shown once, and revoked", async () => {
  const { page } = await house.enter("tokens");
  await page.locator("#token-name").fill("CRM");
  await page.getByRole("button", { name: "Создать ключ" }).click();
  const token = await page.locator(".made .input.mono").inputValue();
  const answer = await page.request.get(`${house.url}/api/v1/extensions`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(answer.status(), 200);
  await page.getByRole("button", { name: "Скопировано, убрать" }).click();
  assert.equal(await page.getByText(token).count(), 0);
  await page.getByRole("button", { name: "Отозвать «CRM»" }).click();
  await page.locator("dialog").getByRole("button", { name: "Отозвать", exact: true }).click();
  await page.getByText("Ключей нет.").waitFor();
});

test("a change is told in words, and taken back", async () => {
  const visit = await house.enter("extensions/200");
  const { page } = visit;
  await page.locator("#ext-employee").fill("Секретарь");
  await saved(page);
  await to(page, "versions");
  const first = page.locator(".version").first();
  await first.waitFor();
  assert.match(await first.innerText(), /200/);
  await look(visit, "versions-ru");
  await first.getByRole("button", { name: "Отменить эту правку" }).click();
  await page.getByText("Правка отменена.").waitFor();
  const ask = await house.api();
  assert.equal((await ask("GET", "extensions/200")).value.employee, "Приёмная");
});

test("the search box finds numbers, names, sections and settings from any page", async () => {
  const visit = await house.enter("now");
  const { page } = visit;
  await page.locator("h1").first().waitFor();
  await page.keyboard.press("/");
  await page.locator("dialog input").fill("бухгал");
  await page.locator('[role="option"]', { hasText: "201" }).waitFor();
  await look(visit, "find-ru");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/extensions\/201/);
  await page.keyboard.press("/");
  await page.locator("dialog input").fill("часовой");
  await page.keyboard.press("Enter");
  await page.waitForURL(/#\/office/);
  await page.locator("h1").first().click();
  await page.keyboard.press("?");
  await page.locator("dialog kbd").first().waitFor();
  await look(visit, "keys-ru");
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await page.waitForURL(/#\/extensions$/);
});

for (const [name, how] of Object.entries({ "ru-narrow": { language: "ru", screen: NARROW }, "en-wide-dark": { language: "en", screen: WIDE, dark: true }, "ru-360": { language: "ru", screen: { width: 360, height: 740 } } })) {
  test(`every section of the settings can be read by everybody: ${name}`, async () => {
    const visit = await house.enter("settings", /** @type {any} */ (how));
    const { page } = visit;
    for (const section of ["settings", "schedules", `schedules/${encodeURIComponent("Рабочее время")}`, "voice-messages/new", "voice-menus/new", "media", "office", "me", "users", "users/new", "tokens", "versions", "audit", "codes"]) {
      await to(page, section);
      await page.locator("#main h1").waitFor();
      await page.waitForFunction(() => !document.querySelector('#main [aria-busy="true"]'));
      await look(visit, `${decodeURIComponent(section).replaceAll(/[/ ]/g, "-")}-${name}`);
    }
  });
}
