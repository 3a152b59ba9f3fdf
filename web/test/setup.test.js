import assert from "node:assert/strict";
import { test } from "node:test";
import { serverOf } from "../parts/setup_code.js";

test("a telephone is told the box's address, and a port where it is not the usual one", () => {
  const at = (host, udp_port) => serverOf({ sip: { host, udp_port, tcp_port: udp_port } }, "192.168.1.5");
  assert.equal(at(null, 5060), "192.168.1.5");
  assert.equal(at("10.0.0.1", 5060), "10.0.0.1");
  assert.equal(at("10.0.0.1", 5080), "10.0.0.1:5080");
  assert.equal(at("fd00::1", 5080), "[fd00::1]:5080");
  assert.equal(serverOf(null, "box.local"), "box.local");
});
