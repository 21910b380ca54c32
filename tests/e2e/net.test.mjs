// protocol.md §1: what else the network does to an agent, while a game is on its way.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import test from "node:test";

import { Deck, spawnAgent, startAgent } from "./lib/agent.mjs";
import { Game, Hub, bytesOf, sendChunks } from "./lib/hub.mjs";
import { filesOf, readFiles } from "./lib/tree.mjs";
import { deadline } from "./lib/wait.mjs";

/** A plain TCP connection whose errors are its own affair. */
function tcp(agent, localAddress = "127.0.0.1") {
  const socket = net.connect({ port: agent.port, host: "127.0.0.1", localAddress });
  socket.on("error", () => {});
  socket.resume();
  return socket;
}

/** Runs an upload and `disturb` beside it; the upload must come through unharmed. */
async function undisturbed(t, disturb) {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent, { connection: { localAddress: "127.0.0.2" } });
  const game = new Game("Calm", { "a.bin": bytesOf("calm", 20_000_000) });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  const chunks = [...game.chunks({ chunkSize: 200_000 })];
  await sendChunks(hub, uploadId, chunks.slice(0, 10));
  const rest = { disturbed: disturb(agent) };
  await sendChunks(hub, uploadId, chunks.slice(10), { inFlight: 2 });
  await rest.disturbed;
  await hub.request("get_info");
  const result = await hub.request("complete_upload", { uploadId, createShortcut: false });
  assert.deepEqual(readFiles(result.path), filesOf(game));
  return { agent, hub };
}

test("1,000 idle sockets do not disturb a transfer, nor the next Hub", async (t) => {
  const sockets = [];
  const { agent, hub } = await undisturbed(t, async (agent) => {
    for (let i = 0; i < 1000; i++) {
      const socket = tcp(agent, `127.0.${1 + (i >> 8)}.${1 + (i & 127)}`);
      sockets.push(socket);
      if (i % 50 === 49) {
        await Promise.race([once(socket, "connect"), once(socket, "close")]);
      }
    }
  });
  const again = await Hub.ready(agent, {
    token: hub.token,
    connection: { localAddress: "127.0.0.3" },
  });
  await again.request("get_info");
  sockets.forEach((socket) => socket.destroy());
});

test("a port scan and foreign protocols", async (t) => {
  const probes = [
    "",
    "\r\n\r\n",
    "GET / HTTP/1.0\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: x\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: capydeck, http-only, lws\r\n\r\n",
    "POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nabc",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    `GET /${"a".repeat(100_000)} HTTP/1.1\r\n\r\n`,
    `GET /ws HTTP/1.1\r\n${"X-Header: y\r\n".repeat(5000)}\r\n`,
    "GET /ws HTTP/1.1\r\nHost: x\r\n" + "X".repeat(70_000),
    bytesOf("garbage", 10_000),
    bytesOf("more garbage", 200_000),
  ];
  const { agent, hub } = await undisturbed(t, async (agent) => {
    for (let i = 0; i < 4; i++) {
      for (const probe of probes) {
        const socket = tcp(agent, `127.0.1.${1 + i}`);
        await Promise.race([once(socket, "connect"), once(socket, "close")]);
        socket.end(Buffer.from(probe, "latin1"));
      }
    }
  });
  await Hub.ready(agent, { token: hub.token });
});

test("frames that break RFC 6455 end that connection only", async (t) => {
  const { agent } = await undisturbed(t, async (agent) => {
    const request =
      "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    const frames = [
      [0x81, 0x04, 0x70, 0x69, 0x6e, 0x67], // not masked
      [0xf1, 0x80, 0, 0, 0, 0], // reserved bits
      [0x83, 0x80, 0, 0, 0, 0], // reserved opcode
      [0x80, 0x80, 0, 0, 0, 0], // a continuation of nothing
      [0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0], // a ping of 256 bytes
      [0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], // 2^64 - 1 bytes
      [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], // 2^63 - 1 bytes
      [0x88, 0x81, 0, 0, 0, 0, 0x03], // a close of one byte
    ];
    for (const bytes of frames) {
      const socket = tcp(agent, "127.0.1.9");
      await once(socket, "connect");
      socket.write(request);
      await once(socket, "data");
      socket.end(Buffer.from(bytes));
      await deadline(once(socket, "close"), `the connection ends after ${bytes}`);
    }
  });
  assert.equal(agent.child.exitCode, null);
});

