// design.md §4.3: whatever ends the agent, and wherever, Steam's files are the old ones or the new
// ones, and what was taken on is finished by the next start, once.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { Deck, startAgent } from "./lib/agent.mjs";
import { Game, Hub, sendChunks } from "./lib/hub.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { parseBinaryVdf, readShortcuts, shortcutsPath, writeBinaryVdf } from "./lib/steam_home.mjs";
import { until } from "./lib/wait.mjs";

const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);
const FOREIGN = { appid: 3000000001, AppName: "By hand", Exe: '"/usr/bin/true"', FutureKey: "kept" };
const STEPS_MAX = 500;
const KILLED = 137;

const hasCompiler = spawnSync("cc", ["--version"]).status === 0;
/** A sanitizer's runtime has to be loaded first. */
const skip = process.env.CAPYDECK_SANITIZED
  ? "not with a sanitizer"
  : hasCompiler
    ? false
    : "needs a C compiler";

/** A Deck whose user has made a shortcut by hand, with a token, and the library that kills. */
async function prepare(t) {
  const deck = new Deck(t);
  fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf({ shortcuts: { 0: FOREIGN } }));
  const library = path.join(deck.root, "kill_at.so");
  const args = ["-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, path.join(path.dirname(fileURLToPath(import.meta.url)), "kill_at.c")];
  assert.equal(spawnSync("cc", args, { stdio: "inherit" }).status, 0);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  await agent.stop();
  return { deck, token: hub.token, library, arm: path.join(deck.root, "armed") };
}

async function connect(t, { deck, token }, env = {}) {
  const agent = await startAgent(t, { deck, env });
  return { agent, hub: await Hub.ready(agent, { token }) };
}

/** The changes still to be made; an empty queue has no file. */
function stateOf(deck) {
  try {
    return JSON.parse(fs.readFileSync(path.join(deck.state, "steam.json"), "utf8"));
  } catch (error) {
    assert.equal(error.code, "ENOENT", String(error));
    return { changes: [] };
  }
}

/** Steam's file and every backup parse, and hold what the user has made; the names in it. */
function namesIn(deck) {
  const file = shortcutsPath(deck.steam);
  for (const name of fs.readdirSync(path.dirname(file))) {
    if (/^shortcuts\.vdf(\.capydeck-\d)?$/.test(name)) {
      parseBinaryVdf(fs.readFileSync(path.join(path.dirname(file), name)));
    }
  }
  const [first, ...others] = readShortcuts(deck.steam);
  assert.equal(first.appname, FOREIGN.AppName);
  assert.equal(first.futurekey, FOREIGN.FutureKey);
  assert.equal(first.appid, FOREIGN.appid);
  return others.map(({ appname }) => appname);
}

/** Once the queue is empty. */
async function settled(deck) {
  await until("the queue is made", () => stateOf(deck).changes.length === 0);
  return namesIn(deck);
}

/**
 * Ends the agent at each step of an operation in turn, until there is none left.
 * before: with an agent that is not killed; resolves to what the others get. ask: the operation,
 * whose answer may not come. after: with the agent that was started next.
 */
async function killAtEachStep(t, { env, before, ask, after }) {
  const rig = await prepare(t);
  const { deck, library, arm } = rig;
  for (let step = 1; ; step++) {
    assert.ok(step < STEPS_MAX, "the operation has an end");
    const { agent, hub } = await connect(t, rig, { ...env, LD_PRELOAD: library, KILL_AT: String(step), KILL_ARM: arm });
    const name = `Game ${step}`;
    const told = await before({ deck, hub, name });
    fs.writeFileSync(arm, "");
    const reply = await ask({ deck, hub, name, told }).catch(() => null);
    await hub.settle().catch(() => agent.exited);
    const { pending, names } = { pending: stateOf(deck).changes.length > 0, names: namesIn(deck) };
    fs.rmSync(arm);
    await agent.stop();
    const { code } = await agent.exited;
    const survived = code === 0;
    assert.ok(survived || code === KILLED, `step ${step}: ${code}\n${agent.output}`);

    const next = await connect(t, rig, env);
    await after({ deck, hub: next.hub, name, told, reply, pending, names, step });
    await next.agent.stop();
    if (survived) {
      assert.ok(step > 5, `it was killed at ${step - 1} steps only`);
      const newest = parseBinaryVdf(fs.readFileSync(`${shortcutsPath(deck.steam)}.capydeck-1`));
      assert.deepEqual(Object.keys(newest.shortcuts), ["0"], "the newest backup has nothing of ours");
      t.diagnostic(`${step - 1} steps`);
      return;
    }
  }
}

const count = (names, name) => names.filter((other) => other === name).length;

const create = (hub, name) => hub.request("create_shortcut", { shortcut: { name, exe: `/opt/${name}/run` } });

