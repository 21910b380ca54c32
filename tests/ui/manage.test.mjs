// The page behind the panel: games, paired PCs, settings, help.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import test from "node:test";

import { Hub } from "../e2e/lib/hub.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { push, skip, start } from "./lib/fixture.mjs";

/** Opens the page at one of its parts, as the panel's buttons do. */
async function manage(ui, part) {
  await ui.panel.getByRole("button", { name: "Manage CapyDeck" }).click();
  await ui.page.getByRole("tab", { name: part, exact: true }).click();
  return ui.page.getByRole("tabpanel");
}

test("games are listed with their size, deleted, restored, deleted permanently", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  const hub = await Hub.paired(backend);
  const { appId } = await push(hub, "Celeste", { bytes: 3_000_000 });
  await push(hub, "Doom");
  await ui.shows("Celeste");
  await ui.shows(/3\.00 MB/);
  await ui.screenshot("panel");
  const games = await manage(ui, "Games");
  await games.getByText("Celeste").waitFor();
  assert.deepEqual(await ui.overflowing(), []);
  await ui.screenshot("games");

  const rowOf = (name) => ui.page.locator(".Field", { hasText: name });
  const remove = async (name) => {
    await rowOf(name).getByRole("button", { name: "Delete" }).click();
    await ui.dialog.getByRole("button", { name: "Delete" }).click();
    await games.getByText(name).waitFor({ state: "detached" });
  };
  await rowOf("Celeste").getByRole("button", { name: "Delete" }).click();
  await ui.dialog.getByText("Delete “Celeste”?").waitFor();
  await ui.screenshot("delete");
  await ui.dialog.getByRole("button", { name: "Keep" }).click();
  assert.ok(fs.existsSync(deck.game("Celeste")));
  await remove("Celeste");
  assert.ok(!fs.existsSync(deck.game("Celeste")));
  await until("the shortcut is gone", async () =>
    (await ui.steam()).shortcuts.every((shortcut) => shortcut.appId !== appId),
  );

  await ui.page.getByRole("tab", { name: "Deleted games" }).click();
  await games.getByText("Celeste").waitFor();
  await games.getByText(/kept until /).waitFor();
  await ui.screenshot("trash");
  await games.getByRole("button", { name: "Restore" }).click();
  await games.getByText("No deleted games.").waitFor();
  assert.ok(fs.existsSync(deck.game("Celeste")));
  await until("the shortcut is back", async () => (await ui.steam()).shortcuts.length === 2);

  await ui.page.getByRole("tab", { name: "Games", exact: true }).click();
  await remove("Doom");
  await ui.page.getByRole("tab", { name: "Deleted games" }).click();
  await games.getByRole("button", { name: "Delete permanently" }).click();
  await ui.dialog.getByRole("button", { name: "Delete permanently" }).click();
  await games.getByText("No deleted games.").waitFor();
  assert.deepEqual((await backend.ipc("games.trash")).games, []);
});

test("a Hub is unpaired: its connection ends, its token is invalid", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const hub = await Hub.paired(backend, { name: "Study", hubId: "hub-study" });
  const hubs = await manage(ui, "Paired PCs");
  await hubs.getByText("Study").waitFor();
  await ui.screenshot("hubs");
  assert.deepEqual(await ui.overflowing(), []);
  await hubs.getByRole("button", { name: "Unpair" }).click();
  await ui.dialog.getByText("Unpair Study?").waitFor();
  await ui.dialog.getByRole("button", { name: "Unpair" }).click();
  await hub.closed;
  await hubs.getByText("Study").waitFor({ state: "detached" });
  const again = await Hub.open(backend);
  assert.equal((await again.hello({ hubId: "hub-study", token: hub.token })).type, "pairing_required");
});

