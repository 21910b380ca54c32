// The `ui` driver for real: what an upload changes in Steam, through main.py and the bundle.
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";

import { Game, Hub, bytesOf, frame, sha256, upload } from "../e2e/lib/hub.mjs";
import { GAMER, readShortcuts } from "../e2e/lib/steam_home.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { PNG, push, skip, start } from "./lib/fixture.mjs";
import { GameMode } from "./lib/game_mode.mjs";

const queued = async (backend) => (await backend.ipc("status")).steam.queued;
const driver = async (backend) => (await backend.ipc("status")).steam.state;

test("an upload gets its shortcut and its artwork at once", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  await until("the plugin is attached", async () => (await driver(backend)) === "ui");
  assert.doesNotMatch(await ui.panel.innerText(), /Steam/i, "nothing waits for it");
  const hub = await Hub.paired(backend);
  const { success, appId } = await push(hub, "Celeste", { launchOptions: "-fast", tags: "Indie" });
  assert.equal(success, true);
  const exe = path.join(deck.game("Celeste"), "bin/run");
  const { shortcuts, collections } = await ui.steam();
  assert.equal(shortcuts.length, 1);
  const { ready, artwork, icon, ...shortcut } = shortcuts[0];
  assert.deepEqual(shortcut, {
    appId,
    name: "Celeste",
    exe: `"${exe}"`,
    startDir: `"${path.dirname(exe)}"`,
    launchOptions: "-fast",
    compatTool: "",
  });
  assert.deepEqual(collections.Indie, [appId]);
  assert.deepEqual(readShortcuts(deck.steam), [], "the file is Steam's while it runs");

  // Larger than what is read in one piece.
  const image = Buffer.concat([PNG, bytesOf("hero", 1_300_000)]);
  const id = hub.newId();
  const reply = hub.reply(id);
  await hub.binary(
    frame({ type: "artwork_image", id, appId, artworkType: "hero", contentType: "image/png" }, image),
  );
  assert.equal((await reply).payload.success, true);
  const shown = (await ui.steam()).shortcuts[0].artwork;
  assert.deepEqual(shown, { 1: { type: "png", sha256: sha256(image) } });
});

test("an update keeps the shortcut, a deletion removes it", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false } });
  const hub = await Hub.paired(backend);
  const { appId } = await push(hub, "Celeste");
  assert.equal((await push(hub, "Celeste", { bytes: 10 })).appId, appId);
  assert.deepEqual(
    (await ui.steam()).shortcuts.map((shortcut) => shortcut.appId),
    [appId],
  );
  assert.equal((await hub.request("delete_game", { appId })).status, "deleted");
  await until("Steam has none", async () => (await ui.steam()).shortcuts.length === 0);
});

test("a game for Windows gets Proton", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false } });
  const hub = await Hub.paired(backend);
  const game = new Game("Portal", { "portal.exe": Buffer.concat([Buffer.from("MZ"), Buffer.alloc(64)]) });
  const complete = { createShortcut: true, shortcut: { name: "Portal", exe: "portal.exe" } };
  await upload(hub, game, { config: { executable: "portal.exe" }, complete });
  const [{ compatTool }] = (await ui.steam()).shortcuts;
  assert.equal(compatTool, "proton_experimental");
});

test(
  "a Hub that uploads while there is no interface gets its shortcut when it opens",
  { skip },
  async (t) => {
    const { backend } = await start(t, { open: null });
    assert.equal(await driver(backend), "none");
    const hub = await Hub.paired(backend);
    assert.equal((await push(hub, "Celeste")).success, true);
    assert.equal(await queued(backend), 1);
    const ui = await GameMode.open(t, backend, { panel: false });
    await until("nothing waits", async () => (await queued(backend)) === 0);
    const { shortcuts } = await ui.steam();
    assert.deepEqual(
      shortcuts.map(({ name }) => name),
      ["Celeste"],
    );
    assert.equal((await ui.steamCalls("AddShortcut")).length, 1);
  },
);

