// One agent for each user: the desktop's service waits (--wait), Decky's takes over (--takeover).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import test from "node:test";

import { Deck, spawnAgent, startAgent } from "./lib/agent.mjs";
import { IpcPeer } from "./lib/game_mode_plugin.mjs";
import { Game, Hub, bytesOf, sendChunks, upload } from "./lib/hub.mjs";
import { freePort } from "./lib/port.mjs";
import { readShortcuts } from "./lib/steam_home.mjs";
import { filesOf, readFiles } from "./lib/tree.mjs";
import { deadline, until } from "./lib/wait.mjs";

const MIB = 1024 * 1024;
const TCP_LISTEN = "0A";

/** The sockets that listen on a port, by inode. */
function listeners(port) {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].filter((table) => fs.existsSync(table));
  return tables.flatMap((table) =>
    fs
      .readFileSync(table, "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${hex}`) && state === TCP_LISTEN)
      .map((fields) => fields[9]),
  );
}

/** Looks all the time; the function it returns ends that and says how many it saw at most. */
function watchListeners(t, port) {
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, listeners(port).length)), 1);
  t.after(() => clearInterval(timer));
  return () => {
    clearInterval(timer);
    return most;
  };
}

const timesListening = (agent) => agent.output.match(/^listening on /gm)?.length ?? 0;

/** Waits until it serves for the nth time. */
async function serves(agent, port, nth = 1) {
  await until(`process ${agent.pid} serves (${nth})`, () => {
    assert.equal(agent.child.exitCode, null, agent.output);
    return timesListening(agent) >= nth;
  });
  agent.port = port;
  return agent;
}

const startDesktop = (deck, port, options) => spawnAgent(deck, { port, args: ["--wait"], ...options });
const startDecky = (deck, port, options) => spawnAgent(deck, { port, args: ["--takeover"], ...options });

const role = async (deck) => (await deck.ctlJson("status")).agent.role;

const held = (resumeFrom = {}) => Object.values(resumeFrom).reduce((sum, bytes) => sum + bytes, 0);

/**
 * Sends chunks until the connection goes, `most` bytes at most: some are left to be sent however long
 * that takes. Resolves to the acknowledged bytes.
 */
async function sendUntilGone(hub, { uploadId, resumeFrom }, game, most, onAck) {
  let bytes = 0;
  const chunks = game.chunks({ chunkSize: 64 * 1024, resumeFrom });
  for (const [filePath, offset, data] of chunks) {
    const reply = await hub.chunk(uploadId, filePath, offset, data).catch(() => undefined);
    if (reply === undefined) {
      break;
    }
    assert.equal(reply.error, undefined);
    bytes += data.length;
    onAck(bytes);
    if (bytes >= most) {
      break;
    }
  }
  await deadline(hub.closed, "the agent lets go of its Hub");
  return bytes;
}

test("an upload continues through a takeover and back, and only one agent listens at a time", async (t) => {
  const deck = new Deck(t);
  const port = await freePort();
  const game = new Game("Handed", { "big.bin": bytesOf("handed", 48 * MIB), "a/small.txt": "small" });
  const mostListeners = watchListeners(t, port);
  const desktop = await serves(startDesktop(deck, port), port);
  assert.equal(await role(deck), "desktop");

  const first = await Hub.paired(desktop);
  const { token } = first;
  let decky;
  const begun = await first.request("init_upload", game.initPayload({ hashes: true }));
  const sent = await sendUntilGone(first, begun, game, 20 * MIB, (bytes) => {
    if (bytes >= 2 * MIB) {
      decky ??= startDecky(deck, port);
    }
  });
  assert.equal((await first.closed).code, 1001);
  await serves(decky, port);
  assert.equal(await role(deck), "decky");

  const second = await Hub.ready(decky, { token });
  const resumed = await second.request("init_upload", game.initPayload({ hashes: true }));
  assert.ok(held(resumed.resumeFrom) >= sent, `acknowledged ${sent}, holds ${held(resumed.resumeFrom)}`);
  let stopped;
  const more = await sendUntilGone(second, resumed, game, 20 * MIB, (bytes) => {
    if (bytes >= 2 * MIB) {
      stopped ??= decky.stop();
    }
  });
  assert.deepEqual(await stopped, { code: 0, signal: null });
  assert.equal((await second.closed).code, 1001);
  await serves(desktop, port, 2);
  assert.equal(await role(deck), "desktop");

  const third = await Hub.ready(desktop, { token });
  const { init, result } = await upload(third, game, { hashes: true });
  assert.ok(held(init.resumeFrom) >= held(resumed.resumeFrom) + more);
  assert.deepEqual(readFiles(result.path), filesOf(game));
  assert.equal(mostListeners(), 1);
});

