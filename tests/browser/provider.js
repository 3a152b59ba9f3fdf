// An OpenID provider of the test's own: oidc-provider behind TLS, with a certificate of its own authority, and a sign-in page that
// lets in whoever it is told, without a password.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Provider from "oidc-provider";

export const CLIENT = "dozvon";
export const SECRET = "a-secret-between-box-and-provider";
/** Who there is, and his groups. @type {Record<string, string[]>} */
const PEOPLE = { anna: ["staff", "pbx-admins"], boris: ["staff"], pavel: ["gardeners"] };

export class OpenidProvider {
  #server = /** @type {any} */ (null);
  #directory = "";
  /** Its address. */
  issuer = "";
  /** Of its authority, as PEM. */
  authority = "";
  /** Whoever signs in next. */
  who = "anna";
  /** Whether ways back are kept here instead of taken, and the last of them. */
  holds = false;
  held = "";

  /** @param {string} box the address of the box */
  static async open(box) {
    const house = new OpenidProvider();
    house.#directory = mkdtempSync(join(tmpdir(), "dozvon-openid-"));
    const tls = house.#certificate();
    house.#server = createServer(tls);
    await new Promise((resolve) => house.#server.listen(0, "127.0.0.1", () => resolve(undefined)));
    house.issuer = `https://localhost:${house.#server.address().port}`;
    const provider = house.#provider(box);
    const answer = provider.callback();
    house.#server.on("request", (request, response) => {
      if (request.url === "/held") return response.end("held");
      house.#mayHold(response, box);
      if (request.url?.startsWith("/interaction/")) house.#interact(provider, request, response);
      else answer(request, response);
    });
    return house;
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** An authority, and a certificate for localhost under it. */
  #certificate() {
    const at = (/** @type {string} */ name) => join(this.#directory, name);
    const openssl = (/** @type {string[]} */ ...words) => {
      const done = spawnSync("openssl", words, { encoding: "utf8" });
      if (done.status !== 0) throw new Error(`openssl ${words.join(" ")}\n${done.stderr}`);
    };
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl("req", "-x509", ...key, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-days", "2", "-subj", "/CN=Office login CA");
    openssl("req", ...key, "-keyout", at("own.key"), "-out", at("own.csr"), "-subj", "/CN=localhost");
    writeFileSync(at("own.ext"), "subjectAltName=DNS:localhost\n");
    openssl("x509", "-req", "-in", at("own.csr"), "-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", at("own.ext"), "-out", at("own.pem"));
    this.authority = readFileSync(at("ca.pem"), "utf8");
    return { key: readFileSync(at("own.key")), cert: readFileSync(at("own.pem")) };
  }

  /** Keeps the way back to the box, when that is wanted, and leads elsewhere. @param {any} response @param {string} box */
  #mayHold(response, box) {
    const set = response.setHeader.bind(response);
    response.setHeader = (/** @type {string} */ name, /** @type {any} */ value) => {
      if (!this.holds || name.toLowerCase() !== "location" || !String(value).startsWith(box)) return set(name, value);
      this.held = String(value);
      return set(name, `${this.issuer}/held`);
    };
  }

  /** @param {string} box */
  #provider(box) {
    const provider = new Provider(this.issuer, {
      clients: [{ client_id: CLIENT, client_secret: SECRET, redirect_uris: [`${box}/auth/openid/callback`], post_logout_redirect_uris: [`${box}/`], response_types: ["code"], grant_types: ["authorization_code"] }],
      claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
      pkce: { required: () => true },
      features: {
        devInteractions: { enabled: false },
        // The page of the sign-out asks nothing and goes on.
        rpInitiatedLogout: { enabled: true, logoutSource: (/** @type {any} */ context, /** @type {string} */ form) => {
          context.body = `<!doctype html><title>Sign-out</title><body>${form}<button id="out" form="op.logoutForm" name="logout" value="yes">Out</button>`;
        } },
      },
      findAccount: (/** @type {any} */ _, /** @type {string} */ id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id.slice(3), email: `${id.slice(3)}@office.example`, groups: PEOPLE[id.slice(3)] ?? [] }) }),
      cookies: { keys: ["a key of the test"] },
    });
    provider.proxy = false;
    return provider;
  }

  /** Signs somebody in and agrees to everything. @param {any} provider @param {any} request @param {any} response */
  async #interact(provider, request, response) {
    const { prompt, params, grantId } = await provider.interactionDetails(request, response);
    if (prompt.name === "login") {
      if (this.who === "") return provider.interactionFinished(request, response, { error: "access_denied", error_description: "cancelled" });
      return provider.interactionFinished(request, response, { login: { accountId: `id-${this.who}` } });
    }
    const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: `id-${this.who}`, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }
}
