// `capydeck push` against a real agent; push.test.mjs runs it against an independent one.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { BINARY, Deck, run, startAgent } from "./lib/agent.mjs";
import { CHUNK_SIZE, Game, Hub, bytesOf } from "./lib/hub.mjs";
import { freePort } from "./lib/port.mjs";
import { Pc } from "./lib/push.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { GAMER, SIBLING, readShortcuts, shortcutsPath } from "./lib/steam_home.mjs";
import { filesOf, readFiles } from "./lib/tree.mjs";
import { until } from "./lib/wait.mjs";
import { Wire } from "./lib/wire.mjs";

const EXIT = { done: 0, failed: 1, usage: 2, pairing: 3, unreachable: 4, refused: 5, space: 6, noShortcut: 7, later: 8, interrupted: 130 };
/** Eight chunks are in flight at a time, in any order: what follows a lost one is sent again. */
const FLYING_BYTES = 8 * CHUNK_SIZE;
const elf = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);

function build(name, tag = name, bigBytes = 3_000_000) {
  const files = { "bin/game": elf, "big.pak": bytesOf(`${tag}:big`, bigBytes), "empty.cfg": "" };
  for (let i = 0; i < 30; i++) {
    files[`levels/${i % 4}/${i}.dat`] = bytesOf(`${tag}:${i}`, 5000 + i);
  }
  return new Game(name, files);
}

const to = (agent) => ["--to", `127.0.0.1:${agent.port}`, "--exe", "bin/game"];

/** Until the only upload has this many bytes, of more that a wire holds back. */
const arrived = (agent, bytes) =>
  until("some of it is there", async () => {
    const { uploads } = await agent.deck.ctlJson("uploads");
    return uploads[0]?.transferredBytes > bytes;
  });

/** Pairs a PC with an agent by pushing a tiny game, the code on standard input; a key is kept by address. */
async function pair(pc, agent, way = agent) {
  const dir = pc.save(new Game("Hello", { "bin/game": elf }));
  const push = pc.start([dir, ...to(way), "--json", "--code", "-"]);
  await push.event("pairing_required");
  push.child.stdin.write(`${await agent.code()}\n`);
  const { code, stdout, stderr } = await push.end();
  assert.equal(code, EXIT.done, stdout + stderr);
}

test("pairs, sends, makes the shortcut; a second push sends nothing; a patch sends one file", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  const game = build("Celeste");
  const dir = pc.save(game);
  const push = pc.start([dir, ...to(agent), "--json", "--code", "-", "--launch-options", "-x"]);
  await push.event("pairing_required");
  push.child.stdin.write(`${await agent.code()}\n`);
  await push.event("paired");
  const { code, result, stdout } = await push.end();
  assert.equal(code, EXIT.done, stdout);
  assert.equal(result.ok, true);
  assert.equal(result.path, agent.deck.game("Celeste"));
  assert.equal(result.bytesSent, game.totalSize);
  assert.equal(result.filesTotal, game.files.size);
  assert.deepEqual(readFiles(result.path), filesOf(game));
  const [entry] = readShortcuts(agent.deck.steam);
  assert.equal(entry.appid, result.appId);
  assert.equal(entry.exe, `"${path.join(result.path, "bin/game")}"`);
  assert.equal(entry.launchoptions, "-x");
  assert.ok(fs.statSync(path.join(result.path, "bin/game")).mode & 0o100);

  const again = await pc.push([dir, ...to(agent), "--json"]);
  assert.equal(again.code, EXIT.done, again.stdout);
  assert.deepEqual([again.result.bytesSent, again.result.filesSent], [0, 0]);
  assert.equal(again.result.appId, result.appId);

  fs.writeFileSync(path.join(dir, "levels/1/1.dat"), "patched");
  game.files.set("levels/1/1.dat", Buffer.from("patched"));
  const patched = await pc.push([dir, ...to(agent), "--json"]);
  assert.deepEqual([patched.result.bytesSent, patched.result.filesSent], [7, 1]);
  assert.deepEqual(readFiles(result.path), filesOf(game));
  assert.equal(readShortcuts(agent.deck.steam).length, 1);
});

