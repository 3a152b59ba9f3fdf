import assert from "node:assert/strict";
import { test } from "node:test";
import { asPem, sorted } from "../pem.js";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
const KEY = "-----BEGIN EC PRIVATE KEY-----\nBBBB\n-----END EC PRIVATE KEY-----";

test("certificates and key are told apart, in one file or in many", () => {
  const apart = { certificate: `${CERTIFICATE}\n${CERTIFICATE}\n`, key: `${KEY}\n` };
  assert.deepEqual(sorted([`subject=box\r\n${CERTIFICATE}\r\n${KEY}\n${CERTIFICATE}`]), apart);
  assert.deepEqual(sorted([KEY, CERTIFICATE, CERTIFICATE]), apart);
});

test("what is neither is left out", () => {
  assert.deepEqual(sorted(["", "hello", "-----BEGIN DH PARAMETERS-----\nCCCC\n-----END DH PARAMETERS-----"]), { certificate: "", key: "" });
});

test("bare bytes become PEM and text stays", () => {
  assert.equal(asPem(new Uint8Array([0x30, 1, 2])), "-----BEGIN CERTIFICATE-----\nMAEC\n-----END CERTIFICATE-----\n");
  assert.equal(asPem(new TextEncoder().encode(KEY)), KEY);
});
