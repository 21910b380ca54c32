// The panel of somebody who has just installed the plugin.
import assert from "node:assert/strict";
import test from "node:test";

import { Hub } from "../e2e/lib/hub.mjs";
import { push, skip, start } from "./lib/fixture.mjs";

test("the first panel says where games come from, until a PC is paired", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ui.shows("Getting started");
  await ui.shows("github.com/lobinuxsoft/capydeploy");
  const { agent } = await backend.ipc("status");
  const address = `${agent.addresses[0]}:${agent.port}`;
  await ui.shows(`capydeck push FOLDER --to\u00a0${address}`); // which stays in one piece
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
