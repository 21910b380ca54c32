// Limits of the process (getrlimit(2)): whatever runs out, the agent says so in one sentence, goes on
// or ends cleanly, and nothing is lost.
import assert from "node:assert/strict";
import test from "node:test";

import { Deck, spawnAgent, startAgent } from "./lib/agent.mjs";
import { Game, Hub, bytesOf, upload } from "./lib/hub.mjs";
import { filesOf, readFiles } from "./lib/tree.mjs";

/** For spawnAgent(): runs the agent under `ulimit -<flag> <value>`. */
const limited = (flag, value) => ({
  wrap: (command) => ["sh", "-c", `ulimit -${flag} ${value}; exec "$@"`, "sh", ...command],
});

/** Resolves once it serves, with null, or has ended, with how. */
async function served(agent) {
  const listening = agent.line(/listening on .*:(\d+)\s*$/).then(([, port]) => {
    agent.port = Number(port);
    return null;
  });
  return Promise.race([listening, agent.exited]).catch(() => agent.exited);
}

test("with few descriptors it serves, or says in one sentence why not", async (t) => {
  const deck = new Deck(t);
  let serving = 0;
  for (let count = 4; serving < 2; count += 6) {
    const agent = spawnAgent(deck, limited("n", count));
    const end = await served(agent);
    if (end === null) {
      serving++;
      await agent.stop();
      continue;
    }
    assert.deepEqual(end, { code: 1, signal: null }, `${count}: ${agent.output}`);
    const sentences = agent.output.split("\n").filter((line) => line.startsWith("capydeck"));
    assert.equal(sentences.length, 1, `${count}: ${agent.output}`);
    assert.match(sentences[0], /cannot serve with \d+ open files; raise 'ulimit -n'/, `${count}`);
    assert.ok(count < 64, "those are enough");
  }
  const agent = await startAgent(t, { deck });
  assert.deepEqual((await deck.ctlJson("status")).notices, [], "nothing was set aside meanwhile");
  await Hub.paired(agent);
});

test("connections that no descriptor is left for keep nobody else out", async (t) => {
  const deck = new Deck(t);
  const agent = spawnAgent(deck, limited("n", 64));
  assert.equal(await served(agent), null);
  const opened = await Promise.allSettled(Array.from({ length: 100 }, () => Hub.open(agent)));
  for (const { value } of opened) {
    await value?.close();
  }
  const hub = await Hub.paired(agent);
  await upload(hub, new Game("Small", { "a.sh": "#!/bin/sh\n" }));
});

test("a file larger than the process may write is refused, and ends nothing", async (t) => {
  const deck = new Deck(t);
  let agent = spawnAgent(deck, limited("f", 1024)); // of 512 or 1024 bytes
  assert.equal(await served(agent), null);
  let hub = await Hub.paired(agent);
  const large = new Game("Large", { "large.pak": bytesOf("large", 3_000_000), "small.pak": bytesOf("small", 1000) });
  await assert.rejects(() => upload(hub, large), /'large\.pak'.* too large|File too large .*ulimit -f/);
  await upload(hub, new Game("Small", { "a.sh": "#!/bin/sh\n" }));
  const { token } = hub;
  await hub.close();
  const { code, signal } = await agent.stop();
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, "it has not been killed by SIGXFSZ");

  agent = await startAgent(t, { deck });
  hub = await Hub.ready(agent, { token });
  await upload(hub, large);
  assert.deepEqual(readFiles(deck.game("Large")), filesOf(large));
});

test("a message that there is no memory for is refused, and the next one is served", async (t) => {
  const deck = new Deck(t);
  const agent = spawnAgent(deck, limited("v", 64 * 1024)); // of 1024 bytes
  assert.equal(await served(agent), null);
  const hub = await Hub.paired(agent);
  const files = Array.from({ length: 110_000 }, (_, index) => ({ relativePath: `data/${index}.pak`, size: 1 }));
  const config = { gameName: "Many", installPath: "", executable: "" };
  for (let round = 0; round < 3; round++) {
    await assert.rejects(
      () => hub.request("init_upload", { config, totalSize: files.length, files }),
      /out of memory|too large/i,
    );
  }
  await upload(hub, new Game("Small", { "a.sh": "#!/bin/sh\n" }));
});
