// design.md §3.2: an interrupted upload continues where it stopped, whatever interrupted it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, IS_ROOT, startAgent } from "./lib/agent.mjs";
import { Game, Hub, ReplyError, bytesOf, sendChunks, upload } from "./lib/hub.mjs";
import { filesOf, readFiles, readTree } from "./lib/tree.mjs";
import { WAIT_MS, until } from "./lib/wait.mjs";

const MIB = 1024 * 1024;

function build(name, tag = name) {
  const files = { "game.bin": bytesOf(`${tag}:big`, 5 * MIB + 123), "empty.cfg": "" };
  for (let i = 0; i < 24; i++) {
    files[`levels/${i % 5}/${i}.dat`] = bytesOf(`${tag}:${i}`, 10_000 + i * 7919);
  }
  return new Game(name, files);
}

const held = (resumeFrom = {}) => Object.values(resumeFrom).reduce((sum, bytes) => sum + bytes, 0);

for (const hashes of [false, true]) {
  test(`after a dropped connection, ${hashes ? "with" : "without"} hashes`, async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent);
    const game = build("Dropped");
    const init = await hub.request("init_upload", game.initPayload({ hashes }));
    const acks = await sendChunks(hub, init.uploadId, game.chunks(), {
      inFlight: 4,
      onAck: (count) => count < 12,
    });
    assert.ok(acks >= 12);
    await hub.drop();
    await until("the upload is shown as paused", async () => {
      const uploads = await agent.deck.ctlJson("uploads");
      return JSON.stringify(uploads).includes("paused");
    });
    const again = await Hub.ready(agent, { token: hub.token });
    const { init: second, result } = await upload(again, game, { hashes });
    assert.ok(held(second.resumeFrom) > 3 * MIB, `holds ${held(second.resumeFrom)} bytes`);
    for (const [name, bytes] of Object.entries(second.resumeFrom)) {
      assert.ok(bytes > 0 && bytes <= game.files.get(name).length, `${name}: ${bytes}`);
    }
    assert.deepEqual(readFiles(result.path), filesOf(game));
    assert.deepEqual(await agent.deck.ctlJson("uploads").then(listOf), []);
  });
}

/** `ctl uploads --json` is a list, or an object that holds one. */
function listOf(uploads) {
  return Array.isArray(uploads) ? uploads : uploads.uploads;
}