test("changes waiting for Steam are shown", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { model: { initialized: false } } });
  const hub = await Hub.paired(backend);
  await push(hub, "Celeste");
  await ui.shows("Waiting for Steam: Celeste");
  await ui.shows("Changes waiting for Steam: 1");
  await ui.shows("Restart Steam");
  assert.deepEqual(await ui.overflowing(), []);
  assert.deepEqual(await ui.unreached(), []);
  await ui.wholePanel("queued");
  await ui.panel.getByRole("button", { name: "Manage CapyDeck" }).click();
  await ui.page.getByRole("tab", { name: "Steam", exact: true }).click();
  await ui.page.getByRole("tabpanel").getByText("Waiting for Steam: Celeste").waitFor();
  await ui.screenshot("queued-page");
});

test("the interface restarts during a change: it is made once", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t, { open: { panel: false, model: { latencyMs: 1500 } } });
  const hub = await Hub.paired(backend);
  const pushed = push(hub, "Celeste");
  await until("Steam is asked for a shortcut", async () => (await ui.steamCalls("AddShortcut")).length > 0);
  await ui.reload();
  assert.equal((await pushed).success, true);
  await until("nothing waits", async () => (await queued(backend)) === 0);
  const { shortcuts } = await ui.steam();
  assert.deepEqual(
    shortcuts.map(({ name, exe }) => ({ name, exe })),
    [{ name: "Celeste", exe: `"${path.join(deck.game("Celeste"), "bin/run")}"` }],
  );
  assert.equal((await ui.steamCalls("AddShortcut")).length, 1);
});

test("the plugin is reloaded during a change: it is made once", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false, model: { latencyMs: 1500 } } });
  const hub = await Hub.paired(backend);
  const pushed = push(hub, "Celeste");
  await until("Steam is asked for a shortcut", async () => (await ui.steamCalls("AddShortcut")).length > 0);
  await ui.unload();
  await ui.load();
  await pushed;
  await until("nothing waits", async () => (await queued(backend)) === 0);
  assert.equal((await ui.steam()).shortcuts.length, 1);
  assert.equal((await ui.steamCalls("AddShortcut")).length, 1);
});

test("an interface that answers too late gets the request again, and the change is made once", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false } });
  const hub = await Hub.paired(backend);
  let leave;
  ui.answersLeave = new Promise((resolve) => (leave = resolve));
  assert.match((await push(hub, "Celeste")).message, /has not answered yet/);
  const attached = () => ui.calls.filter(([, method]) => method === "ui.attach").length;
  await until("the helper has given up, and is attached to anew", () => attached() > 1, 90_000);
  leave();
  await until("nothing waits", async () => (await queued(backend)) === 0);
  assert.equal(await driver(backend), "ui");
  assert.equal((await ui.steamCalls("AddShortcut")).length, 1);
  assert.equal((await ui.steam()).shortcuts.length, 1);
});

test("every request arrives although every event is lost", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false, dropsEvents: true } });
  const hub = await Hub.paired(backend);
  assert.equal((await push(hub, "Celeste")).success, true);
  assert.equal((await ui.steam()).shortcuts.length, 1);
});

test("a change that Steam refuses is undone and waits", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { model: { faults: { SetShortcutName: "ignores" } } } });
  const hub = await Hub.paired(backend);
  assert.match((await push(hub, "Celeste")).message, /has not answered yet/);
  await until("the plugin answers", () =>
    ui.calls.some(
      ([method, , answer]) =>
        method === "ipc_answer" && /did not take the name of 'Celeste'/.test(answer.error?.message),
    ),
  );
  assert.deepEqual((await ui.steam()).shortcuts, []);
  await ui.shows("Changes waiting for Steam: 1");
  await ui.shows("Waiting for Steam: Celeste");
  await ui.set({ faults: {} });
  await ui.unload();
  await ui.load();
  await until("nothing waits", async () => (await queued(backend)) === 0);
  assert.deepEqual(
    (await ui.steam()).shortcuts.map(({ name }) => name),
    ["Celeste"],
  );
});

test("another user's shortcuts are left alone", { skip }, async (t) => {
  const other = Number(GAMER.accountId) + 1;
  const { backend, ui } = await start(t, { open: { panel: false, model: { accountId: other } } });
  const hub = await Hub.paired(backend);
  await push(hub, "Celeste");
  assert.deepEqual((await ui.steam()).shortcuts, []);
  assert.equal(await queued(backend), 1);
});
