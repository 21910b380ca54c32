// delete_game and delete_shortcut: what is removed, what only loses its shortcut, what is left alone.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { GameModePlugin } from "./lib/game_mode_plugin.mjs";
import { Game, Hub, bytesOf, frame, sendChunks, upload } from "./lib/hub.mjs";
import { PNG } from "./lib/images.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { GAMER, SIBLING, readShortcuts, shortcutsPath, writeBinaryVdf } from "./lib/steam_home.mjs";
import { filesOf, readFiles } from "./lib/tree.mjs";
import { until } from "./lib/wait.mjs";

const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);
const celeste = (name = "Celeste") =>
  new Game(name, { "bin/celeste": ELF, "data/pak": bytesOf(name, 300_000), empty: "" });

async function push(hub, game = celeste(), { createShortcut = true, userId, shortcut = {} } = {}) {
  const complete = { createShortcut, userId, shortcut: { name: game.name, exe: "bin/celeste", ...shortcut } };
  return (await upload(hub, game, { config: { executable: "bin/celeste" }, complete })).result;
}

/** The folders in the trash beside the games. */
function trash(deck) {
  const dir = path.join(deck.library, ".capydeck/trash");
  return fs.existsSync(dir) ? fs.readdirSync(dir).map((id) => path.join(dir, id)) : [];
}

/** A Steam that also has games not installed by CapyDeck. */
const FOREIGN = { appid: 3000000001, AppName: "Foreign", Exe: '"/usr/bin/true"', StartDir: '"/usr/bin"' };
function writeForeign(deck, user = GAMER, entries = { 0: FOREIGN }) {
  fs.writeFileSync(shortcutsPath(deck.steam, user), writeBinaryVdf({ shortcuts: entries }));
}

for (const dialect of ["documents", "desktop"]) {
  for (const type of ["delete_game", "delete_shortcut"]) {
    test(`${type} of a ${dialect} Hub takes the game's folder and its shortcut`, async (t) => {
      const deck = new Deck(t);
      writeForeign(deck);
      const agent = await startAgent(t, { deck });
      const hub = await Hub.paired(agent, { dialect });
      const kept = celeste("Kept");
      await push(hub, kept);
      const game = celeste();
      const { appId } = await push(hub, game);
      fs.writeFileSync(path.join(deck.game("Celeste"), "save"), "1 strawberry");

      const result = await hub.request(type, { appId });
      if (type === "delete_game") {
        assert.deepEqual(result, { status: "deleted", gameName: "Celeste", steamRestarted: false });
      } else {
        assert.deepEqual(result, { success: true, appId });
      }
      for (const status of ["start", "complete"]) {
        const { payload } = await hub.event("operation_event", (event) => event.type === "delete" && event.status === status);
        assert.equal(payload.gameName, "Celeste");
        assert.equal(payload.message !== "", dialect === "documents", "any message is an error to the desktop app");
      }
      assert.ok(!fs.existsSync(deck.game("Celeste")));
      assert.deepEqual(readShortcuts(deck.steam).map(({ appname }) => appname), ["Foreign", "Kept"]);
      assert.deepEqual(readFiles(deck.game("Kept")), filesOf(kept));
      const [folder, ...others] = trash(deck);
      assert.deepEqual(others, []);
      assert.equal(fs.readFileSync(path.join(folder, "save"), "utf8"), "1 strawberry");

      const gone = await hub.ask(type, { appId });
      assert.equal(gone.error?.code, 404, JSON.stringify(gone));
      assert.match(gone.error.message, new RegExp(appId));
      // Pushed again, it is a game like any other.
      const again = await push(hub, game);
      assert.equal(again.appId, appId, "the same name and path make the same id");
      assert.deepEqual(readFiles(deck.game("Celeste")), filesOf(game));
    });
  }
}