test("after a tidy stop of the agent nothing is sent again", async (t) => {
  const deck = new Deck(t);
  const first = await startAgent(t, { deck });
  const hub = await Hub.paired(first);
  const game = build("Stopped");
  const init = await hub.request("init_upload", game.initPayload({ hashes: true }));
  await sendChunks(hub, init.uploadId, game.chunks());
  assert.deepEqual(await first.stop(), { code: 0, signal: null });
  await hub.closed;

  const second = await startAgent(t, { deck });
  const again = await Hub.ready(second, { token: hub.token });
  const { init: resumed, result } = await upload(again, game, { hashes: true });
  assert.equal(held(resumed.resumeFrom), game.totalSize);
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("after kill -9 at 50 random moments the tree is identical", async (t) => {
  const deck = new Deck(t);
  let agent = await startAgent(t, { deck });
  const pairing = await Hub.paired(agent);
  await pairing.close();
  const { token } = pairing;
  for (let round = 0; round < 50; round++) {
    const hashes = round % 2 === 0;
    const inFlight = [1, 3, 8][round % 3];
    const game = build(`Killed ${round}`);
    const total = [...game.chunks()].length;
    const hub = await Hub.ready(agent, { token });
    const stopAt = Math.floor(Math.random() * (total + 10));
    const what = `round ${round}: killed at ${stopAt} of ${total}, hashes ${hashes}`;

    const { uploadId } = await hub.request("init_upload", game.initPayload({ hashes }));
    const killed = (async () => {
      await sendChunks(hub, uploadId, game.chunks(), {
        inFlight,
        onAck: (count) => (count === stopAt ? agent.child.kill("SIGKILL") : true),
      });
      if (stopAt > total) {
        hub.ask("complete_upload", { uploadId, createShortcut: false }).catch(() => {});
        setTimeout(() => agent.child.kill("SIGKILL"), Math.random() * 15);
      } else if (stopAt === 0) {
        agent.child.kill("SIGKILL");
      }
    })();
    await Promise.all([killed.catch(() => {}), agent.exited]);
    await hub.closed;

    agent = await startAgent(t, { deck });
    const found = readFiles(deck.game(game.name));
    assert.ok(
      Object.keys(found).length === 0 || Object.keys(found).length === game.files.size,
      `${what}: a game is there as a whole or not at all`,
    );
    const again = await Hub.ready(agent, { token });
    const { init, result } = await upload(again, game, { hashes, inFlight });
    for (const [name, bytes] of Object.entries(init.resumeFrom ?? {})) {
      assert.ok(bytes <= game.files.get(name)?.length, `${what}: ${name} ${bytes}`);
    }
    assert.deepEqual(readFiles(result.path), filesOf(game), what);
    assert.equal(result.path, deck.game(game.name), what);
    await again.close();
    fs.rmSync(result.path, { recursive: true });
  }
  const staging = path.join(deck.library, ".capydeck/uploads");
  await until("no staging is left behind", () => fs.readdirSync(staging).length === 0);
});

/** What an upload's journal vouches for. */
function durableBytes(deck, { uploadId }) {
  const journal = fs.readFileSync(path.join(deck.library, ".capydeck/uploads", uploadId, "journal"), "utf8");
  const ranges = [...journal.matchAll(/ range \d+ (\d+) (\d+)\n/g)];
  return ranges.reduce((sum, [, start, end]) => sum + (end - start), 0);
}

test("after kill -9 of a big upload most of it is still held", async (t) => {
  const deck = new Deck(t);
  const first = await startAgent(t, { deck });
  const hub = await Hub.paired(first);
  const game = new Game("Big", { "big.pak": bytesOf("big", 160 * MIB) });
  const init = await hub.request("init_upload", game.initPayload());
  const chunks = [...game.chunks()].slice(0, 150);
  await sendChunks(hub, init.uploadId, chunks, { inFlight: 8 });
  // The disk may lag behind by as much as it takes in a few seconds; chunks set it going again.
  await until("most of it is on the disk", async () => {
    await sendChunks(hub, init.uploadId, chunks.slice(0, 1));
    return durableBytes(deck, init) >= 64 * MIB;
  });
  await first.stop("SIGKILL");
  const second = await startAgent(t, { deck });
  const again = await Hub.ready(second, { token: hub.token });
  const { init: resumed, result } = await upload(again, game, { inFlight: 8 });
  assert.ok(held(resumed.resumeFrom) >= 64 * MIB, `holds ${held(resumed.resumeFrom)} bytes`);
  assert.ok(held(resumed.resumeFrom) <= 150 * MIB, "never what was not acknowledged");
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("another manifest of the same game, and another Hub, start over", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent, { hubId: "hub-one" });
  const game = build("Other");
  const init = await hub.request("init_upload", game.initPayload());
  await sendChunks(hub, init.uploadId, game.chunks());
  await hub.close();

  const other = await Hub.paired(agent, { hubId: "hub-two" });
  const bigger = build("Other", "another build");
  bigger.files.set("more.txt", Buffer.from("more"));
  const { init: fresh, result } = await upload(other, bigger);
  assert.equal(held(fresh.resumeFrom), 0);
  assert.notEqual(fresh.uploadId, init.uploadId);
  assert.deepEqual(readFiles(result.path), filesOf(bigger));
});

for (const killed of [false, true]) {
  test(`one file of the build changes${killed ? ", and the agent is killed" : ""}: the others are not sent again`, async (t) => {
    const deck = new Deck(t);
    let agent = await startAgent(t, { deck });
    let hub = await Hub.paired(agent);
    const game = build("Changing");
    game.files.set("build.log", Buffer.from("one"));
    const init = await hub.request("init_upload", game.initPayload({ hashes: true }));
    await sendChunks(hub, init.uploadId, [...game.chunks()].slice(0, 4)); // of game.bin
    await hub.close();
    await until("what has arrived is saved", async () => JSON.stringify(await deck.ctlJson("uploads")).includes("paused"));
    if (killed) {
      await until("it is on the disk", () => durableBytes(deck, init) === 4 * MIB);
      await agent.stop("SIGKILL");
      agent = await startAgent(t, { deck });
    }
    hub = await Hub.ready(agent, { token: hub.token });
    game.files.set("build.log", Buffer.from("two!"));
    const { init: next, result } = await upload(hub, game, { hashes: true });
    assert.notEqual(next.uploadId, init.uploadId);
    assert.deepEqual(next.resumeFrom, { "game.bin": 4 * MIB });
    assert.deepEqual(readFiles(result.path), filesOf(game));
    const staging = path.join(deck.library, ".capydeck/uploads");
    await until("nothing is left behind", () => fs.readdirSync(staging).length === 0);
  });
}

test("the owner lists and discards a paused upload", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = build("Discarded");
  const init = await hub.request("init_upload", game.initPayload({ hashes: true }));
  await sendChunks(hub, init.uploadId, game.chunks());
  await hub.drop();
  const [paused] = await until("the upload is paused", async () => {
    const list = listOf(await agent.deck.ctlJson("uploads"));
    return list[0]?.state === "paused" && list;
  });
  assert.equal(paused.uploadId, init.uploadId);
  assert.equal(paused.gameName, "Discarded");
  const discarded = await agent.deck.ctl("uploads", "discard", init.uploadId);
  assert.equal(discarded.code, 0, discarded.stderr);
  assert.deepEqual(listOf(await agent.deck.ctlJson("uploads")), []);
  const again = await Hub.ready(agent, { token: hub.token });
  const { init: fresh } = await upload(again, game, { hashes: true });
  assert.equal(held(fresh.resumeFrom), 0);
});

test("a damaged journal or manifest in staging costs that upload, never the agent", async (t) => {
  const deck = new Deck(t);
  let agent = await startAgent(t, { deck });
  const { token } = await Hub.paired(agent);
  const staging = path.join(deck.library, ".capydeck/uploads");
  const spoil = {
    truncated: (bytes) => bytes.subarray(0, bytes.length >> 1),
    emptied: () => Buffer.alloc(0),
    noise: (bytes) => bytesOf("noise", bytes.length),
    flipped: (bytes) => {
      const copy = Buffer.from(bytes);
      copy[copy.length >> 1] ^= 0x40;
      return copy;
    },
  };
  for (const [how, change] of Object.entries(spoil)) {
    const hub = await Hub.ready(agent, { token });
    const game = build(`Spoilt ${how}`);
    const { uploadId } = await hub.request("init_upload", game.initPayload({ hashes: true }));
    await sendChunks(hub, uploadId, game.chunks());
    await agent.stop();
    const folder = path.join(staging, uploadId);
    for (const name of fs.readdirSync(folder)) {
      const file = path.join(folder, name);
      if (fs.lstatSync(file).isFile()) {
        fs.writeFileSync(file, change(fs.readFileSync(file)));
      }
    }
    agent = await startAgent(t, { deck });
    const again = await Hub.ready(agent, { token });
    const { result } = await upload(again, game, { hashes: true });
    assert.deepEqual(readFiles(result.path), filesOf(game), how);
    await again.close();
  }
});

const canMount = (() => {
  if (!IS_ROOT) {
    return false;
  }
  const dir = fs.mkdtempSync("/tmp/capydeck-mount-");
  const able = spawnSync("mount", ["-t", "tmpfs", "tmpfs", dir]).status === 0;
  spawnSync("umount", [dir]);
  fs.rmdirSync(dir);
  return able;
})();
const skip = canMount ? false : "needs the right to mount a tmpfs";

/** A library on a disk of its own that is this small. */
function smallDisk(t, sizeMib) {
  const disk = fs.mkdtempSync("/tmp/capydeck-disk-");
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMib}m`, "tmpfs", disk]);
  assert.equal(mounted.status, 0, mounted.stderr?.toString());
  t.after(() => {
    spawnSync("umount", ["--lazy", disk]);
    fs.rmdirSync(disk);
  });
  return disk;
}

test("a disk that is too small: 507 with needed and free bytes", { skip }, async (t) => {
  const disk = smallDisk(t, 100);
  const agent = await startAgent(t, { library: path.join(disk, "Games") });
  const hub = await Hub.paired(agent);
  const game = new Game("Tight", { "a.bin": Buffer.alloc(40 * MIB) });
  const reply = await hub.ask("init_upload", game.initPayload());
  assert.equal(reply.error?.code, 507, JSON.stringify(reply));
  assert.match(reply.error.message, /\d+.*\d+/);
  const { result } = await upload(hub, new Game("Fits", { "a.bin": Buffer.alloc(20 * MIB) }));
  assert.equal(result.success, true);
});

test("a disk that fills up half-way: 507 or 500, and it continues once there is space", { skip }, async (t) => {
  const disk = smallDisk(t, 160);
  const deck = new Deck(t, { library: path.join(disk, "Games") });
  let agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const game = new Game("Full", { "a.bin": bytesOf("full", 40 * MIB), "b.bin": bytesOf("b", 9 * MIB) });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const chunks = [...game.chunks()];
  await sendChunks(hub, uploadId, chunks.slice(0, 20), { inFlight: 4 });

  const balloon = path.join(disk, "balloon");
  const fill = () => {
    const fd = fs.openSync(balloon, "a");
    const piece = Buffer.alloc(64 * 1024);
    try {
      for (;;) {
        fs.writeSync(fd, piece);
      }
    } catch (error) {
      assert.equal(error.code, "ENOSPC");
    } finally {
      fs.closeSync(fd);
    }
  };
  fill();
  await assert.rejects(sendChunks(hub, uploadId, chunks.slice(20)), (error) => {
    assert.ok(error instanceof ReplyError && [500, 507].includes(error.code), error);
    assert.match(error.message, /space|room|full/i);
    return true;
  });
  await hub.settle();

  // The agent may even be restarted on a full disk.
  await agent.stop();
  agent = await startAgent(t, { deck });
  fs.rmSync(balloon);
  const again = await Hub.ready(agent, { token: hub.token });
  const { init, result } = await upload(again, game, { inFlight: 4 });
  assert.ok(held(init.resumeFrom) >= 19 * MIB, `holds ${held(init.resumeFrom)} bytes`);
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("a disk that is full when a game completes loses nothing", { skip }, async (t) => {
  const disk = smallDisk(t, 120);
  const deck = new Deck(t, { library: path.join(disk, "Games") });
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const old = new Game("Last", { "a.bin": bytesOf("old", 5 * MIB), "d/b.bin": "old" });
  const { result } = await upload(hub, old);
  const next = new Game("Last", { "a.bin": bytesOf("new", 6 * MIB), "d/b.bin": "new" });
  const { uploadId } = await hub.request("init_upload", next.initPayload());
  await sendChunks(hub, uploadId, next.chunks());
  const balloon = path.join(disk, "balloon");
  const fd = fs.openSync(balloon, "w");
  try {
    for (const piece = Buffer.alloc(4096); ; ) {
      fs.writeSync(fd, piece);
    }
  } catch (error) {
    assert.equal(error.code, "ENOSPC");
  }
  fs.closeSync(fd);
  const reply = await hub.ask("complete_upload", { uploadId, createShortcut: false });
  if (reply.error) {
    assert.ok([500, 507].includes(reply.error.code), JSON.stringify(reply.error));
    assert.deepEqual(readFiles(result.path), filesOf(old), "all old or all new");
    fs.rmSync(balloon);
    await hub.request("complete_upload", { uploadId, createShortcut: false });
  }
  assert.deepEqual(readFiles(result.path), filesOf(next));
});

/** Kills it at a moment of its commit: when the first of the files is the new one, or after `ms`. */
async function killWhileCommitting(agent, { file, text, ms }) {
  const end = performance.now() + (ms ?? WAIT_MS);
  while (performance.now() < end && (ms !== undefined || fs.readFileSync(file, "utf8") !== text)) {
    await new Promise(setImmediate);
  }
  agent.child.kill("SIGKILL");
  await agent.exited;
}

test("an update killed while its files are moved is complete after the restart", async (t) => {
  const deck = new Deck(t);
  let agent = await startAgent(t, { deck });
  const { token } = await Hub.paired(agent);
  // Of other sizes each time: what an earlier round has left is no part of the next build.
  const files = (tag) => {
    const all = {};
    for (let i = 0; i < 400; i++) {
      all[`d${i % 40}/f${i}`] = `${tag} ${i}`;
    }
    return new Game("Moving", all);
  };
  let installed = files("first");
  let hub = await Hub.ready(agent, { token });
  await upload(hub, installed, { inFlight: 8 });
  fs.writeFileSync(path.join(deck.game("Moving"), "save.dat"), "precious");
  for (let round = 0; round < 6; round++) {
    const tag = `round ${"+".repeat(round)}`;
    const next = files(tag);
    const { uploadId } = await hub.request("init_upload", next.initPayload());
    await sendChunks(hub, uploadId, next.chunks(), { inFlight: 8 });
    hub.ask("complete_upload", { uploadId, createShortcut: false }).catch(() => {});
    await killWhileCommitting(agent, {
      file: path.join(deck.game("Moving"), "d0/f0"),
      text: `${tag} 0`,
      ms: round % 2 === 0 ? undefined : Math.random() * 25,
    });
    await hub.closed;
    agent = await startAgent(t, { deck });
    const { "save.dat": save, ...found } = readFiles(deck.game("Moving"));
    assert.ok(save, "what is not ours stays");
    const isNew = found["d0/f0"] === filesOf(next)["d0/f0"];
    assert.deepEqual(found, filesOf(isNew ? next : installed), `round ${round}: all old or all new`);
    installed = isNew ? next : installed;
    hub = await Hub.ready(agent, { token });
    await hub.ask("cancel_upload", { uploadId });
  }
  assert.equal(readTree(deck.game("Moving"))["save.dat"]?.startsWith("file"), true);
});
