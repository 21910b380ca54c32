// design.md §4.2, the driver `ui`: the game-mode plugin changes shortcuts, over native/control/README.md.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { GameModePlugin, IpcPeer, RpcError, SILENCE, ShortcutModel } from "./lib/game_mode_plugin.mjs";
import { Game, Hub, bytesOf, frame, upload } from "./lib/hub.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { GAMER, crc32, readShortcuts } from "./lib/steam_home.mjs";
import { until } from "./lib/wait.mjs";

const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);
const PNG = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
const derivedId = (exe, name) => (crc32(`"${exe}"${name}`) | 0x80000000) >>> 0;

/** An agent beside a Steam that runs, unless it is not to. */
async function startDeck(t, { steam = true } = {}) {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  if (steam) {
    await client.start({ gameMode: true });
  }
  const agent = await startAgent(t, { deck, env: client.env });
  return { deck, client, agent, hub: await Hub.paired(agent) };
}

/** Pushes a game of one executable; resolves to the result of complete_upload. */
async function push(hub, { name = "Celeste", exe = "bin/celeste", shortcut = {} } = {}) {
  const game = new Game(name, { [exe]: ELF });
  const complete = { createShortcut: true, shortcut: { name, exe, ...shortcut } };
  return (await upload(hub, game, { config: { executable: exe }, complete })).result;
}

const steamOf = async (deck) => (await deck.ctlJson("status")).steam;

test("an upload gets its shortcut at once, updates keep its id", async (t) => {
  const { deck, hub } = await startDeck(t);
  assert.equal((await steamOf(deck)).state, "none", "Steam runs and cannot be reached");
  const plugin = await GameModePlugin.attach(t, deck);
  assert.equal((await steamOf(deck)).state, "ui");
  assert.match((await deck.ctl("steam")).stdout, /^steam +ui: .*plugin is attached/);

  const exe = path.join(deck.game("Celeste"), "bin/celeste");
  const first = await push(hub, { shortcut: { launchOptions: "-fast", tags: "Indie" } });
  assert.equal(first.success, true);
  const [[appId, shortcut]] = plugin.model.shortcuts;
  assert.equal(first.appId, appId, "Steam's id is reported, not the computed one");
  assert.notEqual(first.appId, derivedId(exe, "Celeste"));
  assert.deepEqual(
    (({ name, exe, startDir, launchOptions, tags }) => ({ name, exe, startDir, launchOptions, tags }))(shortcut),
    { name: "Celeste", exe, startDir: path.dirname(exe), launchOptions: "-fast", tags: ["Indie"] },
  );
  const [change] = plugin.requestsFor("steam.apply");
  assert.equal(change.accountId, GAMER.accountId);
  assert.deepEqual(readShortcuts(deck.steam), [], "the file is Steam's while it runs");

  // The executable and the shortcut's name are others now: the same game.
  const second = await push(hub, { exe: "celeste.x86_64", shortcut: { name: "Celeste (new)" } });
  assert.equal(second.appId, appId);
  assert.deepEqual(
    [...plugin.model.shortcuts].map(([id, { name, exe, launchOptions }]) => ({ id, name, exe, launchOptions })),
    [
      {
        id: appId,
        name: "Celeste (new)",
        exe: path.join(deck.game("Celeste"), "celeste.x86_64"),
        launchOptions: "-fast",
      },
    ],
  );
  assert.equal((await steamOf(deck)).queued, 0);
});

test("artwork arrives in parts, byte for byte, and is in the grid folder too", async (t) => {
  const { deck, hub } = await startDeck(t);
  const plugin = await GameModePlugin.attach(t, deck);
  const { appId } = await push(hub);
  const image = Buffer.concat([PNG, bytesOf("hero", 1_300_000)]);
  const id = hub.newId();
  const reply = hub.reply(id);
  await hub.binary(frame({ type: "artwork_image", id, appId, artworkType: "hero", contentType: "image/png" }, image));
  assert.equal((await reply).payload.success, true, JSON.stringify(await reply));
  const shown = plugin.model.images.get(`${appId}/1`);
  assert.equal(shown.imageType, "png");
  assert.equal(shown.parts, 3);
  assert.ok(shown.bytes.equals(image));
  const grid = path.join(deck.steam, "userdata", GAMER.accountId, "config/grid");
  assert.ok(fs.readFileSync(path.join(grid, `${appId}_hero.png`)).equals(image));

  // The number is worth nothing any more, and never was to another client.
  const [{ file }] = plugin.requestsFor("steam.show_artwork");
  const stranger = await IpcPeer.connect(deck);
  t.after(() => stranger.close());
  for (const peer of [plugin.peer, stranger]) {
    assert.equal((await peer.ask("file.read", { file, offset: 0 })).error.code, -32001);
  }
});

