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

test("every setting of the agent has a name and a help, and what may be refused is explained", () => {
  const config = fs.readFileSync("native/agent/config_keys.c", "utf8");
  const keys = [...config.matchAll(/\{ FIELD\(\w+, "([\w.]+)", JSON_(\w+)/g)];
  assert.ok(keys.length > 10);
  const wanted = keys.flatMap(([, key, type]) => [
    ...[key, `help.${key}`],
    ...(type === "BOOL" ? [] : [`allowed.${key}`]),
  ]);
  assert.deepEqual(
    wanted.filter((key) => !Object.hasOwn(table, key)),
    [],
  );
});

/** What a language says as English does. */
const ALIKE = {
  de: ["agent.name", "agent.port", "diagVersion", "secondsLeft", "steam"],
  es: ["secondsLeft", "steam"],
  fr: ["agent.port", "diagVersion", "secondsLeft", "steam"],
  ja: ["steam"],
  pt: ["secondsLeft", "steam"],
  zh: ["steam"],
};

test("nothing is left in English in the other languages", () => {
  for (const [language, alike] of Object.entries(ALIKE)) {
    const at = languages.indexOf(language);
    const same = Object.entries(table).filter(([, row]) => row[at] === row[0]);
    assert.deepEqual(same.map(([key]) => key).sort(), alike, language);
  }
});

test("a text names a page, a switch or a list as it is called in that language", () => {
  const named = { helpListening: "advanced", helpAccept: "accept", deleteText: "trash" };
  for (const [key, name] of Object.entries(named)) {
    for (const [i, text] of table[key].entries()) {
      assert.ok(text.includes(table[name][i]), `${key} in ${languages[i]}`);
    }
  }
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
