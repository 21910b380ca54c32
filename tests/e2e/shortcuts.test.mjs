// create_shortcut: any executable, the games that were pushed, people with several accounts.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { Game, Hub, upload } from "./lib/hub.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { GAMER, SIBLING, crc32, readShortcuts, shortcutsPath, writeBinaryVdf } from "./lib/steam_home.mjs";
import { until } from "./lib/wait.mjs";

const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);
const DIALECTS = ["documents", "desktop"];
const derivedId = (exe, name) => (crc32(`"${exe}"${name}`) | 0x80000000) >>> 0;
const create = (hub, shortcut, rest = {}) => hub.request("create_shortcut", { shortcut, ...rest });

/** Pushes a game of one executable; resolves to the operation_result. */
async function push(hub, { name = "Celeste", exe = "bin/celeste", content = ELF, shortcut = {}, createShortcut = true, userId } = {}) {
  const game = new Game(name, { [exe]: content, "data.pak": "data" });
  const complete = { createShortcut, userId, shortcut: { name, exe, ...shortcut } };
  return (await upload(hub, game, { config: { executable: exe }, complete })).result;
}

for (const dialect of DIALECTS) {
  test(`create_shortcut of a ${dialect} Hub makes an entry, and once more updates it`, async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent, { dialect });
    const exe = "/opt/other games/it's \"here\"/run me";
    const result = await create(hub, { name: "Other", exe, startDir: "/opt", launchOptions: "-x", tags: "a, b" });
    assert.equal(result.success, true);
    assert.equal(result.appId, derivedId(exe, "Other"));
    const [entry, ...others] = readShortcuts(agent.deck.steam);
    assert.deepEqual(others, []);
    assert.equal(entry.appid, result.appId);
    assert.equal(entry.exe, `"${exe}"`);
    assert.equal(entry.startdir.replaceAll('"', ""), "/opt");
    assert.equal(entry.launchoptions, "-x");
    assert.deepEqual(Object.values(entry.tags), ["a", "b"]);

    const again = await create(hub, { name: "Other", exe, launchOptions: "-y", tags: ["b", "c"] });
    assert.equal(again.appId, result.appId);
    const [updated, ...more] = readShortcuts(agent.deck.steam);
    assert.deepEqual(more, []);
    assert.equal(updated.launchoptions, "-y");
    assert.deepEqual(Object.values(updated.tags), ["a", "b", "c"]);
    assert.equal(updated.startdir.replace(/^"|"$/g, ""), path.dirname(exe), "the executable's folder");

    // A stranger's executable under another name is another shortcut.
    const second = await create(hub, { name: "Other (safe mode)", exe });
    assert.notEqual(second.appId, result.appId);
    assert.equal(readShortcuts(agent.deck.steam).length, 2);
  });
}

test("a Hub is told that what it named cannot start; a missing execute bit is mended", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const page = await push(hub, { name: "Page", exe: "index.html", content: Buffer.from("<html>") });
  assert.equal(page.success, true);
  assert.match(page.message, /index\.html' is a web page, which Steam cannot start/);
  const script = await push(hub, { name: "Script", exe: "run.sh", content: Buffer.from("#!/bin/sh\r\n") });
  assert.match(script.message, /run\.sh' cannot start: its first line/);
  const plain = await push(hub, { name: "Plain", exe: "run.sh", content: Buffer.from("exec true\n") });
  assert.equal(plain.message, undefined);
  assert.equal(fs.statSync(path.join(plain.path, "run.sh")).mode & 0o111, 0o111);
  const windows = await push(hub, { name: "Windows", exe: "run.exe", content: Buffer.from("MZ") });
  assert.equal(windows.message, undefined);
});

test("whose shortcut: either id of every account, as a number or as text; else the last login's", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const ids = (user) => [user.steamId, user.accountId, Number(user.accountId)];
  let count = 0;
  for (const [user, userIds] of [
    [SIBLING, ids(SIBLING)],
    [GAMER, [...ids(GAMER), undefined, null, ""]],
  ]) {
    const names = [];
    for (const userId of userIds) {
      names.push(`Game ${++count}`);
      await create(hub, { name: names.at(-1), exe: "/usr/bin/true" }, { userId });
    }
    // A SteamID64 as a number, which JavaScript itself could not say.
    names.push(`Game ${++count}`);
    const shortcut = JSON.stringify({ name: names.at(-1), exe: "/usr/bin/true" });
    const reply = await hub.askText("create_shortcut", `{"userId":${user.steamId},"shortcut":${shortcut}}`);
    assert.equal(reply.payload?.success, true, JSON.stringify(reply));
    assert.deepEqual(readShortcuts(agent.deck.steam, user).map(({ appname }) => appname), names);
  }
  for (const userId of ["1", 1, "76561197960265729"]) {
    const reply = await hub.ask("create_shortcut", { userId, shortcut: { name: "x", exe: "/x" } });
    assert.equal(reply.error?.code, 404, `${userId}: ${JSON.stringify(reply)}`);
  }
});