test("for an unknown game only the shortcut is removed", async (t) => {
  const deck = new Deck(t);
  const dir = deck.game("By hand");
  fs.mkdirSync(dir, { recursive: true });
  fs.writeFileSync(path.join(dir, "run"), "#!/bin/sh\n");
  const byHand = { appid: 3000000002, AppName: "By hand", Exe: `"${dir}/run"`, StartDir: `"${dir}"` };
  writeForeign(deck, GAMER, { 0: FOREIGN, 1: byHand });
  writeForeign(deck, SIBLING, { 0: { ...FOREIGN, appid: 3000000003, AppName: "Sibling's" } });
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  assert.equal((await hub.request("delete_game", { appId: 3000000002 })).gameName, "By hand");
  assert.ok(fs.existsSync(path.join(dir, "run")));
  assert.deepEqual(trash(deck), []);
  assert.equal((await hub.request("delete_shortcut", { name: "Foreign" })).appId, 3000000001);
  assert.deepEqual(readShortcuts(deck.steam), []);
  // Of another account: named, or found.
  const other = await hub.ask("delete_shortcut", { userId: GAMER.steamId, appId: 3000000003 });
  assert.equal(other.error?.code, 404);
  await hub.request("delete_shortcut", { userId: SIBLING.accountId, appId: 3000000003 });
  assert.deepEqual(readShortcuts(deck.steam, SIBLING), []);
});

test("unknown is 404, empty is 400, an ambiguous name is 409", async (t) => {
  const deck = new Deck(t);
  writeForeign(deck, GAMER, { 0: FOREIGN, 1: { ...FOREIGN, appid: 3000000002 } });
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  for (const [type, payload, code] of [
    ["delete_shortcut", { appId: 3999999999 }, 404],
    ["delete_shortcut", { name: "nobody" }, 404],
    ["delete_shortcut", { userId: "1", appId: 3000000001 }, 404],
    ["delete_shortcut", { name: "Foreign" }, 409],
    ["delete_shortcut", {}, 400],
    ["delete_shortcut", { appId: 0, name: "" }, 400],
    ["delete_shortcut", { appId: -1 }, 400],
    ["delete_game", {}, 400],
    ["delete_game", { appId: 0 }, 400],
    ["delete_game", { appId: "../.." }, 400],
    ["delete_game", { appId: 3999999999 }, 404],
  ]) {
    const reply = await hub.ask(type, payload);
    assert.equal(reply.error?.code, code, `${type} ${JSON.stringify(payload)}: ${JSON.stringify(reply)}`);
    assert.ok(reply.error.message.length > 10);
  }
  assert.equal(readShortcuts(deck.steam).length, 2);
});

test("a game that two accounts play leaves both; another account's shortcut alone leaves the folder", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const { appId } = await push(hub);
  const exe = path.join(deck.game("Celeste"), "bin/celeste");
  const theirs = async () => {
    await push(hub, celeste(), { userId: SIBLING.steamId });
    await push(hub, celeste(), { userId: GAMER.steamId });
    return readShortcuts(deck.steam, SIBLING);
  };
  const [entry] = await theirs();
  assert.equal(entry.appid, appId);
  assert.equal(entry.exe, `"${exe}"`);
  await hub.request("delete_shortcut", { userId: SIBLING.steamId, appId });
  assert.deepEqual(readShortcuts(deck.steam, SIBLING), []);
  assert.equal(readShortcuts(deck.steam).length, 1);
  assert.ok(fs.existsSync(exe));

  await theirs();
  await hub.request("delete_game", { appId });
  assert.deepEqual([...readShortcuts(deck.steam), ...readShortcuts(deck.steam, SIBLING)], []);
  assert.ok(!fs.existsSync(deck.game("Celeste")));
});

