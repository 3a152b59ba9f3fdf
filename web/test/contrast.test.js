// Every pair of tokens that meets on the page has the contrast of WCAG 2 in both themes: text 4.5, lamps and edges 3.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const css = readFileSync(new URL("../style/tokens.css", import.meta.url), "utf8").split("@media")[0];
const tokens = Object.fromEntries(
  [...css.matchAll(/--([\w-]+):\s*light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [name, [light, dark]]),
);
const STATES = ["ok", "live", "warn", "bad", "what"];
const INKS = ["ink", "ink-2", "ink-3", ...STATES.map((state) => `${state}-text`)];

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

test("words and lamps stand out from every ground they meet", () => {
  const text = [
    ...["bg", "surface", "sunken", "raised", "hover"].flatMap((ground) => INKS.map((ink) => [ink, ground])),
    ...STATES.flatMap((state) => [`${state}-text`, "ink", "ink-2"].map((ink) => [ink, `${state}-soft`])),
    ...[["on-live", "live-solid"], ["on-primary", "primary"], ["on-primary", "primary-hover"], ["ink-2", "pressed"], ["ink", "chosen"]],
  ];
  const lamps = [
    ...STATES.flatMap((state) => ["surface", "bg", "raised"].map((ground) => [`${state}-lamp`, ground])),
    ...["line-strong", "idle-lamp", "focus"].flatMap((edge) => ["surface", "bg"].map((ground) => [edge, ground])),
  ];
  const weak = [
    ...text.map((pair) => [...pair, 4.5]),
    ...lamps.map((pair) => [...pair, 3]),
  ].flatMap(([fore, ground, least]) =>
    [0, 1].filter((theme) => contrast(tokens[fore][theme], tokens[ground][theme]) < least).map((theme) => `${fore} on ${ground} in theme ${theme}`),
  );
  assert.deepEqual(weak, []);
});
