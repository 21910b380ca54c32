// protocol.md §3, design.md §7: what peers that have not paired must not be able to do.
import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";

import { startAgent } from "./lib/agent.mjs";
import { Hub, MAX_MESSAGE, frame } from "./lib/hub.mjs";
import { deadline, until } from "./lib/wait.mjs";

/** Their malloc() has other figures. */
const SANITIZED = process.env.CAPYDECK_SANITIZED === "1";

test("a guest's message is read up to 64 KiB only", async (t) => {
  const agent = await startAgent(t);
  const stranger = await Hub.open(agent);
  const id = "i".repeat(60_000);
  assert.equal((await stranger.ask("ping", undefined, id)).type, "pong");
  const refused = stranger.reply("big");
  await stranger.binary(frame({ id: "big" }, Buffer.alloc(1_000_000)));
  assert.equal((await refused).error.code, 401);
  await stranger.settle();

  const before = agent.residentBytes();
  stranger.text(`{"id":"many","type":"ping","payload":[${"1,".repeat(400_000)}1]}`);
  assert.equal((await deadline(stranger.closed, "it is closed")).code, 1009);
  assert.ok(SANITIZED || agent.residentBytes() - before < 8_000_000);

  const hub = await Hub.paired(agent);
  const long = await hub.ask("ping", { padding: "p".repeat(MAX_MESSAGE - 1000) });
  assert.equal(long.type, "pong");
});

test("a guest that sends requests without reading is dropped before it costs memory", async (t) => {
  const agent = await startAgent(t);
  const before = agent.residentBytes();
  for (let i = 1; i <= 8; i++) {
    const stranger = await Hub.open(agent, { localAddress: `127.0.3.${i}` });
    stranger.socket._socket.pause();
    const pings = setInterval(() => {
      for (let count = 0; count < 20_000; count++) {
        stranger.text('{"type":"ping"}');
      }
    }, 1);
    stranger.socket._socket.on("error", () => {});
    // Paused, it only learns of the end when it cannot write any more.
    await deadline(new Promise((resolve) => stranger.socket._socket.once("close", resolve)), "it is dropped");
    clearInterval(pings);
  }
  assert.ok(SANITIZED || agent.residentBytes() - before < 16_000_000);
});

test("a connection whose code went to a newer one of its Hub is a guest again", async (t) => {
  const agent = await startAgent(t);
  const connection = { localAddress: "127.0.3.1" };
  const first = await Hub.open(agent, connection);
  assert.equal((await first.hello({ hubId: "evil" })).type, "pairing_required");
  const second = await Hub.open(agent, connection);
  assert.equal((await second.hello({ hubId: "evil" })).type, "pairing_required");
  await first.event("pair_failed");
  // Two of an address are the limit: the older one must make room.
  await Hub.open(agent, connection);
  await deadline(first.closed, "it is evicted");
  assert.equal((await second.ask("ping")).type, "pong");
});

test("only WebSocket version 13 is accepted", async (t) => {
  const agent = await startAgent(t);
  for (const version of ["8", "0", "7", "14", "013"]) {
    const response = await new Promise((resolve, reject) => {
      const request = http.get(`http://127.0.0.1:${agent.port}/ws`, {
        headers: {
          Connection: "Upgrade",
          Upgrade: "websocket",
          "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
          "Sec-WebSocket-Version": version,
        },
      });
      request.on("response", resolve).on("error", reject).on("upgrade", () => resolve({ statusCode: 101 }));
    });
    assert.equal(response.statusCode, 426, version);
    response.destroy?.();
  }
});

test("the memory of a huge manifest is freed", { skip: SANITIZED }, async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const files = Array.from({ length: 100_000 }, (_, i) => ({ relativePath: `d${i % 300}/f${i}`, size: 1 }));
  const { uploadId } = await hub.request("init_upload", {
    config: { gameName: "Many", installPath: "", executable: "" },
    totalSize: files.length,
    files,
  });
  await hub.request("cancel_upload", { uploadId });
  assert.ok(agent.residentBytes() > 40_000_000);
  await until("the memory is given back", () => agent.residentBytes("VmRSS") < 24_000_000);
});
