// `capydeck ctl` and the agent's files: what the owner sees and decides.
import assert from "node:assert/strict";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import test from "node:test";

import { BINARY, Deck, run, startAgent } from "./lib/agent.mjs";
import { Game, Hub, bytesOf, sendChunks, upload } from "./lib/hub.mjs";
import { deadline, until } from "./lib/wait.mjs";

const env = { PATH: process.env.PATH, HOME: "/nowhere" };

test("every command prints --help on standard output and refuses unknown arguments", async () => {
  for (const command of ["agent", "ctl", "push", "discover"]) {
    const help = await run(BINARY, [command, "--help"], { env });
    assert.equal(help.code, 0, command);
    assert.match(help.stdout, new RegExp(`^Usage: capydeck ${command}`));
    assert.equal(help.stderr, "");
    const wrong = await run(BINARY, [command, "--no-such-option"], { env });
    assert.equal(wrong.code, 2, command);
    assert.match(wrong.stderr, /--help/);
  }
  const help = await run(BINARY, ["--help"], { env });
  assert.equal(help.code, 0);
  for (const command of ["agent", "ctl", "push", "discover"]) {
    assert.ok(help.stdout.includes(command), command);
  }
  assert.match((await run(BINARY, ["--version"], { env })).stdout, /\d+\.\d+\.\d+/);
  for (const args of [[], ["no-such-command"], ["ctl"], ["ctl", "no-such-thing"], ["ctl", "hubs", "revoke"]]) {
    assert.equal((await run(BINARY, args, { env })).code, 2, args.join(" "));
  }
});

test("without an agent ctl says how to start one and exits with 1", async (t) => {
  const deck = new Deck(t);
  for (const command of ["status", "pairing", "hubs", "uploads", "games", "settings", "log"]) {
    const result = await deck.ctl(command);
    assert.equal(result.code, 1, command);
    assert.match(result.stderr, /capydeck agent/, command);
  }
});

test("ctl socket lists the possible paths without an agent, the most likely first", async (t) => {
  const state = "/somewhere/state";
  const ask = (args, more) => run(BINARY, ["ctl", "socket", ...args], { env: { ...env, XDG_STATE_HOME: state, ...more } });
  const session = `/run/user/${process.getuid()}/capydeck/agent.sock`;
  const told = await ask([], { XDG_RUNTIME_DIR: "/somewhere/run" });
  assert.equal(told.code, 0, told.stderr);
  const paths = ["/somewhere/run/capydeck/agent.sock", session, `${state}/capydeck/run/agent.sock`];
  assert.deepEqual(told.stdout.split("\n"), [...paths, ""]);
  assert.deepEqual(JSON.parse((await ask(["--json"], { XDG_RUNTIME_DIR: "/somewhere/run" })).stdout), paths);
  assert.equal((await ask(["--runtime-dir", "/here"], {})).stdout, "/here/agent.sock\n");
  // It is where an agent listens.
  const { deck } = await startAgent(t);
  const own = await deck.ctl("socket");
  assert.ok(fs.statSync(own.stdout.trim()).isSocket());
});

