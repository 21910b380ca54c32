// `capydeck ctl games …` and `capydeck ctl steam …`: what the owner does about games and Steam.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { BINARY, Deck, run, startAgent } from "./lib/agent.mjs";
import { GameModePlugin, IpcPeer } from "./lib/game_mode_plugin.mjs";
import { Game, Hub, upload } from "./lib/hub.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { GAMER, readShortcuts, shortcutsPath, writeBinaryVdf } from "./lib/steam_home.mjs";
import { until } from "./lib/wait.mjs";

const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);

async function push(hub, name, { createShortcut = true } = {}) {
  const game = new Game(name, { "bin/run": ELF, "saves/1": "first" });
  const complete = { createShortcut, shortcut: { name, exe: "bin/run" } };
  return (await upload(hub, game, { config: { executable: "bin/run" }, complete })).result;
}

const names = (deck) => readShortcuts(deck.steam).map(({ appname }) => appname);

/** Runs ctl on a terminal of its own and types an answer. */
function onTerminal(deck, answer, ...args) {
  const command = [BINARY, "ctl", ...args, "--runtime-dir", deck.runtime];
  const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
  return run("script", ["-qec", quoted, "/dev/null"], { input: answer, env: deck.env });
}

test("a game is deleted by name, folder or app id, and comes back as it was", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const { appId } = await push(hub, "Doom");
  await push(hub, "Quake");
  fs.writeFileSync(path.join(deck.game("Doom"), "saves/2"), "second");
  const [before] = (await deck.ctlJson("games")).games;
  assert.equal(before.userId, GAMER.accountId);

  for (const word of ["Doom", deck.game("Doom"), `${deck.game("Doom")}/`, String(appId)]) {
    const deleted = await deck.ctl("games", "delete", word);
    assert.equal(deleted.code, 0, deleted.stderr);
    assert.match(deleted.stdout, /deleted 'Doom'.*games restore [0-9a-f]{16}/);
    assert.ok(!fs.existsSync(deck.game("Doom")));
    assert.deepEqual(names(deck), ["Quake"]);
    assert.deepEqual((await deck.ctlJson("games")).games.map(({ name }) => name), ["Quake"]);
    const { games } = await deck.ctlJson("games", "trash");
    assert.equal(games.length, 1);
    const [{ id, name, dir, sizeBytes, expiresInSeconds }] = games;
    assert.deepEqual({ name, dir, sizeBytes }, { name: "Doom", dir: deck.game("Doom"), sizeBytes: before.sizeBytes });
    assert.ok(expiresInSeconds > 6 * 86400 && expiresInSeconds <= 7 * 86400);
    assert.match((await deck.ctl("games", "trash")).stdout, new RegExp(`^ID .*\\n${id}  Doom .*7 days`));

    const restored = await deck.ctl("games", "restore", word === "Doom" ? id : "Doom");
    assert.equal(restored.code, 0, restored.stderr);
    assert.match(restored.stdout, /^restored 'Doom'$/m);
    assert.equal(fs.readFileSync(path.join(deck.game("Doom"), "saves/2"), "utf8"), "second");
    const again = (await deck.ctlJson("games")).games.find((game) => game.name === "Doom");
    assert.deepEqual(again, before);
    assert.equal(readShortcuts(deck.steam).find(({ appname }) => appname === "Doom").appid, appId);
    assert.match((await deck.ctl("games", "trash")).stdout, /no deleted game/);
  }
});

test("--json prints machine-readable output", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  await push(hub, "Doom", { createShortcut: false });
  const deleted = await deck.ctlJson("games", "delete", "Doom");
  assert.match(deleted.trashId, /^[0-9a-f]{16}$/);
  assert.deepEqual(deleted, { name: "Doom", trashId: deleted.trashId, note: "", prefix: "" });
  assert.deepEqual(await deck.ctlJson("games", "restore", deleted.trashId), { name: "Doom", note: "" });
  const { trashId } = await deck.ctlJson("games", "delete", "Doom", "--yes");
  assert.deepEqual(await deck.ctlJson("games", "discard", trashId), {});
  assert.deepEqual(await deck.ctlJson("games", "trash"), { games: [] });
  const steam = await deck.ctlJson("steam");
  assert.equal(steam.state, "files");
  assert.equal(steam.queued, 0);
  assert.deepEqual(Object.keys(steam), ["state", "detail", "queued", "games"]);
});

