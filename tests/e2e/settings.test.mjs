// Each setting, changed by the owner's command, by the plugin and by an editor, takes effect at once.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { IpcPeer } from "./lib/game_mode_plugin.mjs";
import { Game, Hub, sendChunks, upload } from "./lib/hub.mjs";
import { until } from "./lib/wait.mjs";

const DAY_S = 24 * 60 * 60;

/** An agent, its settings file, and what its clients are told. */
async function start(t) {
  const deck = new Deck(t);
  const agent = await startAgent(t, { deck });
  const peer = await IpcPeer.connect(deck);
  t.after(() => peer.close());
  await peer.call("subscribe", { events: ["settings_changed"] });
  const file = path.join(deck.config, "settings.json");
  const inFile = () => (fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : { version: 1 });
  const edit = (values) => fs.writeFileSync(file, JSON.stringify({ ...inFile(), ...values }));
  const value = async (key) => (await peer.call("settings.get", { key })).value;
  const notices = async () => (await deck.ctlJson("status")).notices.join("\n");
  return { deck, agent, peer, file, inFile, edit, value, notices };
}

const ways = {
  ctl: async ({ deck }, key, value) => {
    const { code, stderr } = await deck.ctl("settings", "set", key, String(value));
    assert.equal(code, 0, stderr);
  },
  plugin: ({ peer }, key, value) => peer.call("settings.set", { key, value }),
  file: async ({ edit, peer }, key, value) => {
    const told = ({ params }) => params.key === key && params.value === value;
    const before = peer.lines.filter(told).length;
    edit({ [key]: value });
    await until(`${key} is told`, () => peer.lines.filter(told).length > before);
  },
};

const inHome = (deck, name) => path.join(deck.home, name);

/** Three values of each, one for each way; and how it shows that one is in use. */
const settings = {
  "agent.name": {
    values: ["By ctl", "By plugin", "By file"],
    shows: async ({ agent, token }, name) => {
      const hub = await Hub.ready(agent, { token });
      assert.equal((await hub.request("get_info")).agent.name, name);
      await hub.close();
    },
  },
  "library.path": {
    values: ({ deck }) => ["ctl", "plugin/is/made", "file"].map((name) => inHome(deck, name)),
    shows: async ({ agent, token }, folder) => {
      const hub = await Hub.ready(agent, { token });
      const { result } = await upload(hub, new Game(`Game in ${path.basename(folder)}`, { a: "a" }));
      assert.equal(path.dirname(result.path), folder);
      await hub.close();
    },
  },
  "connections.accept": {
    values: [false, true, false],
    shows: async ({ agent, token }, accepts) => {
      const hub = await Hub.open(agent);
      const reply = await hub.hello({ token });
      assert.equal(reply.error?.code, accepts ? undefined : 406);
      await hub.drop();
    },
  },
  "pairing.sendCodeToHub": {
    values: [true, false, true],
    shows: async ({ agent, deck }, sends) => {
      const stranger = await Hub.open(agent);
      const { type, payload } = await stranger.hello({ hubId: "hub-stranger" });
      assert.equal(type, "pairing_required");
      assert.equal(/^\d{6}$/.test(payload.code), sends);
      await stranger.drop();
      await until("the code is gone", async () => !(await deck.ctlJson("pairing")).active);
    },
  },
  "uploads.expireDays": {
    values: [3, 40, 9],
    shows: async ({ agent, deck, token }, days) => {
      const hub = await Hub.ready(agent, { token });
      const game = new Game("Unfinished", { a: "a", b: "b" });
      const { uploadId, resumeFrom } = await hub.request("init_upload", game.initPayload());
      await sendChunks(hub, uploadId, game.chunks({ resumeFrom }), { onAck: () => false });
      await hub.close();
      const paused = await until("the upload is paused", async () =>
        (await deck.ctlJson("uploads")).uploads.find(({ state }) => state === "paused"),
      );
      assert.ok(paused.expiresInSeconds <= days * DAY_S && paused.expiresInSeconds > (days - 1) * DAY_S);
    },
  },
  "steam.compatTool": {
    values: ["tool-of-ctl", "tool-of-plugin", "tool-of-file"],
    shows: async ({ agent, deck, token }, tool) => {
      const hub = await Hub.ready(agent, { token });
      await hub.request("create_shortcut", { shortcut: { name: tool, exe: `/games/${tool}.exe` } });
      assert.ok(fs.readFileSync(path.join(deck.steam, "config/config.vdf"), "utf8").includes(`"${tool}"`));
      await hub.close();
    },
  },
  // How they look is in overlay.test.mjs.
  "overlay.largeText": { values: [true, false, true] },
  "overlay.reducedMotion": { values: [true, false, true] },
};

for (const [key, { values, shows }] of Object.entries(settings)) {
  test(`${key} is changed by ctl, by the plugin and in the file`, async (t) => {
    const device = await start(t);
    const hub = await Hub.paired(device.agent);
    await hub.close();
    device.token = hub.token;
    for (const [i, value] of (values instanceof Array ? values : values(device)).entries()) {
      await Object.values(ways)[i](device, key, value);
      assert.equal(await device.value(key), value);
      assert.equal(device.inFile()[key], value);
      await shows?.(device, value);
    }
  });
}

