// «Система» on a box: the exchange's own API, with a steward of the test's own under it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { House, PASSWORD, look } from "./house.js";
import { OFFICE } from "./office.js";
import { Steward } from "./steward.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
let steward = /** @type {Steward} */ (/** @type {unknown} */ (null));
const scratch = mkdtempSync(join(tmpdir(), "dozvon-update-"));
before(async () => {
  steward = await Steward.open();
  // it takes updates that are signed by the key of tests
  house = await House.open({ office: OFFICE, steward: steward.socket, debug: true });
});
after(async () => {
  await house?.leave();
  steward?.close();
  rmSync(scratch, { recursive: true });
});

/**
 * An update as the vendor makes it, with the key of the tests.
 * @param {string} version
 * @returns {string} its path
 */
function updateOf(version) {
  const [key, slot, out] = ["test.key", "slot.img", `dozvon-${version}.update`].map((name) => join(scratch, name));
  writeFileSync(key ?? "", `dozvon-key v1 secret test ${createHash("sha256").update("dozvon test licences").digest("base64")}\n`);
  writeFileSync(slot ?? "", Buffer.concat([Buffer.from("hsqs"), Buffer.alloc(200_000)]));
  const made = house.run("release", "make", "--key", key ?? "", "--slot", slot ?? "", "--version", version, "--notes-ru", "Группы звонят по очереди.", "--notes-en", "Groups ring in turn.", "--out", out ?? "");
  assert.equal(made.status, 0, made.stderr);
  return out ?? "";
}