test("missing and ambiguous names are refused with a message", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  for (const args of [
    ["games", "delete", "Doom"],
    ["games", "delete", "/etc"],
    ["games", "delete", "4000000000"],
    ["games", "delete", ""],
    ["games", "restore", "Doom"],
    ["games", "restore", "0123456789abcdef"],
    ["games", "discard", "../../x"],
  ]) {
    const { code, stderr } = await deck.ctl(...args);
    assert.equal(code, 1, args.join(" "));
    assert.ok(stderr.includes(args[2]), stderr);
  }
  for (const args of [["games", "delete"], ["games", "delete", "a", "b"], ["games", "restore"], ["steam", "start"]]) {
    assert.equal((await deck.ctl(...args)).code, 2, args.join(" "));
  }
  // Twice in the trash under one name.
  for (let i = 0; i < 2; i++) {
    await push(hub, "Doom");
    await deck.ctlJson("games", "delete", "Doom");
  }
  const { games } = await deck.ctlJson("games", "trash");
  assert.equal(games.length, 2);
  const ambiguous = await deck.ctl("games", "restore", "Doom");
  assert.equal(ambiguous.code, 1);
  games.forEach(({ id }) => assert.ok(ambiguous.stderr.includes(id), ambiguous.stderr));
  assert.equal((await deck.ctl("games", "restore", games[0].id)).code, 0);
  const taken = await deck.ctl("games", "restore", games[1].id);
  assert.equal(taken.code, 1, "its folder is taken again");
  assert.ok(taken.stderr.includes(deck.game("Doom")), taken.stderr);
  // A name that looks like an id, and an app id that is a game's.
  const { appId } = await push(hub, "1942");
  await push(hub, String(appId));
  const both = await deck.ctl("games", "delete", String(appId));
  assert.equal(both.code, 1);
  assert.ok(both.stderr.includes(deck.game("1942")), both.stderr);
  assert.equal((await deck.ctl("games", "delete", "1942")).code, 0);
});

test("deleting a shortcut of an unknown game removes only the shortcut", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const foreign = { 0: { appid: 3987650001, AppName: "Mine", Exe: '"/opt/mine/run"' } };
  fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf({ shortcuts: foreign }));
  const { code, stdout, stderr } = await deck.ctl("games", "delete", "3987650001");
  assert.equal(code, 0, stderr);
  assert.match(stdout, /removed 'Mine' from Steam/);
  assert.deepEqual(names(deck), []);
  assert.deepEqual((await deck.ctlJson("games", "trash")).games, []);
});

test("names cannot control the terminal they are printed on", async (t) => {
  const deck = new Deck(t);
  const nasty = "Evil\x1b[2J\u009b31m\u202e";
  const entry = { appid: 3000000002, AppName: nasty, Exe: '"/usr/bin/true"', StartDir: '"/usr/bin"' };
  fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf({ shortcuts: { 0: entry } }));
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  await push(hub, nasty);
  const printed = [];
  for (const [answer, ...args] of [
    ["n\n", "games"],
    ["y\n", "games", "delete", "3000000002"],
    ["y\n", "games", "delete", nasty],
    ["n\n", "games", "trash"],
    ["n\n", "games", "restore", nasty],
  ]) {
    const { stdout } = await onTerminal(deck, answer, ...args);
    const own = stdout.replaceAll(answer.trim(), ""); // what was typed is echoed
    assert.doesNotMatch(own, /[\x1b\u009b\u202e]/, JSON.stringify([args, own]));
    printed.push(stdout);
  }
  assert.match(printed[1], /removed 'Evil\?\[2J\?31m\?' from Steam/);
  assert.match(printed[2], /Delete 'Evil\?.*deleted 'Evil\?/s);
  assert.match(printed[4], /restored 'Evil\?/);
});

test("a library is forgotten after confirmation, and nobody is asked if it cannot be", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  await push(await Hub.paired(agent), "Doom");
  const forget = (answer) => onTerminal(deck, answer, "libraries", "forget", deck.library);
  const there = await forget("y\n");
  assert.equal(there.code, 1, there.stdout);
  assert.match(there.stdout, /is there; delete its games instead/);
  assert.doesNotMatch(there.stdout, /\[y\/N\]/);
  fs.renameSync(deck.library, `${deck.library}.moved`);
  await until("it is away", async () => (await deck.ctlJson("libraries")).libraries[0].state === "away");
  const refused = await forget("n\n");
  assert.equal(refused.code, 1, refused.stdout);
  assert.match(refused.stdout, /Forget the library '.*' and its 1 game\? .*\[y\/N\]/);
  assert.equal((await deck.ctlJson("games")).games.length, 1);
  const forgotten = await forget("y\n");
  assert.equal(forgotten.code, 0, forgotten.stdout);
  assert.deepEqual((await deck.ctlJson("games")).games, []);
});

test("on a terminal nothing is deleted without confirmation", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  await push(hub, "It's Doom");
  const [{ dir }] = (await deck.ctlJson("games")).games;
  for (const answer of ["n\n", "\n", "yess\n", "\u0004"]) {
    const { code, stdout } = await onTerminal(deck, answer, "games", "delete", "It's Doom");
    assert.equal(code, 1, stdout);
    assert.match(stdout, /Delete 'It's Doom' in '.*'\? .*\[y\/N\]/);
    assert.ok(fs.existsSync(dir));
  }
  const deleted = await onTerminal(deck, "y\n", "games", "delete", "It's Doom");
  assert.equal(deleted.code, 0, deleted.stdout);
  const [{ id }] = (await deck.ctlJson("games", "trash")).games;
  assert.equal((await onTerminal(deck, "no\n", "games", "discard", id)).code, 1);
  assert.equal((await onTerminal(deck, "", "games", "discard", id, "--yes")).code, 0);
  assert.deepEqual((await deck.ctlJson("games", "trash")).games, []);
});