const refused = {
  "agent.name": ["", "a\nb", "x".repeat(129)],
  "library.path": ["relative", "~/../x", ""],
  "connections.accept": ["maybe", 1],
  "pairing.sendCodeToHub": ["maybe", 1],
  "uploads.expireDays": [0, 91, 1.5, "many"],
  "steam.compatTool": ['a"b', "x".repeat(129)],
  "overlay.largeText": ["maybe", 1],
};

for (const [key, values] of Object.entries(refused)) {
  test(`${key}: what it cannot be is refused with a reason, and nothing else is lost`, async (t) => {
    const device = await start(t);
    const { deck, peer, edit, inFile, notices } = device;
    const before = await device.value(key);
    await ways.ctl(device, "games.trashDays", 20);
    const kept = inFile();
    let days = 20;
    for (const value of values) {
      const { error } = await peer.ask("settings.set", { key, value });
      assert.ok(error?.message.includes(`'${key}' must be`), `${value}: ${error?.message}`);
      if (typeof value === "string") {
        const { code, stderr } = await deck.ctl("settings", "set", key, value);
        assert.equal(code, 1);
        assert.ok(stderr.includes(`'${key}' must be`), stderr);
      }
      assert.deepEqual(inFile(), kept);
      await ways.file({ ...device, edit: (other) => edit({ ...other, [key]: value }) }, "games.trashDays", ++days);
      assert.ok((await notices()).includes(`'${key}' must be`), await notices());
      assert.deepEqual(await device.value(key), before);
      fs.writeFileSync(device.file, JSON.stringify(kept));
      await until("the complaint is over", async () => (await notices()) === "");
    }
  });
}

test("an install folder in which no game can be is refused, and the one in use stays", async (t) => {
  const device = await start(t);
  const { deck, notices, edit } = device;
  const before = await device.value("library.path");
  const inTheWay = inHome(deck, "file");
  fs.writeFileSync(inTheWay, "");
  for (const folder of [inTheWay, path.join(inTheWay, "Games")]) {
    const { code, stderr } = await deck.ctl("settings", "set", "library.path", folder);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`'${inTheWay}' is not a folder`), stderr);
    assert.equal(await device.value("library.path"), before);
    edit({ "library.path": folder });
    await until("the file is complained of", async () => (await notices()).includes(`'${inTheWay}' is not a folder`));
    assert.equal(await device.value("library.path"), before);
    fs.unlinkSync(device.file);
    await until("the complaint is over", async () => (await notices()) === "");
  }
});

test("subscribers are notified of a complaint, and of its end", async (t) => {
  const { file, peer, notices } = await start(t);
  await peer.call("subscribe", { events: ["status_changed"] });
  const heard = () => peer.lines.filter(({ method }) => method === "status_changed").length;
  const before = heard();
  fs.writeFileSync(file, "{");
  await until("'status_changed' is heard", () => heard() > before);
  assert.match(await notices(), /settings\.json/);
  const complained = heard();
  fs.unlinkSync(file);
  await until("'status_changed' is heard again", () => heard() > complained);
  assert.equal(await notices(), "");
});

test("a burst of edits ends with the last one, and torn files do no harm", async (t) => {
  const device = await start(t);
  const { deck, agent, file, value, notices } = device;
  for (let round = 0; round < 1000; round++) {
    if (round % 3 === 0) {
      fs.writeFileSync(`${file}~`, `{"version":1,"uploads.expireDays":${1 + (round % 90)}}`);
      fs.renameSync(`${file}~`, file);
    } else if (round % 3 === 1) {
      fs.writeFileSync(file, `{"version":1,"uploads.expireDays":`);
    } else {
      fs.rmSync(file);
    }
  }
  fs.writeFileSync(file, '{"version":1,"uploads.expireDays":77,"future.key":"kept"}');
  await until("the last edit is in use", async () => (await value("uploads.expireDays")) === 77);
  assert.equal((await deck.ctl("settings", "set", "games.trashDays", "5")).code, 0);
  assert.equal(device.inFile()["future.key"], "kept");
  await until("nothing is complained of", async () => (await notices()) === "");
  assert.equal(agent.child.exitCode, null);
});

test("a refusal says its reason to programs, too", async (t) => {
  const { deck, peer } = await start(t);
  const refused = async (key, value) => (await peer.ask("settings.set", { key, value })).error;
  const days = await refused("games.trashDays", 1000);
  assert.equal(days.code, -32602);
  assert.deepEqual(days.data, { reason: "setting_not_allowed", key: "games.trashDays" });
  assert.deepEqual((await refused("games.trashDays", "many")).data, days.data);
  const file = inHome(deck, "file");
  fs.writeFileSync(file, "");
  assert.deepEqual((await refused("library.path", file)).data, { reason: "not_a_folder", path: file });
  const unknown = await refused("no.such", 1);
  assert.equal(unknown.code, -32001);
  assert.equal(Object.hasOwn(unknown, "data"), false);
});
