// `capydeck push` against an Agent of another make.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { BINARY, run } from "./lib/agent.mjs";
import { StandInAgent } from "./lib/stand_in_agent.mjs";
import { writeFiles } from "./lib/tree.mjs";
import { deadline } from "./lib/wait.mjs";

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

/** A person's computer: a game in a folder and a place for settings. */
class Computer {
  constructor(t, files = defaultGame()) {
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-push-"));
    t.after(() => fs.rmSync(this.root, { recursive: true, force: true }));
    this.game = path.join(this.root, "Test Game");
    this.files = files;
    fs.mkdirSync(this.game);
    writeFiles(this.game, files);
  }

  get config() {
    return path.join(this.root, "config");
  }

  get env() {
    const { PATH, ASAN_OPTIONS, UBSAN_OPTIONS } = process.env;
    const env = { PATH, ASAN_OPTIONS, UBSAN_OPTIONS, HOME: this.root, XDG_CACHE_HOME: path.join(this.root, "cache") };
    return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  }

  args(to, ...more) {
    return ["push", this.game, "--to", to, "--config-dir", this.config, ...more];
  }

  push(to, args = [], input = "") {
    return run(BINARY, this.args(to, ...args), { env: this.env, input });
  }

  /** The objects that --json prints; the last one is the result. */
  async pushJson(to, args = [], input = "") {
    const { code, stdout, stderr } = await this.push(to, ["--json", ...args], input);
    const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
    return { code, stderr, events: lines.slice(0, -1), result: lines.at(-1) };
  }

  assertInstalled(agent) {
    for (const [name, bytes] of Object.entries(this.files)) {
      assert.equal(sha256(agent.installed.get(name) ?? ""), sha256(bytes), name);
    }
    assert.equal(agent.installed.size, Object.keys(this.files).length);
  }
}

function defaultGame() {
  return {
    "start.sh": Buffer.from("#!/bin/sh\nexec ./bin/game\n"),
    "bin/game": randomBytes(300_000),
    "data/big.pak": randomBytes(1_500_000),
    "data/empty": Buffer.alloc(0),
    "data/日本語 ü.txt": Buffer.from("text"),
  };
}

/** How names are looked up on a computer: "hang", "fail" or "" for as usual. */
class Resolver {
  constructor(computer) {
    const library = path.join(computer.root, "slow_resolver.so");
    const source = path.join(path.dirname(fileURLToPath(import.meta.url)), "slow_resolver.c");
    execFileSync("cc", ["-shared", "-fPIC", "-D_GNU_SOURCE", "-o", library, source]);
    this.file = path.join(computer.root, "resolver");
    this.set("");
    this.env = { ...computer.env, RESOLVER: this.file, LD_PRELOAD: library, ASAN_OPTIONS: "verify_asan_link_order=0" };
  }

  set(how) {
    fs.writeFileSync(this.file, how);
  }
}

const total = (computer) => Object.values(computer.files).reduce((sum, bytes) => sum + bytes.length, 0);

test("a game is sent completely, and the second time nothing is sent", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const first = await computer.pushJson(agent.address, ["--code", "123456", "--tag", "Indie", "--tag", "Co-op", "--launch-options", "-w %command%", "--user", "76561198012345678"]);

  assert.equal(first.code, 0, first.stderr);
  computer.assertInstalled(agent);
  assert.equal(first.result.ok, true);
  assert.equal(first.result.appId, 2857492837);
  assert.equal(first.result.path, "/home/deck/Games/Test Game");
  assert.equal(first.result.bytesSent, total(computer));
  assert.equal(first.result.bytesTotal, total(computer));
  assert.equal(first.result.filesTotal, 5);
  assert.equal(first.result.filesSent, 4, "an empty file needs no chunk");

  const [init] = agent.inits;
  assert.equal(init.config.gameName, "Test Game");
  assert.equal(init.config.executable, "start.sh");
  assert.equal(init.totalSize, total(computer));
  assert.deepEqual(init.files.map((file) => file.relativePath), ["bin/game", "data/big.pak", "data/empty", "data/日本語 ü.txt", "start.sh"]);
  init.files.forEach((file) => assert.equal(file.sha256, sha256(computer.files[file.relativePath])));
  assert.deepEqual(agent.completes[0].shortcut, {
    name: "Test Game", exe: "start.sh", launchOptions: "-w %command%", tags: ["Indie", "Co-op"],
  });
  assert.equal(agent.completes[0].userId, "76561198012345678");

  const sent = agent.chunks.length;
  const second = await computer.push(agent.address);
  assert.equal(second.code, 0, second.stderr);
  assert.equal(agent.chunks.length, sent);
  assert.match(second.stdout, /^Nothing had to be sent: 1\.8 MB in 5 files were there already\.\n/);
  assert.match(second.stdout, /app id 2857492837/);
  assert.match(second.stdout, /Restart Steam to see it\./);
  assert.equal(agent.hellos[0].hubId, agent.hellos[1].hubId);

  fs.appendFileSync(path.join(computer.game, "data/big.pak"), "more");
  const third = await computer.pushJson(agent.address);
  assert.equal(third.result.filesSent, 1, "only what was rebuilt");
});

