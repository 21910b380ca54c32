// protocol.md §4 and design.md §4: users and shortcuts of a Steam that is not running.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { Game, Hub, upload } from "./lib/hub.mjs";
import {
  GAMER,
  SIBLING,
  crc32,
  parseBinaryVdf,
  readShortcuts,
  shortcutsPath,
  writeBinaryVdf,
} from "./lib/steam_home.mjs";

const elf = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);

/** Pushes a game with a shortcut; resolves to the operation_result. */
async function push(hub, { name = "Celeste", exe = "bin/celeste", shortcut = {}, files } = {}) {
  const game = new Game(name, files ?? { [exe]: elf, "data.pak": "data" });
  const complete = { createShortcut: true, shortcut: { name, exe, ...shortcut } };
  return (await upload(hub, game, { config: { executable: exe }, complete })).result;
}

test("users: SteamID64 for the documents' Hub, account ids for the desktop's, the active one first", async (t) => {
  const agent = await startAgent(t);
  for (const [dialect, id] of [
    ["documents", "steamId"],
    ["desktop", "accountId"],
  ]) {
    const hub = await Hub.paired(agent, { dialect, hubId: `hub-${dialect}` });
    assert.deepEqual(await hub.request("get_steam_users"), {
      users: [GAMER, SIBLING].map((user) => ({ id: user[id], name: user.name })),
    });
    await hub.close();
  }
});

test("without a Steam there are no users and no shortcut, and a push still installs", async (t) => {
  const deck = new Deck(t);
  fs.rmSync(deck.steam, { recursive: true });
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const users = await hub.ask("get_steam_users");
  assert.deepEqual(users.payload?.users ?? [], []);
  assert.equal((await hub.ask("list_shortcuts", {})).error?.code, 404);
  const result = await push(hub);
  assert.equal(result.success, true);
  assert.equal(result.appId ?? 0, 0);
  assert.ok(result.message, "says why there is no shortcut");
  assert.ok(fs.existsSync(path.join(deck.game("Celeste"), "bin/celeste")));
});

test("a push with createShortcut makes one entry that Steam understands", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const shortcut = { launchOptions: "--fullscreen %command%", tags: ["Platformer", "CapyDeploy"] };
  const result = await push(hub, { shortcut });
  const exe = path.join(deck.game("Celeste"), "bin/celeste");

  const [entry, ...others] = readShortcuts(deck.steam);
  assert.deepEqual(others, []);
  assert.equal(entry.appname, "Celeste");
  assert.equal(entry.exe, `"${exe}"`);
  assert.equal(entry.startdir.replaceAll('"', "").replace(/\/$/, ""), path.dirname(exe));
  assert.equal(entry.launchoptions, "--fullscreen %command%");
  assert.deepEqual(Object.values(entry.tags), ["Platformer", "CapyDeploy"]);
  assert.equal(entry.appid, result.appId);
  assert.equal(result.appId, (crc32(`"${exe}"Celeste`) | 0x80000000) >>> 0);
  assert.ok(result.appId > 0x7fffffff, "unsigned in JSON");
  assert.deepEqual(readShortcuts(deck.steam, SIBLING), [], "the last login's, and only theirs");

  for (const userId of [GAMER.steamId, GAMER.accountId, Number(GAMER.accountId), undefined]) {
    const { shortcuts } = await hub.request("list_shortcuts", { userId });
    assert.equal(shortcuts.length, 1);
    const { appId, name, exe: shown, startDir } = shortcuts[0];
    assert.deepEqual({ appId, name, shown }, { appId: result.appId, name: "Celeste", shown: exe });
    assert.ok(!startDir.includes('"'), startDir);
  }
  assert.deepEqual((await hub.request("list_shortcuts", { userId: SIBLING.steamId })).shortcuts, []);
});

test("a second push updates the same entry, whatever the game is called by then", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const first = await push(hub);
  for (const shortcut of [{}, { name: "Celeste (build 20)" }, { launchOptions: "--new" }]) {
    const again = await push(hub, { shortcut });
    assert.equal(again.appId, first.appId, "play time and layout hang on the id");
    assert.equal(readShortcuts(deck.steam).length, 1);
  }
  assert.equal(readShortcuts(deck.steam)[0].launchoptions, "--new");
  const moved = await push(hub, { exe: "bin/celeste-2", files: { "bin/celeste-2": elf } });
  assert.equal(moved.appId, first.appId);
  assert.match(readShortcuts(deck.steam)[0].exe, /celeste-2"$/);
});

