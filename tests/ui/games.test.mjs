// Games in the panel and from toasts: their image, their size, started, and opened.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Game, Hub, bytesOf, upload } from "../e2e/lib/hub.mjs";
import { png } from "../e2e/lib/images.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { ELF, MB, gameOf, push, sendImage, skip, start } from "./lib/fixture.mjs";

/** Resolves once the game's image is one of so many pixels. */
const imageIs = (ui, name, width, height) =>
  until(`the image of ${name} has ${width} x ${height} pixels`, () =>
    ui.panel
      .locator(".Field", { hasText: name })
      .locator("img")
      .evaluate(({ naturalWidth, naturalHeight }) => `${naturalWidth}x${naturalHeight}`, null, { timeout: 1_000 })
      .then((size) => size === `${width}x${height}`)
      .catch(() => false),
  );

test("a game shows its image, which may be large, and is started and opened", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const hub = await Hub.paired(backend);
  const { appId } = await push(hub, "Celeste", { bytes: 3 * MB });
  await push(hub, "Doom");
  await sendImage(hub, appId, "grid", png(300, 450));
  await ui.closePanel();
  await ui.openPanel();
  await imageIs(ui, "Celeste", 300, 450);
  assert.equal(await ui.panel.locator(".Field", { hasText: "Doom" }).locator("img").count(), 0);
  await ui.shows(/^3\.00 MB · /);
  assert.deepEqual(await ui.overflowing(), []);
  assert.deepEqual(await ui.unreached(), []);
  await ui.wholePanel("games-narrow");

  const button = (name) => ui.panel.locator(".Field", { hasText: "Celeste" }).getByRole("button", { name });
  await button("Play").click();
  const [[, gameId]] = await ui.steamCalls("RunGame");
  assert.equal(gameId, ((BigInt(appId) << 32n) | 0x02000000n).toString());
  await button("Open its page").click();
  await ui.page.getByRole("heading", { name: "Celeste" }).waitFor();
  assert.equal(await ui.panel.count(), 0);
});

test("an image of more than one part arrives whole", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const hub = await Hub.paired(backend);
  const { appId } = await push(hub, "Celeste");
  const image = png(600, 900, bytesOf("noise", 600 * 900 * 3));
  assert.ok(image.length > 1_500_000);
  await sendImage(hub, appId, "grid", image);
  await ui.closePanel();
  await ui.openPanel();
  await imageIs(ui, "Celeste", 600, 900);
});

test("a game without a shortcut cannot be started", { skip }, async (t) => {
  const { backend, ui } = await start(t, { steam: false });
  const hub = await Hub.paired(backend);
  const config = { executable: "bin/run" };
  await upload(hub, gameOf("Celeste"), { config, complete: { createShortcut: false } });
  await ui.shows(/not in your library/);
  const row = ui.panel.locator(".Field", { hasText: "Celeste" });
  assert.equal(await row.getByRole("button", { name: "Play" }).count(), 0);
  assert.equal(await row.getByRole("button", { name: "Delete" }).count(), 1);
});

test("the toast about an installed game opens it", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ui.shows("No PC connected");
  await push(await Hub.paired(backend), "Celeste");
  await ui.toast("Installed", "Celeste");
  await ui.page.locator(".Toast", { hasText: "Installed" }).click();
  await ui.page.getByRole("heading", { name: "Celeste" }).waitFor();
});

test("files of the player's that an update replaces are told of, and come back", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  const hub = await Hub.paired(backend);
  const config = { executable: "bin/run" };
  const send = (files) =>
    upload(hub, new Game("Celeste", { "bin/run": ELF, ...files }), {
      ...{ config, hashes: true },
      complete: { createShortcut: true, shortcut: { name: "Celeste", exe: "bin/run" } },
    });
  await send({ "conf.ini": "volume = 5", "keys.ini": "a", "data/pak": "1" });
  await ui.shows("Celeste");
  const fileOf = (name) => path.join(deck.game("Celeste"), name);
  fs.writeFileSync(fileOf("conf.ini"), "volume = 0");
  fs.writeFileSync(fileOf("keys.ini"), "my own keys");
  await send({ "conf.ini": "volume = 9", "keys.ini": "bb", "data/pak": "22" });
  assert.equal(fs.readFileSync(fileOf("conf.ini"), "utf8"), "volume = 9");

  await ui.toast("Your files that the update replaced are kept: 2", "Celeste");
  await ui.page.locator(".Toast", { hasText: "are kept" }).click();
  const page = ui.page.getByRole("tabpanel");
  await page.getByText(/your files: 2 · .* · kept until .* · replaced or removed of the previous build: 1/).waitFor();
  assert.deepEqual(await ui.overflowing(), []);
  assert.deepEqual(await ui.unreached("[role=tabpanel]"), []);
  await ui.screenshot("kept");

  await page.getByRole("button", { name: "Restore conf.ini" }).click();
  await ui.toast("Files restored: 1", "Celeste");
  assert.equal(fs.readFileSync(fileOf("conf.ini"), "utf8"), "volume = 0");
  assert.equal(fs.readFileSync(fileOf("keys.ini"), "utf8"), "bb");
  await page.getByRole("button", { name: "Restore", exact: true }).click();
  await ui.toast("Files restored: 2", "Celeste");
  assert.equal(fs.readFileSync(fileOf("conf.ini"), "utf8"), "volume = 9", "swapped once more");
  assert.equal(fs.readFileSync(fileOf("keys.ini"), "utf8"), "my own keys");

  await page.getByRole("button", { name: "Previous build" }).click();
  await ui.toast("Celeste", "The previous build is back");
  assert.equal(fs.readFileSync(fileOf("data/pak"), "utf8"), "1");
  await page.getByRole("button", { name: "Previous build" }).click();
  await until("it is the newer again", () => fs.readFileSync(fileOf("data/pak"), "utf8") === "22");
  fs.writeFileSync(fileOf("keys.ini"), "my own keys");

  await page.getByRole("button", { name: "Delete permanently" }).click();
  await ui.dialog.getByText("Permanently delete the kept files of “Celeste”?").waitFor();
  await ui.dialog.getByRole("button", { name: "Delete permanently" }).click();
  await page.getByText(/your files/).waitFor({ state: "detached" });
  assert.equal(fs.readFileSync(fileOf("keys.ini"), "utf8"), "my own keys");
});

test("what stays of a deleted game is told", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  const { appId } = await push(await Hub.paired(backend), "Celeste");
  const prefix = path.join(fs.realpathSync(deck.steam), "steamapps/compatdata", String(appId));
  fs.mkdirSync(path.join(prefix, "pfx"), { recursive: true });
  await ui.panel.getByRole("button", { name: "Delete" }).click();
  await ui.dialog.getByRole("button", { name: "Delete" }).click();
  await ui.toast("Celeste", `What Windows games save stays in ${prefix}`);
});