test("keys are stored readable only by their user", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  await computer.push(agent.address, ["--code", "123456"]);

  assert.equal(fs.statSync(path.join(computer.config, "hub_tokens.json")).mode & 0o777, 0o600);
  assert.equal(fs.statSync(computer.config).mode & 0o777, 0o700);
  fs.writeFileSync(path.join(computer.config, "hub_tokens.json"), "{ broken");
  const again = await computer.push(agent.address, ["--code", "123456"]);
  assert.equal(again.code, 0);
  assert.match(again.stderr, /hub_tokens\.json could not be read .* kept as .*corrupt/);
});

test("an Agent without file_hashes gets no hashes", async (t) => {
  const agent = await StandInAgent.start(t, { capabilities: [] });
  const computer = new Computer(t);
  assert.equal((await computer.push(agent.address, ["--code", "123456", "--no-shortcut"])).code, 0);
  agent.inits[0].files.forEach((file) => assert.equal(file.sha256, undefined));
  assert.equal(agent.completes[0].createShortcut, false);
  assert.equal(agent.completes[0].shortcut, undefined);
  computer.assertInstalled(agent);
});

test("an Agent that does not describe itself still gets the game", async (t) => {
  const agent = await StandInAgent.start(t, { refuse: { get_info: () => ({ code: 501, message: "no" }) } });
  const computer = new Computer(t);
  assert.equal((await computer.push(agent.address, ["--code", "123456"])).code, 0);
  assert.equal((await computer.push(agent.address)).code, 0, "the key is found by the address");
});

test("a code is read as people type it, and what has not six digits is not sent", async (t) => {
  const agent = await StandInAgent.start(t);
  const typed = await new Computer(t).push(agent.address, [], "12345\nabcdef\n\n1234567\n 123 456 \n");
  assert.equal(typed.code, 0, typed.stderr);
  assert.equal(agent.log.filter((type) => type === "pair_confirm").length, 1);

  assert.equal((await new Computer(t).push(agent.address, ["--code", "１２３-４５６"])).code, 0);
  assert.equal((await new Computer(t).push(agent.address, ["--code", "12345"])).code, 2);
});

test("no proxy of the environment comes between", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const nobody = "http://127.0.0.1:9";
  const env = { ...computer.env, http_proxy: nobody, HTTP_PROXY: nobody, ALL_PROXY: nobody };
  const pushed = await run(BINARY, computer.args(agent.address, "--code", "123456", "--retry", "0"), { env });
  assert.equal(pushed.code, 0, pushed.stderr);
});

test("a wrong code is asked for again, three times", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const right = await computer.push(agent.address, [], "000000\n\n 123456 \n");
  assert.equal(right.code, 0, right.stderr);

  const other = new Computer(t);
  const wrong = await other.push(agent.address, [], "000000\n111111\n222222\n123456\n");
  assert.equal(wrong.code, 3);
  assert.match(wrong.stderr, /rejected the code/);
  assert.equal(agent.log.filter((type) => type === "pair_confirm").length, 5);

  const once = await other.push(agent.address, ["--code", "000000"], "123456\n");
  assert.equal(once.code, 3, "--code is tried once");
});