test("browsers are refused with 403 unless the owner allows their origin", async (t) => {
  const agent = await startAgent(t);
  for (const origin of ["https://evil.example", "http://localhost", "null", "file://"]) {
    await assert.rejects(Hub.open(agent, { origin }), { status: 403 }, origin);
  }
  const set = await agent.deck.ctl(
    ...["settings", "set", "connections.allowedOrigins", '["https://fleet.example"]'],
  );
  assert.equal(set.code, 0, set.stderr);
  await assert.rejects(Hub.open(agent, { origin: "https://evil.example" }), { status: 403 });
  const hub = await Hub.open(agent, { origin: "https://fleet.example" });
  assert.equal((await hub.ask("ping")).type, "pong");
});

test("any other path is 404", async (t) => {
  const agent = await startAgent(t);
  for (const path of ["/", "/ws2", "/ws/", "/WS", "/ws/../x", "/agent"]) {
    await assert.rejects(Hub.open(agent, { path }), { status: 404 }, path);
  }
  const response = await fetch(`http://127.0.0.1:${agent.port}/`);
  assert.equal(response.status, 404);
});

test("both IPv4 and IPv6 are served", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent, { host: "[::1]" }).catch((error) => {
    assert.equal(error.code, "EADDRNOTAVAIL", error); // no IPv6 on this machine
  });
  assert.equal((await (hub ?? (await Hub.open(agent))).ask("ping")).type, "pong");
});

test("while another process uses the port the agent names it, serves otherwise, and takes the port once free", async (t) => {
  const first = await startAgent(t);
  const deck = new Deck(t);
  const second = spawnAgent(deck, { port: first.port });
  await second.line(/^socket /);
  const { agent, mdns } = await deck.ctlJson("status");
  assert.equal(agent.listening, false);
  assert.equal(mdns.state, "off");
  assert.equal(agent.port, first.port);
  assert.match(agent.problem, new RegExp(`^port ${first.port} is in use by 'capydeck' \\(pid ${first.pid}\\)`));
  assert.match(second.output, new RegExp(`port ${first.port} is in use by 'capydeck' \\(pid ${first.pid}\\)`));
  assert.ok((await deck.ctl("status")).stdout.includes(agent.problem));
  assert.equal((await deck.ctl("settings", "set", "agent.name", "Lounge")).code, 0);

  await first.stop();
  await second.line(/^listening on /);
  second.port = first.port;
  assert.equal((await (await Hub.open(second)).ask("ping")).type, "pong");
  const { agent: served } = await deck.ctlJson("status");
  assert.deepEqual([served.listening, served.problem, served.name], [true, "", "Lounge"]);
});

test("a second agent of the same user names the first; with --wait it serves when that ends", async (t) => {
  const deck = new Deck(t);
  const first = await startAgent(t, { deck });
  const second = spawnAgent(deck);
  assert.equal((await second.exited).code, 1);
  assert.match(second.output, new RegExp(`\\b${first.pid}\\b`));

  const waiting = spawnAgent(deck, { args: ["--wait"] });
  await waiting.line(/wait/i);
  await first.stop();
  const [, port] = await waiting.line(/listening on .*:(\d+)\s*$/);
  waiting.port = Number(port);
  assert.equal((await (await Hub.open(waiting)).ask("ping")).type, "pong");
});

test("an agent exits at once and cleanly, connected or not", async (t) => {
  for (const signal of ["SIGTERM", "SIGINT"]) {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent);
    assert.deepEqual(await agent.stop(signal), { code: 0, signal: null });
    assert.equal((await hub.closed).code, 1001);
  }
});

test("the agent pings every few seconds, and a peer's ping is answered", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent);
  const first = once(hub.socket, "ping");
  const pong = once(hub.socket, "pong");
  hub.socket.ping("payload");
  const [data] = await deadline(pong, "a pong");
  assert.equal(data.toString(), "payload");
  await deadline(first, "a ping from the agent");
});
