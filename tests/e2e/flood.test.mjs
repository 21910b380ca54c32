// protocol.md §1.10, §3.3: a hostile network asks for everything at once, and the owner still gets in.
// What is asserted is who gets in and in which order; how soon is measured by `make bench`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import test from "node:test";

import { BINARY, startAgent } from "./lib/agent.mjs";
import { Game, Hub, bytesOf, freshHubId, upload } from "./lib/hub.mjs";
import { filesOf, readFiles } from "./lib/tree.mjs";
import { until } from "./lib/wait.mjs";

const FLOOD = path.join(path.dirname(BINARY), "bench_flood");
const skip = fs.existsSync(FLOOD) ? false : "bench_flood is not built";

/** 300 addresses that do what strangers may, until the test ends. Resolves once all of them have begun. */
async function flood(t, agent, mode, perSecond = 1000) {
  const crowd = spawn(FLOOD, ["127.0.0.1", String(agent.port), mode, "127.0.16.1", "300", String(perSecond), "0"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(crowd, "close");
  let output = "";
  crowd.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  t.after(async () => {
    crowd.stdin.end();
    await ended;
  });
  await until("the crowd is there", () => output.includes("flooding"));
}

/** Dropped: try again. What else was thrown is a failure. */
function reconnecting(error) {
  if (error instanceof assert.AssertionError || !(error.close || error.code)) {
    throw error;
  }
}

/** Asks until it has a code on the screen, as a Hub does that its user has started. */
const pairs = (agent, who, localAddress) =>
  until("the owner pairs", async () => {
    try {
      const hub = await Hub.open(agent, { localAddress });
      const reply = await hub.hello(who);
      if (reply.type === "pairing_required") {
        const { hubName, code } = await agent.pairing();
        if (hubName !== who.name) {
          return false; // its time on the screen was over before we looked
        }
        const success = await hub.ask("pair_confirm", { code });
        hub.token = success.payload?.token;
        return success.type === "pair_success" && hub;
      }
      assert.equal(reply.error?.code, 429, JSON.stringify(reply));
      await hub.drop();
    } catch (error) {
      reconnecting(error);
    }
    return false;
  });

const connects = (agent, who, localAddress) =>
  until("the Hub is in", async () => {
    try {
      return await Hub.ready(agent, { ...who, connection: { localAddress } });
    } catch (error) {
      reconnecting(error);
      return false;
    }
  });

for (const mode of ["ask", "guess", "mixed"]) {
  test(`300 addresses that ${mode}: the owner pairs, and gets in again from there and from elsewhere`, { skip }, async (t) => {
    const agent = await startAgent(t);
    await flood(t, agent, mode);
    const who = { hubId: "hub-owner", name: "Owner" };
    const hub = await pairs(agent, who, "127.0.0.2");
    const { token } = hub;
    const game = new Game("Besieged", { "a.bin": bytesOf("besieged", 3_000_000) });
    const { result } = await upload(hub, game);
    assert.deepEqual(readFiles(result.path), filesOf(game));
    await hub.drop();
    for (const localAddress of ["127.0.0.2", "127.0.0.3", "127.0.0.2"]) {
      const again = await connects(agent, { ...who, token }, localAddress);
      await again.request("get_info");
      await again.drop();
    }
  });
}

test("descriptors and memory stay bounded, whatever 300 addresses do", { skip }, async (t) => {
  const agent = await startAgent(t);
  const open = () => fs.readdirSync(`/proc/${agent.pid}/fd`).length;
  const before = open();
  await flood(t, agent, "mixed");
  const hub = await pairs(agent, { hubId: freshHubId(), name: "Owner" }, "127.0.0.2");
  assert.ok(open() <= before + 256 + 32, `${open()} descriptors, ${before} before`);
  assert.ok(agent.residentBytes() < 64_000_000 || process.env.CAPYDECK_SANITIZED, "memory");
  await hub.close();
});

test("the owner chooses among those that wait, and nobody else gets the screen", async (t) => {
  const agent = await startAgent(t);
  const first = await Hub.open(agent, { localAddress: "127.0.0.11" });
  assert.equal((await first.hello({ hubId: "hub-first", name: "First" })).type, "pairing_required");
  const owner = await Hub.open(agent, { localAddress: "127.0.0.2" });
  assert.equal((await owner.hello({ hubId: "hub-owner", name: "Owner" })).error?.code, 429);

  const { hubs } = await agent.deck.ctlJson("pairing", "waiting");
  assert.deepEqual(
    hubs.map(({ name, address, known }) => ({ name, address, known })),
    [{ name: "Owner", address: "127.0.0.2", known: false }],
  );
  const nobody = await agent.deck.ctl("pairing", "pick", "127.0.0.99");
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /no Hub at '127\.0\.0\.99' is waiting for a code/);
  assert.equal((await agent.deck.ctl("pairing", "pick", "127.0.0.2")).code, 0);

  assert.match((await first.event("pair_failed")).payload.reason, /another Hub's turn/);
  const refused = await first.hello({ hubId: "hub-first", name: "First" });
  assert.match(refused.error?.message ?? "", /owner has chosen another Hub; try again in \d+ seconds/);
  assert.equal((await owner.hello({ hubId: "hub-owner", name: "Owner" })).type, "pairing_required");
  assert.equal((await owner.ask("pair_confirm", { code: await agent.code() })).type, "pair_success");
  assert.deepEqual((await agent.deck.ctlJson("pairing", "waiting")).hubs.map(({ name }) => name), ["First"]);
});

test("who has paired before is known after a restart too", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent, { hubId: "hub-known", connection: { localAddress: "127.0.0.2" } });
  await hub.close();
  await agent.stop();
  const again = await startAgent(t, { deck: agent.deck });
  const holder = await Hub.open(again, { localAddress: "127.0.0.3" });
  await holder.hello({ hubId: "hub-other", name: "Other" });
  const known = await Hub.open(again, { localAddress: "127.0.0.2" });
  await known.hello({ hubId: "hub-new", name: "New Hub, known PC" });
  const { hubs } = await again.deck.ctlJson("pairing", "waiting");
  assert.deepEqual(hubs.map(({ address, known: isKnown }) => [address, isKnown]), [["127.0.0.2", true]]);
});

test("a request that trickles in is not lost, and costs no place", async (t) => {
  const agent = await startAgent(t);
  const request =
    "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const slow = net.connect({ port: agent.port, host: "127.0.0.1", localAddress: "127.0.0.9" });
  await once(slow, "connect");
  slow.setNoDelay(true);
  const half = request.length / 2;
  slow.write(request.slice(0, half));
  const hubs = await Promise.all(
    [2, 3, 4, 5, 6, 7, 8, 10].map((n) => Hub.open(agent, { localAddress: `127.0.0.${n}` })),
  );
  await Promise.all(hubs.map((hub) => hub.ask("ping")));
  await Promise.all(hubs.map((hub) => hub.drop()));
  slow.write(request.slice(half));
  const [answer] = await once(slow, "data");
  assert.match(answer.toString(), / 101 /);
  slow.destroy();
});
