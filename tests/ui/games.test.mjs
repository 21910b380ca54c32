// Games in the panel and from toasts: their image, their size, started, and opened.
import assert from "node:assert/strict";
import test from "node:test";

import { Hub, bytesOf, frame, upload } from "../e2e/lib/hub.mjs";
import { png } from "../e2e/lib/images.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { MB, gameOf, push, skip, start } from "./lib/fixture.mjs";

async function sendImage(hub, appId, artworkType, image) {
  const id = hub.newId();
  const reply = hub.reply(id);
  hub.binary(frame({ id, type: "artwork_image", appId, artworkType, contentType: "image/png" }, image));
  assert.equal((await reply).payload.success, true);
}

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
