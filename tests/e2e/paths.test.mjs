// Nothing outside one game's folder is ever touched: names, paths, links, installPath.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { Game, Hub, ReplyError, upload } from "./lib/hub.mjs";
import { readShortcuts } from "./lib/steam_home.mjs";
import { filesOf, readFiles, readTree, writeFiles } from "./lib/tree.mjs";

/** A Deck with neighbours that nobody may touch. */
function deckWithNeighbours(t) {
  const deck = new Deck(t);
  writeFiles(deck.home, {
    "Games/Neighbour/save.dat": "precious",
    "Games/loose.txt": "precious",
    "Documents/thesis.txt": "precious",
    "a": "precious",
  });
  return deck;
}

function everythingBut(deck, game) {
  return Object.fromEntries(
    Object.entries(readTree(deck.home)).filter(([name]) => {
      const own = game && path.join(deck.home, name).startsWith(game);
      return !own && !name.startsWith("Games/.capydeck");
    }),
  );
}

const NAMES = [
  ".",
  "..",
  "/",
  "",
  " ",
  "...",
  "x".repeat(300),
  "ü".repeat(150),
  "🦫".repeat(75),
  "🦫 Capy 🎮",
  "../Neighbour",
  "..\\Neighbour",
  "/etc",
  "C:\\Games\\x",
  "a/b/c",
  "Neighbour/../../Documents",
  "Neighbour",
  "Neighbour ",
  ".capydeck",
  ".CapyDeck",
  "./.capydeck",
  "con",
  "NUL.txt",
  "new\nline",
  "tab\tand\x1b[31mred",
  "\x7f",
  "-rf",
  "~",
  "$HOME",
  "%s%n",
  "a\u202eb",
  "Game.",
  ".hidden",
];

test("a gameName is never a path: every name of the list lands in one folder or is refused", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const before = everythingBut(deck);
  for (const name of NAMES) {
    const what = JSON.stringify(name.length > 40 ? `${name.slice(0, 10)}… (${name.length})` : name);
    const game = new Game(name, { "a": "payload", "dir/b": "payload" });
    try {
      const { result } = await upload(hub, game);
      assert.equal(path.dirname(result.path), deck.library, `${what} → ${result.path}`);
      const folder = path.basename(result.path);
      assert.ok(![".", "..", ".capydeck", "Neighbour"].includes(folder), `${what} → ${folder}`);
      assert.match(folder, /^[ -~]+$/, `${what}: Steam cannot start what is below another name in Game Mode`);
      assert.ok(!/["'`$/\\]/.test(folder), `${what} → ${folder}`);
      assert.ok(Buffer.byteLength(folder) <= 255, `${what} → ${folder}`);
      assert.deepEqual(readFiles(result.path), filesOf(game), what);
      fs.rmSync(result.path, { recursive: true });
    } catch (error) {
      assert.ok(error instanceof ReplyError, `${what}: ${error.stack}`);
      assert.equal(error.code, 400, `${what}: ${error.message}`);
    }
    assert.deepEqual(everythingBut(deck), before, what);
  }
});

test("cancelling an upload of any name changes nothing", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const before = everythingBut(deck);
  for (const name of NAMES) {
    const init = await hub.ask("init_upload", new Game(name, { a: "x" }).initPayload());
    const uploadId = init.payload?.uploadId ?? name;
    await hub.chunk(uploadId, "a", 0, Buffer.from("x"));
    await hub.ask("cancel_upload", { uploadId });
    assert.deepEqual(everythingBut(deck), before, JSON.stringify(name));
  }
});

const NUL = "NUL";
const PATHS = [
  "../a",
  "..",
  "dir/../../a",
  "dir/../x",
  "..\\a",
  "dir\\..\\..\\a",
  "/etc/passwd",
  "\\\\server\\share",
  "C:\\x",
  "C:x",
  "",
  "/",
  ".",
  `a${NUL}b`,
  "line\nfeed",
  "x".repeat(256),
  `dir/${"x".repeat(256)}/y`,
  "d/".repeat(2500) + "y",
];

test("a manifest with a path that leaves the folder is 400 and names it", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const before = everythingBut(deck);
  for (const bad of PATHS) {
    const what = JSON.stringify(bad.slice(0, 60));
    const payload = JSON.stringify({
      config: { gameName: "Paths" },
      totalSize: 2,
      files: [
        { relativePath: "good", size: 1 },
        { relativePath: bad, size: 1 },
      ],
    }).replace(NUL, "\\u0000");
    const reply = await hub.askText("init_upload", payload);
    assert.equal(reply.error?.code, 400, `${what}: ${JSON.stringify(reply)}`);
    if (/^[\w./]{2,}$/.test(bad) && !bad.includes(NUL) && bad.length < 100) {
      assert.ok(reply.error.message.includes(bad), `${what}: ${reply.error.message}`);
    }
  }
  assert.deepEqual(everythingBut(deck), before);
  await hub.settle();
});