test("tokens are kept for the user alone and are used again", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  await pair(pc, agent);
  for (const name of fs.readdirSync(pc.home, { recursive: true })) {
    const file = path.join(pc.home, name);
    const text = fs.lstatSync(file).isFile() ? fs.readFileSync(file, "latin1") : "";
    if (/token|[A-Za-z0-9_-]{43}/.test(text) && !name.includes("cache")) {
      assert.equal(fs.statSync(file).mode & 0o077, 0, `${name} is readable for others`);
    }
  }
  const { hubs } = await agent.deck.ctlJson("hubs", "list");
  assert.equal(hubs.length, 1);
  const revoked = await agent.deck.ctl("hubs", "revoke", hubs[0].hubId);
  assert.equal(revoked.code, 0, revoked.stderr);
  const refused = await pc.push([pc.save(build("Revoked")), ...to(agent), "--json"]);
  assert.equal(refused.code, EXIT.pairing, refused.stdout);
  await pair(pc, agent);
});

test("an agent is paired once more at another address, and keeps one key for all of them", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  const dir = pc.save(new Game("Hello", { "bin/game": elf }));
  const at = (host) => [dir, "--to", `${host}:${agent.port}`, "--exe", "bin/game", "--json", "--code", "-"];
  for (const host of ["127.0.0.1", "localhost"]) {
    const push = pc.start(at(host));
    await push.event("pairing_required");
    push.child.stdin.write(`${await agent.code()}\n`);
    assert.equal((await push.end()).code, EXIT.done);
  }
  for (const host of ["127.0.0.1", "localhost", "127.0.0.1"]) {
    const push = pc.start(at(host));
    push.child.stdin.end();
    const { code, stdout, stderr } = await push.end();
    assert.equal(code, EXIT.done, stdout + stderr);
  }
});

test("killed at any moment, it continues where it stopped", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  const wire = await Wire.open(t, agent, 20_000_000);
  await pair(pc, agent, wire);
  const game = build("Killed", "killed", 60_000_000);
  const dir = pc.save(game);
  const push = pc.start([dir, ...to(wire), "--json"]);
  await arrived(agent, 2 * FLYING_BYTES);
  push.child.kill("SIGKILL");
  await push.end();
  const held = await until("the upload is paused", async () => {
    const { uploads } = await agent.deck.ctlJson("uploads");
    return uploads[0]?.state === "paused" && uploads[0].transferredBytes;
  });
  wire.release();
  const resumed = await pc.push([dir, ...to(wire), "--json"]);
  assert.equal(resumed.code, EXIT.done, resumed.stdout);
  assert.ok(resumed.result.bytesSent <= game.totalSize - held + FLYING_BYTES, `${resumed.result.bytesSent} of ${held}`);
  assert.deepEqual(readFiles(resumed.result.path), filesOf(game));
});

test("Ctrl-C leaves an upload that can be resumed, says so, and exits with 130", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  const wire = await Wire.open(t, agent, 20_000_000);
  await pair(pc, agent, wire);
  const game = build("Stopped", "stopped", 60_000_000);
  const dir = pc.save(game);
  const push = pc.start([dir, ...to(wire)]);
  await arrived(agent, 2 * FLYING_BYTES);
  push.child.kill("SIGINT");
  const stopped = await push.end();
  assert.equal(stopped.code, EXIT.interrupted, stopped.stderr);
  assert.match(stopped.stdout + stopped.stderr, /again|resume/i);
  wire.release();
  const resumed = await pc.push([dir, ...to(wire), "--json"]);
  assert.ok(resumed.result.bytesSent < game.totalSize - FLYING_BYTES);
  assert.deepEqual(readFiles(resumed.result.path), filesOf(game));
});

