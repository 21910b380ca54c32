// protocol.md §5 and design.md §3: what arrives is installed, in any order.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { startAgent } from "./lib/agent.mjs";
import { Game, Hub, ReplyError, bytesOf, sendChunks, sha256, upload } from "./lib/hub.mjs";
import { filesOf, readFiles, readTree, writeFiles } from "./lib/tree.mjs";
import { until } from "./lib/wait.mjs";

function manyFiles(name, count, size) {
  const files = {};
  for (let i = 0; i < count; i++) {
    files[`data/${i % 17}/level ${i}.dat`] = bytesOf(`${name}:${i}`, Math.floor((size * ((i % 5) + 1)) / 3));
  }
  return new Game(name, files);
}

function shuffled(list, seed = "shuffle") {
  return list
    .map((item, index) => [sha256(`${seed}:${index}`), item])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

for (const inFlight of [1, 8]) {
  test(`one big file and many small ones, ${inFlight} chunks in flight`, async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent);
    const small = manyFiles("Many", 300, 3000);
    const game = new Game("Many", {
      "game.bin": bytesOf("big", 9_876_543),
      ...Object.fromEntries(small.files),
    });
    const { init, result } = await upload(hub, game, { inFlight });
    assert.equal(init.chunkSize, 1048576);
    assert.equal(init.resumeFrom, undefined, "nothing is held, so nothing is said");
    assert.equal(result.success, true);
    assert.equal(result.path, agent.deck.game("Many"));
    assert.equal(result.appId, undefined, "no shortcut was asked for");
    assert.deepEqual(readFiles(result.path), filesOf(game));
  });
}

test("any order, several in flight, every chunk twice, odd sizes", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = new Game("Order", {
    "a.bin": bytesOf("a", 1_000_003),
    "b/b.bin": bytesOf("b", 777_777),
    "b/c/d/e/f.bin": bytesOf("f", 1),
  });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const once = [...game.chunks({ chunkSize: 65_537 })];
  const overlapping = [...game.chunks({ chunkSize: 99_991 })];
  const chunks = shuffled([...once, ...once, ...overlapping]);
  let most = 0;
  const acks = await sendChunks(hub, uploadId, chunks, {
    inFlight: 16,
    onAck: (_, { totalWritten }) => {
      assert.ok(totalWritten >= most && totalWritten <= game.totalSize, "counts unique bytes");
      most = totalWritten;
    },
  });
  assert.equal(acks, chunks.length);
  assert.equal(most, game.totalSize);
  const result = await hub.request("complete_upload", { uploadId, createShortcut: false });
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("every chunk is answered before complete_upload, which may be sent right after", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = new Game("Behind", { "a.bin": bytesOf("behind", 6_000_000) });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const replies = [...game.chunks()].map((chunk) => hub.chunk(uploadId, ...chunk));
  const result = await hub.request("complete_upload", { uploadId, createShortcut: false });
  for (const reply of await Promise.all(replies)) {
    assert.equal(reply.type, "upload_chunk_response");
  }
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("zero-byte files need no chunk, and an upload may consist of them", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  for (const files of [
    { empty: "" },
    { "a/b/empty": "", "a/empty.txt": "", "full.txt": "x" },
  ]) {
    const game = new Game(`Empty ${Object.keys(files).length}`, files);
    const { result } = await upload(hub, game);
    assert.deepEqual(readFiles(result.path), filesOf(game));
  }
});

test("programs are executable, data is not, a nested program keeps its folder", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const elf = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(100)]);
  const game = new Game("Exec", {
    "bin/linux/game.x86_64": elf,
    "start.sh": "#!/bin/sh\nexec bin/linux/game.x86_64\n",
    "tools/named-program": "whatever this is",
    "lib/libgame.so": elf,
    "data/readme.txt": "just text",
    "data/pack.bin": bytesOf("pack", 5000),
    "tiny": "\x7f",
  });
  const { result } = await upload(hub, game, { config: { executable: "tools\\named-program" } });
  const executable = Object.fromEntries(
    [...game.files.keys()].map((name) => [
      name,
      (fs.statSync(path.join(result.path, name)).mode & 0o111) !== 0,
    ]),
  );
  assert.deepEqual(executable, {
    "bin/linux/game.x86_64": true,
    "start.sh": true,
    "tools/named-program": true,
    "lib/libgame.so": true,
    "data/readme.txt": false,
    "data/pack.bin": false,
    "tiny": false,
  });
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("backslashes are separators", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = new Game("Windows", { "Data\\Levels\\one.dat": "one", "Game.exe": "MZ" });
  const { result } = await upload(hub, game);
  assert.deepEqual(readFiles(result.path), filesOf(game));
  assert.ok(fs.existsSync(path.join(result.path, "Data/Levels/one.dat")));
});

