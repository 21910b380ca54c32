// The plugin's own life: helpers that end, events that get lost, and its end.
import assert from "node:assert/strict";
import test from "node:test";

import { Hub } from "../e2e/lib/hub.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { push, skip, start } from "./lib/fixture.mjs";

const driver = async (backend) => (await backend.ipc("status")).steam.state;

test("the helper ends and starts again: the panel says so, the plugin attaches anew", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ui.shows("Test Deck");
  const before = backend.helperPid;
  backend.killHelper();
  await ui.shows(/CapyDeck cannot run|Starting…/);
  await ui.screenshot("helper-gone");
  await until("another helper runs", () => backend.helperPid && backend.helperPid !== before);
  await backend.serves();
  await ui.shows("No PC connected");
  await until("the plugin is attached", async () => (await driver(backend)) === "ui");
  const hub = await Hub.paired(backend);
  assert.equal((await push(hub, "Celeste")).success, true);
  assert.equal((await ui.steam()).shortcuts.length, 1);
});

test("the same when every event is lost", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { dropsEvents: true } });
  await ui.shows("Test Deck");
  const before = backend.helperPid;
  backend.killHelper();
  await until("another helper runs", () => backend.helperPid && backend.helperPid !== before);
  await backend.serves();
  await until("the plugin is attached", async () => (await driver(backend)) === "ui");
});

test("unloaded, it leaves nothing registered and says nothing any more", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ui.shows("Test Deck");
  const hub = await Hub.paired(backend);
  await push(hub, "Celeste");
  await Hub.open(backend).then((other) => other.drop());
  await ui.unload();
  assert.deepEqual(
    Object.entries(await ui.registered()).filter(([, count]) => count > 0),
    [],
  );
  await until("the plugin has detached", async () => (await driver(backend)) === "none");
  ui.calls.length = 0;
  await push(hub, "Braid"); // many events, one change
  assert.deepEqual(ui.calls, []);
  assert.equal((await backend.ipc("status")).steam.queued, 1);
  await ui.load();
  await until("what waited is done", async () => (await ui.steam()).shortcuts.length === 2);
});

test("unloaded while the code is shown, the dialog goes with it", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const hub = await Hub.open(backend);
  await hub.hello();
  await ui.dialog.waitFor();
  await ui.unload();
  await ui.dialog.waitFor({ state: "detached" });
  assert.deepEqual(
    Object.entries(await ui.registered()).filter(([, count]) => count > 0),
    [],
  );
});

test("unloaded while it asks something, the question goes with it", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await push(await Hub.paired(backend), "Celeste");
  await ui.panel.getByRole("button", { name: "Unpair" }).click();
  await ui.dialog.waitFor();
  await ui.unload();
  await ui.dialog.waitFor({ state: "detached" });
  assert.deepEqual(
    Object.entries(await ui.registered()).filter(([, count]) => count > 0),
    [],
  );
});