test("when the one that took over is killed, the service serves, and its upload goes on", async (t) => {
  const deck = new Deck(t);
  const port = await freePort();
  const desktop = await serves(startDesktop(deck, port), port);
  const game = new Game("Killed", { "big.bin": bytesOf("killed", 8 * MIB) });
  for (let round = 1; round <= 3; round++) {
    const decky = await serves(startDecky(deck, port), port);
    const hub = await Hub.paired(decky, { hubId: `hub-${round}` });
    const init = await hub.request("init_upload", game.initPayload({ hashes: true }));
    await sendChunks(hub, init.uploadId, game.chunks({ resumeFrom: init.resumeFrom }), { onAck: (count) => count < 2 });
    await decky.stop("SIGKILL");
    await serves(desktop, port, 1 + round);
    const again = await Hub.ready(desktop, { hubId: `hub-${round}`, token: hub.token });
    await upload(again, game, { hashes: true });
    await again.close();
  }
});

/** Both its sockets are readable when it continues: which of the two it reads first is undefined. */
for (const [first, count] of [
  ["complete_upload", 20],
  ["complete_upload", 400],
  ["the take-over", 20],
  ["the take-over", 400],
]) {
  test(`${first} and then the other, of ${count} files: the game and its shortcut are there once`, async (t) => {
    const deck = new Deck(t);
    const port = await freePort();
    const desktop = await serves(startDesktop(deck, port), port);
    const hub = await Hub.paired(desktop);
    const names = Array.from({ length: count }, (_, i) => `folder ${i % 9}/${i}.dat`);
    const game = new Game("Between", { run: "#!/bin/sh\n", ...Object.fromEntries(names.map((name) => [name, name])) });
    const complete = { createShortcut: true, shortcut: { name: "Between", exe: "run" } };
    const init = await hub.request("init_upload", game.initPayload({ hashes: true, executable: "run" }));
    await sendChunks(hub, init.uploadId, game.chunks(), { inFlight: 16 });

    desktop.child.kill("SIGSTOP");
    let reply;
    let decky;
    const steps = [
      async () => {
        reply = hub.request("complete_upload", { uploadId: init.uploadId, ...complete }).catch(({ close }) => close);
      },
      async () => {
        decky = startDecky(deck, port);
        await decky.line(/asked process/);
      },
    ];
    for (const step of first === "complete_upload" ? steps : steps.reverse()) {
      await step();
    }
    desktop.child.kill("SIGCONT");
    const answer = await reply;
    assert.ok(answer === 1001 || answer.success, JSON.stringify(answer));
    await serves(decky, port);

    const again = await Hub.ready(decky, { token: hub.token });
    const { result } = await upload(again, game, { hashes: true, config: { executable: "run" }, complete });
    assert.equal(result.appId, answer.appId ?? result.appId);
    assert.deepEqual(readFiles(result.path), filesOf(game));
    assert.deepEqual(readShortcuts(deck.steam).map(({ appid }) => appid), [result.appId]);
    assert.deepEqual((await deck.ctlJson("games")).games.map(({ appId }) => appId), [result.appId]);
    assert.deepEqual((await deck.ctlJson("uploads")).uploads, []);
  });
}