test("create_shortcut, killed at each step", { skip }, async (t) => {
  await killAtEachStep(t, {
    before: () => null,
    ask: ({ hub, name }) => create(hub, name),
    async after({ deck, hub, name, reply, pending, names, step }) {
      const what = `step ${step}`;
      const finished = await settled(deck);
      assert.ok(count(names, name) <= 1, what);
      assert.equal(count(finished, name), pending || names.includes(name) ? 1 : 0, `${what}: what was taken on is made`);
      assert.ok(!reply || finished.includes(name), `${what}: what was answered is there`);
      await create(hub, name); // as a Hub does that got no answer
      assert.equal(count(await settled(deck), name), 1, what);
    },
  });
});

test("delete_shortcut, killed at each step", { skip }, async (t) => {
  await killAtEachStep(t, {
    before: async ({ hub, name }) => (await create(hub, name)).appId,
    ask: ({ hub, told }) => hub.request("delete_shortcut", { appId: told }),
    async after({ deck, hub, name, told, reply, pending, names, step }) {
      const what = `step ${step}`;
      const finished = await settled(deck);
      assert.equal(count(finished, name), pending || !names.includes(name) ? 0 : 1, `${what}: what was taken on is made`);
      assert.ok(!reply || !finished.includes(name), `${what}: what was answered is gone`);
      const again = await hub.ask("delete_shortcut", { appId: told });
      assert.ok(!again.error || again.error.code === 404, `${what}: ${JSON.stringify(again)}`);
      assert.equal(count(await settled(deck), name), 0, what);
    },
  });
});

test("complete_upload with a shortcut, killed at each step", { skip }, async (t) => {
  const exe = "bin/run";
  const gameOf = (name) => new Game(name, { [exe]: ELF, "data.pak": "data" });
  await killAtEachStep(t, {
    async before({ hub, name }) {
      const game = gameOf(name);
      const init = await hub.request("init_upload", game.initPayload({ executable: exe }));
      await sendChunks(hub, init.uploadId, game.chunks());
      return init.uploadId;
    },
    ask: ({ hub, name, told }) =>
      hub.request("complete_upload", { uploadId: told, createShortcut: true, shortcut: { name, exe } }),
    async after({ deck, hub, name, reply, names, step }) {
      const what = `step ${step}`;
      await hub.settle();
      const there = fs.existsSync(path.join(deck.game(name), exe));
      const finished = await until(`${what}: a game that is there gets its shortcut`, async () => {
        const found = await settled(deck);
        return (!there || found.includes(name)) && found;
      });
      assert.ok(count(names, name) <= 1, what);
      assert.equal(count(finished, name), there ? 1 : 0, what);
      assert.ok(!reply || there, `${what}: what was answered is there`);
    },
  });
});

test("what waited for Steam's end, killed at each step", { skip }, async (t) => {
  const clients = new Map();
  const clientOf = (deck) => clients.get(deck) ?? clients.set(deck, new SteamClient(deck)).get(deck);
  await killAtEachStep(t, {
    async before({ deck, hub, name }) {
      const client = clientOf(deck);
      await client.start();
      const { appId } = await create(hub, name);
      assert.equal(stateOf(deck).changes.length, 1);
      return appId;
    },
    async ask({ deck, hub, name }) {
      const client = clientOf(deck);
      client.exit();
      await client.ended();
      const made = until("the queue is made", () => stateOf(deck).changes.length === 0);
      await Promise.race([made, hub.closed]);
      await hub.settle();
      return namesIn(deck).includes(name);
    },
    async after({ deck, hub, name, told, step }) {
      const finished = await settled(deck);
      assert.equal(count(finished, name), 1, `step ${step}`);
      assert.equal((await create(hub, name)).appId, told, `step ${step}`);
      assert.equal(count(await settled(deck), name), 1, `step ${step}`);
    },
  });
});

test("killed at random moments among many changes", { skip }, async (t) => {
  const rig = await prepare(t);
  const { deck } = rig;
  const asked = new Map(); // name → is it to be there? undefined: not answered
  for (let round = 0; round < 20; round++) {
    const { agent, hub } = await connect(t, rig);
    const work = (async () => {
      for (let i = 0; i < 20; i++) {
        const name = `Game ${round}.${i}`;
        const { appId } = await create(hub, name);
        asked.set(name, true);
        if (i % 3 === 0) {
          asked.delete(name);
          await hub.request("delete_shortcut", { appId });
          asked.set(name, false);
        }
      }
    })().catch(() => {});
    await Promise.race([work, new Promise((resolve) => setTimeout(resolve, Math.random() * 60))]);
    await agent.stop("SIGKILL");
    await work;
    namesIn(deck);
  }
  await connect(t, rig);
  const names = await settled(deck);
  assert.equal(new Set(names).size, names.length, "each once");
  for (const [name, there] of asked) {
    assert.equal(names.includes(name), there, name);
  }
});