test("a chunk with a wrong checksum does not count and is named; sent again it is accepted", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = new Game("Checksum", { "dir/a.bin": bytesOf("checksum", 3_000_000) });
  const bytes = game.files.get("dir/a.bin");
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const wrong = await hub.chunk(uploadId, "dir/a.bin", 1_048_576, bytes.subarray(0, 1_048_576), {
    checksum: sha256("else"),
  });
  assert.equal(wrong.error.code, 400);
  assert.match(wrong.error.message, /checksum mismatch at dir\/a\.bin:1048576/);
  const early = await hub.ask("complete_upload", { uploadId, createShortcut: false });
  assert.equal(early.error?.code, 400);
  assert.equal(fs.existsSync(agent.deck.game("Checksum")), false, "nothing is installed");
  await sendChunks(hub, uploadId, game.chunks());
  const result = await hub.request("complete_upload", { uploadId, createShortcut: false });
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("complete with bytes missing: 400 that names the first gap, and the upload continues", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = new Game("Gap", { "a.bin": bytesOf("a", 5000), "b.bin": bytesOf("b", 5000) });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  await hub.chunk(uploadId, "a.bin", 0, game.files.get("a.bin"));
  await hub.chunk(uploadId, "b.bin", 0, game.files.get("b.bin").subarray(0, 2000));
  await hub.chunk(uploadId, "b.bin", 3000, game.files.get("b.bin").subarray(3000));
  const early = await hub.ask("complete_upload", { uploadId, createShortcut: false });
  assert.equal(early.error?.code, 400);
  assert.match(early.error.message, /b\.bin/);
  assert.match(early.error.message, /2000/);
  await hub.chunk(uploadId, "b.bin", 2000, game.files.get("b.bin").subarray(2000, 3000));
  const result = await hub.request("complete_upload", { uploadId, createShortcut: false });
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("an installed game is not touched before complete_upload", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const old = new Game("Update", { "game.bin": bytesOf("old", 2_000_000), "gone.txt": "old" });
  const { result } = await upload(hub, old);
  writeFiles(result.path, { "saves/slot1.sav": "a save", "mods/m/mod.txt": "a mod" });
  const before = readTree(result.path);

  const next = new Game("Update", { "game.bin": bytesOf("new", 2_500_000), "extra.txt": "new" });
  const { uploadId } = await hub.request("init_upload", next.initPayload());
  await sendChunks(hub, uploadId, next.chunks());
  assert.deepEqual(readTree(result.path), before);

  const done = await hub.request("complete_upload", { uploadId, createShortcut: false });
  assert.equal(done.path, result.path, "an update lands in the same folder");
  const after = readFiles(result.path);
  for (const [name, what] of Object.entries(filesOf(next))) {
    assert.equal(after[name], what, name);
  }
  assert.ok(after["saves/slot1.sav"] && after["mods/m/mod.txt"], "what is not ours stays");
});

test("cancel: changes nothing installed, and the upload can be resumed", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const old = new Game("Cancel", { "game.bin": bytesOf("old", 1_000_000) });
  const { result } = await upload(hub, old);
  const before = readTree(agent.deck.library);

  const next = new Game("Cancel", { "game.bin": bytesOf("new", 4_000_000) });
  const init = await hub.request("init_upload", next.initPayload({ hashes: true }));
  await sendChunks(hub, init.uploadId, [...next.chunks()].slice(0, 2));
  const cancelled = await hub.request("cancel_upload", { uploadId: init.uploadId });
  assert.equal(cancelled.success, true);
  assert.deepEqual(readFiles(result.path), filesOf(old));
  assert.deepEqual(Object.keys(readTree(agent.deck.library)), Object.keys(before));

  const { init: again } = await upload(hub, next, { hashes: true });
  assert.ok(again.resumeFrom?.["game.bin"] >= 1_048_576, "the staging is kept for the same Hub");
  assert.deepEqual(readFiles(result.path), filesOf(next));
});

