// «Система» on a box: the exchange's own API, with a steward of the test's own under it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { House, PASSWORD, look } from "./house.js";
import { OFFICE } from "./office.js";
import { Steward } from "./steward.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
let steward = /** @type {Steward} */ (/** @type {unknown} */ (null));
before(async () => {
  steward = await Steward.open();
  house = await House.open({ office: OFFICE, steward: steward.socket });
});
after(async () => {
  await house?.leave();
  steward?.close();
});

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
