// Files of the agent that cannot be read or written when it needs them: nothing is forgotten, nothing
// is answered in ignorance, and everything goes on by itself once they can be. A folder in a file's
// place is something that not even root can read.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { spawnAgent, startAgent } from "./lib/agent.mjs";
import { Game, Hub, bytesOf, upload } from "./lib/hub.mjs";
import { readShortcuts } from "./lib/steam_home.mjs";
import { until } from "./lib/wait.mjs";

const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);
const game = (name = "Celeste") => new Game(name, { "bin/celeste": ELF, "data/pak": bytesOf(name, 100_000) });

function push(hub, what = game()) {
  const complete = { createShortcut: true, shortcut: { name: what.name, exe: "bin/celeste" } };
  return upload(hub, what, { config: { executable: "bin/celeste" }, complete });
}

/** Makes the file unreadable, by a link that leads nowhere; returns what brings it back in one step. */
function takeAway(file) {
  const there = fs.existsSync(file);
  if (there) {
    fs.renameSync(file, `${file}.away`);
  }
  fs.symlinkSync("nowhere", file);
  return () => (there ? fs.renameSync(`${file}.away`, file) : fs.unlinkSync(file));
}

const notices = async (deck) => (await deck.ctlJson("status")).notices.join("\n");
const serves = (deck) => until("the agent can be asked", async () => (await deck.ctl("status")).code === 0);
const noNotice = (deck) => until("the notice is gone", async () => (await notices(deck)) === "");

/** A Deck with a paired Hub, one game, one deleted game, and no agent. */
async function lived(t) {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const { result } = await push(hub);
  await push(hub, game("Gone"));
  assert.equal((await deck.ctl("games", "delete", "Gone", "--yes")).code, 0);
  const { id } = (await deck.ctlJson("status")).agent;
  await hub.close();
  await agent.stop();
  return { deck, token: hub.token, appId: result.appId, id };
}

test("a list of Hubs that cannot be read makes no token unknown", async (t) => {
  const { deck, token } = await lived(t);
  const bringBack = takeAway(path.join(deck.config, "hubs.json"));
  const agent = await startAgent(t, { deck });
  assert.match(await notices(deck), /the list of paired Hubs cannot be read now: .*hubs\.json/);

  const hub = await Hub.open(agent);
  const refused = await hub.hello({ token });
  assert.equal(refused.type, "error", "neither paired nor asked to pair");
  assert.match(refused.error.message, /the list of paired Hubs cannot be read now/);
  assert.equal((await agent.pairing()).active, false);
  assert.match((await deck.ctl("hubs", "list")).stderr, /cannot be read now/);
  assert.match((await deck.ctl("hubs", "revoke", "hub-abc123", "--yes")).stderr, /cannot be read now/);

  bringBack();
  assert.equal((await hub.hello({ token })).type, "agent_status", "the same connection may ask again");
  await noNotice(deck);
  assert.equal((await deck.ctlJson("status")).pairedHubs, 1);
});

test("a list of games that cannot be read makes no game unknown", async (t) => {
  const { deck, token, appId } = await lived(t);
  const bringBack = takeAway(path.join(deck.state, "games.json"));
  const agent = await startAgent(t, { deck });
  const hub = await Hub.open(agent);
  assert.equal((await hub.hello({ token })).type, "agent_status");
  for (const ask of [
    () => hub.request("delete_game", { appId }),
    () => push(hub),
    () => hub.request("create_shortcut", { shortcut: { name: "Celeste", exe: path.join(deck.game("Celeste"), "bin/celeste") } }),
  ]) {
    await assert.rejects(ask, /the list of installed games cannot be read now/);
  }
  for (const args of [["games", "list"], ["games", "delete", "Celeste", "--yes"], ["games", "restore", "Gone"]]) {
    assert.match((await deck.ctl(...args)).stderr, /the list of installed games cannot be read now/, args.join(" "));
  }
  assert.ok(fs.existsSync(deck.game("Celeste")));

  bringBack();
  await noNotice(deck);
  assert.equal((await push(hub)).result.appId, appId, "the same folder, the same shortcut");
  assert.deepEqual(fs.readdirSync(deck.library).sort(), [".capydeck", "Celeste"]);
  assert.equal((await hub.request("delete_game", { appId })).status, "deleted");
});

test("a list of deleted games that cannot be read deletes and restores nothing", async (t) => {
  const { deck } = await lived(t);
  const bringBack = takeAway(path.join(deck.state, "trash.json"));
  await startAgent(t, { deck });
  for (const args of [["games", "trash"], ["games", "delete", "Celeste", "--yes"], ["games", "restore", "Gone"]]) {
    assert.match((await deck.ctl(...args)).stderr, /the list of deleted games cannot be read now/, args.join(" "));
  }
  assert.ok(fs.existsSync(deck.game("Celeste")));
  bringBack();
  await noNotice(deck);
  assert.equal((await deck.ctl("games", "restore", "Gone")).code, 0);
  assert.ok(fs.existsSync(deck.game("Gone")));
});

