import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { find } from "../find.js";
import en from "../lang/en.js";
import ru from "../lang/ru.js";
import { ARTICLES, CHAPTERS, WRITTEN, about, chapterOf, picture, pieces, plain, sentence } from "../manual/contents.js";
import english from "../manual/en.js";
import russian from "../manual/ru.js";
import { SECTIONS } from "../routes.js";

const LANGUAGES = /** @type {const} */ ([["ru", russian, ru], ["en", english, en]]);
/** @param {import("../manual/contents.js").Article} article */
const sentences = ({ title, why, steps, good = [] }) => [title, why, ...steps.map(sentence), ...good];

test("both languages have the articles of the contents, with the same steps and pictures", () => {
  for (const [, { chapters, articles }] of LANGUAGES) {
    assert.deepEqual(Object.keys(articles).sort(), WRITTEN.flatMap(({ articles: entries }) => entries.map(({ id }) => id)).sort());
    assert.deepEqual(Object.keys(chapters), CHAPTERS.map(({ id }) => id));
  }
  for (const id of Object.keys(russian.articles)) {
    assert.deepEqual(russian.articles[id].steps.map(picture), english.articles[id].steps.map(picture), id);
    assert.equal(russian.articles[id].good?.length, english.articles[id].good?.length, id);
  }
});

test("every «label» of the manual is a word of the page in its language", () => {
  for (const [language, { articles }, words] of LANGUAGES) {
    const known = new Set(Object.values(words).filter((word) => typeof word === "string"));
    for (const [id, article] of Object.entries(articles)) {
      const labels = sentences(article).flatMap(pieces).filter(({ kind }) => kind === "label");
      assert.deepEqual(labels.filter(({ text }) => !known.has(text)).map(({ text }) => text), [], `${language} ${id}`);
    }
  }
});

test("every {article} is there, and no text is empty or has a mark that does not close", () => {
  for (const [language, { articles }] of LANGUAGES) {
    for (const [id, article] of Object.entries(articles)) {
      for (const text of sentences(article)) {
        assert.ok(text.trim(), `${language} ${id}`);
        for (const { kind, text: inside } of pieces(text)) {
          if (kind === "article") assert.ok(articles[inside], `${language} ${id}: {${inside}}`);
          if (kind === "text") assert.doesNotMatch(inside.replaceAll(/„[^“]*“/g, ""), /[«»“”`{}]/, `${language} ${id}: ${text}`);
        }
      }
    }
  }
});

test("Russian texts quote no English labels, and English texts no Russian ones", () => {
  assert.doesNotMatch(JSON.stringify(russian), /“[^”]*[A-Za-z]{3}[^”]*”/);
  assert.doesNotMatch(JSON.stringify(english), /[А-Яа-яЁё«»]/);
});

test("every section of the page has an article, and an article that is shown is about a section that is there", () => {
  for (const { at } of SECTIONS.filter(({ at }) => at !== "help")) assert.ok(about(at).length > 0, at);
  for (const { id, about: sections } of ARTICLES) {
    assert.ok(SECTIONS.some(({ at }) => at === sections[0]), id);
    assert.ok(chapterOf(id), id);
  }
  assert.equal(about("extensions")[0], "add-employee");
  assert.equal(about("routing")[0], "draw-route");
});

test("an article is found by a word of its text, in any order of its words", () => {
  const things = ARTICLES.map(({ id }) => ({ text: russian.articles[id].title, about: "", href: id, words: plain(russian.articles[id]) }));
  const first = (/** @type {string} */ question) => find(things, question)[0]?.href;
  assert.equal(first("пароль оператор"), "carrier-password");
  assert.equal(first("роутер порты"), "connect-number");
  assert.equal(first("припарковать"), "parking");
  assert.equal(first("sip alg"), "no-registration");
  assert.ok(find(things, "112").some(({ href }) => href === "emergency"));
});

test("the manual is not of the first load", () => {
  const root = new URL("..", import.meta.url);
  for (const name of [...readdirSync(root).filter((name) => name.endsWith(".js")), "parts/shell.js"]) {
    assert.doesNotMatch(readFileSync(new URL(name, root), "utf8"), /from "\.{1,2}\/manual\//, name);
  }
});
