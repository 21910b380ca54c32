// What an earlier build left on the disk is still used: ids, keys, games, the trash, changes that wait for
// Steam, an interrupted upload, and one whose agent was killed while it moved the files into place.
//
// fixtures/earlier_home was written by the agent and the `push` of version 0.1.0. Only what depends on the
// machine and the day has been replaced: folders by @ROOT@, the port by @PORT@, the names of the lists of
// installed files by the names of their games, file times by MTIME_S, and the times from which uploads and
// deleted games expire by one far in the future.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { Game, Hub, sendChunks, upload } from "./lib/hub.mjs";
import { Pc } from "./lib/push.mjs";
import { readShortcuts, shortcutsPath, writeBinaryVdf } from "./lib/steam_home.mjs";
import { filesOf, readFiles } from "./lib/tree.mjs";
import { until } from "./lib/wait.mjs";

const FIXTURE = path.resolve("../fixtures/earlier_home");
const MTIME_S = 1700000000;
const HUB = { hubId: "hub-earlier", token: "li74aiOSI56q-PY7jg60T4SMQqvsNCNhGGKCTpM2Brk" };
const PLAYED = 3042184370;
const UPDATED = 3374457737;
const QUEUED = 3887199600;
const DELETED = 4158834811;

const script = (name) => `#!/bin/sh\n# ${name}\n`;
const half = new Game("Half", {
  "play.sh": script("Half"),
  "data/first.txt": "first half, second half\n",
  "data/second.txt": "not sent yet\n",
});
const played = new Game("Played", { "play.sh": script("Played"), "data/level.txt": "level one\n" });
const updated = new Game("Updated", {
  "play.sh": script("Updated, second build"),
  "data/level.txt": "new level\n",
  "more/new.txt": "new\n",
});
const deleted = new Game("Deleted", { "play.sh": script("Deleted") });

function copy(from, to, change = (text) => text) {
  for (const name of fs.readdirSync(from, { recursive: true })) {
    const source = path.join(from, name);
    if (fs.statSync(source).isFile()) {
      const target = path.join(to, name);
      fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
      fs.writeFileSync(target, change(fs.readFileSync(source, "utf8")), { mode: 0o700 });
      fs.utimesSync(target, MTIME_S, MTIME_S);
    }
  }
}

function restoreHome(deck) {
  const change = (text) => text.replaceAll("@ROOT@", deck.root);
  copy(path.join(FIXTURE, "config"), deck.config, change);
  copy(path.join(FIXTURE, "state"), deck.state, change);
  copy(path.join(FIXTURE, "library"), deck.library, change);
  const lists = path.join(deck.state, "manifests");
  for (const name of fs.readdirSync(lists)) {
    const dir = deck.game(path.basename(name, ".json"));
    const hash = createHash("sha256").update(dir).digest("hex");
    fs.renameSync(path.join(lists, name), path.join(lists, `${hash}.json`));
  }
  const entry = (name, appid) => ({ appid, AppName: name, Exe: `"${deck.game(name)}/play.sh"` });
  const shortcuts = { 0: entry("Played", PLAYED), 1: entry("Updated", UPDATED) };
  fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf({ shortcuts }));
}

test("an agent carries on with the files of an earlier build", async (t) => {
  const deck = new Deck(t);
  restoreHome(deck);
  const agent = await startAgent(t, { deck });
  const status = await deck.ctlJson("status");
  assert.equal(status.agent.id, "6cd9f920");
  assert.deepEqual(status.notices, []);
  assert.equal((await deck.ctlJson("settings", "get", "games.trashDays")).value, 30);

  // The upload that was being completed is finished, with the shortcut it had, and the queued change is made.
  await until("both are done", async () => {
    const { games } = await deck.ctlJson("games");
    const game = games.find(({ name }) => name === "Updated");
    return game?.fileCount === 3 && readShortcuts(deck.steam).length === 3;
  });
  assert.deepEqual(readFiles(deck.game("Updated")), filesOf(updated));
  const shortcuts = readShortcuts(deck.steam).map(({ appid, appname }) => [appname, appid]);
  assert.deepEqual(shortcuts.sort(), [["Played", PLAYED], ["Queued", QUEUED], ["Updated", UPDATED]]);
  assert.equal(readShortcuts(deck.steam).find(({ appid }) => appid === QUEUED).launchoptions, "-fullscreen");
  const { games } = await deck.ctlJson("games");
  assert.deepEqual(games.map(({ name, appId }) => [name, appId]).sort(), [
    ["Played", PLAYED],
    ["Pushed", 0],
    ["Queued", QUEUED],
    ["Updated", UPDATED],
  ]);

  // The Hub's token is valid, and nothing that it has sent is requested again.
  const hub = await Hub.ready(agent, HUB);
  const init = await hub.request("init_upload", half.initPayload({ hashes: true, executable: "play.sh" }));
  assert.equal(init.uploadId, "c2d8d044148ec6bc529f12526fa9f664");
  assert.deepEqual(init.resumeFrom, { "play.sh": half.files.get("play.sh").length, "data/first.txt": 12 });
  await sendChunks(hub, init.uploadId, half.chunks(init));
  const done = await hub.request("complete_upload", { uploadId: init.uploadId, createShortcut: false });
  assert.deepEqual(readFiles(done.path), filesOf(half));
  const { init: again } = await upload(hub, played, { hashes: true });
  assert.equal(Object.values(again.resumeFrom).reduce((sum, bytes) => sum + bytes, 0), played.totalSize);
  await hub.close();

  const { games: trash } = await deck.ctlJson("games", "trash");
  assert.deepEqual(trash.map(({ name, appId }) => [name, appId]), [["Deleted", DELETED]]);
  const restored = await deck.ctl("games", "restore", "Deleted");
  assert.equal(restored.code, 0, restored.stderr);
  assert.deepEqual(readFiles(deck.game("Deleted")), filesOf(deleted));
});

test("a computer paired by an earlier push needs no code and sends nothing again", async (t) => {
  const deck = new Deck(t);
  restoreHome(deck);
  const agent = await startAgent(t, { deck });
  const pc = new Pc(t);
  copy(path.join(FIXTURE, "pc"), pc.home, (text) => text.replaceAll("@PORT@", agent.port));
  const game = new Game("Pushed", { "play.sh": script("Pushed") });
  const where = ["--to", `127.0.0.1:${agent.port}`, "--exe", "play.sh", "--no-shortcut", "--json"];
  const { code, result, stderr } = await pc.push([pc.save(game), ...where]);
  assert.equal(code, 0, stderr);
  assert.equal(result.bytesSent, 0);
  assert.equal((await deck.ctlJson("hubs")).hubs.length, 2);
});
