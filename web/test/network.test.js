import assert from "node:assert/strict";
import { test } from "node:test";
import { blankPort, cidr, faults, ipv4, isHost, isLabel, list, turned } from "../network.js";

const fixed = (address, gateway = null) => ({ card: "", vlan: null, address: { mode: "fixed", address, gateway } });
const told = (change) => Object.fromEntries(Object.entries(faults({ host_name: "dozvon", office: blankPort(), carrier: null, dns: [], ...change })).map(([at, { word }]) => [at, word]));

test("an address is four numbers, and a network has a length", () => {
  assert.deepEqual(["0.0.0.0", "10.0.0.1", "255.255.255.255"].map(ipv4), [0, 167_772_161, 4_294_967_295]);
  assert.deepEqual(["", "10.0.0", "10.0.0.256", "10.0.0.1.2", "a.b.c.d"].map(ipv4), [null, null, null, null, null]);
  const { network, broadcast, prefix } = cidr("192.168.1.77/26");
  assert.deepEqual([network & 255, broadcast & 255, prefix], [64, 127, 26]);
  assert.deepEqual(["192.168.1.1", "192.168.1.1/33", "192.168.1.1/", "192.168.1.1/24/1", "x/24"].map(cidr), [null, null, null, null, null]);
});

test("names and lists are taken as people type them", () => {
  assert.deepEqual(["dozvon", "a", "box-1"].map(isLabel), [true, true, true]);
  assert.deepEqual(["", "-a", "a-", "a b", "имя", "a.b", "a".repeat(64)].map(isLabel), Array(7).fill(false));
  assert.deepEqual(["ntp.example.org", "192.168.1.1", "fd00::1", "1.2.3", "a_b", ""].map(isHost), [true, true, true, false, false, false]);
  assert.deepEqual(list(" a, b;c\n d "), ["a", "b", "c", "d"]);
});

test("what is plainly wrong is told at its field, with what mends it", () => {
  assert.deepEqual(told({}), {});
  assert.deepEqual(told({ office: fixed("192.168.1.10/24", "192.168.1.1") }), {});
  assert.deepEqual(told({ host_name: "мой офис" }), { "/host_name": "net_name_rule" });
  assert.deepEqual(told({ office: fixed("") }), { "/office/address/address": "net_address_needed" });
  assert.deepEqual(told({ office: fixed("192.168.1.0/24") }), { "/office/address/address": "net_address_reserved" });
  assert.deepEqual(told({ office: fixed("192.168.1.10/24", "192.168.2.1") }), { "/office/address/gateway": "net_gateway_far" });
  assert.deepEqual(told({ office: fixed("192.168.1.10/24", "192.168.1.10") }), { "/office/address/gateway": "net_gateway_own" });
  assert.deepEqual(told({ office: { ...blankPort(), vlan: 5_000 }, dns: ["8.8.8.8", "dns"] }), { "/office/vlan": "net_vlan_rule", "/dns": "net_is_no_address" });
  assert.equal(faults({ host_name: "a", office: fixed("192.168.1.10"), carrier: null, dns: [] })["/office/address/address"].mend, "192.168.1.10/24");
});

test("the carrier's cable is another socket or another VLAN, and leads to networks", () => {
  const carrier = (port, routes = ["10.0.0.0/8"]) => ({ port: { ...blankPort(), ...port }, routes });
  assert.deepEqual(told({ carrier: carrier({}) }), { "/carrier/port/card": "net_same_port" });
  assert.deepEqual(told({ carrier: carrier({ vlan: 7 }) }), {});
  assert.deepEqual(told({ carrier: carrier({ card: "aa" }, ["10.0.0.1"]) }), { "/carrier/routes": "net_is_no_network" });
});

test("a fixed address begins with the present one, and what was typed is not lost", () => {
  assert.deepEqual(turned(blankPort(), "fixed", "192.168.1.10/24").address, { mode: "fixed", address: "192.168.1.10/24", gateway: null });
  const port = fixed("10.0.0.5/8", "10.0.0.1");
  assert.equal(turned(port, "fixed", "192.168.1.10/24"), port);
  assert.deepEqual(turned(port, "dhcp", "").address, { mode: "dhcp" });
});
