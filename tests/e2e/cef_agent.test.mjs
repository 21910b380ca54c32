// A whole agent beside a Steam whose debugger is on (lib/steam_chromium.mjs): the shortcut is there
// without a restart, and whatever dies, each change is made once.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { Game, Hub, sha256, upload } from "./lib/hub.mjs";
import { freePort } from "./lib/port.mjs";
import { NO_CHROMIUM, SteamChromium } from "./lib/steam_chromium.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { readShortcuts, shortcutsPath } from "./lib/steam_home.mjs";
import { until } from "./lib/wait.mjs";

const skip = NO_CHROMIUM;
const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);
const EXE = Buffer.concat([Buffer.from("MZ"), Buffer.alloc(64)]);
const PNG = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(100, 7)]);
const JPEG = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(100, 9)]);
const dataUrl = (bytes) => `data:image/png;base64,${bytes.toString("base64")}`;

const queued = async (deck) => (await deck.ctlJson("steam")).queued;
const isEmpty = (deck) => until("the queue is empty", async () => (await queued(deck)) === 0);
const create = (hub, shortcut) =>
  hub.request("create_shortcut", { shortcut: { name: "Other", exe: "/opt/other", ...shortcut } });

function setPort(deck, port) {
  fs.mkdirSync(deck.config, { recursive: true, mode: 0o700 });
  fs.writeFileSync(path.join(deck.config, "settings.json"), JSON.stringify({ "steam.debuggerPort": port }));
}

/** A Deck, its Steam (with `client`: also as a process that holds the files), an agent, a Hub. */
async function prepare(t, { client = false } = {}) {
  const deck = new Deck(t);
  const steam = await SteamChromium.start(t, { port: await freePort() });
  const process = client ? new SteamClient(deck) : null;
  await process?.start();
  setPort(deck, steam.port);
  const agent = await startAgent(t, { deck, env: process?.env });
  const hub = await Hub.paired(agent);
  return { deck, steam, process, agent, hub };
}

async function push(hub, { name = "Doom", exe = "bin/doom", bytes = ELF, ...shortcut } = {}) {
  const game = new Game("Doom", { [exe]: bytes });
  const complete = { createShortcut: true, shortcut: { name, exe, ...shortcut } };
  return (await upload(hub, game, { config: { executable: exe }, complete })).result;
}

test("cef: a game that is pushed is in the library at once, and once", { skip }, async (t) => {
  const { deck, steam, hub } = await prepare(t, { client: true });
  assert.equal((await deck.ctlJson("steam")).state, "cef");
  const first = await push(hub, { launchOptions: "-fast", tags: ["Sent"], artwork: { grid: dataUrl(PNG) } });
  assert.equal(first.success, true);
  const [{ appId, ...entry }, ...others] = (await steam.state()).shortcuts;
  assert.deepEqual(others, []);
  assert.equal(entry.name, "Doom");
  assert.equal(entry.exe, `"${deck.game("Doom")}/bin/doom"`);
  assert.equal(entry.launchOptions, "-fast");
  assert.equal(entry.compatTool, "");
  await until("Steam shows the image", async () => {
    const { artwork } = (await steam.state()).shortcuts[0];
    return artwork[0]?.sha256 === sha256(PNG);
  });
  const grid = path.join(path.dirname(shortcutsPath(deck.steam)), "grid");
  await until("the image has the entry's id", () => fs.existsSync(path.join(grid, `${appId}p.png`)));

  await push(hub, { name: "DOOM", exe: "doom.exe", bytes: EXE });
  const { shortcuts } = await steam.state();
  assert.equal(shortcuts.length, 1);
  assert.equal(shortcuts[0].appId, appId);
  assert.equal(shortcuts[0].name, "DOOM");
  assert.equal(shortcuts[0].launchOptions, "-fast");
  assert.equal(shortcuts[0].compatTool, "proton_experimental");
  assert.equal(await queued(deck), 0);

  await hub.request("delete_game", { appId: first.appId, gameName: "Doom" });
  assert.deepEqual((await steam.state()).shortcuts, []);
  assert.deepEqual(readShortcuts(deck.steam), [], "its files are Steam's own");
});

test("cef: images reach Steam under their own kinds", { skip }, async (t) => {
  const { steam, hub } = await prepare(t, { client: true });
  const { appId } = await create(hub);
  const artwork = { hero: dataUrl(PNG), banner: dataUrl(JPEG), icon: dataUrl(PNG) };
  const reply = await hub.ask("apply_artwork", { appId, artwork });
  assert.ok(!reply.error, JSON.stringify(reply));
  await until("Steam shows all", async () => {
    const { artwork: shown, icon } = (await steam.state()).shortcuts[0];
    return shown[1] && shown[3] && shown[4] && icon;
  });
  const [entry] = (await steam.state()).shortcuts;
  assert.deepEqual(entry.artwork, {
    1: { type: "png", sha256: sha256(PNG) },
    3: { type: "jpg", sha256: sha256(JPEG) },
    4: { type: "png", sha256: sha256(PNG) },
  });
  assert.match(entry.icon, new RegExp(`/grid/${entry.appId}_icon.png$`));
});

test("cef: Steam dies half-way: no waiting, and the change is not lost", { skip }, async (t) => {
  const { deck, steam, hub, agent } = await prepare(t, { client: true });
  await steam.set({ latencyMs: 60_000 });
  const answer = create(hub);
  await steam.called("AddShortcut");
  await steam.kill();
  const result = await answer;
  assert.equal(result.success, true);
  assert.match(result.message, /Steam/);
  assert.equal(await queued(deck), 1);
  assert.deepEqual(readShortcuts(deck.steam), [], "the client still holds its files");

  await agent.stop("SIGKILL");
  const again = await SteamChromium.start(t, { port: steam.port });
  await startAgent(t, { deck });
  await isEmpty(deck);
  assert.deepEqual((await again.state()).shortcuts.map(({ name }) => name), ["Other"]);
  assert.equal((await again.calls("AddShortcut")).length, 1);
});

test("cef: without a client, what Steam's page did not do is done in the files", { skip }, async (t) => {
  const { deck, steam, hub } = await prepare(t);
  await steam.set({ latencyMs: 60_000 });
  const answer = create(hub);
  await steam.called("AddShortcut");
  await steam.kill();
  const { success, appId } = await answer;
  assert.equal(success, true);
  assert.deepEqual(readShortcuts(deck.steam).map(({ appid }) => appid >>> 0), [appId]);
  assert.equal((await deck.ctlJson("steam")).state, "files");
});

test("cef: an agent that dies half-way does not create a second entry", { skip }, async (t) => {
  const { deck, steam, hub, agent } = await prepare(t, { client: true });
  await steam.set({ latencyMs: 1000 });
  create(hub).catch(() => {}); // its connection breaks
  await steam.called("AddShortcut");
  await agent.stop("SIGKILL");
  await startAgent(t, { deck });
  await isEmpty(deck);
  const { shortcuts } = await steam.state();
  assert.deepEqual(shortcuts.map(({ name, exe }) => [name, exe]), [["Other", '"/opt/other"']]);
});

test("cef: another user's login is left alone", { skip }, async (t) => {
  const { deck, steam, hub } = await prepare(t, { client: true });
  await steam.set({ accountId: 1 });
  const { message } = await create(hub);
  assert.match(message, /Steam/);
  assert.equal(await queued(deck), 1);
  assert.deepEqual((await steam.state()).shortcuts, []);
});