test("a manifest that contradicts itself is 400 and names the path", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const file = (relativePath, size = 1, more = {}) => ({ relativePath, size, ...more });
  const cases = {
    "the same path twice": [2, [file("twin"), file("twin")], /twin/],
    "the same path in two spellings": [2, [file("d/twin"), file("d\\twin")], /twin/],
    "a path that is another's folder": [2, [file("node"), file("node/leaf")], /node/],
    "the same, the other way round": [2, [file("node/leaf"), file("node")], /node/],
    "a sum that is too small": [1, [file("a"), file("b")], /1|2/],
    "a sum that is too big": [3, [file("a"), file("b")], /3|2/],
    "a negative size": [0, [file("a", 1), file("minus", -1)], /minus|-1/],
    "sizes that overflow": [0, [file("a", 2 ** 53 - 1), file("b", 2 ** 53 - 1)], /./],
    "no files": [0, [], /./],
    "a hash that is none": [1, [file("hashed", 1, { sha256: "zz" })], /hashed|zz|sha256/],
  };
  for (const [what, [totalSize, files, names]] of Object.entries(cases)) {
    const reply = await hub.ask("init_upload", { config: { gameName: "Odd" }, totalSize, files });
    assert.equal(reply.error?.code, 400, `${what}: ${JSON.stringify(reply)}`);
    assert.match(reply.error.message, names, what);
  }
  assert.equal(fs.existsSync(agent.deck.game("Odd")), false);
});

test("installPath: the library, what is below it, and nothing else", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const game = new Game("Placed", { a: "x" });
  const before = everythingBut(deck);
  for (const installPath of [
    "/",
    "/tmp",
    deck.home,
    path.join(deck.library, ".."),
    path.join(deck.library, "../Documents"),
    `${deck.library}2`,
    "relative/Games",
    "~root/x",
    "~/Documents",
    `${deck.library}\\..\\..`,
    path.join(deck.library, ".capydeck"),
    path.join(deck.library, ".capydeck/uploads"),
  ]) {
    const reply = await hub.ask("init_upload", game.initPayload({ installPath }));
    assert.equal(reply.error?.code, 400, `${installPath}: ${JSON.stringify(reply)}`);
  }
  assert.deepEqual(everythingBut(deck), before);
  for (const installPath of ["", null, deck.library, `${deck.library}/`, "~/Games"]) {
    const { result } = await upload(hub, game, { config: { installPath } });
    assert.equal(result.path, deck.game("Placed"), `${installPath}`);
  }
});

test("further library folders are a setting", async (t) => {
  const deck = new Deck(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const extra = path.join(deck.root, "SD card");
  fs.mkdirSync(extra);
  const game = new Game("Card", { a: "x" });
  const reply = await hub.ask("init_upload", game.initPayload({ installPath: extra }));
  assert.equal(reply.error?.code, 400);
  const set = await deck.ctl("settings", "set", "library.extra", JSON.stringify([extra]));
  assert.equal(set.code, 0, set.stderr);
  const { result } = await upload(hub, game, { config: { installPath: extra } });
  assert.equal(result.path, path.join(extra, "Card"));
  assert.deepEqual(readFiles(result.path), filesOf(game));
});

test("links inside a game's folder are not followed", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const { result } = await upload(hub, new Game("Links", { "game.txt": "1" }));
  const outside = path.join(deck.home, "Documents");
  fs.symlinkSync(outside, path.join(result.path, "data"));
  fs.symlinkSync(path.join(outside, "thesis.txt"), path.join(result.path, "file.txt"));
  fs.symlinkSync("/nowhere/at/all", path.join(result.path, "dangling"));
  const before = everythingBut(deck, result.path);
  for (const files of [
    { "data/thesis.txt": "overwritten" },
    { "data/new.txt": "created" },
    { "file.txt": "overwritten" },
    { "dangling": "created" },
    { "dangling/x": "created" },
  ]) {
    await upload(hub, new Game("Links", files)).catch((error) => {
      assert.ok(error instanceof ReplyError && [400, 409].includes(error.code), error.stack);
    });
    assert.deepEqual(everythingBut(deck, result.path), before, JSON.stringify(files));
  }
});

test("a game's folder that is a link is not followed", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  fs.symlinkSync(path.join(deck.home, "Documents"), deck.game("Linked"));
  fs.symlinkSync("/nowhere/at/all", deck.game("Dangling"));
  const before = everythingBut(deck);
  for (const name of ["Linked", "Dangling"]) {
    let own;
    await upload(hub, new Game(name, { "thesis.txt": "overwritten" })).then(
      ({ result }) => (own = result.path),
      (error) => assert.ok(error instanceof ReplyError && error.code < 500, error.stack),
    );
    assert.deepEqual(everythingBut(deck, own), before, name);
    if (own) {
      fs.rmSync(own, { recursive: true });
    }
  }
});