test("settings are changed; an invalid value shows the helper's message", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  const settings = await manage(ui, "Settings");
  await settings.getByText("Days to keep deleted games").waitFor();
  await ui.screenshot("settings");
  assert.deepEqual(await ui.overflowing(), []);

  const rowOf = (name) => settings.locator(".Field", { hasText: name });
  const type = async (value) => {
    await ui.dialog.getByRole("textbox").fill(value);
    await ui.dialog.getByRole("button", { name: "Save" }).click();
  };
  await rowOf("Days to keep deleted games").getByRole("button").click();
  await type("1000");
  const refusal = await backend.ask("ipc_call", ["settings.set", { key: "games.trashDays", value: 1000 }]);
  await ui.dialog.getByText(refusal.result.error.message).waitFor();
  await ui.screenshot("settings-refused");
  assert.deepEqual(await ui.overflowing(), []);
  await type("14");
  await ui.dialog.waitFor({ state: "detached" });
  await settings.getByText("14", { exact: true }).waitFor();
  assert.equal((await backend.ipc("settings.get", { key: "games.trashDays" })).value, 14);

  await settings.getByRole("switch", { name: "Larger pairing code" }).click();
  await until(
    "it is switched",
    async () => (await backend.ipc("settings.get", { key: "overlay.largeText" })).value,
  );
  assert.equal((await deck.ctl("settings", "set", "overlay.largeText", "false")).code, 0);
  await until(
    "the page follows",
    async () =>
      (await settings.getByRole("switch", { name: "Larger pairing code" }).getAttribute("aria-checked")) === "false",
  );
});

/** Listens on a port that was free; resolves to the server. */
const listen = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, () => resolve(server));
  });

test("another program has the port: the panel says which, and links to the setting", { skip }, async (t) => {
  const [taken, spare] = [await listen(), await listen()];
  t.after(() => taken.close());
  const { port } = taken.address();
  const { ui } = await start(t, { settings: { "agent.port": port } });
  await ui.shows("PCs cannot connect");
  await ui.shows(new RegExp(`${port}.*${process.pid}`));
  await ui.screenshot("port-taken");
  assert.deepEqual(await ui.overflowing(), []);
  assert.deepEqual(await ui.unreached(), []);

  await ui.panel.getByRole("button", { name: "Change the port" }).click();
  const settings = ui.page.getByRole("tabpanel");
  await settings.locator(".Field", { hasText: "Port to listen on" }).getByRole("button").click();
  const free = spare.address().port;
  await new Promise((resolve) => spare.close(resolve));
  await ui.dialog.getByRole("textbox").fill(String(free));
  await ui.dialog.getByRole("button", { name: "Save" }).click();
  await ui.dialog.waitFor({ state: "detached" });
  await ui.openPanel();
  await ui.shows(new RegExp(`:${free}$`));
  await ui.hides("PCs cannot connect");
});

test("a locked-out PC may try again once unblocked in the panel", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const guesser = await Hub.open(backend);
  await guesser.hello({ hubId: "hub-guesser", name: "Guesser" });
  const wrong = (await backend.code()) === "000000" ? "000001" : "000000";
  for (let guesses = 0; guesses < 3; guesses++) {
    await guesser.ask("pair_confirm", { code: wrong });
  }
  await ui.dialog.waitFor({ state: "detached" });
  await ui.panel.getByRole("button", { name: "Unblock PCs" }).click();
  await ui.hides("Unblock PCs");
  assert.equal((await backend.ipc("status")).lockedOut, 0);
});

test("connections are switched off: the help page explains it", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ui.panel.getByRole("switch", { name: "Accept connections" }).click();
  await ui.shows("Connections are turned off");
  await ui.screenshot("not-accepting");
  await ui.panel.getByRole("button", { name: "PC can’t find this device?" }).click();
  await ui.page.getByText("“Accept connections” is off. Turn it on.").waitFor();
  await ui.page.getByText(`:${backend.port}`).first().waitFor();
  await ui.screenshot("help");
  assert.deepEqual(await ui.overflowing(), []);
});

test("libraries: their room, what they hold, and what is wrong with them", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  const hub = await Hub.paired(backend);
  await push(hub, "Celeste");
  await ui.shows("Storage");
  await ui.shows(/ free · Games: 1$/);
  await ui.screenshot("libraries");
  // As a card that is taken out, which needs root.
  fs.renameSync(deck.library, `${deck.library} elsewhere`);
  await ui.shows(/^Not available · Games: 1$/);
  await ui.shows(/is gone; move it back/);
  assert.deepEqual(await ui.overflowing(), []);
  await ui.screenshot("library-away");
  fs.renameSync(`${deck.library} elsewhere`, deck.library);
  await ui.shows(/ free · Games: 1$/);
});