test("of two that take over at once each serves in turn, and the last one stays", async (t) => {
  const deck = new Deck(t);
  const port = await freePort();
  const mostListeners = watchListeners(t, port);
  const desktop = await serves(startDesktop(deck, port), port);
  desktop.child.kill("SIGSTOP");
  const both = [startDecky(deck, port), startDecky(deck, port)];
  await Promise.all(both.map((decky) => decky.line(/asked process/)));
  desktop.child.kill("SIGCONT");
  const gone = await Promise.race(both.map((decky) => decky.exited.then((end) => ({ decky, ...end }))));
  assert.equal(gone.code, 0, gone.decky.output);
  const [stays] = both.filter((decky) => decky !== gone.decky);
  await serves(stays, port);
  assert.equal(timesListening(gone.decky), 1);
  assert.equal(timesListening(desktop), 1);
  assert.equal(mostListeners(), 1);
  await stays.stop();
  await serves(desktop, port, 2);
});

test("a waiting agent comes after one that takes over; a holder that does not wait exits", async (t) => {
  const deck = new Deck(t);
  const port = await freePort();
  const terminal = await serves(spawnAgent(deck, { port }), port);
  assert.equal(await role(deck), "terminal");
  const desktop = startDesktop(deck, port);
  await desktop.line(new RegExp(`waiting for the end of process ${terminal.pid}\\b`));

  const decky = await serves(startDecky(deck, port), port);
  assert.deepEqual(await terminal.exited, { code: 0, signal: null });
  assert.equal(timesListening(desktop), 0);

  const second = await serves(startDecky(deck, port), port);
  assert.deepEqual(await decky.exited, { code: 0, signal: null });
  assert.equal(timesListening(desktop), 0);
  await second.stop();
  await serves(desktop, port);
});

test("a hung holder is named after a while, and serves when it recovers", async (t) => {
  const deck = new Deck(t);
  const port = await freePort();
  const desktop = await serves(startDesktop(deck, port), port);
  desktop.child.kill("SIGSTOP");
  const decky = startDecky(deck, port);
  const { code } = await decky.exited;
  desktop.child.kill("SIGCONT");
  assert.equal(code, 1);
  assert.match(decky.output, new RegExp(`process ${desktop.pid}\\b.*did not hand over within`));
  assert.equal(await role(deck), "desktop");
  const hub = await Hub.paired(desktop);
  await hub.settle();
  assert.equal(timesListening(desktop), 1);

  const later = await serves(startDecky(deck, port), port);
  assert.equal(await role(deck), "decky");
  await later.stop();
  await serves(desktop, port, 2);
});

test("an agent that is killed while it waits to take over leaves the holder alone", async (t) => {
  const deck = new Deck(t);
  const port = await freePort();
  const desktop = await serves(startDesktop(deck, port), port);
  desktop.child.kill("SIGSTOP");
  const decky = startDecky(deck, port);
  await decky.line(/asked process/);
  await decky.stop("SIGKILL");
  desktop.child.kill("SIGCONT");
  assert.equal(await role(deck), "desktop");
  assert.equal(timesListening(desktop), 1);
});

test("no agent is released unless another takes over", async (t) => {
  const deck = new Deck(t);
  const desktop = await serves(startDesktop(deck, await freePort()), 0);
  const peer = await IpcPeer.connect(deck);
  const { error } = await peer.ask("agent.release");
  assert.equal(error.code, -32002);
  await peer.close();
  assert.equal(timesListening(desktop), 1);
});

test("a waiting agent exits when told to, or with the process that started it", async (t) => {
  const deck = new Deck(t);
  const port = await freePort();
  await serves(spawnAgent(deck, { port }), port);
  for (const tell of [(agent) => agent.child.kill("SIGTERM"), (agent) => agent.child.stdin.end()]) {
    const desktop = startDesktop(deck, port);
    await desktop.line(/waiting for the end/);
    tell(desktop);
    assert.deepEqual(await deadline(desktop.exited, "the waiting agent ends"), { code: 0, signal: null });
  }
});