test("an invalid shortcut is refused with the reason", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  for (const [shortcut, word] of [
    [{}, /exe/],
    [{ name: "x" }, /exe/],
    [{ exe: "/x" }, /name/],
    [{ name: "", exe: "/x" }, /name/],
    [{ name: "x", exe: "relative/x" }, /relative\/x.*absolute/],
    [{ name: "x", exe: "C:\\Games\\x.exe" }, /absolute/],
    [{ name: "x", exe: "/x", startDir: "here" }, /here.*absolute/],
  ]) {
    const reply = await hub.ask("create_shortcut", { shortcut });
    assert.equal(reply.error?.code, 400, JSON.stringify([shortcut, reply]));
    assert.match(reply.error.message, word);
  }
  assert.deepEqual(readShortcuts(agent.deck.steam), []);
});

test("without Steam every operation on it is 404 with a message", async (t) => {
  const deck = new Deck(t);
  fs.rmSync(deck.steam, { recursive: true });
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  for (const [type, payload] of [
    ["create_shortcut", { shortcut: { name: "x", exe: "/x" } }],
    ["list_shortcuts", {}],
    ["delete_shortcut", { appId: 3000000001 }],
    ["delete_shortcut", { name: "x" }],
    ["delete_game", { appId: 3000000001 }],
    ["apply_artwork", { appId: 3000000001, artwork: {} }],
  ]) {
    const reply = await hub.ask(type, payload);
    assert.equal(reply.error?.code, 404, `${type}: ${JSON.stringify(reply)}`);
    assert.match(reply.error.message, /Steam/);
  }
});

test("an executable inside a pushed game's folder updates that game's entry, and the next push knows it", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const pushed = await push(hub);
  const exe = path.join(deck.game("Celeste"), "bin/celeste");
  for (const [name, program] of [
    ["Celeste, renamed", exe],
    ["Celeste's editor", path.join(deck.game("Celeste"), "bin/editor")],
  ]) {
    const result = await create(hub, { name, exe: program });
    assert.equal(result.appId, pushed.appId, name);
    const [entry, ...others] = readShortcuts(deck.steam);
    assert.deepEqual(others, []);
    assert.equal(entry.appname, name);
    assert.equal(entry.exe, `"${program}"`);
  }
  assert.equal((await push(hub)).appId, pushed.appId);
  assert.equal(readShortcuts(deck.steam).length, 1);
});

test("an executable that only seems to be inside a game's folder does not count as its", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const pushed = await push(hub);
  const registered = () => JSON.parse(fs.readFileSync(path.join(deck.state, "games.json"), "utf8")).games;
  await until("nothing is left to do", () => !registered()[0].pending);
  const before = registered();
  const dir = deck.game("Celeste");
  for (const exe of [dir, `${dir}/`, `${dir}/..`, `${dir}/../Other/x`, `${dir}/bin/../../x`, `${dir}-2/x`, `/${dir}/x`]) {
    assert.notEqual((await create(hub, { name: "Other", exe })).appId, pushed.appId, exe);
  }
  assert.deepEqual(registered(), before);
  assert.equal((await push(hub)).appId, pushed.appId);
});

