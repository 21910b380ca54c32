// What is held against other implementations in Python: discovery (python3-zeroconf on a network
// made of namespaces) and Steam's files (python3-vdf). Their own heads say more.
import path from "node:path";
import test from "node:test";

import { BINARY, IS_ROOT } from "./lib/agent.mjs";
import { TOP, cases, python } from "./lib/python.mjs";

const build = path.dirname(BINARY);
const skip = process.env.CAPYDECK_SANITIZED ? "once, with the plain build" : false;

test("shortcuts.vdf and config.vdf: python3-vdf and we read and write the same", { skip }, (t) =>
  python(t, "tests/e2e/vdf_cross.py", path.relative(TOP, build)),
);

for (const name of cases("mdns_test.py")) {
  test(`mDNS: ${name.replaceAll("_", " ")}`, { skip: skip || (IS_ROOT ? false : "needs root") }, (t) =>
    python(t, "tests/e2e/mdns_test.py", name),
  );
}
