// protocol.md §5.2: binary messages, [4-byte big-endian header length][JSON header][data].
import assert from "node:assert/strict";
import test from "node:test";

import { startAgent } from "./lib/agent.mjs";
import { Game, Hub, MAX_MESSAGE, bytesOf, frame, sha256, upload } from "./lib/hub.mjs";
import { filesOf, readFiles } from "./lib/tree.mjs";

/** Sends bytes whose header no one can read, and takes the error. */
async function refusal(hub, bytes) {
  const reply = hub.event("error");
  await hub.binary(bytes);
  return (await reply).error;
}

function withLength(length, rest = Buffer.alloc(0)) {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(length);
  return Buffer.concat([prefix, rest]);
}

test("before authentication every binary message is 401", async (t) => {
  const hub = await Hub.open(await startAgent(t));
  const header = { id: "early", uploadId: "u", filePath: "a", offset: 0 };
  for (let i = 0; i < 3; i++) {
    const reply = hub.reply("early");
    const anonymous = hub.event("error").catch(() => undefined);
    await hub.binary(frame(header, Buffer.alloc(1000)));
    assert.equal((await Promise.race([reply, anonymous])).error?.code, 401);
    hub.forget();
    assert.equal((await refusal(hub, withLength(0xffffffff))).code, 401);
    assert.equal((await refusal(hub, Buffer.alloc(0))).code, 401);
    assert.equal((await hub.ask("ping")).type, "pong");
  }
});

test("impossible header lengths are 400 and cost no memory", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const kib64 = 64 * 1024;
  for (const [what, bytes] of Object.entries({
    "no bytes": Buffer.alloc(0),
    "one byte": Buffer.alloc(1),
    "three bytes": Buffer.alloc(3),
    "length 0": withLength(0),
    "length 0 and data": withLength(0, Buffer.alloc(100)),
    "length without a header": withLength(50),
    "a truncated header": withLength(50, Buffer.from('{"id":"x"')),
    "64 KiB + 1, all there": withLength(kib64 + 1, Buffer.alloc(kib64 + 1, " ")),
    "64 KiB + 1, nothing there": withLength(kib64 + 1),
    "2^31": withLength(0x80000000, Buffer.alloc(100)),
    "2^32 - 1": withLength(0xffffffff, Buffer.alloc(100)),
    "little-endian": Buffer.concat([Buffer.from([60, 0, 0, 0]), Buffer.alloc(60, " ")]),
    "not JSON": frame("hello", Buffer.alloc(10)),
    "an array": frame("[]"),
    "a NUL in the header": frame('{"id":"x","uploadId":"u\0"}'),
    "trailing bytes": frame('{"id":"x"} x'),
    "deep nesting": frame("[".repeat(60_000)),
    "an empty object": frame({}),
  })) {
    const answer = hub.event("error");
    const claimed = hub.reply("x");
    claimed.catch(() => {});
    await hub.binary(bytes);
    const { error } = await Promise.race([answer, claimed]);
    hub.forget();
    assert.equal(error?.code, 400, `${what}: ${JSON.stringify(error)}`);
    assert.equal((await hub.ask("ping")).type, "pong", what);
  }
});

test("a header of exactly 64 KiB is read", async (t) => {
  const hub = await Hub.paired(await startAgent(t));
  const game = new Game("Padded", { a: "data" });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const header = JSON.stringify({ id: "big", uploadId, filePath: "a", offset: 0 });
  const reply = hub.reply("big");
  await hub.binary(frame(header + " ".repeat(64 * 1024 - header.length), Buffer.from("data")));
  assert.equal((await reply).type, "upload_chunk_response");
});