test("a build server is told that pairing is needed", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const { code, result } = await computer.pushJson(agent.address, [], "123456\n");
  assert.equal(code, 3);
  assert.equal(result.error.code, "pairing_needed");
  assert.match(result.error.message, /--code/);
  assert.equal((await computer.pushJson(agent.address, ["--code", "-"], "123456\n")).code, 0);
});

test("an expired code is replaced by another, a limited number of times", async (t) => {
  const agent = await StandInAgent.start(t, { expiresIn: 1 });
  const computer = new Computer(t);
  const child = spawn(BINARY, computer.args(agent.address), { env: computer.env, stdio: ["pipe", "ignore", "pipe"] });
  const [code] = await deadline(once(child, "close"), "it gives up");
  assert.equal(code, 3);
  assert.equal(agent.hellos.length, 3);
});

test("a revoked key is deleted and the code requested again", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  await computer.push(agent.address, ["--code", "123456", "--no-shortcut"]);
  agent.tokens.clear();
  assert.equal((await computer.push(agent.address, [], "123456\n")).code, 0, "refused at hello");

  agent.onInit = () => {
    agent.onInit = () => undefined;
    agent.revoke();
  };
  const closed = await computer.push(agent.address, [], "123456\n");
  assert.equal(closed.code, 0, closed.stderr);
  assert.match(closed.stderr, /revoked/);
});

test("a broken link is restored and the upload continues", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  let seen = 0;
  agent.onChunk = () => (++seen % 11 === 10 ? "drop" : undefined);
  const { code, stderr, result } = await computer.pushJson(agent.address, ["--code", "123456", "--in-flight", "2"]);
  assert.equal(code, 0, stderr);
  computer.assertInstalled(agent);
  assert.ok(agent.inits.length >= 3, "it broke more than once");
  assert.ok(result.bytesSent <= total(computer) + agent.inits.length * 4 * agent.chunkSize, "little is sent twice");
});

test("an unreachable Agent ends the push, which says what is kept", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  let seen = 0;
  agent.onChunk = () => {
    if (++seen === 10) {
      agent.stop();
    }
  };
  const { code, result } = await computer.pushJson(agent.address, ["--code", "123456", "--retry", "1"]);
  assert.equal(code, 4);
  assert.equal(result.error.code, "unreachable");
  assert.match(result.error.message, /run the same command again/);
});

test("damaged chunks are sent again, a few times", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const tries = new Map();
  agent.onChunk = ({ filePath, offset }) => {
    const key = `${filePath}:${offset}`;
    tries.set(key, (tries.get(key) ?? 0) + 1);
    return offset === 0 && tries.get(key) < 3 ? "damage" : undefined;
  };
  assert.equal((await computer.push(agent.address, ["--code", "123456"])).code, 0);
  computer.assertInstalled(agent);

  agent.onChunk = () => "damage";
  writeFiles(computer.game, { "bin/game": randomBytes(300_000) });
  const { code, result } = await computer.pushJson(agent.address);
  assert.equal(code, 1);
  assert.match(result.error.message, /checksum mismatch/);
});

test("refusals have exit codes of their own", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  await computer.push(agent.address, ["--code", "123456"]);
  const cases = [
    ["hub_connected", 409, 5, "refused"],
    ["hub_connected", 406, 5, "refused"],
    ["hub_connected", 429, 5, "refused"],
    ["init_upload", 409, 5, "refused"],
    ["init_upload", 507, 6, "no_space"],
    ["init_upload", 400, 1, "failed"],
    ["complete_upload", 500, 1, "failed"],
  ];
  for (const [type, number, exitCode, name] of cases) {
    agent.refuse = { [type]: () => ({ code: number, message: `because of ${number}` }) };
    const { code, result } = await computer.pushJson(agent.address);
    assert.equal(code, exitCode, `${type} ${number}`);
    assert.equal(result.ok, false);
    assert.equal(result.error.code, name);
    assert.match(result.error.message, new RegExp(`because of ${number}`));
  }
  const { address } = agent;
  agent.stop();
  assert.equal((await computer.push(address)).code, 4);
  assert.equal((await computer.push("no-such-host.invalid")).code, 4);
});

