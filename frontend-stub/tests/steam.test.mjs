// What the agent asks of Steam, in the model of it that tests/e2e/cef.test.mjs has in Chromium, where
// the script itself is tested.
import assert from "node:assert/strict";
import { createHash, randomBytes, webcrypto } from "node:crypto";
import fs from "node:fs";
import test from "node:test";
import vm from "node:vm";

import { steamRequests } from "../../build/ui/steam/steamRequests.js";

const PART_BYTES = 512 * 1024; // of one file.read
const sources = ["tests/e2e/lib/steam_model.js", "native/steam/cef/steam_script.js"];
const [model, script] = sources.map((file) => fs.readFileSync(file, "utf8"));

/** A page with a Steam of its own. */
function steam({ file = Buffer.alloc(0) } = {}) {
  const page = vm.createContext({
    ...{ URLSearchParams, setTimeout, clearTimeout, atob, performance, crypto: webcrypto },
    location: { search: "" },
    document: {},
  });
  page.window = page;
  vm.runInContext(model, page);
  const reads = [];
  const readFile = async ({ offset }) => {
    reads.push(offset);
    const data = file.subarray(offset, offset + PART_BYTES).toString("base64");
    return { data, bytes: file.length };
  };
  const requests = steamRequests(vm.runInContext(script, page), readFile);
  const evaluate = (text) => vm.runInContext(text, page);
  const state = () => JSON.parse(evaluate("JSON.stringify(model.state())"));
  return { requests, reads, evaluate, state };
}

const put = (change) => ({
  ...{ action: "put", accountId: "52079950", appId: 0, reportedAppId: 2931025216, name: "Doom" },
  ...{ exe: "/games/Doom/doom", startDir: "/games/Doom", anyName: true, launchOptions: null },
  ...{ tags: ["CapyDeploy"], compatTool: "proton_experimental", icon: "" },
  ...change,
});

test("a shortcut is made once, updated, gets its icon and is removed", async () => {
  const { requests, state } = steam();
  const { appId } = await requests["steam.apply"](put());
  assert.deepEqual(await requests["steam.apply"](put()), { appId });
  assert.deepEqual(await requests["steam.apply"](put({ appId, name: "DOOM" })), { appId });
  await requests["steam.apply"](put({ action: "set_icon", appId, icon: "/icon.png" }));
  const { shortcuts, collections } = state();
  const [{ name, exe, compatTool, icon }] = shortcuts;
  assert.equal(shortcuts.length, 1);
  assert.deepEqual(
    { name, exe, compatTool, icon },
    {
      name: "DOOM",
      exe: '"/games/Doom/doom"',
      compatTool: "proton_experimental",
      icon: "/icon.png",
    },
  );
  assert.deepEqual(collections, { CapyDeploy: [appId] });
  await requests["steam.apply"](put({ action: "remove", appId }));
  await requests["steam.apply"](put({ action: "remove", appId }));
  assert.deepEqual(state().shortcuts, []);
});

test("what the user changed since the last update stays", async () => {
  const { requests, evaluate, state } = steam();
  const { appId } = await requests["steam.apply"](put());
  evaluate(`model.shortcuts.get(${appId}).name = "Mine"`);
  const previous = { name: "Doom", exe: "/games/Doom/doom", startDir: "/games/Doom" };
  await requests["steam.apply"](put({ appId, name: "DOOM", exe: "/games/Doom/doom2", previous }));
  assert.deepEqual(
    state().shortcuts.map(({ name, exe }) => [name, exe]),
    [["Mine", '"/games/Doom/doom2"']],
  );
});

test("setting the clock does not delay requests", async () => {
  const { requests, evaluate, state } = steam({ file: randomBytes(10) });
  evaluate("let now = 1e12; Date.now = () => (now += 3_600_000)");
  const { appId } = await requests["steam.apply"](put());
  const image = { appId, artworkType: "hero", assetType: 1, imageType: "png", file: 1, bytes: 10 };
  assert.deepEqual(await requests["steam.show_artwork"](image), { appId });
  assert.equal(state().shortcuts.length, 1);
});

test("what Steam cannot do now is left to another driver, what it refuses is final", async () => {
  const { requests, evaluate } = steam();
  const other = put({ accountId: "1" });
  await assert.rejects(requests["steam.apply"](other), { code: -32002, message: /52079950/ });
  const unknown = put({ action: "set_icon", appId: 4_000_000_000 });
  await assert.rejects(requests["steam.apply"](unknown), { code: -32001 });
  evaluate("model.faults.AddShortcut = 'throws'");
  await assert.rejects(requests["steam.apply"](put()), { code: -32000, message: /AddShortcut/ });
  evaluate("model.initialized = false");
  await assert.rejects(requests["steam.apply"](put()), { code: -32002 });
});

for (const bytes of [1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES, 1_300_001]) {
  test(`an image of ${bytes} bytes arrives whole`, async () => {
    const file = randomBytes(bytes);
    const { requests, reads, state } = steam({ file });
    const { appId } = await requests["steam.apply"](put());
    const image = { appId, artworkType: "hero", assetType: 1, imageType: "png", file: 1, bytes };
    assert.deepEqual(await requests["steam.show_artwork"](image), { appId });
    const sha256 = createHash("sha256").update(file).digest("hex");
    assert.deepEqual(state().shortcuts[0].artwork, { 1: { type: "png", sha256 } });
    assert.ok(reads.length <= Math.ceil(bytes / PART_BYTES) + 1, reads.join());
  });
}

test("an image that ends too early is not shown", async () => {
  const { requests, state } = steam({ file: randomBytes(1000) });
  const { appId } = await requests["steam.apply"](put());
  const image = {
    appId,
    artworkType: "logo",
    assetType: 2,
    imageType: "png",
    file: 1,
    bytes: 2000,
  };
  await assert.rejects(requests["steam.show_artwork"](image), {
    code: -32000,
    message: /shorter than the announced 2000 bytes/,
  });
  assert.deepEqual(state().shortcuts[0].artwork, {});
});

test("Steam is restarted once the answer was sent", async () => {
  const { requests, state, evaluate } = steam();
  const restarted = evaluate(`new Promise((resolve) => {
    const { StartRestart } = SteamClient.User;
    SteamClient.User.StartRestart = (...args) => resolve(StartRestart(...args));
  })`);
  assert.deepEqual(await requests["steam.restart"]({}), {});
  assert.equal(state().restarts, 0);
  await restarted;
  assert.equal(state().restarts, 1);
});
