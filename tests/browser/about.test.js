// «О программе»: the trial, a licence that holds, and those that don't. Licences are signed with the key of the tests, which a release
// build does not trust.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { House, NARROW, look } from "./house.js";

let release = /** @type {House} */ (/** @type {unknown} */ (null));
let house = /** @type {House} */ (/** @type {unknown} */ (null));
const scratch = mkdtempSync(join(tmpdir(), "dozvon-licence-"));
const key = join(scratch, "test.key");

before(async () => {
  writeFileSync(key, `dozvon-key v1 secret test ${createHash("sha256").update("dozvon test licences").digest("base64")}\n`);
  release = await House.open();
  house = await House.open({ debug: true });
});
after(async () => {
  await release?.leave();
  await house?.leave();
  rmSync(scratch, { recursive: true });
});

/** A licence as the vendor makes it. @param {Record<string, string>} how */
function licence(how) {
  const shown = house.run("license", "show").stdout;
  const hardware = /this box: (\S+)/.exec(shown)?.[1] ?? "";
  const wanted = { serial: "2026-000123", owner: "ООО Ромашка", expires: "2099-12-31", extensions: "30", "outside-calls": "16", hardware, key, ...how };
  const made = house.run("license", "issue", ...Object.entries(wanted).flatMap(([name, value]) => [`--${name}`, value]));
  assert.equal(made.status, 0, made.stderr);
  return made.stdout;
}

/** A day so many days from now. @param {number} days */
const day = (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

test("a release build refuses what the key of the tests has signed, and says so", async () => {
  const visit = await release.enter("about");
  const { page } = visit;
  await page.getByText("Пробный период до").waitFor();
  await look(visit, "about-trial-ru");
  await page.locator("#license-text").fill(licence({}));
  await page.getByRole("button", { name: "Установить" }).click();
  await page.locator("#license-told.fault").filter({ hasText: "ключом «test»" }).waitFor();
  await page.getByText("Пробный период до").waitFor();
});

test("a licence is installed, shows what is in use, and a wrong one leaves it", async () => {
  const visit = await house.enter("about");
  const { page } = visit;
  const install = async (/** @type {string} */ text) => {
    await page.locator("#license-text").fill(text);
    await page.getByRole("button", { name: "Установить" }).click();
  };
  await install(licence({ functions: "provisioning,transcoding", "support-mail": "help@vendor.example" }));
  await page.getByText("Лицензия действует до 31 декабря 2099").waitFor();
  await page.getByText("3 из 30").waitFor();
  await page.getByText("0 из 16").waitFor();
  await page.getByRole("link", { name: "help@vendor.example" }).waitFor();
  assert.match(await page.locator("#use").innerText(), /Запись разговоров\s+нет/);
  await look(visit, "about-licensed-ru");

  await install(licence({ hardware: "b-aaaaaaaa" }));
  await page.locator("#license-told").filter({ hasText: "для другого прибора" }).waitFor();
  await install(licence({}).replace("extensions: 30", "extensions: 300"));
  await page.locator("#license-told").filter({ hasText: "Подпись не сходится" }).waitFor();
  await look(visit, "about-refused-ru");
  await page.getByText("Лицензия действует до 31 декабря 2099").waitFor();
});

test("an ending licence and an office that is larger than it are told", async () => {
  const file = join(scratch, "short.license");
  writeFileSync(file, licence({ extensions: "2", expires: day(3) }));
  const done = house.run("license", "install", file);
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stdout, /licensed until .* \(3 days left\)/);
  const visit = await house.enter("about", { language: "en", screen: NARROW, dark: true });
  const { page } = visit;
  await page.getByText("3 days left.").waitFor();
  await page.getByText("3 of 2").waitFor();
  await page.getByText("The first 2 of the list work").waitFor();
  await look(visit, "about-ending-en-narrow-dark");
});
