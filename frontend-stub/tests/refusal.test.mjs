import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { IpcError } from "../../build/ui/ipc/methods.js";
import { explain, kindOf } from "../../build/ui/refusal.js";
import { table } from "../../build/ui/strings/table.js";
import { Texts } from "../../build/ui/strings/text.js";

const german = new Texts("de");
const refusal = (data) => new IpcError(-32002, "The agent's own sentence.", data);

test("a reason that has a text is told in the user's language, with its values", () => {
  const told = explain(refusal({ reason: "installed_again", name: "Doom" }), german);
  assert.equal(told, "„Doom“ ist wieder installiert. Lösche das zuerst.");
  const key = "games.trashDays";
  assert.equal(
    explain(refusal({ reason: "setting_not_allowed", key }), german),
    "Erlaubt ist eine ganze Zahl von 1 bis 90.",
  );
});

test("anything else is the agent's sentence", () => {
  const sentence = "The agent's own sentence.";
  assert.equal(explain(refusal(undefined), german), sentence);
  assert.equal(explain(refusal({ reason: "brand_new" }), german), sentence);
  assert.equal(explain(refusal({ reason: "setting_not_allowed", key: "brand.new" }), german), sentence);
  assert.equal(explain(refusal({ reason: "constructor" }), german), sentence);
  assert.equal(explain(new Error("no network"), german), "no network");
});

test("the kind is in the user's language", () => {
  assert.equal(kindOf(refusal(), german), "Das ist gerade nicht möglich");
  assert.equal(kindOf(new Error("?"), german), "Etwas ist schiefgelaufen");
});

/** The agent's reasons, as its sources and its page have them. */
function reasonsOf(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return reasonsOf(file);
    }
    const text = file.endsWith(".c") ? fs.readFileSync(file, "utf8") : "";
    return [...text.matchAll(/error_explain\([^;]*?"(\w+)"/g)].map(([, reason]) => reason);
  });
}

test("every reason of the agent's has a text and is on its page, and the reverse", () => {
  const page = fs.readFileSync("native/control/README.md", "utf8").split("\n## Errors\n")[1];
  const listed = [...page.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, names]) =>
    [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name),
  );
  const reasons = [...new Set(reasonsOf("native"))].sort();
  assert.ok(reasons.length > 10);
  assert.deepEqual(listed.sort(), reasons);
  const texts = Object.keys(table)
    .filter((key) => key.startsWith("refused."))
    .map((key) => key.slice("refused.".length));
  assert.deepEqual([...texts, "setting_not_allowed"].sort(), reasons);
});