test("with Steam running ctl shows the waiting changes, and restart makes them", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  await client.start();
  const agent = await startAgent(t, { deck, env: client.env });
  const hub = await Hub.paired(agent);
  await push(hub, "Doom");
  assert.deepEqual(names(deck), []);
  const { stdout } = await deck.ctl("steam");
  assert.match(stdout, /^steam +none: .*Steam.*running/);
  assert.match(stdout, /^queued +1;/m);
  assert.match((await deck.ctl("status")).stdout, /^queued +1;/m);
  const deleted = await deck.ctl("games", "delete", "Doom");
  assert.equal(deleted.code, 0, deleted.stderr);
  assert.ok(!fs.existsSync(deck.game("Doom")));
  const restored = await deck.ctl("games", "restore", "Doom");
  assert.equal(restored.code, 0, restored.stderr);
  assert.match(restored.stdout, /^restored 'Doom'\n.*Steam/, "and when it is to be seen");

  await client.startGame(4711);
  const refused = await deck.ctl("steam", "restart");
  assert.equal(refused.code, 1, "a game runs");
  assert.match(refused.stderr, /game/);
  const forced = await deck.ctl("steam", "restart", "--force");
  assert.equal(forced.code, 0, forced.stderr);
  assert.match(forced.stdout, /\S/);
  await client.started(2);
  assert.deepEqual(names(deck), ["Doom"]);
  assert.equal((await deck.ctlJson("steam")).queued, 0);
  assert.match((await deck.ctlJson("steam", "restart")).message, /\S/);
});

test("calls may be pending side by side, and outlive their client", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  await client.start({ gameMode: true });
  const agent = await startAgent(t, { deck, env: client.env });
  const hub = await Hub.paired(agent);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const plugin = await GameModePlugin.attach(t, deck);
  const { appId } = await push(hub, "Doom");
  plugin.before = () => held;
  const caller = await IpcPeer.connect(deck);
  const asked = plugin.requested("steam.apply");
  caller.ask("games.delete", { appId }).catch(() => {});
  await asked;
  assert.equal((await caller.call("status")).agent.name, "Test Deck", "answered meanwhile");
  await caller.close();
  release();
  await until("the game is deleted", async () => (await deck.ctlJson("games")).games.length === 0);
  assert.equal(plugin.model.shortcuts.size, 0);

  for (const [method, params] of [
    ["games.delete", {}],
    ["games.delete", { appId, dir: "/x" }],
    ["games.delete", { dir: 5 }],
    ["games.restore", {}],
    ["steam.restart", { force: "yes" }],
  ]) {
    assert.equal((await plugin.peer.ask(method, params)).error.code, -32602, JSON.stringify(params));
  }
});

test("subscribers are notified of games installed, deleted and restored", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const listener = await IpcPeer.connect(deck);
  t.after(() => listener.close());
  await listener.call("subscribe", {});
  const heard = () => listener.lines.filter(({ method }) => method === "games_changed").length;
  for (const change of [
    () => push(hub, "Doom"),
    () => deck.ctlJson("games", "delete", "Doom"),
    () => deck.ctlJson("games", "restore", "Doom"),
  ]) {
    const before = heard();
    await change();
    await until("'games_changed' is heard", () => heard() > before);
  }
});

test("deleting says where Proton's folder with the saves stays, and leaves it and all others alone", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const { appId } = await push(hub, "Doom");
  const { appId: other } = await push(hub, "Quake");
  const prefix = path.join(fs.realpathSync(deck.steam), "steamapps/compatdata", String(appId));
  const save = path.join(prefix, "pfx/drive_c/users/steamuser/save");
  fs.mkdirSync(path.dirname(save), { recursive: true });
  fs.writeFileSync(save, Buffer.alloc(12_300));
  fs.symlinkSync("/", path.join(prefix, "pfx/dosdevices"));

  const deleted = await deck.ctl("games", "delete", "Doom");
  assert.equal(deleted.code, 0, deleted.stderr);
  assert.ok(deleted.stdout.includes(`stay in '${prefix}' (12 kB)`), deleted.stdout);
  assert.equal(fs.statSync(save).size, 12_300);
  assert.equal((await deck.ctl("games", "restore", "Doom")).code, 0);
  assert.equal((await deck.ctlJson("games", "delete", "Doom")).prefix, prefix);
  assert.equal((await deck.ctlJson("games", "delete", String(other))).prefix, "");
  assert.ok(fs.existsSync(save));
});