test("the entry is kept across a restart of the agent", async (t) => {
  const deck = new Deck(t);
  const one = await startAgent(t, { deck });
  const hub = await Hub.paired(one);
  const first = await push(hub);
  await one.stop();
  const two = await startAgent(t, { deck });
  const again = await Hub.ready(two, { token: hub.token });
  assert.equal((await push(again, { shortcut: { name: "Renamed" } })).appId, first.appId);
  assert.equal(readShortcuts(deck.steam).length, 1);
});

test("other people's shortcuts survive byte for byte, unknown keys and odd spellings included", async (t) => {
  const deck = new Deck(t);
  const foreign = {
    0: {
      appid: 3000000001,
      appname: "lower case",
      exe: '"/usr/bin/true"',
      StartDir: '"/usr/bin/"',
      FutureKey: "kept",
      FutureMap: { 0: "a", b: { c: 7 } },
      tags: { 0: "Fav" },
    },
    7: { AppID: 2147483648, AppName: "ünïcode „“ 🦫", Exe: "unquoted exe", Devkit: 0 },
  };
  const before = writeBinaryVdf({ shortcuts: foreign });
  fs.writeFileSync(shortcutsPath(deck.steam), before);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const { shortcuts } = await hub.request("list_shortcuts", {});
  assert.deepEqual(
    shortcuts.map(({ appId, name, exe }) => ({ appId, name, exe })),
    [
      { appId: 3000000001, name: "lower case", exe: "/usr/bin/true" },
      { appId: 2147483648, name: "ünïcode „“ 🦫", exe: "unquoted exe" },
    ],
  );
  await push(hub);
  const after = fs.readFileSync(shortcutsPath(deck.steam));
  // Two map ends close the list and the root; everything before them is as it was.
  assert.ok(after.subarray(0, before.length - 2).equals(before.subarray(0, -2)), "untouched in front");
  const entries = Object.values(parseBinaryVdf(after).shortcuts);
  assert.equal(entries.length, 3);
  const backups = fs.readdirSync(path.dirname(shortcutsPath(deck.steam)));
  assert.ok(backups.length >= 2, `the previous file is kept beside it: ${backups}`);
});

test("a shortcuts.vdf that does not parse is left alone, and the game is still installed", async (t) => {
  const deck = new Deck(t);
  const file = shortcutsPath(deck.steam);
  for (const [what, bytes] of Object.entries({
    noise: Buffer.from("this is no VDF"),
    truncated: writeBinaryVdf({ shortcuts: { 0: { appname: "x", exe: "y" } } }).subarray(0, 25),
  })) {
    fs.writeFileSync(file, bytes);
    const agent = await startAgent(t, { deck });
    const hub = await Hub.paired(agent, { hubId: `hub-${what}` });
    assert.ok((await hub.ask("list_shortcuts", {})).error, what);
    const result = await push(hub, { name: what });
    assert.equal(result.success, true, what);
    assert.ok(result.message, "says why there is no shortcut");
    assert.ok(fs.readFileSync(file).equals(bytes), `${what}: not overwritten`);
    await agent.stop();
  }
});

test("tags as text or as a list, an empty and a missing startDir", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  for (const [name, tags] of [
    ["Text", "a, b"],
    ["List", ["a", "b"]],
  ]) {
    const result = await push(hub, { name, shortcut: { tags, startDir: "" } });
    const entry = readShortcuts(agent.deck.steam).find(({ appid }) => appid === result.appId);
    assert.deepEqual(Object.values(entry.tags), ["a", "b"], name);
  }
});

test("fifty games give fifty entries with fifty ids", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const ids = new Set();
  for (let i = 0; i < 50; i++) {
    ids.add((await push(hub, { name: `Game ${i}`, files: { "bin/celeste": elf } })).appId);
  }
  assert.equal(ids.size, 50);
  const entries = readShortcuts(agent.deck.steam);
  assert.deepEqual(new Set(entries.map(({ appid }) => appid)), ids);
  assert.equal((await hub.request("list_shortcuts", {})).shortcuts.length, 50);
});