test("an agent that is killed and comes back is found again, within one push", async (t) => {
  const deck = new Deck(t);
  const agent = await startAgent(t, { deck, port: await freePort() });
  const pc = new Pc(t);
  const wire = await Wire.open(t, agent, 40_000_000);
  await pair(pc, agent, wire);
  const game = build("Rebooted", "rebooted", 80_000_000);
  const dir = pc.save(game);
  const push = pc.start([dir, ...to(wire), "--json"]);
  await arrived(agent, 20_000_000);
  await agent.stop("SIGKILL");
  wire.release();
  await startAgent(t, { deck, port: agent.port });
  const { code, result, stdout } = await push.end();
  assert.equal(code, EXIT.done, stdout);
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("exit codes and their messages", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  const dir = pc.save(build("Codes"));

  const strangers = await pc.push([dir, ...to(agent), "--json"]);
  assert.equal(strangers.code, EXIT.pairing, strangers.stdout);
  assert.equal(strangers.result.ok, false);
  assert.equal(strangers.result.error.code, "pairing_needed");
  await until("the code goes with its connection", async () => !(await agent.pairing()).active);
  const wrong = await pc.push([dir, ...to(agent), "--json", "--code", "000000"]);
  assert.equal(wrong.code, EXIT.pairing, wrong.stdout);
  await until("the code goes with its connection", async () => !(await agent.pairing()).active);
  await pair(pc, agent);

  const nobody = await pc.push([dir, "--to", "127.0.0.1:1", "--retry", "0", "--no-shortcut", "--json"]);
  assert.equal(nobody.code, EXIT.unreachable, nobody.stdout);

  const other = await Hub.paired(agent, { hubId: "hub-other" });
  const refused = await pc.push([dir, ...to(agent), "--json", "--retry", "0"]);
  assert.equal(refused.code, EXIT.refused, refused.stdout);
  await other.close();

  for (const args of [
    [],
    [dir],
    [...to(agent)],
    [dir, dir, ...to(agent)],
    [dir, "--to", ""],
    [dir, "--to", "host:99999"],
    [dir, ...to(agent), "--in-flight", "0"],
    [dir, ...to(agent), "--code", "12345"],
    [dir, ...to(agent), "--no-such-option"],
  ]) {
    const usage = await pc.push(args);
    assert.equal(usage.code, EXIT.usage, `${args}: ${usage.stdout}${usage.stderr}`);
    assert.match(usage.stderr, /--help/);
  }
  const missing = await pc.push([path.join(dir, "nowhere"), ...to(agent), "--json"]);
  assert.equal(missing.code, EXIT.failed, missing.stdout);
});

test("a shortcut that Steam gets later, and none, are not the same as success", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  const agent = await startAgent(t, { deck, env: client.env });
  const pc = new Pc(t);
  await pair(pc, agent);
  await client.start();
  const later = await pc.push([pc.save(build("Later")), ...to(agent), "--json"]);
  assert.equal(later.code, EXIT.later, later.stdout);
  assert.equal(later.result.ok, true);
  assert.equal(later.result.shortcut, "later");
  assert.match(later.result.message, /the shortcut appears when Steam restarts/);
  const files = await pc.push([pc.save(build("Files")), ...to(agent), "--json", "--no-shortcut"]);
  assert.equal(files.code, EXIT.done, files.stdout);
  assert.equal(files.result.shortcut, undefined);
});

test("links and excludes are not sent, and no shortcut is made if none is wanted", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  await pair(pc, agent);
  const dir = pc.save(build("Filtered"));
  fs.symlinkSync("/etc/passwd", path.join(dir, "link"));
  fs.mkdirSync(path.join(dir, ".git"));
  fs.writeFileSync(path.join(dir, ".git/config"), "x");
  const args = ["--exclude", ".git", "--exclude", "levels/2", "--no-shortcut", "--json"];
  const { code, result, stdout } = await pc.push([dir, ...to(agent), ...args]);
  assert.equal(code, EXIT.done, stdout);
  const there = Object.keys(readFiles(result.path));
  assert.ok(!there.some((name) => name === "link" || /^\.git|^levels\/2/.test(name)), there.join());
  assert.ok(there.includes("levels/1/1.dat") && there.includes("empty.cfg"));
  assert.ok(!result.appId);
  assert.ok(!readShortcuts(agent.deck.steam).some(({ appname }) => appname === "Filtered"));
});

test("empty folders are made, also by an update, and nothing is sent for them again", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  await pair(pc, agent);
  const dir = pc.save(build("Hollow"));
  const isFolder = (name) => fs.statSync(agent.deck.game("Hollow") + name).isDirectory();
  fs.mkdirSync(path.join(dir, "saves/slot1"), { recursive: true });
  fs.mkdirSync(path.join(dir, "levels/1/extra"));
  const first = await pc.push([dir, ...to(agent), "--json"]);
  assert.equal(first.code, EXIT.done, first.stdout);
  assert.doesNotMatch(first.stdout + first.stderr, /empty folder/);
  assert.ok(isFolder("/saves/slot1") && isFolder("/levels/1/extra"));

  fs.mkdirSync(path.join(dir, "saves/slot2"));
  fs.mkdirSync(path.join(dir, "levels/2/extra"));
  const second = await pc.push([dir, ...to(agent), "--json"]);
  assert.equal(second.code, EXIT.done, second.stdout);
  assert.equal(second.result.bytesSent, 0);
  assert.ok(isFolder("/saves/slot1") && isFolder("/saves/slot2") && isFolder("/levels/2/extra"));
});