test("Ctrl-C leaves an upload that can be continued", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const child = spawn(BINARY, computer.args(agent.address, "--code", "123456", "--in-flight", "2"), { env: computer.env, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  let seen = 0;
  agent.onChunk = () => {
    if (++seen < 10) {
      return undefined;
    }
    if (seen === 10) {
      child.kill("SIGINT"); // once: a second one ends it the hard way
    }
    return "hold";
  };
  const [code] = await deadline(once(child, "close"), "push ends");
  assert.equal(code, 130, stderr);
  assert.match(stderr, /Stopped at \d+ kB of 1\.8 MB; run the same command again to continue from there\./);

  agent.onChunk = () => undefined;
  const { result } = await computer.pushJson(agent.address);
  assert.equal(result.ok, true);
  assert.ok(result.bytesSent < total(computer));
  computer.assertInstalled(agent);
});

test("as many chunks are in flight as asked for", async (t) => {
  const files = { "start.sh": Buffer.from("#!/bin/sh\n"), "big.pak": randomBytes(2_000_000) };
  for (let i = 0; i < 200; i++) {
    files[`small/${i}`] = randomBytes(100);
  }
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t, files);
  assert.equal((await computer.push(agent.address, ["--code", "123456", "--in-flight", "1"])).code, 0);
  computer.assertInstalled(agent);
  assert.equal(agent.maxUnanswered, 1);

  agent.installed.clear();
  agent.staged.clear();
  agent.maxUnanswered = 0;
  agent.gather = 2;
  assert.equal((await computer.push(agent.address, ["--chunk-size", "100000"])).code, 0);
  computer.assertInstalled(agent);
  assert.ok(agent.maxUnanswered > 1 && agent.maxUnanswered <= 64, `${agent.maxUnanswered} unanswered`);
  assert.ok(agent.chunks.some(({ length }) => length === 100000));
});

test("a file that changes during the push stops it", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  agent.onChunk = () => {
    fs.appendFileSync(path.join(computer.game, "data/big.pak"), "x");
  };
  const { code, result } = await computer.pushJson(agent.address, ["--code", "123456", "--in-flight", "1"]);
  assert.equal(code, 1);
  assert.match(result.error.message, /'data\/big\.pak' changed while it was being sent/);
});

test("links inside the folder are followed, others and special files left out", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const link = (target, name) => fs.symlinkSync(target, path.join(computer.game, name));
  link("data/big.pak", "same.pak");
  link("data", "also");
  link("/etc/hostname", "out");
  link("nowhere", "dangling");
  link("..", "bin/up");
  const { code, stderr } = await computer.push(agent.address, ["--code", "123456", "--exclude", "empty", "--exclude", "also/*.txt"]);
  assert.equal(code, 0, stderr);
  assert.deepEqual([...agent.installed.keys()].sort(), ["also/big.pak", "bin/game", "data/big.pak", "data/日本語 ü.txt", "same.pak", "start.sh"]);
  assert.match(stderr, /left out: .*'out' \(the link points outside the folder\)/);
  assert.match(stderr, /left out: .*'dangling' \(the link is dangling\)/);
  assert.match(stderr, /left out: .*'bin\/up' \(the link points (outside the folder|to a folder that contains it)\)/);
});

test("names that the protocol cannot carry are refused first", async (t) => {
  const agent = await StandInAgent.start(t);
  const cases = [
    [Buffer.from("caf\xe9.txt", "latin1"), /caf.*UTF-8/],
    [Buffer.from("a\\b"), /backslash/],
    [Buffer.from("a\nb"), /control character/],
  ];
  for (const [name, message] of cases) {
    const computer = new Computer(t);
    fs.writeFileSync(Buffer.concat([Buffer.from(computer.game + "/"), name]), "x");
    const { code, stderr } = await computer.push(agent.address, ["--code", "123456"]);
    assert.equal(code, 1);
    assert.match(stderr, message);
  }
  assert.equal(agent.hellos.length, 0);
});

