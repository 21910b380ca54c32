// protocol.md §4.9 and design.md §4.6, against a client that has Steam's files in memory.
import assert from "node:assert/strict";
import fs from "node:fs";
import test, { describe } from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { GameModePlugin, IpcPeer } from "./lib/game_mode_plugin.mjs";
import { Hub } from "./lib/hub.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { readShortcuts, shortcutsPath, writeBinaryVdf } from "./lib/steam_home.mjs";
import { gameOfOthers } from "./lib/others.mjs";
import { until } from "./lib/wait.mjs";

const entry = (AppName) => ({ shortcuts: { 0: { appid: 3000000001, AppName, Exe: '"/x"' } } });
const skip = gameOfOthers();
const names = (deck) => readShortcuts(deck.steam).map(({ appname }) => appname);
const queued = async (deck) => (await deck.ctlJson("steam")).queued;
const create = (hub, name) => hub.request("create_shortcut", { shortcut: { name, exe: `/opt/${name}` } });
/** What the client did, without the numbers of its processes. */
const deeds = (client) => client.log.map((line) => line.split(" ")[0]);

function writeShortcuts(deck, AppName) {
  fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf(entry(AppName)));
}

/** A Deck with one shortcut, its client, an agent that knows it and a Hub. */
async function prepare(t, { running = true, gameMode = false, env = {} } = {}) {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  writeShortcuts(deck, "By hand");
  if (running) {
    await client.start({ gameMode });
  }
  const agent = await startAgent(t, { deck, env: { ...client.env, ...deck.clockEnv, ...env } });
  const hub = await Hub.paired(agent);
  return { deck, client, agent, hub };
}

test("the stand-in client overwrites what is written while it runs, as Steam does", { skip }, async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  writeShortcuts(deck, "Before");
  await client.start();
  assert.equal(fs.readFileSync(`/proc/${client.pid}/comm`, "utf8"), "steam\n");
  writeShortcuts(deck, "Meanwhile");
  await client.startGame(4711);
  client.exit();
  await client.ended();
  assert.deepEqual(names(deck), ["Before"]);
  writeShortcuts(deck, "After");
  await client.start({ gameMode: true });
  client.crash();
  await client.started(3);
  assert.deepEqual(names(deck), ["After"]);
});

test("waiting changes are written between Steam's end and its start, and survive Steam's own writing", { skip }, async (t) => {
  const { deck, client, hub } = await prepare(t);
  const result = await create(hub, "Queued");
  assert.equal(result.success, true);
  assert.match(result.message, /Steam/);
  assert.deepEqual(names(deck), ["By hand"], "nothing is written while Steam runs");
  assert.equal(await queued(deck), 1);

  const reply = await hub.ask("restart_steam", {});
  assert.equal(reply.type, "steam_response");
  assert.deepEqual(reply.payload, { success: true, message: "Steam restarted" });
  await client.started(2);
  assert.deepEqual(deeds(client), ["start", "shutdown", "end", "start"]);
  assert.equal(client.startEnv.DISPLAY, ":77", "the environment that it had");
  assert.equal(await queued(deck), 0);
  assert.deepEqual(names(deck), ["By hand", "Queued"]);
  client.exit();
  await client.ended();
  assert.deepEqual(names(deck), ["By hand", "Queued"], "Steam has read it");
  assert.equal(readShortcuts(deck.steam)[1].appid, result.appId);
});

test("however many changes are waiting, the newest backup is the user's content", { skip }, async (t) => {
  const { deck, client, hub } = await prepare(t);
  const files = [shortcutsPath(deck.steam), `${deck.steam}/config/config.vdf`];
  for (let i = 0; i < 6; i++) {
    await create(hub, `Game ${i}.exe`);
  }
  client.exit();
  await client.ended();
  await until("the queue is made", async () => (await queued(deck)) === 0);
  assert.equal(names(deck).length, 7);
  const config = fs.readFileSync(files[1], "utf8");
  assert.equal(config.match(/proton_experimental/g).length, 6);
  for (const file of files) {
    assert.ok(!fs.existsSync(`${file}.capydeck-2`), "one backup");
  }
  assert.deepEqual(fs.readFileSync(`${files[0]}.capydeck-1`), Buffer.from(writeBinaryVdf(entry("By hand"))));
  assert.doesNotMatch(fs.readFileSync(`${files[1]}.capydeck-1`, "utf8"), /proton/);
});

