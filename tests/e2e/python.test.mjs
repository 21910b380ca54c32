// What is held against other implementations in Python: discovery (python3-zeroconf on a network
// made of namespaces) and Steam's files (python3-vdf). Their own heads say more.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { BINARY, IS_ROOT, run } from "./lib/agent.mjs";

const TOP = path.resolve("../..");
const build = path.dirname(BINARY);
const skip = process.env.CAPYDECK_SANITIZED ? "once, with the plain build" : false;

async function python(t, ...args) {
  const result = await run("/usr/bin/python3", args, { cwd: TOP, env: process.env });
  if (result.stdout.startsWith("skipped:")) {
    return t.skip(result.stdout.trim());
  }
  assert.equal(result.code, 0, `${result.stdout}${result.stderr}`);
}

test("shortcuts.vdf: python3-vdf and we read and write the same", { skip }, (t) =>
  python(t, "tests/e2e/vdf_cross.py", path.relative(TOP, build)),
);

const cases = fs.readFileSync("mdns_test.py", "utf8").matchAll(/^def case_(\w+)/gm);
for (const [, name] of cases) {
  test(`mDNS: ${name.replaceAll("_", " ")}`, { skip: skip || (IS_ROOT ? false : "needs root") }, (t) =>
    python(t, "tests/e2e/mdns_test.py", name),
  );
}
