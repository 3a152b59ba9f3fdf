// The box's certificate on «Система»: what it says, another in its place with its key, and back.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { House, NARROW, look } from "./house.js";
import { OFFICE } from "./office.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
const place = mkdtempSync(join(tmpdir(), "dozvon-certificate-"));
before(async () => {
  house = await House.open({ office: OFFICE });
});
after(async () => {
  await house.leave();
  rmSync(place, { recursive: true });
});

/** @param {string} name @param {string[]} more */
function made(name, ...more) {
  const [certificate, key] = [join(place, `${name}.pem`), join(place, `${name}.key`)];
  const how = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", `/CN=${name}`, "-keyout", key, "-out", certificate, ...more];
  const { status, stderr } = spawnSync("openssl", how);
  assert.equal(status, 0, String(stderr));
  return { certificate, key };
}

const LEAF = ["-addext", "basicConstraints=CA:FALSE", "-addext", "subjectAltName=DNS:pbx.company.example,IP:127.0.0.1"];

for (const { language, screen, dark, words } of [
  { language: "ru", screen: undefined, dark: false, words: { own: "Свой", uploaded: "Загруженный", back: "Вернуть свой", authority: "удостоверяющего центра", key: "Ключ не от этого" } },
  { language: "en", screen: NARROW, dark: true, words: { own: "Its own", uploaded: "Uploaded", back: "Back to its own", authority: "authority's own", key: "of another certificate" } },
]) {
  test(`a certificate is brought with its key, seen, and taken back (${language})`, async () => {
    const visit = await house.enter("certificate", { language, screen, dark });
    const { page } = visit;
    const card = page.locator("[aria-labelledby=certificate-title]");
    const files = card.locator("#certificate-files");
    await card.locator(".lamp.ok").getByText(words.own).waitFor();
    await look(visit, `certificate-own-${language}`);
    const authority = made("authority");
    await files.setInputFiles([authority.certificate, authority.key]);
    await card.getByText(words.authority).waitFor();
    const company = made("pbx.company.example", ...LEAF);
    await files.setInputFiles([company.certificate, authority.key]);
    await card.getByText(words.key).waitFor();
    await look(visit, `certificate-refused-${language}`);
    await files.setInputFiles([company.key, company.certificate]);
    await card.locator(".lamp.ok").getByText(words.uploaded).waitFor();
    await card.getByText("pbx.company.example, 127.0.0.1").waitFor();
    await look(visit, `certificate-uploaded-${language}`);
    await card.getByRole("button", { name: words.back }).click();
    await card.locator(".lamp.ok").getByText(words.own).waitFor();
    const download = page.waitForEvent("download");
    await card.locator("a[download]").click();
    assert.match(readFileSync(await (await download).path(), "utf8"), /^-----BEGIN CERTIFICATE-----/);
  });
}
