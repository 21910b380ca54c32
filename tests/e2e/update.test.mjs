// upload/uploads.md "Updates": an update is three-way, whether the Hub sends hashes or not.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { startAgent } from "./lib/agent.mjs";
import { IpcPeer } from "./lib/game_mode_plugin.mjs";
import { Game, Hub, upload } from "./lib/hub.mjs";
import { Pc } from "./lib/push.mjs";
import { readShortcuts } from "./lib/steam_home.mjs";
import { readTree, writeFiles } from "./lib/tree.mjs";
import { until } from "./lib/wait.mjs";

const MACHINE = "#!/bin/sh\n";

function read(...parts) {
  return fs.readFileSync(path.join(...parts), "utf8");
}

/** The files below the keeping places of a game, as "player/…" and "previous/…". */
function keptFiles(agent, name) {
  const places = path.join(path.dirname(agent.deck.game(name)), ".capydeck/kept", name);
  const files = {};
  for (const place of fs.existsSync(places) ? fs.readdirSync(places) : []) {
    for (const entry of fs.readdirSync(path.join(places, place), { recursive: true, withFileTypes: true })) {
      const full = path.join(entry.parentPath ?? entry.path, entry.name);
      if (entry.isFile() && !entry.name.endsWith(".json")) {
        files[path.relative(path.join(places, place), full)] = read(full);
      }
    }
  }
  return files;
}

for (const hashes of [true, false]) {
  test(`saves and settings survive updates${hashes ? "" : " of a Hub without hashes"}`, async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent);
    const files = {
      "game.sh": `${MACHINE}1`,
      "conf.ini": "volume = 5",
      "save/slot1.sav": "level 1",
      "old/chunk18.pak": "old",
      "intro.mp4": "a film",
    };
    const { result } = await upload(hub, new Game("Saved", files), { hashes });
    fs.writeFileSync(path.join(result.path, "save/slot1.sav"), "level 42");
    fs.writeFileSync(path.join(result.path, "conf.ini"), "volume = 0");
    fs.writeFileSync(path.join(result.path, "mine.txt"), "mine");
    fs.rmSync(path.join(result.path, "intro.mp4"));
    const { "old/chunk18.pak": _gone, ...kept } = files;
    const next = { ...kept, "game.sh": `${MACHINE}2`, "conf.ini": "volume = 9" };
    await upload(hub, new Game("Saved", next), { hashes });
    assert.equal(read(result.path, "save/slot1.sav"), "level 42", "only the Deck's changed");
    assert.equal(read(result.path, "conf.ini"), "volume = 9", "both changed");
    assert.equal(read(result.path, "game.sh"), `${MACHINE}2`);
    assert.equal(read(result.path, "mine.txt"), "mine");
    assert.ok(!fs.existsSync(path.join(result.path, "old")), "gone on the PC");
    assert.ok(!fs.existsSync(path.join(result.path, "intro.mp4")), "deleted on the Deck");
    assert.deepEqual(keptFiles(agent, "Saved"), {
      "player/conf.ini": "volume = 0",
      "previous/game.sh": `${MACHINE}1`,
      "previous/old/chunk18.pak": "old",
    });

    // A program that was deleted comes back, and what stayed still stays.
    fs.rmSync(path.join(result.path, "game.sh"));
    await upload(hub, new Game("Saved", next), { hashes });
    assert.equal(read(result.path, "game.sh"), `${MACHINE}2`);
    assert.equal(read(result.path, "save/slot1.sav"), "level 42");
  });
}

test("names that change in case, a file that becomes a folder and the reverse are updates", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const { result } = await upload(hub, new Game("Kinds", { "Data.pak": "1", "x": "a file", "y/in": "i" }));
  await upload(hub, new Game("Kinds", { "data.pak": "1", "x/in": "i", "y": "a file" }));
  assert.deepEqual(fs.readdirSync(result.path).sort(), ["data.pak", "x", "y"]);
  assert.equal(read(result.path, "x/in"), "i");
  assert.equal(read(result.path, "y"), "a file");
});