test("ctl has a command for every method of the agent", () => {
  const between = (text, from, to) => text.slice(text.indexOf(from), text.indexOf(to, text.indexOf(from)));
  const table = fs.readFileSync(new URL("../../native/control/control_methods.c", import.meta.url), "utf8");
  const methods = [...between(table, "methods[] = {", "};").matchAll(/\{ "([\w.]+)",/g)].map(([, name]) => name);
  assert.ok(methods.length > 20);
  const folder = new URL("../../native/cmd/", import.meta.url);
  const sources = fs.readdirSync(folder).map((file) => fs.readFileSync(new URL(file, folder), "utf8"));
  const missing = methods.filter((name) => !sources.some((text) => text.includes(`"${name}"`)));
  // Of one agent to another, and of the plugin in Steam's interface.
  assert.deepEqual(missing, ["agent.release", "file.read", "games.artwork", "ui.attach", "ui.detach"]);
});

test("status, hubs, games and uploads, as text and as JSON", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const idle = await deck.ctlJson("status");
  assert.equal(idle.agent.name, "Test Deck");
  assert.equal(idle.agent.port, agent.port);
  assert.equal(idle.hub.connected, false);

  const hub = await Hub.paired(agent, { hubId: "hub-seen", name: "Seen\u001b[31m „Hub“" });
  const game = new Game("Listed", { "a.bin": bytesOf("listed", 3_000_000) });
  await upload(hub, game);
  const next = new Game("Going", { "a.bin": bytesOf("going", 3_000_000) });
  const init = await hub.request("init_upload", next.initPayload());
  await sendChunks(hub, init.uploadId, [...next.chunks()].slice(0, 1));

  const status = await deck.ctlJson("status");
  assert.equal(status.hub.connected, true);
  assert.equal(status.hub.hubId, "hub-seen");
  const { hubs } = await deck.ctlJson("hubs", "list");
  assert.equal(hubs.length, 1);
  assert.equal(hubs[0].hubId, "hub-seen");
  assert.equal(hubs[0].connected, true);
  const { games } = await deck.ctlJson("games");
  assert.deepEqual(
    games.map(({ dir, name, sizeBytes, fileCount }) => ({ dir, name, sizeBytes, fileCount })),
    [{ dir: deck.game("Listed"), name: "Listed", sizeBytes: 3_000_000, fileCount: 1 }],
  );
  const { uploads } = await deck.ctlJson("uploads");
  assert.equal(uploads.length, 1);
  assert.equal(uploads[0].state, "receiving");
  assert.equal(uploads[0].totalBytes, 3_000_000);
  assert.equal(uploads[0].transferredBytes, 1_048_576);

  for (const [words, expected] of [
    [["status"], "Test Deck"],
    [["hubs"], "hub-seen"],
    [["games"], "Listed"],
    [["uploads"], "Going"],
    [["log"], "hub-seen|Hub"],
  ]) {
    const { code, stdout } = await deck.ctl(...words);
    assert.equal(code, 0, words.join());
    assert.match(stdout, new RegExp(expected));
    assert.ok(!stdout.includes("\u001b"), `${words}: control characters reach the terminal`);
  }
});

test("pairing: shown, dismissed, shown again", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  assert.deepEqual(
    (({ active, code, hubName }) => ({ active, code: code || "", hubName: hubName || "" }))(await agent.pairing()),
    { active: false, code: "", hubName: "" },
  );
  assert.equal((await deck.ctl("pairing", "dismiss")).code, 1, "nothing to dismiss");
  const hub = await Hub.open(agent);
  await hub.hello({ name: "Mine" });
  const code = await agent.code();
  const { stdout } = await deck.ctl("pairing");
  assert.match(stdout.replace(/(\d)\s+(?=\d)/g, "$1"), new RegExp(code));
  assert.match(stdout, /Mine/);
  assert.equal((await deck.ctl("pairing", "dismiss")).code, 0);
  assert.equal((await agent.pairing()).active, false);
  assert.notEqual((await hub.ask("pair_confirm", { code })).type, "pair_success");
  const reopened = await deck.ctl("pairing", "reopen");
  assert.equal(reopened.code, 0, reopened.stderr);
  await hub.event("pairing_required");
  assert.equal((await hub.ask("pair_confirm", { code: await agent.code() })).type, "pair_success");
});

test("the owner resets lock-outs", async (t) => {
  const agent = await startAgent(t);
  const attacker = await Hub.open(agent);
  await attacker.hello();
  const code = await agent.code();
  for (let i = 0; i < 3; i++) {
    await attacker.ask("pair_confirm", { code: code === "000000" ? "000001" : "000000" });
  }
  await attacker.drop();
  const locked = await Hub.open(agent);
  const reply = await locked.hello();
  assert.equal(reply.error?.code, 429, JSON.stringify(reply));
  const reset = await agent.deck.ctl("lockouts", "reset");
  assert.equal(reset.code, 0, reset.stderr);
  await locked.pair(agent);
});