test("cancel during and after complete succeeds and changes nothing", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = manyFiles("Race", 200, 4000);
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  await sendChunks(hub, uploadId, game.chunks(), { inFlight: 8 });
  const done = hub.request("complete_upload", { uploadId, createShortcut: false });
  const during = hub.request("cancel_upload", { uploadId });
  const { path: dir } = await done;
  assert.equal((await during).success, true);
  assert.equal((await hub.request("cancel_upload", { uploadId })).success, true);
  assert.deepEqual(readFiles(dir), filesOf(game));
  const unknown = await hub.ask("cancel_upload", { uploadId: "upload-0" });
  assert.equal(unknown.error?.code, 404);
});

test("a folder where a file must go, or the reverse, is refused before anything moves", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const old = new Game("Kinds", { "a/one.txt": "1", "b": "a file", "z.txt": "old" });
  const { result } = await upload(hub, old);
  // What is the player's; what is ours and unchanged would be an update.
  fs.writeFileSync(path.join(result.path, "a/mine.txt"), "mine");
  fs.writeFileSync(path.join(result.path, "b"), "changed");
  const before = readTree(result.path);
  for (const files of [
    { "0.txt": "new", "z.txt": "new", "a": "now a file" },
    { "0.txt": "new", "z.txt": "new", "b/two.txt": "now a folder" },
  ]) {
    await assert.rejects(upload(hub, new Game("Kinds", files)), (error) => {
      assert.ok(error instanceof ReplyError && [400, 409].includes(error.code), error);
      assert.match(error.message, Object.keys(files)[2] === "a" ? /\ba\b/ : /\bb\b/);
      return true;
    });
    assert.deepEqual(readTree(result.path), before);
  }
  const { result: sound } = await upload(hub, new Game("Kinds", { "z.txt": "newer" }));
  assert.equal(fs.readFileSync(path.join(sound.path, "z.txt"), "utf8"), "newer");
});

test("a rebuilt game of equal sizes never mixes with the interrupted older build", async (t) => {
  const agent = await startAgent(t);
  const size = 3_500_000;
  const build = (tag) =>
    new Game("Rebuilt", { "a.bin": bytesOf(`${tag}a`, size), "b.bin": bytesOf(`${tag}b`, size) });
  for (const hashes of [false, true]) {
    const hubId = `hub-${hashes}`;
    const first = await Hub.paired(agent, { hubId });
    const old = build(`old${hashes}`);
    const init = await first.request("init_upload", old.initPayload({ hashes }));
    await sendChunks(first, init.uploadId, [...old.chunks()].slice(0, 6));
    await first.drop();

    const hub = await Hub.ready(agent, { hubId, token: first.token });
    const fresh = build(`new${hashes}`);
    let result;
    for (let tries = 0; !result && tries < 2; tries++) {
      try {
        ({ result } = await upload(hub, fresh, { hashes }));
      } catch (error) {
        // Without hashes the difference shows in the chunk that is asked for again.
        assert.ok(!hashes && error instanceof ReplyError && error.code === 400, error);
      }
    }
    assert.deepEqual(readFiles(result.path), filesOf(fresh));
    await hub.close();
  }
});

test("with hashes in the manifest, unchanged installed files are not sent again", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const { capabilities } = (await hub.request("get_info")).agent;
  const game = manyFiles("Same", 20, 60_000);
  await upload(hub, game, { hashes: true });

  const { init } = await upload(hub, game, { hashes: true });
  for (const [name, bytes] of game.files) {
    assert.equal(init.resumeFrom?.[name], bytes.length, `${name} is held (${capabilities})`);
  }
  assert.deepEqual(readFiles(agent.deck.game("Same")), filesOf(game));

  const [changed] = game.files.keys();
  const patched = new Game("Same", Object.fromEntries(game.files));
  patched.files.set(changed, bytesOf("patched", game.files.get(changed).length));
  const { init: next } = await upload(hub, patched, { hashes: true });
  assert.equal(Object.keys(next.resumeFrom).length, game.files.size - 1);
  assert.ok(!(changed in next.resumeFrom));
  assert.deepEqual(readFiles(agent.deck.game("Same")), filesOf(patched));

  // A change made by hand is noticed, and stays as long as the PC's does not change.
  const [, second] = game.files.keys();
  fs.writeFileSync(path.join(agent.deck.game("Same"), second), "touched");
  const { init: last } = await upload(hub, patched, { hashes: true });
  assert.equal(last.resumeFrom[second], patched.files.get(second).length);
  assert.equal(fs.readFileSync(path.join(agent.deck.game("Same"), second), "utf8"), "touched");
  patched.files.set(second, bytesOf("patched too", 1000));
  await upload(hub, patched, { hashes: true });
  assert.deepEqual(readFiles(agent.deck.game("Same")), filesOf(patched));
});

