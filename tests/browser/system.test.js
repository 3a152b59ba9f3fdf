// «Система», «Обновление», «Резервные копии»: the box in plain words, what can be set on it, and that nothing strands whoever does it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, NARROW, WIDE, look } from "./house.js";
import { Box, problem } from "./machine.js";
import { OFFICE } from "./office.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
before(async () => (house = await House.open({ office: OFFICE })));
after(() => house.leave());

/**
 * A tab with a played box under it.
 * @param {string} section
 * @param {(box: Box) => void} [make]
 * @param {any} [how]
 */
async function at(section, make = () => {}, how = {}) {
  const box = new Box();
  make(box);
  const visit = await house.enter(section, { ...how, before: (page) => box.under(page) });
  await visit.page.locator("#main h1").waitFor();
  await visit.page.waitForFunction(() => !document.querySelector('#main [aria-busy="true"]'));
  return { box, visit, page: visit.page };
}
/** @param {import("playwright-core").Page} page @param {string} name */
const button = (page, name) => page.getByRole("button", { name, exact: true });
/** Until the page has asked for it. @param {() => unknown} is */
async function until(is) {
  while (!is()) await new Promise((resolve) => setTimeout(resolve, 20));
}

test("a box that is well says so, and shows how much is left", async () => {
  const { page, visit } = await at("system");
  await page.locator("h1", { hasText: "Всё в порядке" }).waitFor();
  const gauges = await page.locator(".gauges").innerText();
  for (const said of ["192.168.1.10", "41 день", "свободно 96 ГБ", "места хватает", "износ 3 %", "47 °C", "нормально", "точные, по 0.pool.ntp.org", "следит"]) assert.ok(gauges.includes(said), said);
  await page.locator('.side a[href="#/update"]').waitFor();
  await look(visit, "system-well-ru");
});

test("the disk says how long it lasts, or after how many days the oldest recordings go", async () => {
  const days = await at("system", ({ machine }) => Object.assign(machine.disk, { days_left: 40, recordings_days: null }));
  await days.page.locator(".gauges .lamp.ok", { hasText: "хватит на 40 дней" }).waitFor();
  const kept = await at("system", ({ machine }) => Object.assign(machine.disk, { data_free: 12_000_000_000, days_left: null, recordings_days: 30 }));
  await kept.page.locator(".gauges .lamp.ok", { hasText: "записи удаляются примерно через 30 дней" }).waitFor();
  await kept.page.locator("h1", { hasText: "Всё в порядке" }).waitFor();
  await look(kept.visit, "system-disk-ru");
});