test("a game that is being uploaded is not deleted under the upload", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent, { dialect: "desktop" });
  const { appId } = await push(hub);
  const next = new Game("Celeste", { "bin/celeste": ELF, "data/pak": bytesOf("new", 300_000) });
  const { uploadId } = await hub.request("init_upload", next.initPayload({ executable: "bin/celeste" }));
  for (const type of ["delete_game", "delete_shortcut"]) {
    const reply = await hub.ask(type, { appId });
    assert.equal(reply.error?.code, 409, JSON.stringify(reply));
    assert.match(reply.error.message, /Celeste/);
  }
  await sendChunks(hub, uploadId, next.chunks());
  // To the desktop app, news of anything else would be news of its upload.
  assert.deepEqual(hub.pending("operation_event").filter(({ payload }) => payload.type !== "install"), []);
  await hub.request("complete_upload", { uploadId, createShortcut: true, shortcut: { name: "Celeste", exe: "bin/celeste" } });
  assert.equal((await hub.request("delete_game", { appId })).status, "deleted");
  assert.deepEqual(readShortcuts(deck.steam), []);
});

test("a game that runs is not deleted; once it has ended, it is", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  const agent = await startAgent(t, { deck, env: client.env });
  const hub = await Hub.paired(agent);
  const { appId } = await push(hub);
  await client.start();
  await client.startGame(appId);
  for (const type of ["delete_game", "delete_shortcut"]) {
    const reply = await hub.ask(type, { appId });
    assert.equal(reply.error?.code, 409, JSON.stringify(reply));
    assert.match(reply.error.message, /Celeste.*running/);
  }
  assert.ok(fs.existsSync(deck.game("Celeste")));
  client.exit();
  await client.ended();
  assert.equal((await hub.request("delete_game", { appId })).status, "deleted");
});

test("restartSteam: answered first, then Steam is restarted and the shortcut is gone", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  const agent = await startAgent(t, { deck, env: client.env });
  const hub = await Hub.paired(agent);
  const { appId } = await push(hub);
  await client.start();
  const result = await hub.request("delete_shortcut", { appId, restartSteam: true });
  assert.equal(result.success, true);
  assert.match(result.message, /Steam/, "says what it waits for");
  assert.ok(!fs.existsSync(deck.game("Celeste")));
  await client.started(2);
  assert.deepEqual(readShortcuts(deck.steam), []);

  // One that was still waiting to be made needs no waiting to be removed.
  const again = await push(hub);
  assert.match(again.message, /Steam/);
  const deleted = await hub.request("delete_game", { appId: again.appId });
  assert.deepEqual(deleted, { status: "deleted", gameName: "Celeste", steamRestarted: false });
  assert.deepEqual((await hub.request("list_shortcuts", {})).shortcuts, []);
});

test("delete_game says why the shortcut is still visible", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  const agent = await startAgent(t, { deck, env: client.env });
  const hub = await Hub.paired(agent);
  const { appId } = await push(hub);
  await client.start();
  const { status, message } = await hub.request("delete_game", { appId });
  assert.equal(status, "deleted");
  assert.match(message, /Steam/);
  assert.deepEqual((await hub.request("list_shortcuts", {})).shortcuts, []);
  client.exit();
  await client.ended();
  await until("the shortcut is removed when Steam has ended", () => readShortcuts(deck.steam).length === 0);
});

test("restartSteam that is refused does not fail the deletion", async (t) => {
  const deck = new Deck(t);
  writeForeign(deck);
  const client = new SteamClient(deck);
  await client.start();
  const agent = await startAgent(t, { deck, env: client.env });
  const hub = await Hub.paired(agent);
  await client.startGame(4711);
  assert.equal((await hub.request("delete_shortcut", { appId: FOREIGN.appid, restartSteam: true })).success, true);
  await agent.line(/not restarted/);
  assert.equal(client.starts, 1);
});

test("a game whose folder is already gone is removed with its shortcut", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const { appId } = await push(hub);
  fs.rmSync(deck.game("Celeste"), { recursive: true });
  assert.equal((await hub.request("delete_game", { appId })).gameName, "Celeste");
  assert.deepEqual(readShortcuts(deck.steam), []);
  assert.equal((await hub.ask("delete_game", { appId })).error?.code, 404);
});