/** Until the steward has heard of it. @param {string} name */
async function ordered(name) {
  while (steward.told(name).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  return steward.told(name)[0];
}

test("the page tells what the steward tells", async () => {
  const visit = await house.enter("system");
  const { page } = visit;
  await page.locator("h1", { hasText: "Всё в порядке" }).waitFor();
  const gauges = await page.locator(".gauges").innerText();
  for (const said of ["192.168.1.10", "41 день", "свободно 96 ГБ", "износ 3 %", "47 °C", "точные"]) assert.ok(gauges.includes(said), said);
  await look(visit, "real-system-ru");
});

test("a change of the network is counted down, and kept from the page", async () => {
  const visit = await house.enter("network");
  const { page } = visit;
  await page.getByRole("button", { name: "Всегда один", exact: true }).click();
  await page.locator("#net-office-address").fill("192.168.1.20/24");
  await page.locator("#net-office-gateway").fill("192.168.1.1");
  await page.keyboard.press("Control+s");
  await page.locator("#counting-title").waitFor();
  const { network, confirm_within: seconds } = await ordered("network");
  assert.deepEqual([network.office.address, seconds], [{ mode: "fixed", address: "192.168.1.20/24", gateway: "192.168.1.1" }, 120]);
  await page.getByRole("link", { name: /^Открыть 192\.168\.1\.20/ }).waitFor();
  await look(visit, "real-network-ru");
  await page.getByRole("button", { name: "Всё работает, оставить" }).click();
  await ordered("confirm_network");
  await page.locator("#counting-title").waitFor({ state: "detached" });
});

test("what the box refuses of a network stands at its field", async () => {
  const { page } = await house.enter("network");
  await page.locator("#net-office-address").fill("127.0.0.1/8");
  await page.locator("#net-office-gateway").fill("");
  await page.keyboard.press("Control+s");
  await page.locator("#net-office-address-fault").waitFor();
});

test("the clock is told whom to follow", async () => {
  const { page } = await house.enter("time");
  await page.locator("#time-servers").fill("192.168.1.1, ntp.example.org");
  await page.keyboard.press("Control+s");
  await page.locator(".toast").waitFor();
  const { servers, serve } = await ordered("time");
  assert.deepEqual([servers, serve], [["192.168.1.1", "ntp.example.org"], true]);
});

test("the log has the exchange's lines and the kernel's, and goes to a server", async () => {
  const visit = await house.enter("log");
  const { page } = visit;
  await page.locator("#log-text").fill("kernel");
  await page.locator(".log-line", { hasText: "NIC Link is Up" }).waitFor();
  await page.locator("#syslog summary").click();
  await page.locator("#syslog-server").fill("127.0.0.1:9");
  await page.locator("#syslog-enabled").click();
  await page.keyboard.press("Control+s");
  await page.locator(".toast").waitFor();
  const ask = await house.api();
  const { enabled, server } = (await ask("GET", "syslog")).value;
  assert.deepEqual([enabled, server], [true, "127.0.0.1:9"]);
  await look(visit, "real-log-ru");
});

test("the file for support is an archive", async () => {
  const { page } = await house.enter("system");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Скачать файл" }).click();
  const bytes = readFileSync(await (await download).path());
  assert.deepEqual([...bytes.subarray(0, 2)], [0x1f, 0x8b]);
});

test("a backup is made, proved, downloaded, and put back on the same box", async () => {
  const visit = await house.enter("backups");
  const { page } = visit;
  await page.locator("#copy-word").fill("four quite long words");
  await page.locator("#copy-again").fill("four quite long words");
  const download = page.waitForEvent("download", { timeout: 120_000 });
  await page.locator("#make .primary").click();
  const path = await (await download).path();
  await page.locator("#copies .lamp.ok", { hasText: "проверена восстановлением" }).waitFor();
  await page.locator("#restore-file").setInputFiles(path);
  await page.locator("#restore-word").fill("another passphrase");
  await page.getByRole("button", { name: "Посмотреть, что в ней" }).click();
  await page.locator("#restore-word-fault").waitFor({ timeout: 60_000 });
  await page.locator("#restore-word").fill("four quite long words");
  await page.getByRole("button", { name: "Посмотреть, что в ней" }).click();
  await page.locator("#restore .account", { hasText: "ООО Ромашка" }).waitFor({ timeout: 60_000 });
  await look(visit, "real-restore-ru");
});

test("the timetable and its places are kept, and a wrong place is told at its field", async () => {
  const { page } = await house.enter("backups");
  await page.locator("#place-add").selectOption("smb");
  await page.locator("#place-0-server").fill("server/backups");
  await page.keyboard.press("Control+s");
  await page.locator("#place-0-server-fault").waitFor();
  await page.locator("#place-0-server").fill("//server/backups");
  await page.locator("#plan-word").fill("words of the timetable");
  await page.locator("#plan .days button").nth(6).click();
  await page.locator("#plan-enabled").click();
  await page.keyboard.press("Control+s");
  await page.locator(".toast").waitFor();
  const ask = await house.api();
  const { enabled, weekdays, has_passphrase: has, passphrase, places } = (await ask("GET", "backup")).value;
  assert.deepEqual([enabled, weekdays, has, passphrase], [true, ["mon", "tue", "wed", "thu", "fri", "sat"], true, undefined]);
  assert.deepEqual(places.map((/** @type {any} */ { kind, server }) => [kind, server]), [["smb", "//server/backups"]]);
});

test("one of the list is opened and put back, and the page comes back with it", async () => {
  const ask = await house.api();
  assert.equal((await ask("GET", "backup")).value.enabled, true);
  const { page } = await house.enter("backups");
  await page.getByRole("button", { name: /^Восстановить из копии: / }).first().click();
  await page.locator("#restore-word").fill("four quite long words");
  await page.getByRole("button", { name: "Посмотреть, что в ней" }).click();
  await page.locator("#restore .account", { hasText: "ООО Ромашка" }).waitFor({ timeout: 60_000 });
  const opened = page.waitForEvent("load", { timeout: 90_000 });
  await page.getByRole("button", { name: "Заменить всё этой копией" }).click();
  await opened;
  const again = await house.api();
  assert.equal((await again("GET", "backup")).value.enabled, false, "what was changed since the backup is gone");
  const visit = await house.enter("backups");
  await visit.page.locator("#restore").getByRole("button", { name: "Вернуть, что было" }).click();
  await look(visit, "real-restore-back-ru");
  // Whoever is the first to meet the new accounts: this time it is not the one who waits for them, but the lists.
  await visit.page.route("**/api/v1/system", (route) => route.abort());
  const returned = visit.page.waitForEvent("load", { timeout: 90_000 });
  await visit.page.locator("dialog").getByRole("button", { name: "Вернуть, что было" }).click();
  await returned;
  const third = await house.api();
  assert.equal((await third("GET", "backup")).value.enabled, true, "and is there again");
});

test("the office of a FreePBX is looked at, added, and taken back", async () => {
  const file = join(scratch, "freepbx.sql");
  const rows = [
    "-- MySQL dump",
    "INSERT INTO `users` (`extension`,`name`,`voicemail`) VALUES ('345','Вера','novm'),('12','Короткий','novm');",
    "INSERT INTO `devices` (`id`,`tech`,`user`) VALUES ('345','pjsip','345');",
    "INSERT INTO `sip` (`id`,`keyword`,`data`,`flags`) VALUES ('345','secret','long-secret-345',0);",
    "INSERT INTO `meetme` (`exten`,`description`,`userpin`,`adminpin`) VALUES ('551','Переговорная','4711','9999');",
    "INSERT INTO `vmblast` (`grpnum`,`description`) VALUES ('77','Всем');",
  ];
  writeFileSync(file, `${rows.join("\n")}\n`);
  const visit = await house.enter("backups");
  const { page } = visit;
  await page.locator("#move-in-file").setInputFiles({ name: "picture.png", mimeType: "image/png", buffer: Buffer.from("no backup") });
  await page.locator("#move-in", { hasText: "Это не резервная копия MikoPBX или FreePBX" }).waitFor();
  await page.locator("#move-in-file").setInputFiles(file);
  await page.locator("#move-in .account", { hasText: "345" }).waitFor();
  const told = await page.locator("#move-in .told").innerText();
  for (const said of ["Внутренний номер 12 не переносится", "Комната 551 «Переговорная»: PIN ведущего не переносится", "Рассылки голосовой почты не переносятся: 77 Всем"]) assert.ok(told.includes(said), told);
  await look(visit, "real-move-in-ru");
  await page.getByRole("button", { name: "Добавить", exact: true }).click();
  await page.locator(".toast", { hasText: "Добавлено из FreePBX" }).waitFor();
  const ask = await house.api();
  assert.equal((await ask("GET", "extensions/345")).value.employee, "Вера");
  await page.locator(".toast").getByRole("button").first().click();
  await page.waitForFunction(async () => (await fetch("/api/v1/extensions/345")).status === 404);
});

test("an update is judged, written while the page tells how far it is, and started", async () => {
  const visit = await house.enter("update");
  const { page } = visit;
  const good = readFileSync(updateOf("99.0.0"));
  const file = (/** @type {Buffer} */ buffer) => page.locator("#update-file").setInputFiles({ name: "dozvon-99.0.0.update", mimeType: "", buffer });
  const broken = Buffer.from(good);
  broken[broken.length - 1] ^= 1;
  await file(broken);
  await page.locator(".note.bad").waitFor();
  assert.deepEqual(steward.told("write_update"), []);
  await file(good);
  await page.getByText("Версия 99.0.0 готова к установке").waitFor();
  await page.getByText("Группы звонят по очереди.").waitFor();
  await look(visit, "real-update-ru");
  steward.refuses = "the other slot can't be written";
  await page.getByRole("button", { name: "Установить", exact: true }).click();
  await page.locator(".note.bad", { hasText: "ничего не изменилось" }).waitFor();
  await look(visit, "real-update-refused-ru");
  steward.refuses = "";
  let write = () => {};
  steward.written = new Promise((resolve) => (write = () => resolve(undefined)));
  await page.getByRole("button", { name: "Установить", exact: true }).click();
  await page.getByText("Записываем: 40 %").waitFor();
  await look(visit, "real-update-writing-ru");
  write();
  await ordered("start_trial");
});

test("restart and reset are orders to the box; a wrong password is told at its field", async () => {
  const { page } = await house.enter("system");
  await page.locator(".reset summary").click();
  await page.locator("#reset-password").fill("not-my-password");
  await page.getByRole("button", { name: "Стереть всё и начать заново" }).click();
  await page.locator("#reset-password-fault").waitFor();
  assert.deepEqual(steward.told("factory_reset"), []);
  await page.locator("#reset-password").fill(PASSWORD);
  await page.getByRole("button", { name: "Стереть всё и начать заново" }).click();
  await ordered("factory_reset");
  await page.getByRole("button", { name: "Перезапустить: Перезагрузить прибор" }).click();
  await page.locator("dialog").getByRole("button", { name: "Перезапустить" }).click();
  await ordered("restart");
});
