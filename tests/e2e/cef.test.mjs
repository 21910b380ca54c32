// The driver for a running Steam with its debugger on, against a real Chromium: first by itself
// (tests/cef_tool.c), then behind an agent.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";

import { BINARY, run } from "./lib/agent.mjs";
import { sha256 } from "./lib/hub.mjs";
import { freePort } from "./lib/port.mjs";
import { NO_CHROMIUM, SteamChromium } from "./lib/steam_chromium.mjs";
import { GAMER, SIBLING } from "./lib/steam_home.mjs";
import { deadline, until } from "./lib/wait.mjs";

const SCRIPT = path.resolve("../../native/steam/cef/steam_script.js");
const TOOL = path.join(path.dirname(BINARY), "cef_tool");
const skip = NO_CHROMIUM || (fs.existsSync(TOOL) ? false : `needs ${TOOL} (make cef_tool)`);
/** What no script, no shell and no library may trip over. */
const ODD = "a'b\"c`d`$HOME ${x} \\n </script> \u2028\u2029 🎮 é%command%";

/** The driver alone. */
class Driver {
  static start(t, port) {
    const driver = new Driver();
    driver.child = spawn(TOOL, [String(port)], { stdio: ["pipe", "pipe", "inherit"] });
    driver.lines = createInterface({ input: driver.child.stdout })[Symbol.asyncIterator]();
    t.after(() => driver.finish());
    return driver;
  }

  send(command, argument) {
    this.child.stdin.write(`${command}${argument ? ` ${JSON.stringify(argument)}` : ""}\n`);
  }

  async receive() {
    const { value } = await deadline(this.lines.next(), "the driver answers");
    return JSON.parse(value);
  }

  ask(command, argument) {
    this.send(command, argument);
    return this.receive();
  }

  /** Puts a shortcut and returns its app id. */
  async put(change) {
    const answer = await this.ask("apply", put(change));
    assert.ok(answer.appId > 0, JSON.stringify(answer));
    return answer.appId;
  }

  /** A sanitizer's report makes it fail. */
  async finish() {
    const exited = once(this.child, "exit");
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.stdin.end();
      const [code] = await deadline(exited, "the driver ends");
      assert.equal(code, 0);
    }
  }
}

const put = (change) => ({
  action: "put",
  accountId: GAMER.accountId,
  name: "Doom",
  exe: "/games/Doom/doom",
  startDir: "/games/Doom",
  anyName: false,
  launchOptions: null,
  ...change,
});

/** How many connections to a port of this machine a process holds. */
function connections(pid, port) {
  const remote = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = fs.readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  const fields = rows.map((row) => row.trim().split(/\s+/));
  const inodes = fields.filter(([, , to]) => to?.endsWith(`:${remote}`)).map((row) => row[9]);
  const files = fs.readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return ""; // closed meanwhile
    }
  });
  return inodes.filter((inode) => files.includes(`socket:[${inode}]`)).length;
}

const cases = [];

/** One that only looks at the model: they share a browser. */
const testModel = (name, body) => cases.push([name, body]);

testModel("a new shortcut, complete, once", async (t, steam, driver) => {
  const change = { launchOptions: "-fast", compatTool: "proton_experimental", tags: ["Sent"] };
  const appId = await driver.put(change);
  assert.equal(await driver.put(change), appId);
  assert.equal(await driver.put({ ...change, appId }), appId);
  const { shortcuts, collections } = await steam.state();
  assert.deepEqual(shortcuts, [
    {
      ...{ appId, name: "Doom", exe: '"/games/Doom/doom"', startDir: '"/games/Doom"' },
      ...{ launchOptions: "-fast", compatTool: "proton_experimental", icon: "", artwork: {} },
      ready: true,
    },
  ]);
  assert.deepEqual(collections, { Sent: [appId] });
  assert.equal((await steam.calls("SpecifyCompatTool")).length, 1);
});

