// The page behind the panel: games, paired PCs, settings, help.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
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
  await ui.dialog.getByText(/^.* For 7 days you can restore it .* 3\.00 MB stay used\.$/).waitFor();
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

test("settings are changed; an invalid value shows what is allowed", { skip }, async (t) => {
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
  await ui.dialog.getByText("It must be a whole number from 1 to 90.").waitFor();
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
  await settings.locator(".Field", { hasText: "Where PCs connect" }).getByRole("button").click();
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
  await ui.shows("New games go here");
  await ui.shows(/ of .* free · Games: 1$/);
  await ui.wholePanel("libraries");
  // As a card that is taken out, which needs root.
  fs.renameSync(deck.library, `${deck.library} elsewhere`);
  await ui.shows("Not available. Insert its card, or move the folder back.");
  assert.deepEqual(await ui.overflowing(), []);
  await ui.wholePanel("library-away");
  fs.renameSync(`${deck.library} elsewhere`, deck.library);
  await ui.shows(/ free · Games: 1$/);
});

test("the days in the question are those of the setting", { skip }, async (t) => {
  const { backend, ui } = await start(t, { settings: { "games.trashDays": 1 } });
  await push(await Hub.paired(backend), "Celeste");
  const ask = () => ui.panel.getByRole("button", { name: "Delete" }).click();
  await ask();
  await ui.dialog.getByText(/ For 1 day you can restore it /).waitFor();
  await ui.page.keyboard.press("Escape");
  await backend.ipc("settings.set", { key: "games.trashDays", value: 30 });
  await until("the panel follows", async () => {
    await ask();
    const text = await ui.dialog.innerText();
    await ui.page.keyboard.press("Escape");
    return text.includes("For 30 days");
  });
});

test("a list is chosen from; what is not in it is typed", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const settings = await manage(ui, "Settings");
  const rowOf = (name) => settings.locator(".Field", { hasText: name });
  const valueOf = async (key) => (await backend.ipc("settings.get", { key })).value;
  await rowOf("Proton version").getByText("Proton Experimental").waitFor();
  await rowOf("Proton version").getByRole("button").click();
  await ui.dialog.getByRole("button", { name: "Proton 9.0-4" }).waitFor();
  assert.deepEqual(await ui.overflowing(), []);
  assert.deepEqual(await ui.unreached(), []);
  await ui.screenshot("choice");
  await ui.dialog.getByRole("button", { name: "Proton 9.0-4" }).click();
  await rowOf("Proton version").getByText("Proton 9.0-4").waitFor();
  assert.equal(await valueOf("steam.compatTool"), "proton_9");

  await rowOf("Proton version").getByRole("button").click();
  await ui.dialog.getByRole("button", { name: "Other…" }).click();
  await ui.dialog.getByRole("textbox").fill("GE-Proton9-1");
  await ui.dialog.getByRole("button", { name: "Save" }).click();
  await rowOf("Proton version").getByText("GE-Proton9-1").waitFor();

  await rowOf("Pairing code language").getByRole("button").click();
  await ui.dialog.getByRole("button", { name: "日本語" }).click();
  await rowOf("Pairing code language").getByText("日本語").waitFor();
  assert.equal(await valueOf("overlay.language"), "ja");

  for (const name of ["Port", "Web pages allowed to connect", "Steam debugger port"]) {
    assert.equal(await settings.getByText(name, { exact: true }).count(), 0, name);
  }
  await ui.page.getByRole("tab", { name: "Advanced" }).click();
  for (const name of ["Port", "Web pages allowed to connect", "Steam debugger port"]) {
    await settings.getByText(name, { exact: true }).waitFor();
  }
  await ui.screenshot("advanced");
  assert.deepEqual(await ui.overflowing(), []);
});

test("new games go to a folder that is chosen, unless it cannot be one", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  await push(await Hub.paired(backend), "Celeste");
  await ui.shows("New games go here");
  const choose = async (folder) => {
    await ui.page.evaluate((chosen) => void (deck.chosenFolder = chosen), folder);
    await ui.panel.getByRole("button", { name: "Choose another folder" }).click();
  };
  const placeOf = async () => (await backend.ipc("settings.get", { key: "library.path" })).value;
  const before = await placeOf();
  await choose(null);
  assert.equal(await placeOf(), before);
  const [picker] = await ui.page.evaluate(() => deck.pickers);
  assert.deepEqual(picker, { select: 1, startPath: deck.library, includeFiles: false, includeFolders: true });

  const file = path.join(deck.home, "notes.txt");
  fs.writeFileSync(file, "");
  await choose(file);
  await ui.toast("Something went wrong", `${file} is not a folder.`);

  const card = path.join(deck.home, "card");
  fs.mkdirSync(card);
  await choose(card);
  await until("it is the library", async () => (await placeOf()) === card);
  await ui.panel.getByRole("button", { name: "Install new games here" }).click();
  await until("the first is again", async () => (await placeOf()) === deck.library);
  assert.deepEqual(await ui.overflowing(), []);
});

test("the diagnostics are complete, and are copied", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  await ui.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await push(await Hub.paired(backend), "Celeste");
  const page = await manage(ui, "Diagnostics");
  const { agent } = await backend.ipc("status");
  await page.getByText(`CapyDeck ${agent.version}`).waitFor();
  await page.getByText(`${agent.addresses[0]}:${agent.port}`).waitFor();
  await page.getByText(`${deck.library}: present`).waitFor();
  await page.getByText(/Celeste/).first().waitFor(); // of the log
  assert.deepEqual(await ui.overflowing(), []);
  assert.deepEqual(await ui.unreached("[role=tabpanel]"), []);
  await ui.screenshot("diagnostics");
  await page.getByRole("button", { name: "Copy all" }).click();
  await ui.toast("CapyDeck", "Copied");
  const copied = await ui.page.evaluate(() => navigator.clipboard.readText());
  const { lines } = await backend.ipc("log.tail");
  assert.match(copied, new RegExp(`^CapyDeck ${agent.version}`));
  assert.match(copied, /^announced: off/m);
  assert.ok(copied.includes(lines[0]), "the whole log");
});
