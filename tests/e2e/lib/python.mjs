// Tests that are Python programs, because what they use is.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { BINARY, run } from "./agent.mjs";

export const TOP = path.resolve("../..");

/** Runs one from the top of the tree; it prints "skipped: …" where it cannot run. */
export async function python(t, ...args) {
  const env = { ...process.env, CAPYDECK: BINARY };
  const result = await run("/usr/bin/python3", args, { cwd: TOP, env });
  if (result.stdout.startsWith("skipped:")) {
    return t.skip(result.stdout.trim());
  }
  assert.equal(result.code, 0, `${result.stdout}${result.stderr}`);
}

/** The names of the functions "case_…" of a file beside the tests. */
export function cases(file) {
  return [...fs.readFileSync(file, "utf8").matchAll(/^def case_(\w+)/gm)].map(([, name]) => name);
}