test("--wait and --takeover exclude each other", async (t) => {
  const both = spawnAgent(new Deck(t), { args: ["--wait", "--takeover"] });
  assert.equal((await both.exited).code, 2);
  assert.match(both.output, /--takeover/);
});

/** A service manager's end of sd_notify(3); Node has no datagram sockets of that family. */
async function notifySocket(t, deck) {
  const name = path.join(deck.root, "notify");
  const script = `import socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(manager.recv(4096).decode(), flush=True)`;
  const child = spawn("python3", ["-c", script, name], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const manager = { name, text: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (manager.text += text));
  await until("the manager listens", () => manager.text.startsWith("bound\n"));
  return manager;
}

test("the service manager is notified of the service's state", async (t) => {
  const deck = new Deck(t);
  const port = await freePort();
  const manager = await notifySocket(t, deck);
  const heard = (...lines) =>
    until(`the manager hears ${lines}`, () => {
      let at = 0;
      return lines.every((line) => (at = manager.text.indexOf(`\n${line}`, at) + 1) > 0);
    });
  const decky = await serves(startDecky(deck, port), port);
  const env = { NOTIFY_SOCKET: manager.name, WATCHDOG_USEC: "400000" };
  const desktop = startDesktop(deck, port, { env });
  await heard(`STATUS=waiting for the end of process ${decky.pid} `, "READY=1", "WATCHDOG=1", "WATCHDOG=1");
  await decky.stop();
  await serves(desktop, port);
  await heard("STATUS=waiting", "STATUS=listening on ", "READY=1", "WATCHDOG=1");

  const again = await serves(startDecky(deck, port), port);
  await heard("STATUS=listening", "STATUS=handing over", "STATUS=waiting for the end");
  assert.ok(!manager.text.includes("STOPPING=1"));
  await again.stop();
  await serves(desktop, port, 2);
  await desktop.stop();
  await heard("STATUS=handing over", "STATUS=listening", "STOPPING=1");
});

/** A client that hears of settings; `told(key)`: the values so far; `changed()`: once the last one is. */
async function subscribe(t, deck) {
  const peer = await IpcPeer.connect(deck);
  t.after(() => peer.close());
  await peer.call("subscribe", { events: ["settings_changed"] });
  const told = (key) => peer.lines.filter(({ params }) => params.key === key).map(({ params }) => params.value);
  const changed = (key, value) => until(`${key} is told to be ${value}`, () => told(key).at(-1) === value);
  return { peer, told, changed };
}

const notices = async (deck) => (await deck.ctlJson("status")).notices.join("\n");

test("settings.json is applied when an editor saves it, whichever way it does that", async (t) => {
  const deck = new Deck(t);
  const agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const { told, changed } = await subscribe(t, deck);
  const file = path.join(deck.config, "settings.json");
  const name = async () => (await hub.request("get_info")).agent.name;

  fs.writeFileSync(`${file}.swp`, JSON.stringify({ version: 1, "agent.name": "Renamed", "future.key": [1] }));
  fs.renameSync(`${file}.swp`, file);
  await changed("agent.name", "Renamed");
  assert.equal(await name(), "Renamed");
  assert.deepEqual(told("library.path"), [], "what the command line says stays");

  fs.writeFileSync(file, JSON.stringify({ version: 1, "agent.name": "Renamed", "uploads.expireDays": 12 }));
  await changed("uploads.expireDays", 12);

  fs.unlinkSync(file);
  await until("the defaults are back", async () => (await name()) === os.hostname());
  await changed("uploads.expireDays", 7);
});

test("an invalid file changes nothing, is left alone and is reported until it is corrected", async (t) => {
  const deck = new Deck(t);
  const agent = await startAgent(t, { deck });
  const { told, changed } = await subscribe(t, deck);
  const file = path.join(deck.config, "settings.json");
  assert.equal((await deck.ctl("settings", "set", "uploads.expireDays", "20")).code, 0);
  await changed("uploads.expireDays", 20);

  fs.writeFileSync(file, '{"version":1,"uploads.expireDays":');
  await until("the file is complained of", async () => /settings\.json' cannot be read/.test(await notices(deck)));
  const { code, stderr } = await deck.ctl("settings", "set", "games.trashDays", "5");
  assert.equal(code, 1, stderr);
  assert.match(stderr, /correct or remove/);
  assert.equal(fs.readFileSync(file, "utf8"), '{"version":1,"uploads.expireDays":');

  fs.writeFileSync(file, '{"version":1,"uploads.expireDays":1000,"games.trashDays":3}');
  await changed("games.trashDays", 3);
  assert.match(await notices(deck), /'uploads\.expireDays' must be.*is unchanged/);
  assert.equal((await deck.ctlJson("settings", "get", "uploads.expireDays")).value, 20);

  fs.writeFileSync(file, '{"version":1,"uploads.expireDays":20,"games.trashDays":4}');
  await changed("games.trashDays", 4);
  assert.equal(await notices(deck), "");
  assert.deepEqual(told("uploads.expireDays"), [20]);
  assert.equal(agent.child.exitCode, null);
});

test("our own writes are not reported, and what an editor has just written is not lost", async (t) => {
  const deck = new Deck(t);
  await startAgent(t, { deck });
  const { told, changed } = await subscribe(t, deck);
  const file = path.join(deck.config, "settings.json");
  fs.writeFileSync(file, '{"version":1,"uploads.expireDays":11}');
  for (const days of [5, 6, 7]) {
    assert.equal((await deck.ctl("settings", "set", "games.trashDays", String(days))).code, 0);
  }
  assert.equal(JSON.parse(fs.readFileSync(file, "utf8"))["uploads.expireDays"], 11);
  fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace(":11", ":12"));
  await changed("uploads.expireDays", 12);
  assert.deepEqual(told("games.trashDays"), [5, 6, 7]);
  assert.deepEqual(told("uploads.expireDays"), [11, 12]);
});

test("a new port is used at once, connections stay, and a port in use is refused", async (t) => {
  const deck = new Deck(t);
  const [first, second] = [await freePort(), await freePort()];
  fs.mkdirSync(deck.config, { recursive: true });
  const file = path.join(deck.config, "settings.json");
  fs.writeFileSync(file, JSON.stringify({ version: 1, "agent.port": first }));
  const unlessPort = (command) => command.filter((word, i) => word !== "--port" && command[i - 1] !== "--port");
  const agent = spawnAgent(deck, { wrap: unlessPort });
  await serves(agent, first);
  const hub = await Hub.paired(agent);

  const { stdout } = await deck.ctl("settings", "set", "agent.port", String(second), "--json");
  assert.equal(JSON.parse(stdout).restartNeeded, false, stdout);
  assert.deepEqual([listeners(first).length, listeners(second).length], [0, 1]);
  await hub.settle();
  await (await Hub.open({ port: second })).settle();

  const taken = net.createServer().listen(0);
  t.after(() => taken.close());
  await once(taken, "listening");
  const { port: third } = taken.address();
  const refused = await deck.ctl("settings", "set", "agent.port", String(third));
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, new RegExp(`port ${third} is in use`));
  assert.equal(JSON.parse(fs.readFileSync(file, "utf8"))["agent.port"], second);
  fs.writeFileSync(file, JSON.stringify({ version: 1, "agent.port": third }));
  await until("the port is complained of", async () => new RegExp(`port ${third} is in use`).test(await notices(deck)));
  await (await Hub.open({ port: second })).settle();
  assert.equal((await deck.ctlJson("status")).agent.port, second);
  assert.equal((await deck.ctl("settings", "set", "games.trashDays", "5")).code, 0);
  assert.match(await notices(deck), new RegExp(`port ${third} is in use`), "until it is right");
  taken.close();
  await once(taken, "close");
  assert.equal((await deck.ctl("settings", "set", "games.trashDays", "6")).code, 0);
  assert.equal((await deck.ctlJson("status")).agent.port, third);
  assert.equal(await notices(deck), "");
});
