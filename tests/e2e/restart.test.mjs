// protocol.md §4 `restart_steam` and design.md §4, against a client that has Steam's files in memory.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

import { Deck } from "./lib/agent.mjs";
import { SteamClient } from "./lib/steam_client.mjs";
import { readShortcuts, shortcutsPath, writeBinaryVdf } from "./lib/steam_home.mjs";

const entry = (AppName) => ({ shortcuts: { 0: { appid: 3000000001, AppName, Exe: '"/x"' } } });

function writeShortcuts(deck, AppName) {
  fs.writeFileSync(shortcutsPath(deck.steam), writeBinaryVdf(entry(AppName)));
}

const names = (deck) => readShortcuts(deck.steam).map(({ appname }) => appname);

test("the stand-in client overwrites what is written while it runs, as Steam does", async (t) => {
  const deck = new Deck(t);
  const client = new SteamClient(deck);
  writeShortcuts(deck, "Before");
  await client.start();
  assert.equal(fs.readFileSync(`/proc/${client.pid}/comm`, "utf8"), "steam\n");
  writeShortcuts(deck, "Meanwhile");
  await client.startGame(4711);
  client.exit();
  await client.ended();
  assert.deepEqual(names(deck), ["Before"]);
  writeShortcuts(deck, "After");
  await client.start({ gameMode: true });
  client.crash();
  await client.started(3);
  assert.deepEqual(names(deck), ["After"]);
});
