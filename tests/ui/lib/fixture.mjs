// What most tests begin with: a Deck on which Steam runs, the plugin in it, and what a Hub sends.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after } from "node:test";

import { Deck } from "../../e2e/lib/agent.mjs";
import { Game, bytesOf, frame, sendChunks, upload } from "../../e2e/lib/hub.mjs";
import { SteamClient } from "../../e2e/lib/steam_client.mjs";
import { Backend } from "./backend.mjs";
import { GameMode, NO_CHROMIUM, closeBrowser } from "./game_mode.mjs";

export const skip = NO_CHROMIUM;
export const MB = 1_000_000;
export const ELF = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);
export const PNG = Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), Buffer.alloc(100, 7)]);

after(closeBrowser);

/** `open`: GameMode's options, null for an interface that is not there yet; `settings`: the helper's. */
export async function start(t, { steam = true, open = {}, settings } = {}) {
  const deck = new Deck(t);
  if (settings) {
    fs.mkdirSync(deck.config, { recursive: true });
    fs.writeFileSync(path.join(deck.config, "settings.json"), JSON.stringify({ version: 1, ...settings }));
  }
  const client = new SteamClient(deck);
  if (steam) {
    await client.start({ gameMode: true });
  }
  const backend = await Backend.start(t, { deck, env: client.env });
  const ui = open && (await GameMode.open(t, backend, open));
  return { deck, client, backend, ui };
}

/** A game of this size, with an executable. */
export function gameOf(name, bytes = 4 * MB) {
  return new Game(name, { "bin/run": ELF, "data/pak": bytesOf(name, bytes) });
}

/** Pushes a whole game and makes its shortcut; resolves to the result of complete_upload. */
export async function push(hub, name, { bytes, ...shortcut } = {}) {
  const complete = { createShortcut: true, shortcut: { name, exe: "bin/run", ...shortcut } };
  const options = { config: { executable: "bin/run" }, complete };
  return (await upload(hub, gameOf(name, bytes), options)).result;
}

/** Gives a shortcut an image, as its Hub does. */
export async function sendImage(hub, appId, artworkType, image) {
  const id = hub.newId();
  const reply = hub.reply(id);
  hub.binary(frame({ id, type: "artwork_image", appId, artworkType, contentType: "image/png" }, image));
  assert.equal((await reply).payload.success, true);
}

/** Begins an upload and sends so many chunks; resolves to what resumes it. */
export async function begin(hub, game, { chunks = 2, chunkSize = MB } = {}) {
  const init = await hub.request("init_upload", game.initPayload({ executable: "bin/run" }));
  const left = game.chunks({ chunkSize, resumeFrom: init.resumeFrom });
  const send = (count) => sendChunks(hub, init.uploadId, take(left, count));
  await send(chunks);
  return {
    uploadId: init.uploadId,
    send,
    async complete() {
      await send(Infinity);
      const shortcut = { name: game.name, exe: "bin/run" };
      return hub.request("complete_upload", { uploadId: init.uploadId, createShortcut: true, shortcut });
    },
  };
}

function* take(iterator, count) {
  for (let taken = 0; taken < count; taken++) {
    const { value, done } = iterator.next();
    if (done) {
      return;
    }
    yield value;
  }
}
