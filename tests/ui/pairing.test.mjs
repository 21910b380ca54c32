// The dialog with the code.
import assert from "node:assert/strict";
import test from "node:test";

import { Hub } from "../e2e/lib/hub.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { skip, start } from "./lib/fixture.mjs";

async function ask(backend, name = "Living Room PC") {
  const hub = await Hub.open(backend);
  const reply = await hub.hello({ name });
  assert.equal(reply.type, "pairing_required");
  return hub;
}

const shownCode = async (ui) =>
  /(\d{3})\s(\d{3})/
    .exec(await ui.dialog.innerText())
    .slice(1)
    .join("");
const secondsLeft = async (ui) => Number(/(\d+) s\b/.exec(await ui.dialog.innerText())[1]);

test("a Hub asks while the panel is closed: the code appears, counts down, pairs", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false } });
  const hub = await ask(backend);
  await ui.dialog.getByText("Pair with Living Room PC?").waitFor();
  await ui.screenshot("pairing");
  assert.deepEqual(await ui.overflowing(), []);
  const code = await shownCode(ui);
  assert.equal(code, await backend.code());
  const heightOf = (pattern) =>
    ui.dialog.getByText(pattern).evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize));
  assert.ok((await heightOf(/^\d{3}\s\d{3}$/)) >= 64, "the code is read from a step away");
  assert.ok((await heightOf(/^\d+ s$/)) >= 40, "so is what is left of it");
  const before = await secondsLeft(ui);
  await until("the seconds go down", async () => (await secondsLeft(ui)) < before);
  const success = await hub.ask("pair_confirm", { code });
  assert.equal(success.type, "pair_success");
  await ui.dialog.waitFor({ state: "detached" });
  await ui.openPanel();
  await ui.shows("Connected to Living Room PC");
});

test("while another PC's code is shown the owner chooses whose turn it is", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  await ask(backend, "Stranger");
  await ui.dialog.waitFor();
  const owner = await Hub.open(backend, { localAddress: "127.0.0.2" });
  const who = { hubId: "hub-owner", name: "My PC" };
  assert.equal((await owner.hello(who)).error?.code, 429);
  await ui.page.keyboard.press("Escape");
  await ui.dialog.waitFor({ state: "detached" });
  await ui.shows("Waiting for a code, at 127.0.0.2");
  assert.deepEqual(await ui.overflowing(), []);
  await ui.panel.getByRole("button", { name: "Show its code" }).click();
  await until("its code may be shown", async () => (await owner.hello(who)).type === "pairing_required");
  await ui.dialog.getByText("Pair with My PC?").waitFor();
  assert.equal((await owner.ask("pair_confirm", { code: await shownCode(ui) })).type, "pair_success");
});

test("a name in any script and of any length fits", { skip }, async (t) => {
  const { backend, ui } = await start(t);
  for (const name of ["書斎のパソコン", "مكتب", "x".repeat(128)]) {
    const hub = await ask(backend, name);
    const { hubName } = await backend.ipc("pairing.get"); // long ones are shortened
    await ui.dialog.getByText(hubName).first().waitFor();
    assert.deepEqual(await ui.overflowing(), []);
    await hub.drop();
    await ui.dialog.waitFor({ state: "detached" });
  }
});

test("rejecting invalidates the code", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false } });
  const hub = await ask(backend);
  await ui.dialog.waitFor();
  const code = await shownCode(ui);
  await ui.dialog.getByRole("button", { name: "Reject" }).click();
  await ui.dialog.waitFor({ state: "detached" });
  assert.equal((await backend.ipc("pairing.get")).active, false);
  assert.notEqual((await hub.ask("pair_confirm", { code })).type, "pair_success");
});

test("hidden with B, the code stays valid", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false } });
  const hub = await ask(backend);
  await ui.dialog.waitFor();
  const code = await shownCode(ui);
  await ui.page.keyboard.press("Escape");
  await ui.dialog.waitFor({ state: "detached" });
  assert.equal((await hub.ask("pair_confirm", { code })).type, "pair_success");
});

test("a code that is shown when the plugin is loaded is found", { skip }, async (t) => {
  const { backend, ui } = await start(t, { open: { panel: false, dropsEvents: true } });
  await ui.unload();
  await ask(backend);
  await ui.load();
  await ui.dialog.waitFor();
  assert.equal(await shownCode(ui), await backend.code());
});