test("links planted in staging during an upload are not followed", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const game = new Game("Planted", { "dir/a.txt": "aaaa", "dir/b.txt": "bbbb", "c.txt": "cccc" });
  const { uploadId } = await hub.request("init_upload", game.initPayload());
  await hub.chunk(uploadId, "dir/a.txt", 0, Buffer.from("aa"));
  const before = everythingBut(deck);
  const outside = path.join(deck.home, "Documents");
  const staging = path.join(deck.library, ".capydeck/uploads", uploadId);
  const dirs = fs
    .readdirSync(staging, { recursive: true })
    .filter((name) => fs.lstatSync(path.join(staging, name)).isDirectory());
  for (const name of dirs.sort().reverse()) {
    fs.rmSync(path.join(staging, name), { recursive: true });
    fs.symlinkSync(outside, path.join(staging, name));
  }
  for (const [name, bytes] of game.files) {
    await hub.chunk(uploadId, name, 0, bytes);
  }
  await hub.ask("complete_upload", { uploadId, createShortcut: false });
  const after = everythingBut(deck, deck.game("Planted"));
  assert.deepEqual(after, before);
});

test("a name that would land in another's folder gets a suffix, and keeps it", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const { result: one } = await upload(hub, new Game("Neighbour", { a: "1" }));
  assert.notEqual(one.path, deck.game("Neighbour"));
  const { result: two } = await upload(hub, new Game("Neighbour", { a: "2" }));
  assert.equal(two.path, one.path, "a second push updates the first");
  assert.equal(fs.readFileSync(path.join(one.path, "a"), "utf8"), "2");

  // Two games whose names become the same folder name stay apart.
  const { result: slash } = await upload(hub, new Game("A/B", { a: "slash" }));
  const { result: star } = await upload(hub, new Game("A\\B", { a: "back-slash" }));
  assert.notEqual(slash.path, star.path);
  assert.equal(fs.readFileSync(path.join(slash.path, "a"), "utf8"), "slash");
});

test("the executable of a shortcut stays inside the game's folder", async (t) => {
  const deck = deckWithNeighbours(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  for (const exe of ["../Neighbour/save.dat", "/bin/sh", "bin/../../../a", "..\\a"]) {
    const game = new Game("Exe", { "game.sh": "#!/bin/sh\n" });
    await assert.rejects(
      upload(hub, game, { complete: { createShortcut: true, shortcut: { name: "Exe", exe } } }),
      (error) => error instanceof ReplyError && error.code === 400,
      exe,
    );
    assert.equal(fs.existsSync(deck.game("Exe")), false, `${exe}: nothing was moved`);
  }
});

test("a game that its user moved, leaving a link, is the same game", async (t) => {
  const deck = new Deck(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const more = path.join(deck.home, "More Games");
  fs.mkdirSync(more);
  assert.equal((await deck.ctl("settings", "set", "library.extra", JSON.stringify([more]))).code, 0);
  const game = new Game("Moved", { "game.sh": "#!/bin/sh\n", "data.pak": "1".repeat(1000), "more.pak": "2" });
  const complete = { createShortcut: true, shortcut: { name: "Moved", exe: "game.sh" } };
  const send = () => upload(hub, game, { hashes: true, config: { executable: "game.sh" }, complete });
  const { result: first } = await send();
  const moved = path.join(more, "Elsewhere");
  fs.renameSync(first.path, moved);
  fs.symlinkSync(moved, first.path);

  game.files.set("data.pak", Buffer.from("changed"));
  const { init, result } = await send();
  assert.equal(result.path, moved);
  assert.equal(result.appId, first.appId);
  assert.deepEqual(Object.keys(init.resumeFrom).sort(), ["game.sh", "more.pak"], "only what has changed is sent");
  assert.deepEqual(readFiles(moved), filesOf(game));
  assert.deepEqual(
    readShortcuts(deck.steam).map(({ appid, exe, startdir }) => [appid, exe, startdir]),
    [[first.appId, `"${moved}/game.sh"`, `"${moved}"`]],
  );
  const { games } = await deck.ctlJson("games");
  assert.deepEqual(games.map(({ name, dir }) => [name, dir]), [["Moved", moved]]);
  assert.equal((await hub.request("delete_game", { appId: first.appId })).status, "deleted");
  assert.ok(!fs.existsSync(moved));

  // Out of all libraries nothing is installed; the answer says where the game is.
  const { result: again } = await send();
  const outside = path.join(deck.home, "Desktop");
  fs.renameSync(again.path, outside);
  fs.symlinkSync(outside, again.path);
  await assert.rejects(send(), (error) => error.code === 400 && error.message.includes(`'Moved' is now in '${outside}'`));
  assert.equal((await deck.ctlJson("games")).games.length, 1);
});