test("a game that was pushed without a shortcut gets it later, and then keeps it", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const pushed = await push(hub, { createShortcut: false });
  assert.equal(pushed.appId ?? 0, 0);
  const exe = path.join(deck.game("Celeste"), "bin/celeste");
  const created = await create(hub, { name: "Mine", exe });
  const again = await push(hub, { shortcut: { name: "Celeste 2" } });
  assert.equal(again.appId, created.appId);
  assert.equal(readShortcuts(deck.steam).length, 1);
});

test("a shortcut that was made by hand for the same executable is adopted", async (t) => {
  const deck = new Deck(t);
  const exe = path.join(deck.game("Celeste"), "bin/celeste");
  const byHand = { appid: 3123456789, AppName: "my celeste", Exe: `"${exe}"`, StartDir: '"/"', LastPlayTime: 1700000000, tags: { 0: "Fav" } };
  fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf({ shortcuts: { 0: byHand } }));
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const result = await push(hub, { shortcut: { tags: ["CapyDeploy"] } });
  assert.equal(result.appId, 3123456789);
  const [entry, ...others] = readShortcuts(deck.steam);
  assert.deepEqual(others, []);
  assert.equal(entry.lastplaytime, 1700000000);
  assert.deepEqual(Object.values(entry.tags), ["Fav", "CapyDeploy"]);
});

test("executables in sub-folders, with blanks and quotes, get their bits and their start folder", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  for (const [name, exe] of [
    ["It's \"quoted\"", "bin x86/it's a \"game\""],
    ["Back", "Sub\\Dir\\game"],
    ["Deep", "a/b/c/d/e/run.sh"],
  ]) {
    const result = await push(hub, { name, exe });
    const entry = readShortcuts(deck.steam).find(({ appid }) => appid === result.appId);
    const file = path.join(result.path, exe.replaceAll("\\", "/"));
    assert.equal(entry.exe, `"${file}"`);
    assert.equal(entry.startdir.replace(/^"|"$/g, ""), path.dirname(file));
    assert.equal(fs.statSync(file).mode & 0o111, 0o111, name);
  }
});

/** The compatibility tools that config.vdf maps app ids to. */
function compatTools(deck) {
  const file = path.join(deck.steam, "config/config.vdf");
  const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  const entry = /"(\d+)"\s*\{\s*"name"\s*"([^"]*)"/g;
  return Object.fromEntries([...text.matchAll(entry)].map(([, appId, name]) => [appId, name]));
}

test("programs for Windows get the compatibility tool of the settings, others none", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const MZ = Buffer.alloc(128, "MZ");
  const wanted = {};
  for (const [name, exe, content, isWindows] of [
    ["Windows", "Bin\\Game.exe", MZ, true],
    ["No extension", "game", MZ, true],
    ["Batch", "start.bat", "@echo off", true],
    ["Linux", "game.x86_64", ELF, false],
    ["Misnamed", "game.exe", ELF, false],
  ]) {
    const { appId } = await push(hub, { name, exe, content });
    Object.assign(wanted, isWindows ? { [appId]: "proton_experimental" } : {});
  }
  const { appId } = await create(hub, { name: "Elsewhere", exe: "/path/to/Celeste.exe" });
  wanted[appId] = "proton_experimental";
  await create(hub, { name: "Native", exe: "/usr/bin/true" });
  assert.deepEqual(compatTools(deck), wanted);

  assert.equal((await deck.ctl("settings", "set", "steam.compatTool", "GE-Proton9-1")).code, 0);
  wanted[(await create(hub, { name: "New", exe: "/path/to/New.exe" })).appId] = "GE-Proton9-1";
  assert.equal((await deck.ctl("settings", "set", "steam.compatTool", "")).code, 0);
  await create(hub, { name: "Newer", exe: "/path/to/Newer.exe" });
  assert.deepEqual(compatTools(deck), wanted);
});

test("a compatibility tool that the user chose stays, whatever is pushed", async (t) => {
  const deck = new Deck(t);
  const exe = path.join(deck.game("Celeste"), "celeste.exe");
  const config = path.join(deck.steam, "config/config.vdf");
  const mapping = `"CompatToolMapping"{"${derivedId(exe, "Celeste")}"{"name" "proton_8" "config" "" "priority" "250"}}`;
  fs.writeFileSync(config, `"InstallConfigStore"{"Software"{"Valve"{"Steam"{${mapping}}}}}\n`);
  const before = fs.readFileSync(config);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  for (let build = 0; build < 2; build++) {
    await push(hub, { exe: "celeste.exe", content: Buffer.alloc(100 + build, "MZ") });
    assert.ok(fs.readFileSync(config).equals(before));
  }
});