test("Steam outlives the agent that has started it", { skip }, async (t) => {
  const { client, agent, hub } = await prepare(t);
  await hub.request("restart_steam", {});
  await client.started(2);
  const { pid } = client;
  await agent.stop();
  assert.equal(client.pid, pid);
});

test("a game that runs is not ended, unless the owner has allowed it", { skip }, async (t) => {
  const { deck, client, hub } = await prepare(t);
  await client.startGame(2857492837);
  const refused = await hub.request("restart_steam", {});
  assert.equal(refused.success, false);
  assert.match(refused.message, /2857492837.*steam\.restartWhilePlaying/);
  const forcedOnce = await deck.ctl("steam", "restart");
  assert.equal(forcedOnce.code, 1);
  assert.match(forcedOnce.stderr, /2857492837/);
  assert.deepEqual(deeds(client), ["start", "game"]);

  assert.equal((await deck.ctl("settings", "set", "steam.restartWhilePlaying", "true")).code, 0);
  const allowed = await hub.request("restart_steam", {});
  assert.deepEqual(allowed, { success: true, message: "Steam restarted" });
  await client.started(2);
});

test("a Steam that is not running is started on a desktop, and is never an error", { skip }, async (t) => {
  for (const [env, starts, message] of [
    [{ DISPLAY: ":78" }, 1, /was not running; it has been started/],
    [{ WAYLAND_DISPLAY: "wayland-7" }, 1, /it has been started/],
    [{}, 0, /not running/],
    [{ DISPLAY: ":78", XDG_CURRENT_DESKTOP: "gamescope" }, 0, /not running/],
  ]) {
    const { deck, client, hub } = await prepare(t, { running: false, env });
    fs.writeFileSync(`${deck.steam}/steam.pid`, "1\n"); // left by one that crashed
    await create(hub, "Written");
    const { success, message: told } = await hub.request("restart_steam", {});
    assert.equal(success, true, told);
    assert.match(told, message);
    await client.started(starts);
    assert.deepEqual(names(deck), ["By hand", "Written"]);
  }
});

test("without a Steam there is nothing to restart, and the answer says so", { skip }, async (t) => {
  const deck = new Deck(t);
  fs.rmSync(deck.steam, { recursive: true });
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const reply = await hub.ask("restart_steam", {});
  assert.notEqual(reply.payload?.success, true);
  assert.match(reply.payload?.message ?? reply.error.message, /Steam/);
});

test("two concurrent requests get one restart", { skip }, async (t) => {
  const { deck, client, hub } = await prepare(t);
  client.holdsExit = true;
  const first = hub.ask("restart_steam", {});
  await client.logged(/^ending$/);
  const peer = await IpcPeer.connect(deck);
  const second = peer.call("steam.restart");
  const third = hub.ask("restart_steam", {});
  // The agent has read what came before.
  await Promise.all([peer.call("status"), hub.request("get_info")]);
  client.exit();
  assert.equal((await first).payload.success, true);
  assert.equal((await third).payload.success, true);
  assert.equal((await second).message, "Steam restarted");
  await peer.close();
  await client.started(2);
  assert.deepEqual(deeds(client), ["start", "shutdown", "ending", "end", "start"]);
});

test("a Steam that crashes instead of exiting is restarted, with the waiting changes", { skip }, async (t) => {
  const { deck, client, hub } = await prepare(t);
  await create(hub, "Queued");
  client.holdsExit = true;
  const reply = hub.request("restart_steam", {});
  await client.logged(/^ending$/);
  client.crash();
  assert.deepEqual(await reply, { success: true, message: "Steam restarted" });
  await client.started(2);
  assert.deepEqual(names(deck), ["By hand", "Queued"]);
});

