import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import en from "../lang/en.js";
import { SECTIONS, address, route } from "../routes.js";

test("an address opens its section with the rest of it, and what is none opens the first", () => {
  const at = (hash) => {
    const { section, rest, query } = route(hash);
    return [section.at, rest, String(query)];
  };
  assert.deepEqual(at("#/calls?extension=200"), ["calls", [], "extension=200"]);
  assert.deepEqual(at(address("codes", "Рабочее время/2")), ["codes", ["Рабочее время/2"], ""]);
  assert.deepEqual(at("#/settings/codes/800"), ["codes", ["800"], ""]);
  assert.deepEqual(at("#/settings"), ["settings", [], ""]);
  assert.deepEqual(at("#/codes/%"), ["codes", ["%"], ""]);
  assert.deepEqual(at(""), ["now", [], ""]);
  assert.deepEqual(at("#/nowhere"), ["now", [], ""]);
});

test("every section has its words, a module that is there, and a key of its own", () => {
  const source = readFileSync(new URL("../routes.js", import.meta.url), "utf8");
  for (const [, path, name] of source.matchAll(/import\("(\.\/pages\/\w+\.js)"\)\.then\(\(page\) => page\.(\w+)\)/g)) {
    const page = readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
    assert.match(page, new RegExp(`export function ${name}\\(`), path);
  }
  for (const { name, inside } of SECTIONS) {
    assert.ok(en[name], name);
    assert.ok(!inside || SECTIONS.some(({ at }) => at === inside), name);
  }
  const keys = SECTIONS.map(({ key }) => key).filter(Boolean);
  assert.equal(new Set(keys).size, keys.length);
});