test("a folder that was replaced by a link is not followed", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const { appId } = await push(hub);
  const precious = path.join(deck.home, "precious");
  fs.renameSync(deck.game("Celeste"), precious);
  fs.symlinkSync(precious, deck.game("Celeste"));
  const reply = await hub.ask("delete_game", { appId });
  assert.equal(reply.error?.code, 400, JSON.stringify(reply));
  assert.ok(fs.existsSync(path.join(precious, "bin/celeste")));
});

test("deletions survive kill -9: the next start finishes them", async (t) => {
  const deck = new Deck(t);
  let agent = await startAgent(t, { deck });
  let hub = await Hub.paired(agent);
  const { token } = hub;
  const game = celeste();
  for (let round = 0; round < 12; round++) {
    const { appId } = await push(hub, game);
    assert.equal(readShortcuts(deck.steam).length, 1);
    hub.text(JSON.stringify({ id: "d", type: "delete_game", payload: { appId } }));
    // Somewhere between the request and its end; no verdict depends on where.
    await new Promise((resolve) => setTimeout(resolve, round));
    await agent.stop("SIGKILL");
    agent = await startAgent(t, { deck });
    hub = await Hub.ready(agent, { token });
    await hub.settle();
    const there = fs.existsSync(deck.game("Celeste"));
    const list = (await hub.request("list_shortcuts", {})).shortcuts;
    assert.equal(list.length, there ? 1 : 0, `round ${round}: folder and shortcut go together`);
    if (there) {
      assert.deepEqual(readFiles(deck.game("Celeste")), filesOf(game), `round ${round}: whole`);
    } else {
      assert.ok(trash(deck).some((dir) => fs.existsSync(path.join(dir, "bin/celeste"))));
    }
  }
});

test("a crash between the folder and its shortcut: the next start removes the shortcut, and no other", async (t) => {
  const deck = new Deck(t);
  writeForeign(deck);
  const one = await startAgent(t, { deck });
  const hub = await Hub.paired(one);
  const again = await push(hub, celeste("Again"));
  await hub.request("delete_game", { appId: again.appId });
  assert.equal((await push(hub, celeste("Again"))).appId, again.appId);
  const { appId } = await push(hub);
  const before = fs.readFileSync(shortcutsPath(deck.steam));
  await hub.request("delete_game", { appId });
  await one.stop();
  fs.writeFileSync(shortcutsPath(deck.steam), before);
  const two = await startAgent(t, { deck });
  await Hub.ready(two, { token: hub.token });
  const names = () => readShortcuts(deck.steam).map(({ appname }) => appname);
  await until("the shortcut is gone", () => !names().includes("Celeste"));
  assert.deepEqual(names(), ["Foreign", "Again"], "the same id, and installed again");
});

test("after a lost registry a reinstalled game keeps its shortcut", async (t) => {
  const deck = new Deck(t);
  const one = await startAgent(t, { deck });
  const hub = await Hub.paired(one);
  const { appId } = await push(hub);
  await hub.request("delete_game", { appId });
  await push(hub);
  await one.stop();
  fs.writeFileSync(path.join(deck.state, "games.json"), "{");
  const two = await startAgent(t, { deck });
  const { shortcuts } = await (await Hub.ready(two, { token: hub.token })).request("list_shortcuts", {});
  assert.deepEqual(shortcuts.map((shortcut) => shortcut.appId), [appId]);
  assert.ok(fs.existsSync(deck.game("Celeste")));
});

test("installations survive kill -9: an installed game has its shortcut", async (t) => {
  const deck = new Deck(t);
  let agent = await startAgent(t, { deck });
  let hub = await Hub.paired(agent);
  const { token } = hub;
  for (let round = 0; round < 12; round++) {
    const game = celeste(`Game ${round}`);
    const init = await hub.request("init_upload", game.initPayload({ executable: "bin/celeste" }));
    await sendChunks(hub, init.uploadId, game.chunks());
    const payload = { uploadId: init.uploadId, createShortcut: true, shortcut: { name: game.name, exe: "bin/celeste", tags: ["t"] } };
    hub.text(JSON.stringify({ id: "c", type: "complete_upload", payload }));
    await new Promise((resolve) => setTimeout(resolve, round));
    await agent.stop("SIGKILL");
    agent = await startAgent(t, { deck });
    hub = await Hub.ready(agent, { token });
    await hub.settle();
    const { shortcuts } = await hub.request("list_shortcuts", {});
    const there = fs.existsSync(path.join(deck.game(game.name), "bin/celeste"));
    const entries = shortcuts.filter(({ name }) => name === game.name);
    assert.equal(entries.length, there ? 1 : 0, `round ${round}`);
    if (there) {
      assert.deepEqual(readFiles(deck.game(game.name)), filesOf(game));
      assert.deepEqual(entries[0].tags, ["t"]);
    }
  }
});