test("while Steam is running but cannot be reached, a push says that its shortcut waits, and keeps its id", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  await client.start();
  const agent = await startAgent(t, { deck, env: client.env });
  const hub = await Hub.paired(agent);
  const result = await push(hub);
  assert.equal(result.success, true);
  assert.ok(result.appId > 0x7fffffff);
  assert.match(result.message, /Steam/);
  assert.deepEqual(readShortcuts(deck.steam), []);
  // As it will be.
  assert.deepEqual((await hub.request("list_shortcuts", {})).shortcuts.map(({ appId }) => appId), [result.appId]);
  const again = await push(hub, { shortcut: { name: "Celeste 2" } });
  assert.equal(again.appId, result.appId);
  assert.equal((await hub.request("restart_steam")).success, true);
  await client.started(2);
  const [entry, ...others] = readShortcuts(deck.steam);
  assert.deepEqual(others, []);
  assert.deepEqual([entry.appid, entry.appname], [result.appId, "Celeste 2"]);
});

for (const made of [false, true]) {
  test(`a crash ${made ? "behind" : "before"} the shortcut of a push: the next start finishes it, once`, async (t) => {
    const deck = new Deck(t);
    const one = await startAgent(t, { deck });
    const hub = await Hub.paired(one);
    const { appId } = await push(hub);
    const [entry] = readShortcuts(deck.steam);
    await one.stop();
    // As the registry is in the moment when the files have arrived.
    const file = path.join(deck.state, "games.json");
    const registry = JSON.parse(fs.readFileSync(file, "utf8"));
    const pending = { wantsShortcut: true, shortcut: { name: "Celeste" }, uploadId: "gone" };
    Object.assign(registry.games[0], { appId: 0, userId: "", pending: JSON.stringify(pending) });
    fs.writeFileSync(file, JSON.stringify(registry));
    if (!made) {
      fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf({ shortcuts: {} }));
    }
    const two = await startAgent(t, { deck });
    const again = await Hub.ready(two, { token: hub.token });
    await until("nothing is left to do", () => !JSON.parse(fs.readFileSync(file, "utf8")).games[0].pending);
    assert.deepEqual(readShortcuts(deck.steam), [entry]);
    assert.equal((await push(again, { shortcut: { name: "Celeste 2" } })).appId, appId);
    assert.equal(readShortcuts(deck.steam).length, 1);
  });
}

test("the executable is found among the files as people write it, and a shortcut to nothing is not made", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent, { dialect: "desktop" });
  const cases = [
    ["other case", "Bin/Game.exe", "bin/game.exe", undefined, ""],
    ["quoted", "game.exe", '"game.exe"', undefined, ""],
    ["arguments", "game.exe", "game.exe -windowed", undefined, "-windowed"],
    ["arguments and options", "game.exe", '"game.exe" -windowed', "-full", "-full"],
    ["of the Hub's disk", "bin/game.exe", "C:\\Games\\Doom\\bin\\game.exe", undefined, ""],
    ["NFC for NFD", "U\u0308.exe", "\u00dc.exe", undefined, ""],
  ];
  for (const [name, file, exe, launchOptions, expected] of cases) {
    const game = new Game(name, { [file]: "MZ" });
    const { result } = await upload(hub, game, {
      config: { executable: exe }, complete: { createShortcut: true, shortcut: { name, exe, launchOptions } },
    });
    const entry = readShortcuts(agent.deck.steam).find(({ appname }) => appname === name);
    assert.equal(entry?.exe, `"${path.join(result.path, file)}"`, name);
    assert.equal(entry.launchoptions, expected, name);
    assert.equal(entry.appid, result.appId, name);
  }

  const send = async (exe) =>
    (await upload(hub, new Game("Absent", { "game.exe": "MZ" }), {
      config: { executable: exe }, complete: { createShortcut: true, shortcut: { name: "Absent", exe } },
    })).result;
  const named = () => readShortcuts(agent.deck.steam).filter(({ appname }) => appname === "Absent");
  const absent = await send("other.exe");
  assert.equal(absent.success, true);
  assert.equal(absent.appId, undefined);
  assert.match(absent.message, /without a shortcut.*'other\.exe'/);
  assert.deepEqual(named(), []);

  // One that was made before stays, with its app id.
  const { appId } = await send("game.exe");
  const [before] = named();
  const again = await send("other.exe");
  assert.equal(again.appId, appId);
  assert.match(again.message, /stays as it was.*'other\.exe'/);
  assert.deepEqual(named(), [before]);

  // A file that this upload does not have, but the game.
  fs.writeFileSync(path.join(again.path, "mine.sh"), "#!/bin/sh\n");
  assert.equal((await send("mine.sh")).message, undefined);
  assert.equal(named()[0].exe, `"${path.join(again.path, "mine.sh")}"`);
});

