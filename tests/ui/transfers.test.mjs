// Uploads as the panel shows them, and what the toasts say.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { Hub } from "../e2e/lib/hub.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { MB, begin, gameOf, skip, start } from "./lib/fixture.mjs";

test("progress is live; pausing says how to continue; the rest completes it", { skip }, async (t) => {
  const { deck, backend, ui } = await start(t);
  await ui.shows("No PC connected"); // what is under way before the first look is no news
  const hub = await Hub.paired(backend, { name: "Study" });
  const game = gameOf("Celeste", 8 * MB);
  const upload = await begin(hub, game, { chunks: 3 });
  await ui.toast("Receiving from Study", "Celeste");
  await ui.shows("Celeste");
  await ui.shows(/2\.00 MB of 8\.00 MB/);
  await upload.send(3);
  await ui.shows(/5\.00 MB of 8\.00 MB/);
  assert.equal(await ui.panel.getByRole("progressbar").getAttribute("aria-valuenow"), "62");
  assert.deepEqual(await ui.overflowing(), []);
  await ui.screenshot("transfer");

  await hub.drop();
  await ui.shows(/Paused.*Send it again from your PC to resume/);
  assert.deepEqual(await ui.overflowing(), []);
  await ui.screenshot("paused");
  await ui.toast("Interrupted at 62%", "Celeste");

  const again = await Hub.ready(backend, { token: hub.token });
  const rest = await begin(again, game, { chunks: 1 });
  await ui.hides(/Paused/);
  assert.equal((await rest.complete()).success, true);
  await ui.toast("Installed", "Celeste");
  await ui.screenshot("installed");
  assert.ok(fs.existsSync(deck.game("Celeste")));
  await ui.hides(/of 8\.00 MB/);
});

test("speed and time left are shown, and change when nothing arrives any more", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const hub = await Hub.paired(backend);
  const upload = await begin(hub, gameOf("Celeste"), { chunks: 1, chunkSize: 10_000 });
  const speed = ui.panel.getByText(/^\d\S* .?B\/s$/);
  let isShown = false;
  const shown = speed.waitFor().then(() => (isShown = true));
  while (!isShown) {
    await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, 50))]);
    await upload.send(1);
  }
  assert.match(await ui.panel.innerText(), /\d min/);
  const told = await speed.innerText();
  await until("another speed is told", async () => (await speed.innerText()) !== told);
});

test("a paused upload is discarded, once that is confirmed", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const hub = await Hub.paired(backend);
  await begin(hub, gameOf("Doom"));
  await hub.drop();
  await ui.shows(/Paused/);
  const discard = ui.panel.getByRole("button", { name: "Discard" });
  await discard.click();
  await ui.dialog.getByText(/Doom/).waitFor();
  await ui.screenshot("discard");
  await ui.dialog.getByRole("button", { name: "Keep" }).click();
  await ui.dialog.waitFor({ state: "detached" });
  assert.equal((await backend.ipc("uploads.list")).uploads.length, 1);
  await discard.click();
  await ui.dialog.getByRole("button", { name: "Discard" }).click();
  await ui.hides(/Paused/);
  assert.deepEqual((await backend.ipc("uploads.list")).uploads, []);
});

test("a running upload is cancelled; the Hub is notified", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const hub = await Hub.paired(backend);
  const upload = await begin(hub, gameOf("Quake"));
  await ui.panel.getByRole("button", { name: "Cancel transfer" }).click();
  await ui.dialog.getByRole("button", { name: "Discard" }).click();
  await until("the upload is gone", async () => (await backend.ipc("uploads.list")).uploads.length === 0);
  await assert.rejects(upload.send(1));
});

test("progress is shown although every event is lost", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { dropsEvents: true } });
  const hub = await Hub.paired(backend);
  await begin(hub, gameOf("Braid"));
  await ui.shows("Braid");
});