test("an offered file is read by the plugin alone, and only within its bounds", async (t) => {
  const { deck, hub } = await startDeck(t);
  const stranger = await IpcPeer.connect(deck);
  t.after(() => stranger.close());
  const codes = {};
  const code = async (peer, params) => (await peer.ask("file.read", params)).error?.code;
  const plugin = await GameModePlugin.attach(t, deck, {
    before: async (method, { file, bytes }) => {
      if (method === "steam.show_artwork") {
        codes.stranger = await code(stranger, { file, offset: 0 });
        codes.other = await code(plugin.peer, { file: file + 1, offset: 0 });
        codes.before = await code(plugin.peer, { file, offset: -1 });
        codes.behind = await code(plugin.peer, { file, offset: bytes + 1 });
        codes.path = await code(plugin.peer, { file: "/etc/passwd", offset: 0 });
        codes.end = (await plugin.peer.call("file.read", { file, offset: bytes })).data;
      }
    },
  });
  const { appId } = await push(hub);
  const data = Buffer.concat([PNG, bytesOf("grid", 100)]).toString("base64");
  await hub.request("apply_artwork", { appId, artwork: { grid: `data:image/png;base64,${data}` } });
  await until("the plugin has read", () => plugin.model.images.has(`${appId}/0`));
  assert.deepEqual(codes, {
    stranger: -32001,
    other: -32001,
    before: -32602,
    behind: -32602,
    path: -32602,
    end: "",
  });
});

test("without Steam's process the files driver takes over when the plugin disappears half-way", async (t) => {
  const { deck, hub } = await startDeck(t, { steam: false });
  const plugin = await GameModePlugin.attach(t, deck, { before: () => SILENCE });
  const result = push(hub);
  await plugin.requested("steam.apply");
  await plugin.vanish();
  const { success, appId } = await result;
  assert.equal(success, true);
  const [entry, ...others] = readShortcuts(deck.steam);
  assert.deepEqual(others, []);
  assert.equal(entry.appid, appId);
  assert.equal(entry.appname, "Celeste");
  const { state, queued } = await steamOf(deck);
  assert.deepEqual({ state, queued }, { state: "files", queued: 0 });
});

test("beside a running Steam the change waits and is made once when the plugin is back", async (t) => {
  const { deck, hub } = await startDeck(t);
  const model = new ShortcutModel();
  // The worst moment: Steam has made the shortcut, and nobody hears of it.
  const doomed = await GameModePlugin.attach(t, deck, {
    model,
    before: (method, params) => {
      model.put(params);
      return SILENCE;
    },
  });
  const result = push(hub);
  await doomed.requested("steam.apply");
  await until("Steam has made it", () => model.shortcuts.size === 1);
  await doomed.vanish();
  const { success, appId, message } = await result;
  assert.equal(success, true);
  assert.equal(appId, derivedId(path.join(deck.game("Celeste"), "bin/celeste"), "Celeste"));
  assert.match(message, /\S/, "the Hub is told that it waits");
  assert.equal((await steamOf(deck)).queued, 1);
  assert.match((await deck.ctl("steam")).stdout, /^queued +1;/m);

  const plugin = await GameModePlugin.attach(t, deck, { model });
  await until("the queue is empty", async () => (await steamOf(deck)).queued === 0);
  assert.equal(plugin.requestsFor("steam.apply").length, 1);
  assert.equal(model.shortcuts.size, 1, "it was found again, not made twice");
  const [actual] = model.shortcuts.keys();
  assert.notEqual(actual, appId);

  // The id that was reported and the one that Steam has mean the same.
  for (const id of [appId, actual]) {
    const data = Buffer.concat([PNG, bytesOf(`${id}`, 100)]);
    const artwork = { hero: `data:image/png;base64,${data.toString("base64")}` };
    const response = await hub.request("apply_artwork", { appId: id, artwork });
    assert.deepEqual(response.failed ?? [], []);
    assert.ok(model.images.get(`${actual}/1`).bytes.equals(data), `${id}`);
  }
  const again = await push(hub);
  assert.equal(again.appId, actual);
  assert.equal(model.shortcuts.size, 1);
});

test("a queued change survives the agent and is made when the plugin attaches", async (t) => {
  const { deck, client, agent, hub } = await startDeck(t);
  await push(hub);
  assert.equal((await steamOf(deck)).queued, 1);
  await agent.stop("SIGKILL");
  await startAgent(t, { deck, env: client.env });
  assert.equal((await steamOf(deck)).queued, 1);
  const plugin = await GameModePlugin.attach(t, deck);
  await until("the queue is empty", async () => (await steamOf(deck)).queued === 0);
  assert.equal(plugin.model.shortcuts.size, 1);
});

test("an agent that is told to end in the middle of a call leaves it to the next one", async (t) => {
  const { deck, client, agent, hub } = await startDeck(t);
  const model = new ShortcutModel();
  const plugin = await GameModePlugin.attach(t, deck, { model, before: () => SILENCE });
  const asked = plugin.requested("steam.apply");
  push(hub).catch(() => {}); // the Hub is dropped
  await asked;
  assert.equal((await agent.stop()).code, 0);
  await startAgent(t, { deck, env: client.env });
  assert.ok((await steamOf(deck)).queued >= 1);
  await GameModePlugin.attach(t, deck, { model });
  await until("the queue is empty", async () => (await steamOf(deck)).queued === 0);
  assert.equal(model.shortcuts.size, 1);
});

