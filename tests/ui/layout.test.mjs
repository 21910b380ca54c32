// What is read and reached: every language at the panel's width, everything with the controller.
import assert from "node:assert/strict";
import test from "node:test";

import { Hub } from "../e2e/lib/hub.mjs";
import { begin, gameOf, push, skip, start } from "./lib/fixture.mjs";
import { GameMode } from "./lib/game_mode.mjs";

const LONG_NAME = "The Extraordinarily Long Adventures of Captain Nevermind: Definitive Edition";

/** A panel with something in each of its parts. */
async function fill(backend) {
  const hub = await Hub.paired(backend, { name: "Arbeitszimmer-Computer-mit-langem-Namen" });
  await push(hub, LONG_NAME);
  await push(hub, "Celeste");
  await begin(hub, gameOf(`${LONG_NAME} 2`));
  return hub;
}

const LANGUAGES = {
  english: ["en-US", "No PC connected"],
  german: ["de-DE", "Kein PC verbunden"],
  spanish: ["es-ES", "Ningún PC conectado"],
  french: ["fr-FR", "Aucun PC connecté"],
  japanese: ["ja-JP", "接続中の PC はありません"],
  brazilian: ["pt-BR", "Nenhum PC conectado"],
  schinese: ["zh-CN", "没有电脑连接"],
};

test("nothing is wider than the panel, in any language", { skip }, async (t) => {
  const { backend } = await start(t, { open: null });
  for (const [language, [locale, sentence]] of Object.entries(LANGUAGES)) {
    await t.test(language, async (t) => {
      const ui = await GameMode.open(t, backend, { language, locale });
      await ui.shows(sentence);
      assert.deepEqual(await ui.overflowing(), []);
      const hub = await fill(backend);
      await ui.shows(`${LONG_NAME} 2`);
      assert.deepEqual(await ui.overflowing(), []);
      await ui.screenshot(`panel-${language}`);
      await hub.drop();
      await ui.panel.getByRole("progressbar").waitFor();
      assert.deepEqual(await ui.overflowing(), []);
      for (const { uploadId } of (await backend.ipc("uploads.list")).uploads) {
        await backend.ipc("uploads.discard", { uploadId });
      }
    });
  }
});

test("the controller reaches everything of the panel, down and up again", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await fill(backend);
  await ui.shows(`${LONG_NAME} 2`);
  assert.deepEqual(await ui.unreached(), []);
  await ui.screenshot("controller");
});
