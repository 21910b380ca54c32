// `capydeck discover`, and `push --to` a name, on a network where only the agents of this test are.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { BINARY, Deck, IS_ROOT, startAgent } from "./lib/agent.mjs";
import { IpcPeer } from "./lib/game_mode_plugin.mjs";
import { readFiles, writeFiles } from "./lib/tree.mjs";
import { deadline, until } from "./lib/wait.mjs";

/** Runs a program whose input may be known only while it runs. */
async function runWithInput(command, args, env, input) {
  const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (output.stderr += text));
  child.stdin.on("error", () => {}); // it may end before it has read everything
  const closed = once(child, "close");
  child.stdin.end(await Promise.race([input, closed.then(() => "")]));
  const [code] = await deadline(closed, `${args.join(" ")} ends`);
  return { code, ...output };
}

/** A separate network, without a name that others could have taken, where no other agents answer. Null if none can be made. */
async function makeNetwork(t) {
  const holder = spawn("unshare", ["--net", "sh", "-c", "echo made && exec sleep infinity"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => holder.kill("SIGKILL"));
  const gone = once(holder, "exit").catch(() => {}); // there may be no unshare
  if (!(await Promise.race([once(holder.stdout, "data"), gone.then(() => null)]))) {
    return null;
  }
  const enter = ["nsenter", `--net=/proc/${holder.pid}/ns/net`];
  const inside = (...args) => execFileSync(enter[0], [...enter.slice(1), "ip", ...args], { stdio: "pipe" });
  inside("link", "set", "lo", "up");
  inside("link", "add", "one", "type", "veth", "peer", "name", "two");
  inside("addr", "add", "10.77.0.1/24", "dev", "one");
  inside("link", "set", "one", "up");
  inside("link", "set", "two", "addrgenmode", "none", "up");
  return (command) => [...enter, "env", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere", ...command];
}

test("Decks are found by name, and equal names are told apart", { skip: !IS_ROOT && "needs root" }, async (t) => {
  const inNetwork = await makeNetwork(t);
  if (!inNetwork) {
    t.skip("no network namespaces here");
    return;
  }
  const capydeck = (deck, input, ...args) => {
    const [command, ...rest] = inNetwork([BINARY, ...args]);
    return runWithInput(command, rest, deck.env, input);
  };
  const announce = (name) =>
    startAgent(t, { args: ["--name", name], wrap: (command) => inNetwork(command.filter((word) => word !== "--no-mdns")) });

  const nobody = new Deck(t);
  const none = await capydeck(nobody, "", "discover", "--wait", "1");
  assert.equal(none.code, 1);
  assert.match(none.stderr, /UDP 5353/);

  const agents = [await announce("Living Room"), await announce("Twin"), await announce("Twin")];
  const found = await until("all three are found", async () => {
    const { stdout } = await capydeck(nobody, "", "discover", "--wait", "2", "--json");
    const listed = JSON.parse(stdout).agents;
    return listed.length === 3 && listed;
  });
  assert.deepEqual(found.map(({ name, port }) => [name, port]).sort(), agents.map((agent, i) => [["Living Room", "Twin", "Twin"][i], agent.port]).sort());
  // Answers may come late: each command may be repeated.
  const repeat = (what, ask, isIt) =>
    until(what, async () => {
      const result = await ask();
      return isIt(result) && result;
    });
  const rows = /^NAME +ID +ADDRESS +PLATFORM +VERSION\nLiving Room +[0-9a-f]{8} +10\.77\.0\.1:\d+ +\w+ +\d/;
  await repeat("there is a table", () => capydeck(nobody, "", "discover"), ({ code, stdout }) => code === 0 && rows.test(stdout));

  const pc = new Deck(t); // somebody's computer: only its home is used
  const game = path.join(pc.root, "Game");
  writeFiles(game, { "start.sh": "#!/bin/sh\n" });
  const push = (to, input) => capydeck(pc, input, "push", game, "--to", to, "--config-dir", path.join(pc.root, "hub"));

  const twin = await repeat("both twins are seen", () => push("twin"), ({ code }) => code === 4);
  assert.match(twin.stderr, /several agents are called 'twin': Twin \([0-9a-f]{8}, 10\.77\.0\.1\), Twin .* the id/);
  const others = /no agent is called 'Bed Room'; found: Living Room/;
  await repeat("others are named", () => push("Bed Room"), ({ code, stderr }) => code === 4 && others.test(stderr));

  const [livingRoom] = agents;
  await repeat("it is found; nobody gives the code", () => push("living room"), ({ code }) => code === 3);
  await until("the code goes with its connection", async () => !(await livingRoom.pairing()).active);
  const whenShown = async () => {
    const { active, code } = await livingRoom.pairing();
    return active && `${code}\n`;
  };
  const pushed = await repeat(
    "it is found again",
    () => push("living room", until("a code is shown", whenShown).catch(() => "")),
    ({ code }) => code !== 4,
  );
  assert.equal(pushed.code, 0, pushed.stderr);
  assert.deepEqual(readFiles(livingRoom.deck.game("Game")), readFiles(game));
  const { id } = found.find(({ name }) => name === "Living Room");
  const byId = await repeat("it is found by its id", () => push(id.toUpperCase()), ({ code }) => code !== 4);
  assert.equal(byId.code, 0, byId.stderr);
  assert.match(byId.stdout, /Nothing had to be sent/);
});

test("subscribers are notified of a new address", { skip: !IS_ROOT && "needs root" }, async (t) => {
  const inNetwork = await makeNetwork(t);
  if (!inNetwork) {
    t.skip("no network namespaces here");
    return;
  }
  const { deck } = await startAgent(t, { wrap: inNetwork });
  const listener = await IpcPeer.connect(deck);
  t.after(() => listener.close());
  await listener.call("subscribe", { events: ["status_changed"] });
  const heard = () => listener.lines.filter(({ method }) => method === "status_changed").length;
  const addresses = async () => (await listener.call("status", {})).agent.addresses;
  assert.ok(!(await addresses()).includes("10.77.1.1"));
  const before = heard();
  const [command, ...args] = inNetwork(["ip", "addr", "add", "10.77.1.1/24", "dev", "one"]);
  execFileSync(command, args);
  await until("'status_changed' is heard", () => heard() > before);
  assert.ok((await addresses()).includes("10.77.1.1"));
});

test("Ctrl-C ends the search at once", async () => {
  const child = spawn(BINARY, ["discover", "--wait", "300"], { stdio: "ignore" });
  const SIGINT_BIT = 1n << 1n;
  const isBlocked = () => {
    const [, mask] = /^SigBlk:\s*([0-9a-f]+)/m.exec(fs.readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [0, "0"];
    return (BigInt(`0x${mask}`) & SIGINT_BIT) !== 0n; // from then on the loop takes it
  };
  await until("it waits for signals", isBlocked);
  child.kill("SIGINT");
  const [code] = await deadline(once(child, "close"), "it ends");
  assert.equal(code, 130);
});
