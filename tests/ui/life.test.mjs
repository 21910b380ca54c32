// The plugin's own life: helpers that end, events that get lost, and its end.
import assert from "node:assert/strict";
import test from "node:test";

import { Hub } from "../e2e/lib/hub.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { push, skip, start } from "./lib/fixture.mjs";

const driver = async (backend) => (await backend.ipc("status")).steam.state;

test("while no helper is running the panel says why, and shows nothing stale", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await push(await Hub.paired(backend), "Celeste");
  for (const text of ["Test Deck", "Celeste", "Paired PCs"]) {
    await ui.shows(text);
  }
  const sentence = `the library '/run/media/deck/${"x".repeat(80)}/Games' cannot be read`;
  backend.breakHelper(sentence);
  await ui.shows(sentence);
  await ui.screenshot("helper-gone");
  assert.deepEqual(await ui.overflowing(), []);
  assert.match(
    await ui.panel.innerText(),
    new RegExp(`^CapyDeck\\s+(CapyDeck is not running|Starting…)\\s+${sentence}\\s+Manage CapyDeck$`),
  );
  await ui.panel.getByRole("button", { name: "Manage CapyDeck" }).click();
  await ui.page.getByRole("tabpanel").getByText(sentence).waitFor();
  assert.deepEqual(await ui.overflowing(), []);

  backend.mendHelper();
  await ui.page.getByRole("tabpanel").getByText("Celeste").waitFor();
  await ui.openPanel();
  await ui.shows("Celeste");
});

test("a helper that hangs: panel and page say so, and can try again", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false } });
  const later = () => ui.page.clock.fastForward(10_000);
  await until("the plugin is attached", async () => (await driver(backend)) === "ui");
  await ui.page.clock.install();
  backend.stopHelper();

  await ui.openPanel();
  await ui.shows("Loading…");
  await later();
  await ui.shows(/did not answer within 10 seconds/);
  await ui.screenshot("not-responding");
  assert.deepEqual(await ui.overflowing(), []);
  await ui.panel.getByRole("button", { name: "Try again" }).waitFor();

  await ui.panel.getByRole("button", { name: "Manage CapyDeck" }).click();
  await ui.page.getByRole("tab", { name: "Deleted games", exact: true }).click();
  const trash = ui.page.getByRole("tabpanel");
  await trash.getByText("Loading…").waitFor();
  await later();
  await trash.getByText(/did not answer within 10 seconds/).waitFor();
  assert.deepEqual(await ui.unreached("[role=tabpanel]"), []);
  assert.deepEqual(await ui.overflowing(), []);

  backend.continueHelper();
  await trash.getByRole("button", { name: "Try again" }).click();
  await trash.getByText("No deleted games.").waitFor();
  await ui.openPanel();
  await ui.shows("Test Deck");
  await ui.hides("Could not load");
});

test("an unanswered change is reported", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ui.shows("Test Deck");
  await ui.page.clock.install();
  backend.stopHelper();
  await ui.panel.getByRole("switch", { name: "Accept connections" }).click();
  await until("it was asked for", () => ui.calls.some(([, method]) => method === "settings.set"));
  await ui.page.clock.fastForward(10_000);
  await ui.toast("CapyDeck is not responding");
  backend.continueHelper();
});

test("the helper ends and restarts: the plugin attaches again", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ui.shows("Test Deck");
  const before = backend.helperPid;
  backend.killHelper();
  await until("another helper runs", () => backend.helperPid && backend.helperPid !== before);
  await backend.serves();
  await ui.shows("No PC connected");
  await until("the plugin is attached", async () => (await driver(backend)) === "ui");
  const hub = await Hub.paired(backend);
  assert.equal((await push(hub, "Celeste")).success, true);
  assert.equal((await ui.steam()).shortcuts.length, 1);
});

test("a panel that is opened and closed, also during calls, leaves nothing behind", { skip }, async (t) => {
  const { ui } = await start(t, { open: { panel: false } });
  const before = await ui.registered();
  for (let times = 0; times < 5; times++) {
    await ui.openPanel();
    await ui.panel.getByRole("switch", { name: "Accept connections" }).click();
    await ui.closePanel();
  }
  assert.deepEqual(await ui.registered(), before);
  const changes = () => ui.calls.filter(([, method]) => method === "settings.set").length;
  await until("every change was asked for", () => changes() === 5);
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

test("once unloaded, it leaves nothing registered and shows nothing", { skip }, async (t) => {
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

test("unloaded while the code is shown, the dialog is closed", { skip }, async (t) => {
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

test("unloaded during a confirmation, the dialog is closed", { skip }, async (t) => {
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