const ICON = `data:image/png;base64,${Buffer.from("\x89PNG\r\n\x1a\n and so on", "latin1").toString("base64")}`;

/** A game with all that its shortcut can have, deleted; resolves to what it was. */
async function deleteDressed(deck, hub) {
  const game = celeste();
  const shortcut = { launchOptions: "--x %command%", tags: ["a", "b"], startDir: "data" };
  const { appId } = await push(hub, game, { shortcut });
  await hub.request("create_shortcut", {
    shortcut: { name: "My name", exe: path.join(deck.game("Celeste"), "bin/celeste"), startDir: path.join(deck.game("Celeste"), "data") },
  });
  await hub.request("apply_artwork", { appId, artwork: { icon: ICON } });
  fs.writeFileSync(path.join(deck.game("Celeste"), "save"), "1 strawberry");
  const [entry] = readShortcuts(deck.steam);
  assert.match(entry.icon, /_icon\.png$/);
  await hub.request("delete_game", { appId });
  assert.deepEqual(readShortcuts(deck.steam), []);
  return { appId, entry, files: { ...filesOf(game), save: readFiles(trash(deck)[0]).save } };
}

function isBack(deck, { entry, files }) {
  assert.deepEqual(readFiles(deck.game("Celeste")), files);
  assert.deepEqual(readShortcuts(deck.steam), [entry]);
  assert.deepEqual(trash(deck), []);
}

test("a deleted game is restored as it was: every byte, the shortcut and its app id", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const before = await deleteDressed(deck, hub);
  const { games } = await deck.ctlJson("games", "trash");
  assert.deepEqual(games.map(({ name, appId, dir }) => ({ name, appId, dir })), [
    { name: "Celeste", appId: before.appId, dir: deck.game("Celeste") },
  ]);
  const restored = await deck.ctl("games", "restore", games[0].id);
  assert.equal(restored.code, 0, restored.stderr);
  isBack(deck, before);
  const twice = await deck.ctl("games", "restore", games[0].id);
  assert.notEqual(twice.code, 0);
  // It is installed as ever: pushed again it is updated, and it can be deleted once more.
  assert.equal((await push(hub)).appId, before.appId);
  assert.equal(readShortcuts(deck.steam).length, 1);
  await hub.request("delete_game", { appId: before.appId });
});

test("a game can be restored after a restart of the agent, but not over one pushed meanwhile", async (t) => {
  const deck = new Deck(t);
  const one = await startAgent(t, { deck });
  const hub = await Hub.paired(one);
  const before = await deleteDressed(deck, hub);
  await one.stop();
  const two = await startAgent(t, { deck });
  const again = await Hub.ready(two, { token: hub.token });
  const [{ id }] = (await deck.ctlJson("games", "trash")).games;
  const { appId } = await push(again);
  const refused = await deck.ctl("games", "restore", id);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /Celeste/);
  await again.request("delete_game", { appId });
  assert.equal((await deck.ctl("games", "restore", id)).code, 0);
  assert.deepEqual(readFiles(deck.game("Celeste")), before.files);
  assert.equal(readShortcuts(deck.steam)[0].appid, before.appId);
});