test("a plugin that never answers counts as gone, and its late answers are dropped", async (t) => {
  const { deck, hub } = await startDeck(t, { steam: false });
  let answerLate;
  const late = new Promise((resolve) => (answerLate = resolve));
  const plugin = await GameModePlugin.attach(t, deck, { before: () => late });
  const result = await push(hub);
  assert.equal(result.success, true);
  await until("the files are written instead", () => readShortcuts(deck.steam).length === 1);
  assert.equal(readShortcuts(deck.steam)[0].appid, result.appId);
  assert.equal((await steamOf(deck)).state, "files");
  answerLate({ appId: 3999999999 });
  await plugin.peer.call("status");
  assert.deepEqual(readShortcuts(deck.steam).map(({ appid }) => appid), [result.appId]);
  await plugin.peer.call("ui.attach", {});
  assert.equal((await steamOf(deck)).state, "ui", "it may attach again");
});

test("malformed answers are reported to the Hub and do no harm", async (t) => {
  const { deck, hub } = await startDeck(t);
  let answer;
  const plugin = await GameModePlugin.attach(t, deck, { before: () => answer() });
  const shortcut = { name: "Tool", exe: "/usr/bin/tool" };
  for (const wrong of [
    () => ({}),
    () => ({ appId: 440 }), // a game of Steam's own
    () => ({ appId: "many" }),
    () => 17,
    () => {
      throw new RpcError(-32000, "AddShortcut is not a function");
    },
    () => {
      throw new RpcError("x", 5);
    },
  ]) {
    answer = wrong;
    const reply = await hub.ask("create_shortcut", { shortcut });
    assert.equal(reply.error?.code, 500, JSON.stringify(reply));
    assert.match(reply.error.message, /game-mode plugin|AddShortcut/);
    const { state, queued } = await steamOf(deck);
    assert.deepEqual({ state, queued }, { state: "ui", queued: 0 });
  }
  // What it cannot do now, another way may; here there is none.
  for (const code of [-32002, -32601]) {
    answer = () => {
      throw new RpcError(code, "not now");
    };
    const { success } = await hub.request("create_shortcut", { shortcut: { ...shortcut, name: `Tool ${code}` } });
    assert.equal(success, true);
  }
  assert.equal((await steamOf(deck)).queued, 2);
  answer = () => undefined;
  await plugin.peer.call("ui.attach", {});
  await until("the queue is empty", async () => (await steamOf(deck)).queued === 0);
  assert.equal(plugin.model.shortcuts.size, 2);
});

test("changes that Steam does not accept wait, and the status names the game and the reason", async (t) => {
  const { deck, hub } = await startDeck(t);
  const shortcut = { name: "Tool", exe: "/usr/bin/tool" };
  assert.equal((await hub.request("create_shortcut", { shortcut })).success, true);
  let refuse = true;
  const plugin = await GameModePlugin.attach(t, deck, {
    before: () => {
      if (refuse) {
        throw new RpcError(-32000, "the library is locked");
      }
    },
  });
  const sentence = /; a change of 'Tool' has not been made yet: [^;]*the library is locked/;
  await until("the reason is told", async () => sentence.test((await steamOf(deck)).detail));
  assert.match((await deck.ctl("steam")).stdout, /a change of 'Tool' has not been made yet/);
  assert.equal((await steamOf(deck)).queued, 1);
  refuse = false;
  await plugin.peer.call("ui.attach", {});
  await until("the queue is empty", async () => (await steamOf(deck)).queued === 0);
  assert.doesNotMatch((await steamOf(deck)).detail, /Tool/);
});

test("the plugin that attached last serves; the one before when that leaves", async (t) => {
  const { deck, hub } = await startDeck(t);
  const model = new ShortcutModel();
  const old = await GameModePlugin.attach(t, deck, { model });
  const recent = await GameModePlugin.attach(t, deck, { model });
  const create = (name) => hub.request("create_shortcut", { shortcut: { name, exe: "/usr/bin/tool" } });
  await create("One");
  assert.deepEqual([old.requests.length, recent.requests.length], [0, 1]);
  await recent.peer.call("ui.detach");
  await create("Two");
  assert.deepEqual([old.requests.length, recent.requests.length], [1, 1]);
  await old.vanish();
  await until("nobody is attached", async () => (await steamOf(deck)).state === "none");
  await recent.peer.call("ui.attach", {});
  await create("Three");
  assert.equal(model.shortcuts.size, 3);
});

test("subscribers are notified that Steam can be reached in another way", async (t) => {
  const { deck } = await startDeck(t);
  const listener = await IpcPeer.connect(deck);
  t.after(() => listener.close());
  await listener.call("subscribe", { events: ["steam_changed"] });
  const heard = () => listener.lines.filter(({ method }) => method === "steam_changed").length;
  const plugin = await GameModePlugin.attach(t, deck);
  await until("'steam_changed' is heard", () => heard() > 0);
  const before = heard();
  await plugin.vanish();
  await until("'steam_changed' is heard again", () => heard() > before);
});
