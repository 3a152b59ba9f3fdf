import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import en from "../lang/en.js";
import ru from "../lang/ru.js";

const root = new URL("..", import.meta.url);
const sources = ["", "pages/", "parts/", "desk/"].flatMap((folder) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith(".js") && name !== "carriers.js") // whose names and notes are data
    .map((name) => readFileSync(new URL(folder + name, root), "utf8")),
);
const code = sources.join("\n");

test("both languages have the same keys, of the same kind, and no empty word", () => {
  assert.deepEqual(Object.keys(ru), Object.keys(en));
  for (const key of Object.keys(ru)) {
    assert.equal(typeof ru[key], typeof en[key], key);
    for (const words of [ru, en]) assert.notEqual(words[key], "", key);
  }
});

test("a word takes the same values in both languages", () => {
  const values = (word) => /^\(\{([^}]*)\}/.exec(String(word))?.[1].match(/\w+(?= =)/g) ?? [];
  for (const key of Object.keys(ru)) {
    if (typeof ru[key] === "function") assert.deepEqual(values(ru[key]), values(en[key]), key);
  }
});

test("no word stands unused", () => {
  // These are found by a word of the box: `step_${kind}`, `outcome_${row.outcome}` …
  const built = ["step_", "end_", "outcome_", "state_", "dir_", "phone_", "code_", "does_", "codes_", "mail_", "part_", "ring_", "right_", "strategy_", "srtp_",
    "format_", "caller_", "day_", "role_", "doctor_", "refused_", "sso_step_", "origin_", "dest_", "kind_", "kinds_", "event_", "log_from_", "log_is_", "syslog_", "place_",
    ...["how_", "is_", "out_", "key_", "transport_"].map((start) => `tel_${start}`),
    ...["kind_", "does_", "choose_", "out_", "when_", "where_", "day_", "sub_", "did_", "said_"].map((start) => `desk_${start}`)];
  const isBuilt = (key) => built.some((start) => key.startsWith(start) && code.includes(`\`${start}\${`));
  const unused = Object.keys(ru).filter((key) => !isBuilt(key) && !code.includes(`"${key}"`));
  assert.deepEqual(unused, []);
});

test("pages spell out no Russian of their own but the name of the language", () => {
  const strings = code.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, "").replace('"Рус"', "");
  assert.equal(/[А-Яа-яЁё]/.exec(strings), null);
});