test("settings: listed, read, checked, set, kept", async (t) => {
  const deck = new Deck(t);
  const agent = await startAgent(t, { deck });
  const { settings } = await deck.ctlJson("settings");
  const keys = settings.map(({ key }) => key);
  for (const key of [
    "agent.name",
    "agent.port",
    "library.path",
    "library.extra",
    "connections.accept",
    "connections.allowedOrigins",
    "pairing.sendCodeToHub",
    "uploads.expireDays",
    "games.trashDays",
    "games.keepPrevious",
    "steam.compatTool",
    "steam.restartWhilePlaying",
    "steam.debuggerPort",
    "artwork.localServers",
    "overlay.language",
    "overlay.largeText",
    "overlay.reducedMotion",
  ]) {
    assert.ok(keys.includes(key), key);
    assert.equal((await deck.ctl("settings", "get", key)).code, 0, key);
  }
  for (const [key, value] of [
    ["agent.port", "0"],
    ["agent.port", "65536"],
    ["agent.port", "ten"],
    ["agent.port", "99.5"],
    ["agent.name", ""],
    ["agent.name", "a\nb"],
    ["library.path", "relative"],
    ["library.path", "/a/../b"],
    ["library.extra", "no list"],
    ["library.extra", "[5]"],
    ["connections.accept", "maybe"],
    ["connections.allowedOrigins", '["no origin"]'],
    ["uploads.expireDays", "0"],
    ["uploads.expireDays", "91"],
    ["no.such.key", "1"],
  ]) {
    const { code, stderr } = await deck.ctl("settings", "set", key, value);
    assert.equal(code, 1, `${key} = ${value}`);
    assert.ok(stderr.includes(key), stderr);
  }
  for (const [key, value] of [
    ["agent.name", "Küche 🦫"],
    ["uploads.expireDays", "30"],
    ["library.extra", '["/srv/games"]'],
  ]) {
    const { code, stderr } = await deck.ctl("settings", "set", key, value);
    assert.equal(code, 0, stderr);
  }
  const hub = await Hub.paired(agent);
  assert.equal((await hub.request("get_info")).agent.name, "Küche 🦫", "takes effect at once");
  await agent.stop();
  await startAgent(t, { deck });
  const value = await deck.ctlJson("settings", "get", "uploads.expireDays");
  assert.match(JSON.stringify(value), /\b30\b/);
  const file = path.join(deck.config, "settings.json");
  assert.equal(fs.statSync(file).mode & 0o077, 0);
});

test("corrupt files are set aside with a message and never stop the agent", async (t) => {
  const deck = new Deck(t);
  let agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  await upload(hub, new Game("Kept", { a: "kept" }));
  assert.equal((await deck.ctl("settings", "set", "uploads.expireDays", "30")).code, 0);
  await agent.stop();
  const files = [deck.config, deck.state].flatMap((dir) =>
    fs
      .readdirSync(dir, { recursive: true })
      .map((name) => path.join(dir, name))
      .filter((file) => file.endsWith(".json") && fs.lstatSync(file).isFile()),
  );
  assert.ok(files.length >= 3, `settings, tokens, games: ${files}`);
  for (const bytes of ["", "{", "[]", "null", '{"version":1,', bytesOf("noise", 2000), '{"a":1}\0', "[".repeat(5000)]) {
    for (const file of files) {
      fs.writeFileSync(file, bytes);
    }
    agent = await startAgent(t, { deck });
    const status = await deck.ctl("status");
    assert.equal(status.code, 0, status.stderr);
    assert.match(agent.output, /settings\.json/, `a message names the file: ${agent.output}`);
    await Hub.paired(agent);
    await agent.stop();
  }
  const aside = fs.readdirSync(deck.config).filter((name) => name.startsWith("settings.json."));
  assert.ok(aside.length >= 1, "the corrupt file is kept");
});

test("status tells of each library where it is, whether it is there, and its room", async (t) => {
  const deck = new Deck(t);
  const extra = path.join(deck.home, "More games");
  fs.mkdirSync(extra);
  const agent = await startAgent(t, { deck });
  assert.equal((await deck.ctl("settings", "set", "library.extra", JSON.stringify([extra]))).code, 0);
  const lines = async () => (await deck.ctl("status")).stdout.split("\n").filter((line) => line.startsWith("library "));
  const room = "[\\d.]+ [kMGTP]B free";
  const line = (place, rest) => new RegExp(`^library +${place}: ${rest}$`);
  const before = await lines();
  assert.equal(before.length, 2, before.join("\n"));
  assert.match(before[0], line(deck.library, `not used yet, writable, ${room}`));
  assert.match(before[1], line(extra, `not used yet, writable, ${room}`));
  await upload(await Hub.paired(agent), new Game("Kept", { a: "kept" }));
  assert.match((await lines())[0], line(deck.library, `present, writable, ${room}`));
});