test("what an update has replaced is listed, and comes back in one step", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const { result } = await upload(hub, new Game("Kept", { "conf.ini": "1", "game.sh": MACHINE }), { hashes: true });
  assert.deepEqual((await agent.deck.ctlJson("games", "kept")).kept, []);
  fs.writeFileSync(path.join(result.path, "conf.ini"), "my own");
  const panel = await IpcPeer.connect(agent.deck);
  t.after(() => panel.close());
  await panel.call("subscribe", { events: ["game_updated"] });
  await upload(hub, new Game("Kept", { "conf.ini": "22", "game.sh": `${MACHINE}2` }), { hashes: true });
  const [news] = await until("the panel is told", () => panel.lines.length > 0 && panel.lines);
  assert.equal(news.method, "game_updated");
  assert.deepEqual(news.params, {
    name: "Kept",
    dir: result.path,
    added: 0,
    replaced: 1,
    kept: 1,
    removed: 0,
    stays: 0,
    keptFiles: ["conf.ini"],
  });
  const [place, ...more] = (await agent.deck.ctlJson("games", "kept")).kept;
  assert.equal(more.length, 0);
  assert.equal(place.name, "Kept");
  assert.equal(place.dir, result.path);
  assert.deepEqual(place.files, [{ path: "conf.ini", sizeBytes: 6 }]);
  assert.equal(place.previousFiles, 1);
  assert.equal(place.previousBytes, MACHINE.length);
  assert.ok(place.expiresInSeconds > 6 * 86400);
  for (const [text, shown] of [["my own", "2 bytes"], ["22", "6 bytes"]]) {
    const restored = await agent.deck.ctl("games", "restore-kept", place.id, "conf.ini");
    assert.equal(restored.code, 0, restored.stderr);
    assert.match(restored.stdout, /restored 1 file of 'Kept'/);
    assert.equal(read(result.path, "conf.ini"), text);
    assert.match((await agent.deck.ctl("games", "kept")).stdout, new RegExp(`${shown} +conf.ini`));
  }
  assert.equal((await agent.deck.ctl("games", "restore-kept", place.id, "other")).code, 1);
  assert.equal((await agent.deck.ctl("games", "restore-kept")).code, 2);

  // In the trash it is not listed, and it comes back with the game.
  await agent.deck.ctl("games", "delete", "Kept");
  assert.deepEqual((await agent.deck.ctlJson("games", "kept")).kept, []);
  await agent.deck.ctl("games", "restore", "Kept");
  assert.equal((await agent.deck.ctlJson("games", "kept")).kept.length, 1);

  const discarded = await agent.deck.ctl("games", "discard-kept", place.id, "--yes");
  assert.equal(discarded.code, 0, discarded.stderr);
  const [left] = (await agent.deck.ctlJson("games", "kept")).kept;
  assert.deepEqual(left.files, []);
  assert.equal(left.previousFiles, 1);
});

async function pair(pc, agent) {
  const hello = pc.save(new Game("Hello", { "run.sh": MACHINE }));
  const push = pc.start([hello, "--to", `127.0.0.1:${agent.port}`, "--exe", "run.sh", "--json", "--code", "-", "--no-shortcut"]);
  await push.event("pairing_required");
  push.child.stdin.write(`${await agent.code()}\n`);
  assert.equal((await push.end()).code, 0);
}

test("push says what it does, before it does it too, and overwrites on demand", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const pc = new Pc(t);
  const folder = path.join(pc.root, "Told");
  const write = (files) => writeFiles(folder, files);
  await pair(pc, agent);
  write({ "game.sh": `${MACHINE}1`, "conf.ini": "1", "old.dat": "old", "save/a": "1", "save/b": "1" });
  const push = (...options) =>
    pc.push([folder, "--to", `127.0.0.1:${agent.port}`, "--exe", "game.sh", "--no-shortcut", ...options]);
  const dir = deck.game("Told");
  const changes = async (...options) => (await push("--json", ...options)).result;

  const first = await changes("--dry-run");
  assert.equal(first.ok, true);
  assert.equal(first.dryRun, true);
  assert.equal(first.path, dir);
  assert.equal(first.filesSent, 5);
  assert.equal(first.changes.addedCount, 5);
  assert.ok(!fs.existsSync(dir));
  assert.deepEqual((await deck.ctlJson("uploads")).uploads, []);
  assert.equal((await push()).code, 0);

  fs.writeFileSync(path.join(dir, "conf.ini"), "mine");
  fs.writeFileSync(path.join(dir, "save/a"), "level 42");
  fs.rmSync(path.join(dir, "save/b"));
  fs.rmSync(path.join(folder, "old.dat"));
  write({ "game.sh": `${MACHINE}2`, "conf.ini": "22", "new.dat": "new" });
  const expected = {
    added: ["new.dat"],
    replaced: ["game.sh"],
    kept: ["conf.ini"],
    removed: ["old.dat"],
    stays: ["save/a", "save/b"],
    addedCount: 1,
    replacedCount: 1,
    keptCount: 1,
    removedCount: 1,
    staysCount: 2,
  };
  const before = readTree(dir);
  const dry = await changes("-n");
  assert.deepEqual(dry.changes, expected);
  assert.equal(dry.bytesSent, `${MACHINE}2`.length + 2 + 3);
  const told = await push("-n", "-v");
  assert.match(told.stdout, /Would send 16 bytes in 3 files to .*Told on /);
  assert.match(told.stdout, /Would remove 1 file\.\n {2}old\.dat/);
  assert.deepEqual(readTree(dir), before);
  assert.deepEqual((await changes()).changes, expected);
  assert.equal(read(dir, "save/a"), "level 42");

  // Once more: only what stays is told.
  const again = await push("-v");
  assert.match(again.stdout, /Left 2 files as changed or deleted on the Deck\.\n {2}save\/a\n {2}save\/b/);

  const forced = await changes("--overwrite=save/*");
  assert.deepEqual(forced.changes.kept, ["save/a"]);
  assert.deepEqual(forced.changes.added, ["save/b"]);
  assert.equal(read(dir, "save/a"), "1");
  fs.writeFileSync(path.join(dir, "conf.ini"), "mine again");
  assert.deepEqual((await changes("--overwrite=*.dat")).changes.stays, ["conf.ini"]);
  assert.deepEqual((await changes("--overwrite")).changes.kept, ["conf.ini"]);
  const { kept } = await deck.ctlJson("games", "kept");
  assert.deepEqual(kept.flatMap(({ files }) => files.map((file) => file.path)).sort(), ["conf.ini", "conf.ini", "save/a"]);
});

