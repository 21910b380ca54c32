import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { languages, table } from "../../build/ui/strings/table.js";
import { languageOf, Texts } from "../../build/ui/strings/text.js";

const placeholders = (text) => (text.match(/\{\w+\}/g) ?? []).sort();

test("every row has a text and the same placeholders in every language", () => {
  for (const [key, row] of Object.entries(table)) {
    assert.equal(row.length, languages.length, key);
    for (const [i, text] of row.entries()) {
      assert.equal(text.trim(), text, `${key} in ${languages[i]}`);
      assert.notEqual(text, "", `${key} in ${languages[i]}`);
      assert.deepEqual(placeholders(text), placeholders(row[0]), `${key} in ${languages[i]}`);
    }
  }
});

test("the overlay speaks the same languages", () => {
  const overlay = fs.readFileSync("native/overlay/overlay_strings.c", "utf8");
  const rows = [...overlay.matchAll(/^\t\t"(\w\w)",$/gm)].map(([, language]) => language);
  assert.deepEqual(rows, [...languages]);
});

test("every setting of the agent has a name", () => {
  const config = fs.readFileSync("native/agent/config_keys.c", "utf8");
  const keys = [...config.matchAll(/\{ FIELD\(\w+, "([\w.]+)"/g)].map(([, key]) => key);
  assert.ok(keys.length > 10);
  assert.deepEqual(
    keys.filter((key) => !Object.hasOwn(table, key)),
    [],
  );
});

test("a language is Steam's name of it, or a locale", () => {
  const cases = {
    german: "de",
    latam: "es",
    brazilian: "pt",
    tchinese: "zh",
    "pt-BR": "pt",
    ja: "ja",
    klingon: "en",
  };
  for (const [name, language] of Object.entries({
    ...cases,
    "": "en",
    spanish: "es",
    portuguese: "pt",
    french: "fr",
  })) {
    assert.equal(languageOf(name), language, name);
  }
});

test("texts are filled in with any value", () => {
  const texts = new Texts("de");
  assert.equal(texts.get("pairTitle", { name: "{name} $&" }), "Mit {name} $& koppeln?");
  assert.equal(texts.get("pairTitle", { name: "<b>&amp;" }), "Mit <b>&amp; koppeln?");
  assert.equal(texts.setting("agent.name"), "Name");
  assert.equal(texts.setting("brand.new"), "brand.new");
});

test("a right-to-left name does not reorder its sentence", () => {
  const texts = new Texts("en");
  for (const name of ["مكتب", "מחשב", "x\u202egnp"]) {
    assert.equal(texts.get("pairTitle", { name }), `Pair with \u2068${name}\u2069?`);
  }
  for (const name of ["書斎", "Büro", "Кабинет"]) {
    assert.equal(texts.get("pairTitle", { name }), `Pair with ${name}?`);
  }
});