test("what the user changed in Steam stays at an update, the rest follows", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const dir = deck.game("Celeste");
  const change = (edit) => {
    const vdf = readShortcuts(deck.steam);
    edit(vdf[0]);
    fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf({ shortcuts: { ...vdf } }));
  };
  const entry = () => readShortcuts(deck.steam)[0];
  const { appId } = await push(hub, { shortcut: { launchOptions: "-w", tags: ["Sent", "Ours"] } });
  change((found) => {
    found.appname = "My Celeste";
    found.exe = `"/usr/bin/gamemoderun" "${dir}/bin/celeste"`;
    found.tags = { 0: "Ours" };
  });

  // Launch options and start folder are still ours; the wrapper follows the program.
  const again = { exe: "new/celeste", shortcut: { name: "CELESTE", launchOptions: "-y", tags: ["Sent", "New"] } };
  assert.equal((await push(hub, again)).appId, appId);
  assert.equal(readShortcuts(deck.steam).length, 1);
  assert.equal(entry().appname, "My Celeste");
  assert.equal(entry().exe, `"/usr/bin/gamemoderun" "${dir}/new/celeste"`);
  assert.equal(entry().startdir.replaceAll('"', ""), `${dir}/new`);
  assert.equal(entry().launchoptions, "-y");
  assert.deepEqual(Object.values(entry().tags), ["Ours", "New"]);

  change((found) => (found.launchoptions = "MANGOHUD=1 %command% -y"));
  await push(hub, again);
  assert.equal(entry().launchoptions, "MANGOHUD=1 %command% -y");

  // Deleted and restored it is the user's again, and still is at the next push.
  const before = entry();
  await hub.request("delete_game", { appId });
  assert.deepEqual(readShortcuts(deck.steam), []);
  const { games } = await deck.ctlJson("games", "trash");
  const restored = await deck.ctl("games", "restore", games[0].id);
  assert.equal(restored.code, 0, restored.stderr);
  const same = ({ appname, exe, launchoptions }) => [appname, exe, launchoptions];
  assert.deepEqual(same(entry()), same(before));
  await push(hub, again);
  assert.deepEqual(same(entry()), same(before));
});

test("a shortcut of an earlier build of the agent: the user's name, target and options stay", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  await push(hub);
  await agent.stop();
  const registry = path.join(agent.deck.state, "games.json");
  const games = JSON.parse(fs.readFileSync(registry));
  assert.ok(games.games[0].shortcut, "this build remembers it");
  delete games.games[0].shortcut;
  fs.writeFileSync(registry, JSON.stringify(games));
  const [found] = readShortcuts(deck.steam);
  Object.assign(found, { appname: "Mine", launchoptions: "-mine" });
  fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf({ shortcuts: { 0: found } }));

  const again = await startAgent(t, { deck });
  const next = await Hub.ready(again, { token: hub.token });
  await push(next, { exe: "new/celeste", shortcut: { launchOptions: "-y" } });
  const [entry, ...others] = readShortcuts(deck.steam);
  assert.deepEqual(others, []);
  assert.equal(entry.appname, "Mine");
  assert.equal(entry.launchoptions, "-mine");
  assert.equal(entry.exe, `"${deck.game("Celeste")}/new/celeste"`);
});
