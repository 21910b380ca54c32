import assert from "node:assert/strict";
import test from "node:test";

import { runAll, standStill } from "./timers.mjs";
import { Pulled } from "../../build/ui/ipc/pulled.js";

/** Time stands still in these tests: a pause of a part's is over when this says so. */
async function settled() {
  for (let turns = 0; turns < 3; turns++) {
    await new Promise(setImmediate);
    runAll();
  }
}
test.before(standStill);

test("nothing is requested without a watcher", async () => {
  let asked = 0;
  const part = new Pulled(async () => ++asked, 0);
  part.refresh();
  await settled();
  assert.equal(asked, 0);
  const seen = [];
  const unwatch = part.watch(() => seen.push(part.get().value));
  await settled();
  assert.deepEqual(seen, [1]);
  unwatch();
  part.refresh();
  await settled();
  assert.equal(asked, 1);
  part.watch(() => {});
  await settled();
  assert.equal(asked, 2, "it had become old meanwhile");
});

test("many hints cause one request, and a hint during it causes another", async () => {
  const questions = [];
  const part = new Pulled(() => new Promise((resolve) => questions.push(resolve)), 0);
  part.watch(() => {});
  for (let i = 0; i < 10; i++) {
    part.refresh();
  }
  assert.equal(questions.length, 1);
  questions[0]("old");
  await settled();
  assert.equal(questions.length, 2);
  questions[1]("new");
  await settled();
  assert.deepEqual(part.get(), { value: "new", error: undefined });
  assert.equal(questions.length, 2);
});

test("a failed request is repeated for a new watcher or a hint", async () => {
  let asked = 0;
  const part = new Pulled(() => Promise.reject(new Error(`attempt ${++asked}`)), 0);
  part.watch(() => {});
  await settled();
  assert.equal(asked, 1);
  part.watch(() => {});
  await settled();
  assert.equal(asked, 2);
  part.refresh();
  await settled();
  assert.deepEqual(part.get(), { value: undefined, error: "attempt 3" });
});

test("a failure keeps the known state", async () => {
  const answers = [async () => 1, async () => Promise.reject(new Error("away"))];
  const part = new Pulled(() => answers.shift()(), 0);
  part.watch(() => {});
  await settled();
  part.refresh();
  await settled();
  assert.deepEqual(part.get(), { value: 1, error: "away" });
});