test("the game's program is guessed, or asked for", async (t) => {
  const agent = await StandInAgent.start(t);
  const cases = [
    [{ "Game.exe": "MZ", "UnityCrashHandler64.exe": "MZ", "unins000.exe": "MZ" }, [], "Game.exe"],
    [{ "testgame.x86_64": "\x7fELF", "other.x86_64": "\x7fELF" }, [], "testgame.x86_64"],
    [{ "a.exe": "MZ", "b.exe": "MZ" }, ["--exe", "b.exe"], "b.exe"],
    [{ "bin/run": "x", "readme": "x" }, ["--exe", "./bin//run"], "bin/run"],
  ];
  for (const [files, args, executable] of cases) {
    const computer = new Computer(t, Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)])));
    const { code, stderr } = await computer.push(agent.address, ["--code", "123456", ...args]);
    assert.equal(code, 0, stderr);
    assert.equal(agent.inits.at(-1).config.executable, executable);
  }
  const several = new Computer(t, { "a.exe": Buffer.from("MZ"), "b.sh": Buffer.from("#!") });
  const { code, stderr } = await several.push(agent.address);
  assert.equal(code, 1);
  assert.match(stderr, /--exe: a\.exe, b\.sh/);
  assert.match((await several.push(agent.address, ["--exe", "c.exe"])).stderr, /'c\.exe' is not among the files/);
});

test("the command line is checked", async (t) => {
  const computer = new Computer(t);
  const usage = [
    [], ["a", "b", "--to", "c"], ["--to", "deck"], ["x", "--to", ""], ["x", "--to", "host:99999"], ["x", "--to", "[::1"],
    ["x", "--to", "d", "--in-flight", "0"], ["x", "--to", "d", "--chunk-size", "1"], ["x", "--to", "d", "--code", "12345"],
    ["x", "--to", "d", "--user", "gabe"], ["x", "--to", "d", "--nonsense"],
  ];
  for (const args of usage) {
    const { code, stderr } = await run(BINARY, ["push", ...args], { env: computer.env });
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /Try 'capydeck push --help'/);
  }
  const { code, stdout } = await run(BINARY, ["push", "--help"], { env: computer.env });
  assert.equal(code, 0);
  assert.match(stdout, /^Usage: capydeck push DIR --to/);
  const none = await run(BINARY, ["push", "/no/such", "--to", "127.0.0.1"], { env: computer.env });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /folder '\/no\/such' does not exist/);
});

test("a second push replaces the first, and they do not fight", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  await computer.push(agent.address, ["--code", "123456", "--no-shortcut"]);
  agent.onInit = ({ socket }) => socket.close(1000, "replaced by a newer connection");
  const hellos = agent.hellos.length;
  const { code, result } = await computer.pushJson(agent.address);
  assert.equal(code, 5);
  assert.match(result.error.message, /another push from this computer/);
  assert.equal(agent.hellos.length, hellos + 1);
});

test("a reply of the wrong type does not count", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  await computer.push(agent.address, ["--code", "123456"]);
  const pong = { type: "pong", payload: {} };
  const cases = [
    ["hub_connected", pong, /answered 'hub_connected' with 'pong'/],
    ["init_upload", pong, /answered 'init_upload' with 'pong'/],
    ["init_upload", { type: "upload_init_response", payload: {} }, /'uploadId'/],
    ["chunk", pong, /answered 'upload_chunk' with 'pong'/],
    ["chunk", { type: "upload_chunk_response", payload: {} }, /'uploadId'/],
    ["chunk", { type: "upload_chunk_response", payload: { uploadId: "other", bytesWritten: 65536 } }, /upload 'other'/],
    ["complete_upload", pong, /answered 'complete_upload' with 'pong'/],
    ["complete_upload", { type: "operation_result" }, /'success'/],
    ["complete_upload", { type: "operation_result", payload: { success: false, message: "disk on fire" } }, /disk on fire/],
    ["complete_upload", { type: "error" }, /answered 'complete_upload' with 'error'/],
  ];
  for (const [type, answer, message] of cases) {
    writeFiles(computer.game, { "bin/game": randomBytes(200_000) });
    agent.answers = { [type]: () => answer };
    const { code, result } = await computer.pushJson(agent.address);
    assert.equal(code, 1, type);
    assert.equal(result.ok, false);
    assert.match(result.error.message, message);
  }
  agent.answers = { get_info: () => pong };
  assert.equal((await computer.push(agent.address)).code, 0, "what it says of itself is not needed");
});

