// ../node_tests itself: a failure counts once.
import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";

import { run } from "./lib/agent.mjs";

const FILES = {
  "hooks.test.mjs": `
    import { before, beforeEach, describe, it } from "node:test";
    describe("cannot begin", () => {
      before(async () => { throw new Error("no fixture"); });
      for (let i = 0; i < 9; i++) it("case " + i, () => {});
    });
    describe("cannot begin any case", () => {
      beforeEach(() => { throw new Error("no fixture for each"); });
      for (let i = 0; i < 9; i++) it("case " + i, () => {});
    });`,
  "parents.test.mjs": `
    import test from "node:test";
    test("a parent of one that fails", async (t) => {
      await t.test("good", () => {});
      await t.test("bad", () => { throw new Error("bad"); });
    });
    test("good", () => {});
    test("skipped", { skip: "not here" }, () => {});`,
  "broken.test.mjs": `throw new Error("no file of tests");`,
};

/** Runs these files; resolves to {code, stdout} . */
async function runFiles(t, names) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-runner-"));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const files = names.map((name) => path.join(folder, name));
  files.forEach((file, i) => fs.writeFileSync(file, FILES[names[i]]));
  const { NODE_TEST_CONTEXT, SLOWEST, ...env } = process.env; // those of this very run
  return run(path.resolve("../node_tests"), ["inner", ...files], { env });
}

for (const [names, sum] of [
  [["hooks.test.mjs"], "0 passed, 2 failed, 0 skipped"],
  [["parents.test.mjs"], "2 passed, 1 failed, 1 skipped"],
  [["broken.test.mjs"], "0 passed, 1 failed, 0 skipped"],
  [Object.keys(FILES), "2 passed, 4 failed, 1 skipped"],
]) {
  test(`${names.join(", ")}: ${sum}`, async (t) => {
    const { code, stdout } = await runFiles(t, names);
    assert.equal(stdout.trimEnd().split("\n").at(-1), `inner: ${sum}`);
    assert.notEqual(code, 0);
  });
}
