// What takes as long as the protocol says it takes: all of it at the same time, for a minute.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import test, { describe } from "node:test";

import { startAgent } from "./lib/agent.mjs";
import { Game, Hub, bytesOf, sendChunks } from "./lib/hub.mjs";
import { deadline } from "./lib/wait.mjs";

/** Milliseconds of the agent's clock, rounded as it does. */
const now = () => Number(process.hrtime.bigint() / 1_000_000n);

describe("the protocol's clocks", { concurrency: true }, () => {
  test("a code expires after 60 s; the connection stays and may request another", async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.open(agent);
    const begin = now();
    const { payload } = await hub.hello();
    assert.equal(payload.expiresIn, 60);
    const code = await agent.code();
    // The connection's 30 s without handshake do not count while a code is shown.
    let shown;
    const ended = (async () => {
      do {
        await new Promise((resolve) => setTimeout(resolve, 250));
        shown = await agent.pairing();
      } while (shown.active);
    })();
    await deadline(ended, "the code expires");
    assert.ok(now() - begin >= 60_000, `shown for ${now() - begin} ms`);
    const late = await hub.ask("pair_confirm", { code });
    assert.equal(late.type, "pair_failed");
    assert.equal(late.payload.reason, "code expired");
    await hub.pair(agent);
  });

  test("a peer that falls silent is dropped after 15 s, its upload is kept", async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent);
    const game = new Game("Silent", { "a.bin": bytesOf("silent", 3_000_000) });
    const init = await hub.request("init_upload", game.initPayload());
    const begin = now();
    await sendChunks(hub, init.uploadId, [...game.chunks()].slice(0, 2));
    hub.socket.pause(); // reads no ping, so sends no pong
    const { token } = hub;
    const gone = (async () => {
      for (;;) {
        const probe = await Hub.open(agent);
        const reply = await probe.hello({ hubId: "hub-probe" });
        await probe.drop();
        if (reply.error?.code !== 409) {
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    })();
    await deadline(gone, "the silent Hub is dropped");
    assert.ok(now() - begin >= 15_000, `dropped after ${now() - begin} ms`);
    hub.socket.terminate();
    const again = await Hub.ready(agent, { token });
    const next = await again.request("init_upload", game.initPayload());
    assert.ok(next.resumeFrom["a.bin"] > 0);
  });

  test("a peer that only answers pings stays connected", async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent);
    for (let pings = 0; pings < 5; pings++) {
      await deadline(once(hub.socket, "ping"), "a ping");
    }
    await hub.request("get_info");
  });

  test("a silent TCP connection is closed within 30 s", async (t) => {
    const agent = await startAgent(t);
    const socket = net.connect(agent.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    await once(socket, "connect");
    await deadline(once(socket, "close"), "the silent connection is closed");
  });

  test("an upgrade that trickles in is closed within 30 s", async (t) => {
    const agent = await startAgent(t);
    const socket = net.connect(agent.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    await once(socket, "connect");
    socket.write("GET /ws HTTP/1.1\r\nHost: x\r\n");
    const trickle = setInterval(() => socket.writable && socket.write("X-Slow: loris\r\n"), 1000);
    t.after(() => clearInterval(trickle));
    await deadline(once(socket, "close"), "the slow upgrade is closed");
  });

  test("a connection without handshake is closed after 30 s", async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.open(agent);
    await hub.ask("ping");
    await deadline(hub.closed, "the stranger is closed");
  });

  test("an upload of a Hub that does not read stalls, and continues when it reads", async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent);
    const game = new Game("Choked", { "a.bin": bytesOf("choked", 2_000_000) });
    const { uploadId } = await hub.request("init_upload", game.initPayload());
    hub.socket.pause();
    const replies = [...game.chunks({ chunkSize: 2000 })].map((chunk) => hub.chunk(uploadId, ...chunk));
    await new Promise((resolve) => setTimeout(resolve, 3000));
    hub.socket.resume();
    for (const reply of await Promise.all(replies)) {
      assert.equal(reply.type, "upload_chunk_response");
    }
    await hub.request("complete_upload", { uploadId, createShortcut: false });
  });
});
