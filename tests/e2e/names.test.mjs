// Disks that take several names for one, or refuse some: told at init_upload, and nothing is ever lost.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { DiskImage, cannotMount } from "./lib/disk_image.mjs";
import { Game, Hub, ReplyError, bytesOf, sendChunks, upload } from "./lib/hub.mjs";
import { Pc } from "./lib/push.mjs";
import { filesOf, readFiles, writeFiles } from "./lib/tree.mjs";
import { until } from "./lib/wait.mjs";

const MEGABYTES = 160; // more than the agent wants to have left
const exfat = { skip: cannotMount("exfat") };

/** A Deck whose library is a disk of its own. */
async function deckOn(t, kind) {
  const disk = DiskImage.make(t, { kind, megabytes: MEGABYTES });
  const deck = new Deck(t, { library: path.join(disk.path, "Games") });
  const agent = await startAgent(t, { deck });
  return { deck, agent, hub: await Hub.paired(agent) };
}

async function refusal(hub, game, config = {}) {
  const error = await hub.request("init_upload", game.initPayload(config)).then(
    () => assert.fail(`${game.name} was accepted`),
    (reason) => reason,
  );
  assert.ok(error instanceof ReplyError, error);
  assert.equal(error.code, 400);
  return error.message;
}

const uploadsOf = (deck) => {
  const dir = path.join(deck.library, ".capydeck/uploads");
  return fs.existsSync(dir) ? fs.readdirSync(dir) : [];
};

test("exFAT: two files that become one are refused before a byte is sent", exfat, async (t) => {
  const { deck, hub } = await deckOn(t, "exfat");
  for (const files of [
    { "Data/A.txt": "one", "data/a.txt": "two" },
    { "Data/A.txt": "one", "data/a.txt": "longer" },
    { "Data": "one", "data/a.txt": "two" },
    { "Ä.pak": "one", "ä.pak": "two" },
  ]) {
    const message = await refusal(hub, new Game("Twins", files));
    for (const name of Object.keys(files)) {
      assert.ok(message.includes(`'${name}'`), message);
    }
    assert.match(message, /rename/);
  }
  assert.deepEqual(uploadsOf(deck), []);
  assert.ok(!fs.existsSync(deck.game("Twins")));
  const merged = new Game("Twins", { "Data/A.txt": "one", "data/B.txt": "two", "ä/x": "three" });
  const { result } = await upload(hub, merged);
  assert.equal(fs.readFileSync(path.join(result.path, "data/a.TXT"), "utf8"), "one");
  assert.equal(fs.readFileSync(path.join(result.path, "Data/B.txt"), "utf8"), "two");
});

test("exFAT: all that is refused is told at once, and push prints it as a list", exfat, async (t) => {
  const { deck, agent, hub } = await deckOn(t, "exfat");
  const files = {};
  for (let i = 0; i < 14; i++) {
    files[`maps/level:${i}.map`] = "x";
  }
  const game = new Game("Colons", { ...files, "fine.sh": "#!/bin/sh\n" });
  const message = await refusal(hub, game);
  assert.match(message, /for 14 reasons: \(1\) .*; \(10\) .*; and 4 more; rename/);
  hub.drop();
  const pc = new Pc(t);
  const push = pc.start([pc.save(game), "--to", `127.0.0.1:${agent.port}`, "--exe", "fine.sh", "--code", "-"]);
  await until("a code is shown", async () => (await agent.pairing()).active);
  push.child.stdin.write(`${await agent.code()}\n`);
  const { code, stderr } = await push.end();
  assert.equal(code, 1, stderr);
  assert.equal(stderr.match(/^ {2}\(\d+\) .*'maps\/level:\d+\.map'/gm)?.length, 10, stderr);
  assert.deepEqual(uploadsOf(deck), []);
});

test("exFAT: our own folder in another spelling is ours, and a game beside it outlives a restart", exfat, async (t) => {
  const { deck, agent, hub } = await deckOn(t, "exfat");
  const inside = await refusal(hub, new Game("Victim", { a: "1" }), {
    installPath: path.join(deck.library, ".CAPYDECK/uploads"),
  });
  assert.match(inside, /\.capydeck/);
  const game = new Game("Kept", { "a": "1" });
  const { result } = await upload(hub, game);
  for (const spelling of ["KEPT", "kept/sub", "Kept"]) {
    const message = await refusal(hub, new Game("Inner", { a: "2" }), {
      installPath: path.join(deck.library, spelling),
    });
    assert.match(message, /inside the folder of 'Kept'/);
  }
  const open = new Game("Coming", { "b": "1" });
  await hub.request("init_upload", open.initPayload());
  const coming = await refusal(hub, new Game("Inner", { a: "2" }), {
    installPath: path.join(deck.library, "COMING/data"),
  });
  assert.match(coming, /unfinished upload of 'Coming'/);
  await agent.stop();
  await startAgent(t, { deck });
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("exFAT: an update that changes only the case of names loses nothing, also when it is resumed", exfat, async (t) => {
  const { deck, agent, hub } = await deckOn(t, "exfat");
  const first = new Game("Cased", { "Data/A.txt": bytesOf("a", 5000), "Data/B.txt": bytesOf("b", 3 << 20) });
  const { result } = await upload(hub, first, { hashes: true });
  writeFiles(result.path, { "Data/save.dat": "mine" });

  const second = new Game("Cased", { "data/a.txt": bytesOf("a", 5000), "data/b.txt": bytesOf("c", 3 << 20) });
  const init = await hub.request("init_upload", second.initPayload({ hashes: true }));
  await sendChunks(hub, init.uploadId, second.chunks({ resumeFrom: init.resumeFrom }), {
    onAck: (count) => count < 2,
  });
  await agent.stop();
  const again = await Hub.ready(await startAgent(t, { deck }), { token: hub.token, hubId: hub.hubId });
  const { result: updated } = await upload(again, second, { hashes: true });
  assert.equal(updated.path, result.path);
  for (const [name, bytes] of second.files) {
    assert.deepEqual(fs.readFileSync(path.join(updated.path, name)), bytes, name);
  }
  assert.equal(fs.readFileSync(path.join(updated.path, "data/save.dat"), "utf8"), "mine");
  assert.deepEqual(
    fs.readdirSync(path.join(updated.path, "Data")).map((name) => name.toLowerCase()).sort(),
    ["a.txt", "b.txt", "save.dat"],
  );
});

test("NTFS: names that it tells apart are all there", { skip: cannotMount("ntfs") }, async (t) => {
  const { hub } = await deckOn(t, "ntfs");
  const game = new Game("Twins", { "Data/A.txt": "one", "data/a.txt": "two", "DATA": "three" });
  const { result } = await upload(hub, game);
  assert.deepEqual(readFiles(result.path), filesOf(game));
});