testModel("an update keeps what the user has changed", async (t, steam, driver) => {
  const first = { launchOptions: "-w", tags: ["Sent", "Ours"] };
  const appId = await driver.put(first);
  const previous = {
    ...{ name: "Doom", exe: "/games/Doom/doom", startDir: "/games/Doom" },
    ...first,
  };
  await steam.evaluate(`Object.assign(model.shortcuts.get(${appId}), {
    name: "Mine", exe: '"/usr/bin/gamemoderun" "/games/Doom/doom"' })`);
  await steam.evaluate(`model.collections.get("Sent").clear()`);
  const changed = { name: "DOOM", exe: "/games/Doom/doom2", startDir: "/games", launchOptions: "-y" };
  const tags = ["Sent", "New"];
  assert.equal(await driver.put({ ...changed, tags, appId, previous }), appId);
  const { shortcuts, collections } = await steam.state();
  const { name, exe, startDir, launchOptions } = shortcuts[0];
  assert.deepEqual(
    [name, exe, startDir, launchOptions],
    ["Mine", '"/usr/bin/gamemoderun" "/games/Doom/doom2"', '"/games"', "-y"],
  );
  assert.deepEqual(collections, { Sent: [], Ours: [appId], New: [appId] });
  await steam.evaluate(`model.shortcuts.get(${appId}).launchOptions = "A=1 %command%"`);
  await driver.put({ ...changed, tags, appId, previous: { ...changed, tags } });
  assert.equal((await steam.state()).shortcuts[0].launchOptions, "A=1 %command%");

  // What an earlier build has set; and a target as it was before its game was deleted.
  const command = '"/usr/bin/env" "/games/Doom/doom"';
  await steam.evaluate(`model.shortcuts.get(${appId}).exe = '"/games/Doom/old"'`);
  await driver.put({ ...changed, appId, command, previous: { name: "Doom", within: "/games/Doom" } });
  assert.equal((await steam.state()).shortcuts[0].exe, command);
  assert.equal((await steam.state()).shortcuts[0].name, "Mine");
});

testModel("an update keeps the id and everything it does not set", async (t, steam, driver) => {
  const appId = await driver.put({ launchOptions: "-fast" });
  await steam.evaluate(`model.shortcuts.get(${appId}).compatTool = "proton_7"`);
  const changed = { name: "DOOM", exe: "/games/Doom/doom2", startDir: "/games" };
  assert.equal(await driver.put({ ...changed, appId, compatTool: "proton_experimental" }), appId);
  const { shortcuts } = await steam.state();
  assert.equal(shortcuts.length, 1);
  assert.equal(shortcuts[0].name, "DOOM");
  assert.equal(shortcuts[0].exe, '"/games/Doom/doom2"');
  assert.equal(shortcuts[0].startDir, '"/games"');
  assert.equal(shortcuts[0].launchOptions, "-fast");
  assert.equal(shortcuts[0].compatTool, "proton_7");
  await driver.put({ ...changed, appId, launchOptions: "" });
  assert.equal((await steam.state()).shortcuts[0].launchOptions, "");
});

testModel("a shortcut made by hand is adopted", async (t, steam, driver) => {
  await steam.place({ name: "Other", exe: '"/games/other"' });
  const mine = await steam.place({ name: "My Doom", exe: "/games/Doom/doom" });
  const named = await driver.put({});
  assert.notEqual(named, mine, "another name, and the executable is not this game's alone");
  assert.equal(await driver.put({ name: "My Doom" }), mine);
  await driver.ask("apply", { action: "remove", accountId: GAMER.accountId, appId: named });
  assert.equal(await driver.put({ anyName: true }), mine);
  const { shortcuts } = await steam.state();
  assert.deepEqual(shortcuts.map(({ name }) => name).sort(), ["Doom", "Other"]);
});

testModel("no name, path or option is ever run as a script", async (t, steam, driver) => {
  const odd = { name: ODD, exe: `/games/${ODD}/${ODD}`, startDir: `/games/${ODD}` };
  const appId = await driver.put({ ...odd, launchOptions: ODD, tags: [ODD] });
  const { shortcuts, collections } = await steam.state();
  assert.equal(shortcuts[0].name, ODD);
  assert.equal(shortcuts[0].exe, `"${odd.exe}"`);
  assert.equal(shortcuts[0].startDir, `"${odd.startDir}"`);
  assert.equal(shortcuts[0].launchOptions, ODD);
  assert.deepEqual(collections, { [ODD]: [appId] });
  assert.equal(await driver.put({ ...odd, launchOptions: ODD }), appId);
  assert.equal(await driver.put({ ...odd, anyName: true }), appId);
});

testModel("Steam's own changes to a new shortcut are overwritten", async (t, steam, driver) => {
  await steam.set({ lateOptions: "%command%" });
  await driver.put({ launchOptions: "" });
  assert.equal((await steam.state()).shortcuts[0].launchOptions, "");
});