test("an Agent that breaks the protocol ends the link, and the reason is readable", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const invalidText = Buffer.from([0x81, 2, 0xff, 0xfe]);
  agent.answers = {
    get_info: (payload, { socket }) => {
      socket._socket.write(invalidText);
    },
  };
  const { code, result } = await computer.pushJson(agent.address, ["--code", "123456", "--retry", "0"]);
  assert.equal(code, 4);
  assert.match(result.error.message, /closed the connection: protocol error$/);
});

test("a link that breaks during the code prompt removes the prompt", async (t) => {
  for (const typed of ["123456\n", ""]) {
    const agent = await StandInAgent.start(t);
    const computer = new Computer(t);
    const resolver = new Resolver(computer);
    const address = `localhost:${agent.port}`;
    await computer.push(address, ["--code", "123456"]);
    const child = spawn(BINARY, computer.args(address, "--json", "--code", "-", "--retry", "3"), { env: resolver.env });
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stdin.on("error", () => {});
    agent.onInit = () => agent.revoke();
    agent.expiresIn = 2;
    agent.answers.hub_connected = ({ token }) => {
      if (!token) {
        // The code is asked for. Now the Agent goes, its name too, and only then is the code typed.
        setImmediate(() => {
          resolver.set("fail");
          agent.stop();
        });
      }
    };
    child.stderr.setEncoding("utf8").on("data", (text) => {
      if (text.includes("no such name")) {
        child.stdin.write(typed);
      }
    });
    const [code, signal] = await deadline(once(child, "close"), "push ends");
    assert.equal(signal, null, "it does not crash");
    assert.equal(code, 4);
    assert.match(JSON.parse(stdout.trim().split("\n").at(-1)).error.message, /still failing after 3 s/);
  }
});

test("Ctrl-C ends a push that waits for a name", async (t) => {
  const computer = new Computer(t);
  const resolver = new Resolver(computer);
  resolver.set("hang");
  for (const to of ["deck.example:9999", "deck.example", "decked"]) {
    const child = spawn(BINARY, computer.args(to), { env: resolver.env });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => {
      if (!stderr.includes("asked for deck") && (stderr += text).includes("asked for deck")) {
        child.kill("SIGINT");
      }
    });
    const [code] = await deadline(once(child, "close"), "push ends");
    assert.equal(code, 130, stderr);
  }
});

test("an Agent that makes no progress is not retried endlessly", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  const cases = {
    "drops every completion": () => { agent.answers.complete_upload = () => { agent.cut(); return { type: "operation_result" }; }; },
    "drops every upload at its start": () => { agent.onInit = () => agent.cut(); },
    "forgets what it got": () => {
      let seen = 0;
      agent.onInit = () => undefined;
      agent.onChunk = () => {
        if (++seen % 8 !== 0) {
          return undefined;
        }
        agent.staged.clear();
        return "drop";
      };
    },
  };
  for (const [name, misbehave] of Object.entries(cases)) {
    writeFiles(computer.game, { "bin/game": randomBytes(300_000), "data/big.pak": randomBytes(1_500_000) });
    agent.answers = {};
    misbehave();
    const { code, result } = await computer.pushJson(agent.address, ["--code", "123456", "--retry", "1"]);
    assert.equal(code, 4, name);
    assert.match(result.error.message, /still failing after 1 s/);
  }
});

test("a key that is revoked again and again ends the push", async (t) => {
  const agent = await StandInAgent.start(t);
  const computer = new Computer(t);
  agent.onInit = () => agent.revoke();
  agent.onChunk = () => "hold";
  const { code, result } = await computer.pushJson(agent.address, ["--code", "123456"]);
  assert.equal(code, 3);
  assert.match(result.error.message, /revoked/);
  assert.equal(agent.hellos.length, 2, "one more try, without the key");
});

test("an Agent that cannot tell what an update would do is not asked, and gets nothing", async (t) => {
  const agent = await StandInAgent.start(t);
  const { code, stderr } = await new Computer(t).push(agent.address, ["--code", "123456", "--dry-run"]);
  assert.equal(code, 1, stderr);
  assert.match(stderr, /too old to say what an update would do/);
  assert.deepEqual(agent.inits, []);
});