test("nobody is served under another id, or other settings, than the owner's", async (t) => {
  const { deck, token, id } = await lived(t);
  fs.writeFileSync(path.join(deck.config, "settings.json"), JSON.stringify({ version: 1, "games.trashDays": 30 }));
  const bringBack = {
    "agent.json": takeAway(path.join(deck.config, "agent.json")),
    "settings.json": takeAway(path.join(deck.config, "settings.json")),
  };
  const agent = spawnAgent(deck);
  await serves(deck);
  for (const [file, sentence] of [
    ["settings.json", /the settings cannot be read now/],
    ["agent.json", /the agent's id cannot be read now/],
  ]) {
    await until(`${file} is missed`, async () => sentence.test((await deck.ctlJson("status")).agent.problem));
    const status = await deck.ctlJson("status");
    assert.equal(status.agent.listening, false);
    assert.equal(status.agent.id, "");
    assert.match(status.notices.join("\n"), sentence);
    if (file === "settings.json") {
      assert.match((await deck.ctl("settings", "set", "games.trashDays", "3")).stderr, sentence);
    }
    bringBack[file]();
  }
  const [, port] = await agent.line(/listening on .*:(\d+)\s*$/);
  agent.port = Number(port);
  const status = await deck.ctlJson("status");
  assert.equal(status.agent.id, id);
  assert.deepEqual(status.notices, []);
  assert.equal((await deck.ctlJson("settings", "get", "games.trashDays")).value, 30);
  assert.equal((await deck.ctlJson("settings", "get", "agent.name")).value, "Test Deck", "as the command line says");
  assert.ok((await deck.ctlJson("games", "trash")).games[0].expiresInSeconds > 29 * 86400);
  const hub = await Hub.open(agent);
  assert.equal((await hub.hello({ token })).type, "agent_status");
});

test("changes that wait for Steam are read later, and made", async (t) => {
  const { deck } = await lived(t);
  const bringBack = takeAway(path.join(deck.state, "steam.json"));
  await startAgent(t, { deck });
  assert.match(await notices(deck), /the list of changes queued for Steam cannot be read now/);
  bringBack();
  await noNotice(deck);
});

test("a shortcut that cannot be recorded is said, found and recorded later", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  await push(hub);
  const exe = path.join(deck.game("Celeste"), "bin/celeste");
  const [before] = readShortcuts(deck.steam);
  assert.equal((await hub.request("delete_shortcut", { appId: before.appid ?? before.appId })).success, true);
  assert.equal((await deck.ctl("games", "restore", "Celeste")).code, 0);

  const bringBack = takeAway(path.join(deck.state, "games.json"));
  const made = await hub.request("create_shortcut", { shortcut: { name: "Celeste", exe } });
  assert.match(made.message, /'Celeste' is not recorded yet .*keeps trying/);
  await until("it is a notice", async () => /the list of installed games cannot be saved/.test(await notices(deck)));
  assert.equal((await deck.ctlJson("games", "list")).games[0].appId, made.appId);
  await assert.rejects(() => hub.request("delete_game", { appId: made.appId }), /games\.json/);
  assert.ok(fs.existsSync(exe), "not deleted, and not said to be");

  bringBack();
  await noNotice(deck);
  const { games } = JSON.parse(fs.readFileSync(path.join(deck.state, "games.json"), "utf8"));
  assert.equal(games[0].appId, made.appId);
  assert.equal((await hub.request("delete_game", { appId: made.appId })).status, "deleted");
  assert.ok(!fs.existsSync(deck.game("Celeste")));
});

test("a game whose id was lost is found by its program, and gets no second shortcut", async (t) => {
  const { deck, token, appId } = await lived(t);
  const file = path.join(deck.state, "games.json");
  const list = JSON.parse(fs.readFileSync(file, "utf8"));
  for (const then of ["push", "delete"]) {
    list.games[0].appId = 0;
    fs.writeFileSync(file, JSON.stringify(list));
    const agent = await startAgent(t, { deck });
    const hub = await Hub.open(agent);
    assert.equal((await hub.hello({ token })).type, "agent_status");
    if (then === "push") {
      assert.equal((await push(hub)).result.appId, appId);
      assert.equal(readShortcuts(deck.steam).length, 1);
    } else {
      assert.equal((await hub.request("delete_game", { appId })).gameName, "Celeste");
      assert.ok(!fs.existsSync(deck.game("Celeste")), "the folder too");
      assert.equal(readShortcuts(deck.steam).length, 0);
    }
    await hub.close();
    await agent.stop();
  }
});