testModel("a slow Steam is given time", async (t, steam, driver) => {
  await steam.set({ latencyMs: 2500, faults: { SetShortcutLaunchOptions: "missing" } });
  await driver.put({ launchOptions: "-slow" });
  const { shortcuts } = await steam.state();
  assert.deepEqual([shortcuts[0].name, shortcuts[0].launchOptions], ["Doom", "-slow"]);
});

testModel("an incomplete shortcut is removed again", async (t, steam, driver) => {
  await steam.set({ faults: { SetShortcutExe: "throws", SetShortcutStartDir: "ignores" } });
  const answer = await driver.ask("apply", put({}));
  assert.equal(answer.kind, "io");
  assert.match(answer.message, /did not take the start folder of 'Doom'|did not take the executable/);
  assert.deepEqual((await steam.state()).shortcuts, []);
});

testModel("remove", async (t, steam, driver) => {
  const remove = { action: "remove", accountId: GAMER.accountId };
  const appId = await driver.put({});
  const other = await steam.place({ name: "Other", exe: "/other" });
  assert.deepEqual(await driver.ask("apply", { ...remove, appId }), { appId });
  assert.deepEqual(await driver.ask("apply", { ...remove, appId }), { appId });
  assert.deepEqual(await driver.ask("apply", { ...remove, appId: 570 }), { appId: 570 });
  assert.deepEqual((await steam.state()).shortcuts.map((entry) => entry.appId), [other]);
  assert.equal((await steam.calls("RemoveShortcut")).length, 1);
  await steam.set({ faults: { RemoveShortcut: "ignores" } });
  assert.equal((await driver.ask("apply", { ...remove, appId: other })).kind, "io");
});

testModel("icons", async (t, steam, driver) => {
  const icon = { action: "set_icon", accountId: GAMER.accountId, icon: `/grid/${ODD}.png` };
  const appId = await driver.put({});
  assert.deepEqual(await driver.ask("apply", { ...icon, appId }), { appId });
  assert.equal((await steam.state()).shortcuts[0].icon, icon.icon);
  assert.equal((await driver.ask("apply", { ...icon, appId: 5 })).kind, "not_found");
  await steam.set({ faults: { SetShortcutIcon: "missing" } });
  assert.equal((await driver.ask("apply", { ...icon, appId })).kind, "io");
});

testModel("artwork arrives as it is", async (t, steam, driver) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-art-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const piece = 192 * 1024;
  const images = [
    [0, "png", 20 * 1024 * 1024],
    [1, "jpg", 1],
    [2, "png", piece],
    [3, "jpg", 2 * piece + 2],
    [4, "png", 0],
  ];
  const appId = await driver.put({});
  const expected = {};
  for (const [assetType, type, size] of images) {
    const file = path.join(folder, `${assetType}.${type}`);
    const bytes = randomBytes(size);
    fs.writeFileSync(file, bytes);
    expected[assetType] = { type, sha256: sha256(bytes) };
    assert.deepEqual(await driver.ask("show", { appId, assetType, path: file }), { appId });
  }
  assert.deepEqual((await steam.state()).shortcuts[0].artwork, expected);
  assert.equal(await steam.evaluate("typeof capydeckImage"), "undefined", "nothing stays in Steam");
});

testModel("artwork that cannot be shown", async (t, steam, driver) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-art-"));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const image = { appId: await driver.put({}), assetType: 1, path: path.join(folder, "1.jpg") };
  assert.equal((await driver.ask("show", image)).kind, "io", "no such file");
  fs.writeFileSync(image.path, randomBytes(20 * 1024 * 1024 + 1));
  assert.match((await driver.ask("show", image)).message, /longer than 20971520 bytes/);
  fs.writeFileSync(image.path, "small");
  assert.equal((await driver.ask("show", { ...image, appId: 5 })).kind, "not_found");
  await steam.set({ faults: { SetCustomArtworkForApp: "throws" } });
  assert.equal((await driver.ask("show", image)).kind, "io");
  await steam.set({ faults: { SetCustomArtworkForApp: "missing" } });
  assert.ok((await driver.ask("show", image)).kind);
});

testModel("another user's Steam is left alone", async (t, steam, driver) => {
  const answer = await driver.ask("apply", put({ accountId: SIBLING.accountId }));
  assert.equal(answer.kind, "conflict");
  assert.match(answer.message, /another user \(52079950\)/);
  assert.deepEqual((await steam.state()).shortcuts, []);
});