test("fields of the header: wrong types, unknown files, places outside the file", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = new Game("Headers", { "dir/a.bin": bytesOf("headers", 1000), empty: "" });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const good = { uploadId, filePath: "dir/a.bin", offset: 0 };
  const data = game.files.get("dir/a.bin").subarray(0, 100);
  const cases = {
    "another upload": [{ ...good, uploadId: "upload-0" }, 404],
    "an empty upload id": [{ ...good, uploadId: "" }, [400, 404]],
    "no upload id": [{ filePath: "dir/a.bin", offset: 0 }, [400, 404]],
    "a number as upload id": [{ ...good, uploadId: 7 }, 400],
    "an upload id that is a path": [{ ...good, uploadId: "../../x" }, 404],
    "a file not in the manifest": [{ ...good, filePath: "dir/b.bin" }, 400],
    "a folder": [{ ...good, filePath: "dir" }, 400],
    "a way out": [{ ...good, filePath: "../dir/a.bin" }, 400],
    "an absolute path": [{ ...good, filePath: "/etc/passwd" }, 400],
    "an empty path": [{ ...good, filePath: "" }, 400],
    "no path": [{ uploadId, offset: 0 }, 400],
    "an array as path": [{ ...good, filePath: ["dir/a.bin"] }, 400],
    "past the end": [{ ...good, offset: 901 }, 400],
    "at the end": [{ ...good, offset: 1000 }, 400],
    "into an empty file": [{ ...good, filePath: "empty" }, 400],
    "a negative offset": [{ ...good, offset: -1 }, 400],
    "half a byte": [{ ...good, offset: 0.5 }, 400],
    "2^53": [{ ...good, offset: 2 ** 53 }, 400],
    "2^63 - 1": [{ ...good, offset: "OFFSET" }, 400, "9223372036854775807"],
    "2^64": [{ ...good, offset: "OFFSET" }, 400, "18446744073709551616"],
    "text as offset": [{ ...good, offset: "0" }, 400],
    "an object as offset": [{ ...good, offset: {} }, 400],
    "a number as checksum": [{ ...good, checksum: 5 }, 400],
    "a short checksum": [{ ...good, checksum: sha256(data).slice(0, 63) }, 400],
    "someone else's checksum": [{ ...good, checksum: sha256("else") }, 400],
  };
  for (const [what, [header, expected, digits]] of Object.entries(cases)) {
    const id = hub.newId();
    const reply = hub.reply(id);
    const text = JSON.stringify({ id, ...header }).replace('"OFFSET"', digits);
    await hub.binary(frame(text, data));
    const { error } = await reply;
    assert.ok([expected].flat().includes(error?.code), `${what}: ${JSON.stringify(error)}`);
  }
  // None of it counted.
  const first = await hub.chunk(uploadId, "dir/a.bin", 0, data);
  assert.equal(first.payload?.totalWritten, 100, JSON.stringify(first));
  const rest = await hub.chunk(uploadId, "dir/a.bin", 100, game.files.get("dir/a.bin").subarray(100));
  assert.equal(rest.payload?.totalWritten, 1000);
  const result = await hub.request("complete_upload", { uploadId, createShortcut: false });
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("more than 10 MB: 413, with the id if the header could be read, and the connection survives", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const game = new Game("Oversize", { "big.bin": bytesOf("oversize", MAX_MESSAGE + 1000) });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const bytes = game.files.get("big.bin");
  const reply = await hub.chunk(uploadId, "big.bin", 0, bytes);
  assert.equal(reply.error?.code, 413, JSON.stringify(reply.error));

  const fragmented = hub.reply("fragments");
  const message = frame({ id: "fragments", uploadId, filePath: "big.bin", offset: 0 }, bytes);
  for (let at = 0; at < message.length; at += 1_000_000) {
    const fin = at + 1_000_000 >= message.length;
    hub.socket.send(message.subarray(at, at + 1_000_000), { binary: true, fin });
  }
  assert.equal((await fragmented).error?.code, 413);

  // Right up to the limit a chunk is taken.
  const room = MAX_MESSAGE - frame({ id: hub.newId(), uploadId, filePath: "big.bin", offset: 0, checksum: sha256("") }).length - 8;
  const most = await hub.chunk(uploadId, "big.bin", 0, bytes.subarray(0, room));
  assert.equal(most.payload?.bytesWritten, room, JSON.stringify(most.error));
  await hub.chunk(uploadId, "big.bin", room, bytes.subarray(room));
  const result = await hub.request("complete_upload", { uploadId, createShortcut: false });
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("another Hub's upload is 404 for every request", async (t) => {
  const agent = await startAgent(t);
  const one = await Hub.paired(agent, { hubId: "hub-one" });
  const game = new Game("Mine", { a: "mine" });
  const { uploadId } = await one.request("init_upload", game.initPayload());
  await one.close();
  const two = await Hub.paired(agent, { hubId: "hub-two" });
  assert.equal((await two.chunk(uploadId, "a", 0, Buffer.from("mine"))).error?.code, 404);
  assert.equal((await two.ask("complete_upload", { uploadId, createShortcut: false })).error?.code, 404);
  assert.equal((await two.ask("cancel_upload", { uploadId })).error?.code, 404);
  await two.close();
  const back = await Hub.ready(agent, { hubId: "hub-one", token: one.token });
  const { result } = await upload(back, game);
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("base64 chunks do the same as binary ones", async (t) => {
  const hub = await Hub.paired(await startAgent(t));
  const game = new Game("Text", { "a.bin": bytesOf("text", 300_001) });
  const bytes = game.files.get("a.bin");
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const chunk = (offset, data, extra = {}) =>
    hub.ask("upload_chunk", {
      uploadId,
      filePath: "a.bin",
      offset,
      data: data.toString("base64"),
      checksum: sha256(data),
      ...extra,
    });
  const half = bytes.subarray(0, 150_000);
  assert.equal((await chunk(0, half, { checksum: sha256("x") })).error?.code, 400);
  for (const data of ["####", "AAA", "AAAA AAAA", "====", 5, null]) {
    assert.equal((await chunk(0, half, { data })).error?.code, 400, `data ${data}`);
  }
  assert.equal((await chunk(0, half)).payload?.totalWritten, 150_000);
  assert.equal((await chunk(150_000, bytes.subarray(150_000))).payload?.totalWritten, 300_001);
  const result = await hub.request("complete_upload", { uploadId, createShortcut: false });
  assert.deepEqual(readFiles(result.path), filesOf(game));
});