test("the previous build comes back in one step, the shortcut with it, and so does the newer one", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const push = (files, exe) =>
    upload(hub, new Game("Back", files), {
      hashes: true,
      config: { executable: exe },
      complete: { createShortcut: true, shortcut: { name: "Back", exe } },
    });
  const one = { "one.sh": `${MACHINE}1`, "data/a": "first", "data/gone": "gone", "conf.ini": "1", "empty": "", "same": "same" };
  const two = { "two.sh": `${MACHINE}2`, "data/a": "second", "conf.ini": "22", "new": "new", "same": "same" };
  const { result } = await push(one, "one.sh");
  assert.equal((await deck.ctl("games", "rollback", "Back")).code, 1, "there is none yet");
  fs.writeFileSync(path.join(result.path, "conf.ini"), "mine");
  await push(two, "two.sh");
  fs.writeFileSync(path.join(result.path, "new"), "played");
  const inode = (name) => fs.statSync(path.join(result.path, name)).ino;
  const second = inode("data/a");
  const exe = () => readShortcuts(deck.steam)[0].exe;

  const back = await deck.ctl("games", "rollback", "Back");
  assert.equal(back.code, 0, back.stderr);
  assert.match(back.stdout, /'Back' is its previous build again/);
  assert.deepEqual(fs.readdirSync(result.path).sort(), ["conf.ini", "data", "empty", "new", "one.sh", "same"]);
  assert.equal(read(result.path, "data/a"), "first");
  assert.equal(read(result.path, "data/gone"), "gone");
  assert.equal(read(result.path, "new"), "played", "changed since");
  assert.equal(exe(), `"${path.join(result.path, "one.sh")}"`);
  assert.equal(readShortcuts(deck.steam).length, 1);
  const { kept } = await deck.ctlJson("games", "kept");
  assert.deepEqual(kept.flatMap(({ files }) => files), [{ path: "conf.ini", sizeBytes: 4 }]);
  assert.equal(kept.filter(({ previousFiles }) => previousFiles > 0).length, 1);
  assert.deepEqual((await deck.ctlJson("uploads")).uploads, []);

  assert.equal((await deck.ctl("games", "rollback", "Back")).code, 0);
  assert.equal(read(result.path, "data/a"), "second");
  assert.equal(inode("data/a"), second, "moved, not copied");
  assert.ok(!fs.existsSync(path.join(result.path, "data/gone")));
  assert.equal(exe(), `"${path.join(result.path, "two.sh")}"`);
});

test("without games.keepPrevious only what is the player's is kept", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  assert.equal((await deck.ctl("settings", "set", "games.keepPrevious", "false")).code, 0);
  const push = (tag) => upload(hub, new Game("One", { "a.pak": `a${tag}`, "conf.ini": `c${tag}` }), { hashes: true });
  const { result } = await push(1);
  await push(2);
  assert.deepEqual((await deck.ctlJson("games", "kept")).kept, []);
  fs.writeFileSync(path.join(result.path, "conf.ini"), "mine");
  await push(3);
  assert.deepEqual(keptFiles(agent, "One"), { "player/conf.ini": "mine" });
  assert.equal((await deck.ctlJson("games", "kept")).kept[0].previousFiles, 0);
});