testModel("a Steam that is still starting is left alone", async (t, steam, driver) => {
  await steam.set({ initialized: false });
  const answer = await driver.ask("apply", put({}));
  assert.equal(answer.kind, "conflict");
  assert.match(answer.message, /still starting/);
  await steam.set({ initialized: true });
  await driver.put({});
});

testModel("an idle driver disconnects from Steam", async (t, steam, driver) => {
  await driver.put({});
  assert.equal(connections(driver.child.pid, steam.port), 1, "it stays for what may follow");
  await until("the connection is closed", () => connections(driver.child.pid, steam.port) === 0);
  await driver.put({});
});

testModel("concurrent requests are done one after another", async (t, steam, driver) => {
  const names = ["One", "Two", "Three", "Four"];
  names.forEach((name) => driver.send("apply", put({ name, exe: `/games/${name}` })));
  for (const name of names) {
    const { appId } = await driver.receive();
    const { shortcuts } = await steam.state();
    assert.equal(shortcuts.find((entry) => entry.appId === appId).name, name);
  }
});

testModel("a second agent waits for the first one's call", async (t, steam, driver) => {
  await steam.set({ latencyMs: 1500 });
  driver.send("apply", put({ anyName: true }));
  await steam.called("AddShortcut");
  driver.child.kill("SIGKILL");
  const other = Driver.start(t, steam.port);
  const appId = await other.put({ anyName: true });
  assert.deepEqual((await steam.state()).shortcuts.map((entry) => entry.appId), [appId]);
});

testModel("restart", async (t, steam, driver) => {
  assert.deepEqual(await driver.ask("restart"), { appId: 0 });
  await deadline(
    (async () => {
      while ((await steam.state()).restarts === 0);
    })(),
    "Steam is asked to restart",
  );
  assert.equal((await steam.state()).restarts, 1);
});

test("cef: the script is one", async () => {
  const { code, stderr } = await run(process.execPath, ["--check", SCRIPT]);
  assert.equal(code, 0, stderr);
});

test("cef: the whole life of a shortcut", { skip }, async (t) => {
  const steam = await SteamChromium.start(t);
  for (const [name, body] of cases) {
    await t.test(name, async (t) => {
      await steam.reload();
      await body(t, steam, Driver.start(t, steam.port));
    });
  }
});

test("cef: the page of older clients", { skip }, async (t) => {
  const steam = await SteamChromium.start(t, { query: { title: "SP" } });
  await Driver.start(t, steam.port).put({});
  assert.equal((await steam.state()).shortcuts.length, 1);
});

test("cef: a browser that is not Steam", { skip }, async (t) => {
  const steam = await SteamChromium.start(t, { query: { title: "Steam" } });
  const driver = Driver.start(t, steam.port);
  assert.equal((await driver.ask("ready")).ready, true);
  const unnamed = await driver.ask("apply", put({}));
  assert.equal(unnamed.kind, "conflict");
  assert.match(unnamed.message, /no page is called SharedJSContext/);

  const empty = await SteamChromium.start(t, { query: { steam: "none" } });
  const answer = await Driver.start(t, empty.port).ask("apply", put({}));
  assert.equal(answer.kind, "conflict");
  assert.match(answer.message, /not Steam/);
});

test("cef: Steam dies in the middle of a call, and comes back", { skip }, async (t) => {
  const steam = await SteamChromium.start(t, { port: await freePort() });
  const driver = Driver.start(t, steam.port);
  await steam.set({ latencyMs: 60_000 });
  driver.send("apply", put({}));
  await steam.called("AddShortcut");
  await steam.kill();
  const answer = await driver.receive();
  assert.equal(answer.kind, "conflict");
  assert.match(answer.message, /went away/);
  assert.deepEqual(await driver.ask("ready"), {
    ready: false,
    reason: `nothing listens on port ${steam.port}; Steam's debugger is off`,
  });
  assert.equal((await driver.ask("apply", put({}))).kind, "conflict");

  const again = await SteamChromium.start(t, { port: steam.port });
  await driver.put({});
  assert.equal((await again.state()).shortcuts.length, 1);
});

test("cef: a listener that is silent or sends nonsense", { skip }, async (t) => {
  const answers = ["HTTP/1.1 500 No\r\n\r\n", "SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n{}"];
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end(answers.shift()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const driver = Driver.start(t, server.address().port);
  for (const reason of [/HTTP 500/, /not a plain HTTP/, /not a debugger's list/, /closed the connection/]) {
    const answer = await driver.ask("apply", put({}));
    assert.equal(answer.kind, "conflict");
    assert.match(answer.message, reason);
  }
});
