// A reporter of node's test runner that ends with the sum of node_tests. A failure counts once: a parent whose
// subtests failed is no failure of its own, nor are tests that did not run because their suite could not
// begin, and a hook that fails before each of many tests is one failure.
import fs from "node:fs";

const { RESULTS } = process.env;
/** Failures that follow from another one. */
const CONSEQUENCES = ["subtestsFailed", "cancelledByParent", "parentAlreadyFinished"];

/** What makes two failed hooks the same one: where it failed, and why. */
function hookOf({ file, details }) {
  const { cause } = details.error;
  const [place] = /^ +at .*/m.exec(cause?.stack ?? "") ?? [""];
  return `${file} ${cause?.message ?? cause} ${place}`;
}

export default async function* count(events) {
  const hooks = new Set();
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  let notRun = 0;
  for await (const { type, data } of events) {
    const failure = data.details?.error?.failureType;
    if (type === "test:pass" && data.details.type !== "suite") {
      if (data.skip !== undefined && data.skip !== false) {
        skipped++;
      } else {
        passed++;
      }
    } else if (type === "test:fail" && failure === "hookFailed") {
      if (!hooks.has(hookOf(data))) {
        hooks.add(hookOf(data));
        failed++;
      } else {
        notRun++;
      }
    } else if (type === "test:fail" && !CONSEQUENCES.includes(failure)) {
      failed++;
    } else if (type === "test:fail" && failure !== "subtestsFailed") {
      notRun++;
    }
    yield "";
  }
  fs.writeFileSync(RESULTS, `${passed} ${failed} ${skipped} ${notRun}\n`);
}
