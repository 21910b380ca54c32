// The panel of somebody who has just installed the plugin.
import assert from "node:assert/strict";
import test from "node:test";

import { Hub } from "../e2e/lib/hub.mjs";
import { push, skip, start } from "./lib/fixture.mjs";
import { GameMode, LANGUAGES } from "./lib/game_mode.mjs";

test("the first panel says where games come from, until a PC is paired", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ui.shows("Getting started");
  await ui.shows("github.com/lobinuxsoft/capydeploy");
  const { agent } = await backend.ipc("status");
  const address = `${agent.addresses[0]}:${agent.port}`;
  await ui.shows(`capydeck push FOLDER --to ${address}`);
  assert.deepEqual(await ui.overflowing(), []);
  assert.deepEqual(await ui.unreached(), []);
  await ui.wholePanel("first-use");
  await Hub.paired(backend, { name: "Study" });
  await ui.hides("Getting started");
  await ui.shows("Study");
});

test("a game without a paired PC is no first use either", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  const hub = await Hub.paired(backend, { hubId: "hub-1" });
  await push(hub, "Celeste");
  await backend.ipc("hubs.revoke", { hubId: "hub-1" });
  await ui.shows(/No paired PCs yet/);
  await ui.shows("Celeste");
  assert.doesNotMatch(await ui.panel.innerText(), /Getting started/);
});

test("the first panel and the first code are read in any language", { skip }, async (t) => {
  const { backend } = await start(t, { open: null });
  for (const [language, [locale, sentence]] of Object.entries(LANGUAGES)) {
    await t.test(language, async (t) => {
      const ui = await GameMode.open(t, backend, { language, locale });
      await ui.shows(sentence);
      await ui.shows("github.com/lobinuxsoft/capydeploy");
      assert.deepEqual(await ui.overflowing(), []);
      await ui.wholePanel(`first-use-${language}`);
      const hub = await Hub.open(backend);
      await hub.hello({ name: "Living Room PC" });
      await ui.dialog.waitFor();
      assert.deepEqual(await ui.overflowing(), []);
      await ui.screenshot(`pairing-${language}`);
      await ui.page.keyboard.press("Escape");
      await hub.drop();
    });
  }
});