test("what is wrong is told first, with what to do", async () => {
  const { page, visit } = await at("system", ({ machine }) => {
    machine.disk.failing = true;
    machine.temperatures = [{ name: "coretemp", celsius: 97 }];
    machine.clock = { synchronized: false, source: "floor", offset_ms: 0 };
    machine.failed_reason = "после перезапуска вернулись 3 телефона из 14";
  });
  await page.locator("h1", { hasText: "Нужно ваше внимание" }).waitFor();
  assert.deepEqual(await page.locator(".troubles .note").evaluateAll((list) => list.map((one) => one.className)), ["note bad", "note bad", "note warn", "note warn"]);
  await look(visit, "system-troubles-ru");
  await page.locator(".troubles").getByRole("link", { name: "Резервные копии" }).click();
  await page.waitForURL(/#\/backups/);
});

test("on plain Linux what needs the box is not there, and the page says why", async () => {
  const visit = await house.enter("system");
  const { page } = visit;
  await page.getByText("Станция работает программой на обычном Linux").waitFor();
  assert.equal(await page.locator('.side a[href="#/network"], .side a[href="#/update"], .tile[href="#/time"]').count(), 0);
  await page.locator('.tile[href="#/backups"]').waitFor();
  assert.equal(await page.getByText("Выключить прибор").count(), 0);
  await look(visit, "system-plain-ru");
  await page.evaluate(() => (location.hash = "#/network"));
  await page.locator("h1", { hasText: "Сеть" }).waitFor();
  await page.getByText("Станция работает программой на обычном Linux").waitFor();
});

test("on the first page the box says what goes on with it; what is only missing can be put aside", async () => {
  const { page, visit } = await at("now", ({ machine, update }) => {
    machine.clock = { synchronized: false, source: "rtc", offset_ms: 0 };
    Object.assign(update, { state: "trial", version: "1.0.0" });
  });
  await page.locator(".note.warn", { hasText: "на испытании" }).getByRole("link", { name: "Обновление" }).waitFor();
  const clock = page.locator(".note", { hasText: "Часы станции не сверены" });
  await clock.waitFor();
  await look(visit, "now-hints-ru");
  await clock.getByRole("button", { name: /^Скрыть/ }).click();
  await clock.waitFor({ state: "detached" });
  await page.reload();
  await page.locator(".note.warn", { hasText: "на испытании" }).waitFor();
  assert.equal(await clock.count(), 0);
});

test("who is no admin has no «Система»", async () => {
  const ask = await house.api();
  assert.equal((await ask("POST", "users", { login: "looker", role: "viewer", password: "a-password-to-look", must_change: false })).status, 201);
  const { page } = await house.enter("now", { login: "looker", password: "a-password-to-look" });
  await page.locator(".side .section").first().waitFor();
  assert.equal(await page.locator('a[href="#/system"]').count(), 0);
});

test("a wrong address is told before it is sent, and mended by a press", async () => {
  const { page, visit, box } = await at("network");
  await button(page, "Всегда один").click();
  const address = page.locator("#net-office-address");
  assert.equal(await address.inputValue(), "192.168.1.10/24", "the present one to begin with");
  await address.fill("192.168.1.20");
  await button(page, "Поставить 192.168.1.20/24").click();
  assert.equal(await address.inputValue(), "192.168.1.20/24");
  await page.locator("#net-office-gateway").fill("10.0.0.1");
  await page.locator("#net-office-gateway-fault").waitFor();
  await look(visit, "network-fault-ru");
  await page.locator("#net-office-gateway").fill("192.168.1.1");
  await page.locator("#net-office-gateway-fault").waitFor({ state: "detached" });
  await page.locator("#more-net summary").click();
  await page.locator("#net-carrier").click();
  await page.locator("#net-routes").fill("10.0.0.0/8, 172.16.0.0/12");
  await look(visit, "network-carrier-ru");
  await page.keyboard.press("Control+s");
  await page.locator("#counting-title").waitFor();
  assert.deepEqual(box.told("PUT", "system/network"), [{
    host_name: "dozvon", dns: [], office: { card: "", vlan: null, address: { mode: "fixed", address: "192.168.1.20/24", gateway: "192.168.1.1" } },
    carrier: { port: { card: "00:e0:4c:68:01:a2", vlan: null, address: { mode: "dhcp" } }, routes: ["10.0.0.0/8", "172.16.0.0/12"] },
  }]);
  assert.equal(await page.getByRole("link", { name: "Открыть 192.168.1.20" }).getAttribute("href"), "https://192.168.1.20/#/network?confirm");
  await look(visit, "network-trial-ru");
  await button(page, "Всё работает, оставить").click();
  await page.locator("#counting-title").waitFor({ state: "detached" });
  assert.equal(box.told("POST", "system/network/confirm").length, 1);
});

test("a change of the network is kept by opening the page at the new address, and offered on every other page", async () => {
  const { page, box, visit } = await at("now", ({ network }) => (network.confirm_within = 90));
  await page.locator(".notices .note.warn", { hasText: "Сеть изменена" }).waitFor();
  await look(visit, "network-notice-ru");
  await page.evaluate(() => (location.hash = "#/network?confirm"));
  await page.locator(".toast", { hasText: "Новые настройки сети остаются" }).waitFor();
  assert.equal(box.told("POST", "system/network/confirm").length, 1);
});

test("a box that moves away before it answers is told of with its new address", async () => {
  const { page, box, visit } = await at("network");
  await button(page, "Всегда один").click();
  await page.locator("#net-office-address").fill("192.168.1.30/24");
  box.away = true;
  await page.keyboard.press("Control+s");
  await page.getByText("Станция не ответила по старому адресу").waitFor();
  assert.match((await page.getByRole("link", { name: /Открыть 192\.168\.1\.30/ }).getAttribute("href")) ?? "", /^https:\/\/192\.168\.1\.30:\d+\/#\/network\?confirm$/);
  await look(visit, "network-silent-ru");
});

test("time servers are typed as a line", async () => {
  const { page, box, visit } = await at("time");
  await page.locator("#time-servers").fill("192.168.1.1 ntp.example.org");
  await page.locator("#time-serve").click();
  await look(visit, "time-ru");
  await page.keyboard.press("Control+s");
  await page.locator(".toast").waitFor();
  assert.deepEqual(box.told("PUT", "system/time"), [{ servers: ["192.168.1.1", "ntp.example.org"], serve: false }]);
});

/** @param {Box} box */
function lines(box) {
  const told = [["error", "store", "disk is full"], ["warn", "registrar", "201: wrong password from 192.168.1.41"], ["info", "engine", "call 17 answered"], ["debug", "sip", "REGISTER sip:dozvon"]];
  box.log = told.map(([level, target, text]) => ({ at: box.now(), level, target, text }));
}

test("the log is followed, sifted, and taken away", async () => {
  const { page, box, visit } = await at("log", lines);
  await page.locator(".log-line").nth(2).waitFor();
  assert.equal(await page.locator(".log-line.debug").count(), 0);
  box.log.unshift({ at: box.now(), level: "info", target: "engine", text: "call 18 began" });
  await page.locator(".log-line", { hasText: "call 18" }).waitFor();
  await page.locator("#log-level").selectOption("warn");
  await page.locator(".log-line", { hasText: "call 18" }).waitFor({ state: "detached" });
  await page.locator("#log-text").fill("201");
  await page.locator(".log-line.error").waitFor({ state: "detached" });
  await page.locator('a[href="/api/v1/system/log.txt"]').waitFor();
  await look(visit, "log-ru");
});

test("traffic is captured for a telephone, told while it runs, and downloaded", async () => {
  const { page, box, visit } = await at("capture");
  await page.getByText("со звуком").first().click();
  await page.locator("#capture-whose").selectOption("other");
  await page.locator("#capture-address").fill("192.168.1.41");
  await button(page, "Начать запись").click();
  await page.locator(".lamp.ring").waitFor();
  assert.deepEqual(box.told("POST", "captures"), [{ seconds: 300, what: "all", address: "192.168.1.41" }]);
  await look(visit, "capture-runs-ru");
  Object.assign(box.captures[0], { state: "done", bytes: 4_100_000 });
  const link = page.getByRole("link", { name: "Скачать" });
  await link.waitFor();
  assert.equal(await link.getAttribute("href"), "/api/v1/captures/c1/file");
  await look(visit, "capture-done-ru");
});

test("the file for support says what is in it and is downloaded", async () => {
  const { page } = await at("system");
  const download = page.waitForEvent("download");
  await button(page, "Скачать файл").click();
  assert.match((await download).suggestedFilename(), /^dozvon-.*\.tar\.gz$/);
});

test("restart asks when, and a reset asks for the password and says what is lost", async () => {
  const { page, box, visit } = await at("system", ({ instead }) => (instead["POST system/reset"] = problem(422, "", [{ pointer: "/password", detail: "Пароль не подходит." }])));
  await page.getByRole("button", { name: "Перезапустить: Перезагрузить прибор" }).click();
  await page.locator("dialog").getByText("сейчас", { exact: true }).waitFor();
  await look(visit, "power-ask-ru");
  await page.locator("dialog").getByText("когда закончатся разговоры").click();
  await page.locator("dialog").getByRole("button", { name: "Перезапустить" }).click();
  await until(() => box.told("POST", "system/restart").length === 1);
  await page.locator("#power .note.live").waitFor();
  assert.deepEqual(box.told("POST", "system/restart"), [{ what: "box", when: "idle" }]);
  await page.locator(".reset summary").click();
  await page.locator("#reset-password").fill("wrong");
  await button(page, "Стереть всё и начать заново").click();
  await page.locator("#reset-password-fault", { hasText: "не подходит" }).waitFor();
  await look(visit, "reset-ru");
});

test("an update is sent, told, waited for through the restart, and kept", async () => {
  const { page, box, visit } = await at("update");
  await look(visit, "update-none-ru");
  await page.locator("#update-file").setInputFiles({ name: "photo.jpg", mimeType: "image/jpeg", buffer: Buffer.from("x") });
  await page.getByText("photo.jpg не похож на обновление").waitFor();
  await page.locator("#update-file").setInputFiles({ name: "dozvon-1.0.0.update", mimeType: "", buffer: Buffer.alloc(5_000) });
  await page.getByText("Версия 1.0.0 готова к установке").waitFor();
  await page.getByText("Телефоны Snom находятся сами.").waitFor();
  await page.getByText("в заданное время").click();
  await look(visit, "update-ready-ru");
  await page.getByText("сейчас", { exact: true }).click();
  await button(page, "Установить").click();
  await page.getByText("Записываем: 0 %").waitFor();
  box.update.percent = 40;
  await page.getByText("Записываем: 40 %").waitFor();
  await look(visit, "update-writing-ru");
  box.away = true;
  await page.getByText("Связь пропала, так и должно быть.").waitFor();
  await look(visit, "update-lost-ru");
  Object.assign(box.update, { state: "trial", before: { phones: 14, trunks: 2 }, back: { phones: 12, trunks: 2 } });
  box.away = false;
  await page.getByText("Телефоны вернулись: 12 из 14").waitFor();
  await look(visit, "update-trial-ru");
  box.update.state = "kept";
  await page.getByText("Версия 1.0.0 работает и остаётся.").waitFor();
  await look(visit, "update-kept-ru");
});

test("an update that came back says why, that nothing is lost, and what to do; one may wait for its hour", async () => {
  const { page, box, visit } = await at("update", ({ update }) => Object.assign(update, { state: "returned", version: "1.0.0", reason: "После перезапуска вернулись 3 телефона из 14.", before: { phones: 14, trunks: 2 }, back: { phones: 3, trunks: 2 } }));
  await page.getByText("Обновление не прижилось: снова работает 0.9.0").waitFor();
  await page.getByText("После перезапуска вернулись 3 телефона из 14.").waitFor();
  await look(visit, "update-returned-ru");
  box.machine.sticks = [{ id: "sdb1", label: "KINGSTON", size: 16_000_000_000, free: 0, updates: ["dozvon-1.0.1.update"], mounted: true }];
  await page.reload();
  await button(page, "Взять этот").click();
  await page.getByText("в заданное время").click();
  await page.locator("#update-time").fill("03:30");
  await button(page, "Установить").click();
  await page.getByText("Начнём в 3:30").waitFor();
  assert.deepEqual(box.told("POST", "system/update/start"), [{ when: "03:30" }]);
  await look(visit, "update-waits-ru");
  await button(page, "Не устанавливать").click();
  await until(() => box.update.state === "none");
  await page.getByText("Выбрать файл").first().waitFor();
});

test("a file with a wrong signature is refused in words", async () => {
  const { page, visit, box } = await at("update", ({ instead }) => (instead["POST system/update"] = problem(422, "Подпись файла неверна: он не от поставщика или повреждён. Ничего не записано.")));
  await page.locator("#update-file").setInputFiles({ name: "dozvon-1.0.0.update", mimeType: "", buffer: Buffer.alloc(50) });
  await page.locator(".note.bad", { hasText: "Подпись файла неверна" }).waitFor();
  await look(visit, "update-refused-ru");
  box.instead = {};
  await button(page, "Взять более старую").click();
  await page.getByText("Версия 1.0.0 готова к установке").waitFor();
});

test("a backup is made with a passphrase typed twice, proved, and comes to this computer", async () => {
  const { page, box, visit } = await at("backups");
  await look(visit, "backups-none-ru");
  await page.locator("#make .primary").click();
  await page.locator("#copy-word-fault").waitFor();
  await page.locator("#copy-word").fill("word");
  await page.locator("#make .primary").click();
  await page.locator("#copy-word-fault").waitFor();
  await page.locator("#copy-word").fill("four quite long words");
  await page.locator("#make .primary").click();
  await page.locator("#copy-again-fault").waitFor();
  await page.locator("#copy-again").fill("four quite long words");
  await page.locator("#make .primary").click();
  await page.locator("#copies .lamp.ring").waitFor();
  assert.deepEqual(box.told("POST", "backups"), [{ where: "box", recordings: false, passphrase: "four quite long words" }]);
  const download = page.waitForEvent("download");
  Object.assign(box.backups[0], { state: "good", proved: true, bytes: 18_300_000 });
  await download;
  await page.locator("#copies .lamp.ok", { hasText: "проверена восстановлением" }).waitFor();
  await look(visit, "backups-made-ru");
  await page.getByRole("button", { name: /^Удалить: / }).click();
  await page.locator("dialog").getByRole("button", { name: "Удалить" }).click();
  await page.locator("#copies .room").waitFor({ state: "detached" });
});

test("a place for backups is checked within moments, and says how much room it has", async () => {
  const { page, box, visit } = await at("backups", ({ backup, instead }) => {
    backup.places = [{ name: "NAS", kind: "sftp", server: "nas.lan", folder: "", login: "office", host_key: "SHA256:abc", has_password: true, has_private_key: false }];
    instead["POST backup/check"] = { status: 200, body: { free_bytes: 120_000_000_000 } };
  });
  await button(page, "Проверить").click();
  await page.locator("#places .lamp.ok", { hasText: "Свободно 120 ГБ" }).waitFor();
  assert.deepEqual(box.told("POST", "backup/check"), [{ place: "NAS" }]);
  await look(visit, "backups-checked-ru");
  box.instead["POST backup/check"] = problem(409, "Сервер не принимает имя или пароль.");
  await button(page, "Проверить").click();
  await page.locator("#places .note", { hasText: "Сервер не принимает имя или пароль." }).waitFor();
  assert.equal(await page.locator("#places .lamp.ok").count(), 0);
  await look(visit, "backups-check-refused-ru");
});

test("backups by timetable get their places, each with what it needs", async () => {
  const { page, box, visit } = await at("backups");
  await page.locator("#place-add").selectOption("sftp");
  await page.locator("#place-0-server").fill("backup.example.org");
  await page.locator("#place-0-login").fill("dozvon");
  await page.locator("#place-add").selectOption("s3");
  await page.locator("#plan-enabled").click();
  await page.locator("#plan .days button").nth(6).click();
  await look(visit, "backups-plan-ru");
  await page.keyboard.press("Control+s");
  await page.locator(".toast").waitFor();
  const [sent] = box.told("PUT", "backup");
  assert.deepEqual([sent.enabled, sent.weekdays, sent.places.map((/** @type {any} */ { kind }) => kind), sent.places[0].server], [true, ["mon", "tue", "wed", "thu", "fri", "sat"], ["sftp", "s3"], "backup.example.org"]);
});

test("a backup is opened with its passphrase, shows whose it is, and is put back", async () => {
  const { page, box, visit } = await at("backups", ({ instead }) => (instead["POST backups/restore"] = problem(422, "", [{ pointer: "/passphrase", detail: "Фраза не подходит." }])));
  await page.locator("#restore-file").setInputFiles({ name: "copy.dozvon", mimeType: "", buffer: Buffer.alloc(900) });
  await page.locator("#restore-word").fill("слово не то");
  await button(page, "Посмотреть, что в ней").click();
  await page.locator("#restore-word-fault").waitFor();
  box.instead = {};
  await page.locator("#restore-word").fill("верное слово");
  await button(page, "Посмотреть, что в ней").click();
  await page.getByText("14 внутренних номеров, 2 внешних").waitFor();
  const last = box.asked[box.asked.length - 1];
  assert.equal(Buffer.from(last?.headers["dozvon-passphrase"] ?? "", "base64").toString("utf8"), "верное слово");
  await look(visit, "restore-seen-ru");
  await button(page, "Заменить всё этой копией").click();
  await page.getByText("Восстанавливаем.").waitFor();
  await until(() => box.told("POST", "backups/restore/r1/apply").length === 1);
  await look(visit, "restore-begun-ru");
  box.away = true;
  await page.waitForEvent("requestfailed", (request) => request.url().endsWith("/api/v1/system"));
  const again = page.waitForEvent("load");
  box.startedAt = "2026-11-26T12:00:00.000+03:00";
  box.away = false;
  await again;
});

for (const [name, how] of Object.entries({ "ru-narrow": { language: "ru", screen: NARROW }, "en-wide-dark": { language: "en", screen: WIDE, dark: true }, "en-narrow-dark": { language: "en", screen: NARROW, dark: true }, "ru-1240": { language: "ru", screen: { width: 1240, height: 900 } }, "ru-360": { language: "ru", screen: { width: 360, height: 740 } } })) {
  test(`the box can be read by everybody: ${name}`, async () => {
    const { page, visit } = await at("system", (box) => {
      lines(box);
      box.captures = [{ id: "c1", at: box.now(), bytes: 4_100_000, state: "done", error: null, what: "all", address: "192.168.1.41" }];
      box.backups = [{ id: "b2", at: box.now(), bytes: 0, where: "Облако", name: "b2", recordings: true, state: "failed", proved: false, error: "Сервер не пустил: проверьте пароль." }, { id: "b1", at: "2026-11-20T03:00:00.000+03:00", bytes: 18_300_000, where: "stick:sdb1", name: "b1", recordings: false, state: "good", proved: true, error: null }];
      box.backup.places = [{ name: "Облако", kind: "s3", server: "https://storage.yandexcloud.net", bucket: "copies", login: "AKIA", has_password: true }];
      Object.assign(box.network.office, { vlan: 20, address: { mode: "fixed", address: "192.168.1.10/24", gateway: "192.168.1.1" } });
      Object.assign(box.update, { state: "trial", version: "1.0.0", before: { phones: 14, trunks: 2 }, back: { phones: 12, trunks: 2 } });
      box.machine.disk.data_free = 9_000_000_000;
      box.machine.sticks = [{ id: "sdb1", label: "KINGSTON", size: 16_000_000_000, free: 0, updates: ["dozvon-1.0.1.update"], mounted: true }];
    }, how);
    for (const section of ["system", "network", "time", "update", "backups", "certificate", "log", "capture"]) {
      await page.evaluate((hash) => (location.hash = hash), `#/${section}`);
      await page.locator(`#main h1`).first().waitFor();
      await page.waitForFunction(() => !document.querySelector('#main [aria-busy="true"]'));
      await look(visit, `box-${section}-${name}`);
    }
  });
}
