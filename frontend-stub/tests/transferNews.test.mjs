import assert from "node:assert/strict";
import test from "node:test";

import { TransferWatch } from "../../build/ui/transferNews.js";

const upload = (state, more) => ({
  ...{ uploadId: "u1", dir: "/games/Doom", state, startedAt: 1_000_500 },
  ...more,
});
const installed = { dir: "/games/Doom", installedAt: 1000 };

/** What each look tells. */
function looks(...lists) {
  const watch = new TransferWatch();
  return lists.map(([uploads, games = []]) => watch.look(uploads, games).map(({ kind }) => kind));
}

test("the initial state is not reported", () => {
  assert.deepEqual(looks([[upload("receiving")]], [[upload("receiving")]]), [[], []]);
  assert.deepEqual(looks([[upload("paused")]], [[upload("paused")]]), [[], []]);
});

test("a transfer starts and is installed", () => {
  const completing = [upload("completing")];
  const steps = [[[]], [[upload("receiving")]], [completing], [completing, [installed]], [[], [installed]]];
  assert.deepEqual(looks(...steps), [[], ["started"], [], [], ["installed"]]);
});

test("an earlier build that stays is not taken for the cancelled one", () => {
  const earlier = { ...installed, installedAt: 999 };
  assert.deepEqual(looks([[upload("receiving")]], [[], [earlier]]), [[], ["cancelled"]]);
});

test("a lasting interruption is reported once", () => {
  const [running, paused] = [[[upload("receiving")]], [[upload("paused")]]];
  assert.deepEqual(looks(running, paused, paused, paused), [[], [], ["interrupted"], []]);
  assert.deepEqual(looks(running, paused, running, paused, running), [[], [], [], [], []]);
});

test("whether to look again", () => {
  const watch = new TransferWatch();
  watch.look([upload("receiving")], []);
  assert.equal(watch.isUndecided, false);
  watch.look([upload("paused")], []);
  assert.equal(watch.isUndecided, true);
  watch.look([], []);
  assert.equal(watch.isUndecided, false);
});

test("a game that came too quickly for its upload to be seen is installed; a restored one is not", () => {
  const watch = new TransferWatch();
  const game = (dir, installedAt) => ({ dir, name: dir, installedAt, sizeBytes: 5 });
  const told = (games) => watch.look([], games).map(({ kind, upload }) => [kind, upload.gameName]);
  assert.deepEqual(told([game("old", 50)]), []);
  assert.deepEqual(told([game("old", 50), game("quick", 60)]), [["installed", "quick"]]);
  assert.deepEqual(told([game("old", 50)]), []);
  assert.deepEqual(told([game("quick", 60), game("old", 50)]), []);
  assert.deepEqual(told([game("quick", 70), game("old", 50)]), [["installed", "quick"]]);
});