test("files of a later version are not destroyed", async (t) => {
  const deck = new Deck(t);
  fs.mkdirSync(deck.config, { recursive: true });
  const file = path.join(deck.config, "settings.json");
  fs.writeFileSync(file, '{"version":99,"agent.name":"From the future","future.key":{"a":[1]}}');
  await startAgent(t, { deck });
  assert.equal((await deck.ctl("settings", "set", "uploads.expireDays", "9")).code, 0);
  const all = fs
    .readdirSync(deck.config)
    .map((name) => fs.readFileSync(path.join(deck.config, name), "utf8"))
    .join();
  assert.match(all, /future\.key/);
});

test("the local socket: only for its user, and robust against garbage", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const socket = path.join(deck.runtime, "agent.sock");
  assert.equal(fs.statSync(deck.runtime).mode & 0o777, 0o700);
  assert.equal(fs.statSync(socket).mode & 0o777, 0o600);

  const talk = (text) =>
    deadline(
      new Promise((resolve) => {
        const client = net.connect(socket);
        let answer = "";
        client.on("error", () => {});
        client.on("data", (data) => {
          answer += data;
          client.end();
        });
        client.on("close", () => resolve(answer));
        client.write(text);
      }),
      `an answer to ${String(text).slice(0, 40)}`,
    );
  const error = async (text) => JSON.parse(await talk(text)).error.code;
  assert.equal(await error("nonsense\n"), -32700);
  assert.equal(await error("[]\n"), -32600);
  assert.equal(await error(Buffer.from('{"jsonrpc":"2.0","id":"\xc3\n', "latin1")), -32700, "half a letter");
  assert.equal(await error('{"jsonrpc":"2.0","id":1,"method":"no.such.method"}\n'), -32601);
  assert.equal(await error('{"jsonrpc":"2.0","id":1,"method":"hubs.revoke"}\n'), -32602);
  assert.equal(await error('{"jsonrpc":"2.0","id":1,"method":"hubs.revoke","params":{"hubId":[]}}\n'), -32602);
  const reply = JSON.parse(await talk('{"jsonrpc":"2.0","id":"x","method":"status"}\n'));
  assert.equal(reply.id, "x");
  assert.equal(reply.result.agent.name, "Test Deck");
  assert.equal(await talk("x".repeat(2_000_000)), "", "a line without end is cut off");
  assert.equal((await deck.ctl("status")).code, 0);
});

test("subscribers are notified of changes", async (t) => {
  const agent = await startAgent(t);
  const client = net.connect(path.join(agent.deck.runtime, "agent.sock"));
  t.after(() => client.destroy());
  let text = "";
  client.setEncoding("utf8").on("data", (data) => (text += data));
  client.write('{"jsonrpc":"2.0","id":1,"method":"subscribe"}\n');
  await until("the subscription is confirmed", () => text.includes('"id":1'));
  const hub = await Hub.paired(agent);
  await upload(hub, new Game("Heard", { a: "x".repeat(1000) }));
  for (const name of ["pairing_shown", "pairing_hidden", "hub_connected", "upload_progress"]) {
    await until(`'${name}' is heard`, () => text.includes(`"${name}"`));
  }
  for (const line of text.split("\n").slice(0, -1)) {
    assert.equal(JSON.parse(line).jsonrpc, "2.0");
  }
});

test("the socket is recreated when its folder disappears", async (t) => {
  const agent = await startAgent(t);
  // At once, as a logout does it: file by file, the agent would be back before the last has gone.
  fs.renameSync(agent.deck.runtime, path.join(agent.deck.root, "gone"));
  await until("ctl works again", async () => (await agent.deck.ctl("status")).code === 0);
});