test("an agent that is killed while Steam restarts leaves whole files, and the next one finishes", { skip }, async (t) => {
  const { deck, client, agent, hub } = await prepare(t);
  let present = agent;
  let link = hub;
  for (let round = 0; round < 10; round++) {
    const name = `Round ${round}`;
    await create(link, name);
    client.holdsExit = true;
    const { pid } = client;
    link.ask("restart_steam", {}).catch(() => {});
    await client.logged(/^ending$/);
    client.exit();
    // Now before Steam has ended, now while files are written, now after the start.
    await new Promise((resolve) => setTimeout(resolve, 3 * round));
    await present.stop("SIGKILL");
    await client.settled(pid);
    assert.equal(names(deck)[0], "By hand", "the file is whole");

    const { token } = link;
    present = await startAgent(t, { deck, env: client.env });
    link = await Hub.ready(present, { token });
    client.holdsExit = false;
    if (client.pid !== 0) {
      client.exit();
      await client.ended();
    }
    await until("the queue is done", async () => (await queued(deck)) === 0);
    assert.equal(names(deck).at(-1), name);
    client.forget();
    await client.start();
  }
  const rounds = Array.from({ length: 10 }, (_, round) => `Round ${round}`);
  assert.deepEqual(names(deck), ["By hand", ...rounds]);
});

/** Asks again until the minute after Steam's start is over; the agent's clock hurries, but not while Steam restarts. */
async function restartLater(deck, hub) {
  const restart = async () => {
    const { success, message } = await hub.request("restart_steam", {});
    return success ? 0 : Number(/ in (\d+) s$/.exec(message)[1]);
  };
  deck.hurry(true);
  const left = await until("the minute has almost passed", async () => {
    const seconds = await restart();
    return seconds < 5 ? { seconds } : null;
  });
  deck.hurry(false);
  await until("the minute has passed", async () => left.seconds === 0 || (await restart()) === 0);
}

describe("slow cases", { concurrency: true }, () => {
  test("a Steam that ignores us is left alone, and the answer comes within 30 s", { skip }, async (t) => {
    const { deck, client, hub } = await prepare(t);
    client.ignoresShutdown = true;
    await create(hub, "Queued");
    const { pid } = client;
    const answer = hub.request("restart_steam", {});
    await client.logged(/^ignored$/);
    deck.hurry(true);
    await hub.request("get_info"); // an event
    const reply = await answer;
    deck.hurry(false);
    assert.equal(reply.success, false);
    assert.match(reply.message, new RegExp(`process ${pid}\\b.*close it`));
    assert.equal(client.pid, pid);
    assert.equal(await queued(deck), 1);
    // It ends after all, by its user's hand.
    client.exit();
    await until("the change is made", () => names(deck).includes("Queued"));
    assert.equal(client.starts, 1);
  });

  test("in Game Mode nothing happens within a minute of Steam's start; then its session starts it", { skip }, async (t) => {
    const { deck, client, hub } = await prepare(t, { gameMode: true });
    await create(hub, "Queued");
    const refused = await hub.request("restart_steam", {});
    assert.equal(refused.success, false);
    const [, seconds] = /in (\d+) s$/.exec(refused.message);
    assert.ok(seconds > 0 && seconds <= 60, seconds);
    assert.equal((await deck.ctl("steam", "restart", "--force")).code, 1, "forced or not");
    assert.deepEqual(deeds(client), ["start"]);

    client.holdsSession = true;
    await restartLater(deck, hub);
    assert.deepEqual(deeds(client), ["start", "shutdown", "end"], "no start by us");
    assert.deepEqual(names(deck), ["By hand", "Queued"]);
    client.holdsSession = false;
    await client.started(2);
    client.exit();
    await client.started(3);
    assert.deepEqual(names(deck), ["By hand", "Queued"]);
  });

  for (const [what, obeys, expected] of [
    ["through the plugin, if it is attached", true, ["start", "end", "start"]],
    ["by -shutdown, if the plugin only says so", false, ["start", "shutdown", "end", "start"]],
  ]) {
    test(`in Game Mode Steam is restarted ${what}`, { skip }, async (t) => {
      const { deck, client, hub } = await prepare(t, { gameMode: true });
      const before = (method) => {
        if (method === "steam.restart" && obeys) {
          client.exit();
        }
      };
      const plugin = await GameModePlugin.attach(t, deck, { before });
      await restartLater(deck, hub);
      await client.started(2);
      assert.equal(plugin.restarts, 1);
      assert.deepEqual(deeds(client), expected);
    });
  }
});