test("progress: every number adds up, the last event is 100 %, the events frame the install", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent, { dialect: "desktop" });
  const game = new Game("Progress", { "a.bin": bytesOf("p", 7_000_000), "b.bin": "end" });
  const { init } = await upload(hub, game, { inFlight: 4 });
  await hub.event("operation_event", ({ status }) => status === "complete");
  const events = hub.pending("upload_progress");
  assert.ok(events.length >= 1);
  let most = 0;
  for (const { id, payload } of events) {
    assert.ok(id && !id.startsWith(hub.prefix), "a fresh id");
    assert.equal(payload.uploadId, init.uploadId);
    assert.equal(payload.totalBytes, game.totalSize);
    assert.ok(payload.transferredBytes >= most && payload.transferredBytes <= payload.totalBytes);
    assert.ok(Math.abs(payload.percentage - (100 * payload.transferredBytes) / payload.totalBytes) < 0.1);
    assert.ok(game.files.has(payload.currentFile), payload.currentFile);
    assert.equal(payload.status, "in_progress");
    for (const stamp of [payload.startedAt, payload.updatedAt]) {
      assert.match(stamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/);
    }
    most = payload.transferredBytes;
  }
  assert.equal(events.at(-1).payload.percentage, 100);
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length, "ids are not reused");
  for (const { payload } of hub.pending("operation_event")) {
    assert.equal(payload.type, "install");
    assert.notEqual(payload.status, "error");
    assert.ok(!payload.message, "the desktop Hub shows any message as an error");
  }
});

test("a slow reader is not flooded with progress events", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const count = 3000;
  const game = new Game("Slow", { "a.bin": bytesOf("slow", count * 100) });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const replies = [...game.chunks({ chunkSize: 100 })].map((chunk) => hub.chunk(uploadId, ...chunk));
  await Promise.all(replies);
  await hub.settle();
  const events = hub.pending("upload_progress").length;
  assert.ok(events < count, `${events} events for ${count} chunks`);
  await hub.request("complete_upload", { uploadId, createShortcut: false });
});

test("requests are answered during an upload", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = new Game("Busy", { "a.bin": bytesOf("busy", 30_000_000) });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const sending = sendChunks(hub, uploadId, game.chunks(), { inFlight: 8 });
  for (let i = 0; i < 20; i++) {
    assert.equal((await hub.ask("get_info")).type, "info_response");
  }
  await sending;
  await hub.request("complete_upload", { uploadId, createShortcut: false });
});

test("several uploads at once from one Hub; the same game twice is one upload", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const games = ["One", "Two", "Three"].map((name) => manyFiles(name, 20, 20_000));
  const results = await Promise.all(games.map((game) => upload(hub, game, { inFlight: 2 })));
  results.forEach(({ result }, index) => {
    assert.deepEqual(readFiles(result.path), filesOf(games[index]));
  });
});

test("not enough space: 507 with the numbers, before a byte is sent", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  for (const size of [2 ** 43, 2 ** 42]) { // more would be too large for a file of ext4
    const payload = {
      config: { gameName: "Huge" },
      totalSize: size,
      files: [{ relativePath: "huge.bin", size }],
    };
    const reply = await hub.ask("init_upload", payload);
    assert.equal(reply.error?.code, 507, JSON.stringify(reply));
    assert.match(reply.error.message, /\d.*\d/, "needed and free");
  }
  assert.equal(fs.existsSync(agent.deck.game("Huge")), false);
});

test("deep and wide manifests", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const deep = new Game("Deep", { [`${"d/".repeat(200)}end.txt`]: "deep", [`${"n".repeat(255)}`]: "long" });
  const { result } = await upload(hub, deep);
  assert.deepEqual(readFiles(result.path), filesOf(deep));

  const wide = {};
  const count = process.env.CAPYDECK_SANITIZED ? 4_000 : 20_000;
  for (let i = 0; i < count; i++) {
    wide[`assets/${i >> 8}/${i}.png`] = "";
  }
  wide["last.txt"] = "the only byte";
  // So many files may take longer than a request may.
  await upload(hub, new Game("Wide", wide)).catch((error) => assert.match(error.message, /it may still complete/));
  const folder = agent.deck.game("Wide");
  const installed = () => (fs.existsSync(folder) ? Object.keys(readFiles(folder)).length : 0);
  await until("all files are there", () => installed() === count + 1);
});
