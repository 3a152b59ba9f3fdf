// Single sign-on before a real OpenID provider: settings, sign-in, a role that is missing, a tampered way back, sign-out at both ends.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House, NARROW, look } from "./house.js";
import { OFFICE } from "./office.js";
import { CLIENT, OpenidProvider, SECRET } from "./provider.js";

let house = /** @type {House} */ (/** @type {unknown} */ (null));
let provider = /** @type {OpenidProvider} */ (/** @type {unknown} */ (null));
before(async () => {
  house = await House.open({ office: OFFICE, localOutgoing: true });
  provider = await OpenidProvider.open(house.url);
});
after(async () => {
  await house.leave();
  await provider.close();
});

/** @param {import("playwright-core").Page} page */
const button = (page) => page.getByRole("link", { name: /Keycloak/ });

/** A new visitor goes to the provider and comes back. @param {string} who @param {any} [how] */
async function signInAs(who, how) {
  provider.who = who;
  const visit = await house.visit(how);
  await visit.page.goto(`${house.url}/#/extensions`);
  await button(visit.page).click();
  return visit;
}

test("an admin sets it up, and the check tells what is wrong until all of it works", async () => {
  const visit = await house.enter("sign-on");
  const { page } = visit;
  await page.locator(".tiles .lamp.off").nth(1).waitFor();
  await look(visit, "sso-ways");
  await page.getByRole("link", { name: /OpenID Connect/ }).click();
  await page.locator("#openid-issuer").fill(provider.issuer);
  await page.locator("#openid-client_id").fill(CLIENT);
  await page.locator("#openid-client_secret").fill("not the secret");
  await page.locator("#openid-name").fill("Keycloak");
  await page.locator("#openid-admin_values").fill("pbx-admins");
  await page.locator("#openid-viewer_values").fill("staff\nguests");
  assert.equal(await page.locator("#openid-redirect").inputValue(), `${house.url}/auth/openid/callback`);
  const check = page.getByRole("button", { name: "Проверить" });
  await check.click();
  await page.locator(".findings").getByText("подписан неизвестным центром").waitFor();
  await look(visit, "sso-openid-unknown-authority");

  const ask = await house.api();
  const added = await ask("POST", "authorities", { name: "Office login", certificate: provider.authority });
  assert.equal(added.status, 201, JSON.stringify(added.value));
  await check.click();
  await page.locator(".findings").getByText("секрет другой").waitFor();
  await page.locator("#openid-client_secret").fill(SECRET);
  await check.click();
  await page.getByText("Всё работает").waitFor();
  await page.locator("#openid-enabled").click();
  await page.getByRole("button", { name: "Сохранить" }).click();
  await page.locator(".savebar:not(.on)").waitFor();
  await look(visit, "sso-openid");
});

test("own authorities are added from a file, removed, and brought back", async () => {
  const visit = await house.enter("sign-on", { screen: NARROW, dark: true });
  const { page } = visit;
  await page.getByText("Office login CA").waitFor();
  await page.locator("#authority-file").setInputFiles({ name: "Second office.pem", mimeType: "application/x-pem-file", buffer: Buffer.from(provider.authority) });
  await page.getByRole("button", { name: "Удалить: Second office" }).waitFor();
  await page.locator("#authority-file").setInputFiles({ name: "none.pem", mimeType: "text/plain", buffer: Buffer.from("nothing of the kind") });
  await page.getByText("Это не сертификат").waitFor();
  await look(visit, "sso-authorities-narrow-dark");
  await page.getByRole("button", { name: "Удалить: Second office" }).click();
  await page.locator("[aria-labelledby=authorities-title] .room").nth(1).waitFor({ state: "detached" });
});