test("what cannot start is told before anything is sent", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  await pair(pc, agent);
  const arm = Buffer.from(elf);
  arm.writeUInt16LE(183, 18);
  const files = { "bin/game": arm, "index.html": "<html>", "Game.lnk": "L", "start.sh": "#!/bin/sh\r\nexec bin/game\r\n" };
  const dir = pc.save(new Game("Stuck", files));
  const send = (exe, ...more) => pc.push([dir, "--to", `127.0.0.1:${agent.port}`, "--exe", exe, "--json", ...more]);
  for (const [exe, words] of [
    ["index.html", /'index\.html' is a web page/],
    ["Game.lnk", /'Game\.lnk' is a shortcut of Windows/],
    ["start.sh", /'start\.sh' cannot start: its first line ends as on Windows/],
  ]) {
    const { code, result, stdout } = await send(exe);
    assert.equal(code, EXIT.failed, stdout);
    assert.match(result.error.message, words);
    assert.ok(!fs.existsSync(agent.deck.game("Stuck")), stdout);
  }
  assert.equal((await send("index.html", "--no-shortcut")).code, EXIT.done);

  // Another device may have that processor: this one says that it has not.
  const { code, result, stdout } = await send("bin/game");
  assert.equal(code, EXIT.done, stdout);
  assert.match(stdout.split("\n")[0], /is a program for ARM64 processors/);
  if (process.arch === "x64") {
    assert.match(result.message, /'[^']*bin\/game' is a program for ARM64 processors/);
    const { games } = await agent.deck.ctlJson("games");
    assert.match(games.find(({ name }) => name === "Stuck").problem, /ARM64/);
    assert.match((await agent.deck.ctl("games")).stdout, /^'Stuck': .*ARM64/m);
  }
  fs.writeFileSync(path.join(dir, "bin/game"), elf);
  assert.equal((await send("bin/game")).result.message, undefined);
  const { games } = await agent.deck.ctlJson("games");
  assert.equal(games.find(({ name }) => name === "Stuck").problem, "");
});

test("a summary is printed, --quiet prints nothing", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  await pair(pc, agent);
  const dir = pc.save(build("Words"));
  const person = await pc.push([dir, ...to(agent)]);
  assert.equal(person.code, EXIT.done, person.stderr);
  assert.match(person.stdout, /Sent .*\n.*app id \d+/);
  const quiet = await pc.push([dir, ...to(agent), "--quiet"]);
  assert.deepEqual([quiet.code, quiet.stdout, quiet.stderr], [EXIT.done, "", ""]);
  const help = await run(BINARY, ["push", "--help"], { env: process.env });
  assert.equal(help.code, 0);
  assert.match(help.stdout, /^Usage: capydeck push/);
});

test("the shortcut goes to the Steam user that is asked for", async (t) => {
  const agent = await startAgent(t);
  const pc = new Pc(t);
  await pair(pc, agent);
  const entries = fs.readFileSync(shortcutsPath(agent.deck.steam, GAMER));
  const dir = pc.save(build("Celeste"));
  const pushed = await pc.push([dir, ...to(agent), "--json", "--user", SIBLING.steamId]);
  assert.equal(pushed.code, EXIT.done, pushed.stdout);
  assert.ok(pushed.result.appId > 0);
  assert.equal(pushed.result.shortcut, "made");
  assert.match(fs.readFileSync(shortcutsPath(agent.deck.steam, SIBLING), "latin1"), /Celeste/);
  assert.deepEqual(fs.readFileSync(shortcutsPath(agent.deck.steam, GAMER)), entries);

  const nobody = await pc.push([dir, ...to(agent), "--json", "--user", "12345"]);
  assert.equal(nobody.code, EXIT.noShortcut, "the game is installed all the same");
  assert.equal(nobody.result.ok, true);
  assert.equal(nobody.result.shortcut, "none");
  assert.match(nobody.result.message, /12345/);
});