test("restoring survives kill -9: the game is in the trash, or back with its shortcut", async (t) => {
  const deck = new Deck(t);
  let agent = await startAgent(t, { deck });
  let hub = await Hub.paired(agent);
  const { token } = hub;
  const before = await deleteDressed(deck, hub);
  let [game] = (await deck.ctlJson("games", "trash")).games;
  for (let round = 0; round < 8; round++) {
    const ended = deck.ctl("games", "restore", game.id);
    await new Promise((resolve) => setTimeout(resolve, 3 * round));
    await agent.stop("SIGKILL");
    await ended;
    agent = await startAgent(t, { deck });
    hub = await Hub.ready(agent, { token });
    await hub.settle();
    const { games } = await deck.ctlJson("games", "trash");
    const list = (await hub.request("list_shortcuts", {})).shortcuts;
    assert.equal(games.length + list.length, 1, `round ${round}: in one place`);
    if (list.length > 0) {
      assert.equal(list[0].appId, before.appId);
      assert.deepEqual(readFiles(deck.game("Celeste")), before.files);
      await hub.request("delete_game", { appId: before.appId });
    }
    [game] = (await deck.ctlJson("games", "trash")).games;
  }
  assert.equal((await deck.ctl("games", "restore", game.id)).code, 0);
  isBack(deck, before);
});

test("a game deleted before its shortcut was made gets it when restored", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  await client.start();
  const agent = await startAgent(t, { deck, env: client.env });
  const hub = await Hub.paired(agent);
  let answer;
  const held = new Promise((resolve) => (answer = resolve));
  const plugin = await GameModePlugin.attach(t, deck, { before: () => held });
  const asked = plugin.requested("steam.apply");
  const pushed = push(hub);
  await asked;
  const deleted = await deck.ctl("games", "delete", "Celeste", "--yes");
  assert.equal(deleted.code, 0, deleted.stderr);
  answer();
  await pushed;
  await until("Steam has forgotten it", () => plugin.model.shortcuts.size === 0);
  assert.equal((await deck.ctl("games", "restore", "Celeste")).code, 0);
  const [{ exe }] = plugin.model.shortcuts.values();
  assert.equal(exe, path.join(deck.game("Celeste"), "bin/celeste"));
});

test("the images of a deleted game stay until it is permanently deleted", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const grid = path.join(deck.steam, "userdata", GAMER.accountId, "config/grid");
  const trashed = async () => (await deck.ctlJson("games", "trash")).games;
  const discard = async ({ id }) => {
    assert.equal((await deck.ctl("games", "discard", id, "--yes")).code, 0);
    await until("its folder is gone", () => !trash(deck).some((dir) => dir.endsWith(id)));
  };
  const send = async (appId) => {
    const id = hub.newId();
    const reply = hub.reply(id);
    hub.binary(frame({ id, type: "artwork_image", appId, artworkType: "hero", contentType: "image/png" }, PNG));
    assert.equal((await reply).payload.success, true);
  };
  const { appId } = await push(hub);
  const other = await push(hub, celeste("Other"));
  await send(appId);
  await send(other.appId);
  await hub.request("delete_game", { appId });
  await push(hub);
  await discard((await trashed())[0]);
  await hub.request("delete_game", { appId });
  const hero = path.join(grid, `${appId}_hero.png`);
  assert.ok(fs.existsSync(hero), "the id was in use, and may be again");
  await discard((await trashed())[0]);
  await until("the image is gone", () => !fs.existsSync(hero));
  assert.deepEqual(fs.readdirSync(grid), [`${other.appId}_hero.png`]);
});

test("a game without a shortcut is deleted and restored by its owner", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const game = celeste("Plain");
  await push(hub, game, { createShortcut: false });
  const deleted = await deck.ctl("games", "delete", "Plain", "--yes");
  assert.equal(deleted.code, 0, deleted.stderr);
  assert.ok(!fs.existsSync(deck.game("Plain")));
  assert.equal((await deck.ctl("games", "restore", "Plain")).code, 0);
  assert.deepEqual(readFiles(deck.game("Plain")), filesOf(game));
  assert.deepEqual(readShortcuts(deck.steam), []);
});