test("whoever has the group signs in by the provider, is led where he wanted, and is shown with where he comes from", async () => {
  const visit = await signInAs("anna");
  const { page } = visit;
  await page.locator(".thing").first().waitFor();
  assert.equal(new URL(page.url()).pathname + new URL(page.url()).hash, "/#/extensions");
  const cookies = await page.context().cookies();
  const session = cookies.find(({ name }) => name === "__Host-dozvon");
  assert.deepEqual([session?.sameSite, session?.httpOnly, session?.secure], ["Strict", true, true]);
  assert.equal(cookies.some(({ name }) => name === "__Host-dozvon-openid"), false, "the ticket is gone");
  await page.goto(`${house.url}/#/me`);
  await page.locator("h1", { hasText: "Мой вход" }).waitFor();
  await page.getByText("anna (OpenID), администратор").waitFor();
  assert.equal(await page.locator("#me-current").count(), 0, "his password is not ours");
  await look(visit, "sso-me");
  await page.goto(`${house.url}/#/audit`);
  await page.getByText("anna (OpenID)").first().waitFor();
});

test("a viewer changes nothing, and signing out ends it at the provider too", async () => {
  const visit = await signInAs("boris");
  const { page } = visit;
  await page.locator(".thing").first().waitFor();
  assert.equal(await page.getByRole("link", { name: "Добавить номер" }).count(), 0);
  await page.locator(".side").getByRole("button", { name: /Выйти/ }).click();
  await page.locator("#out").click();
  await button(page).waitFor();
  assert.equal(new URL(page.url()).origin, house.url);
  assert.equal((await page.context().cookies()).some(({ name }) => name === "__Host-dozvon"), false);
  // the provider has forgotten him: somebody else comes next
  provider.who = "anna";
  await button(page).click();
  await page.locator("#main").waitFor();
  await page.goto(`${house.url}/#/extensions`);
  await page.getByRole("link", { name: "Добавить номер" }).waitFor();
});

test("whom no group lets in is told so in words", async () => {
  const visit = await signInAs("pavel", { screen: NARROW });
  const { page } = visit;
  await page.getByText("здесь вам ничего не разрешено").waitFor();
  assert.equal(new URL(page.url()).search, "", "the word does not stay in the address");
  await look(visit, "sso-no-role-narrow");
  assert.equal((await page.context().cookies()).some(({ name }) => name === "__Host-dozvon"), false);
});

test("a way back with another state, of another browser, or twice, opens nothing", async () => {
  provider.who = "anna";
  const first = await house.visit();
  provider.holds = true;
  await first.page.goto(house.url);
  await button(first.page).click();
  await first.page.getByText("held").waitFor();
  provider.holds = false;
  const url = provider.held;
  const tampered = new URL(url);
  tampered.searchParams.set("state", "x".repeat(43));
  await first.page.goto(tampered.href);
  await first.page.getByText("начался в другом окне").waitFor();
  const other = await house.visit();
  await other.page.goto(url);
  await other.page.getByText("начался в другом окне").waitFor();
  // what was refused has spent the ticket, so that not even the first browser can use it now
  await first.page.goto(url);
  await first.page.getByText("начался в другом окне").waitFor();
  for (const { page } of [first, other]) assert.equal((await page.context().cookies()).some(({ name }) => name === "__Host-dozvon"), false);
});

test("somebody who cancels at the provider comes back to the form", async () => {
  const visit = await signInAs("", { language: "en" });
  await visit.page.locator(".note").waitFor();
  await visit.page.locator("#login").waitFor();
  await look(visit, "sso-declined");
});

test("the local admin signs in while the provider is down, and a directory that is not there is told in words", async () => {
  const visit = await house.enter("sign-on/ldap", { language: "en" });
  const { page } = visit;
  await page.locator("#ldap-server").fill("localhost");
  await page.locator("#ldap-port").fill("1");
  await page.locator("#ldap-base").fill("dc=office,dc=example");
  await page.locator("#ldap-viewer_groups").fill("staff");
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.locator(".findings .lamp.bad").first().waitFor();
  await look(visit, "sso-ldap-en");
  await page.locator("#ldap-security").selectOption("none");
  await page.locator("#ldap-server-part summary").click();
  await page.locator("#ldap-any").click();
  await look(visit, "sso-ldap-warnings-en");
});
