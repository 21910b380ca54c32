// capydeck-fetch, the agent's child that downloads, on a network of namespaces: fetch_test.py.
import test from "node:test";

import { IS_ROOT } from "./lib/agent.mjs";
import { cases, python } from "./lib/python.mjs";

for (const name of cases("fetch_test.py")) {
  test(`fetch: ${name.replaceAll("_", " ")}`, { skip: IS_ROOT ? false : "needs root" }, (t) =>
    python(t, "tests/e2e/fetch_test.py", name),
  );
}
