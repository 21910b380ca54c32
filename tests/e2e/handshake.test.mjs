// protocol.md §3: hello, pairing, tokens, who may connect.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { Deck, startAgent } from "./lib/agent.mjs";
import { Hub, bytesOf, freshHubId, helloPayload, Game, upload } from "./lib/hub.mjs";
import { until } from "./lib/wait.mjs";

const TOKEN = /^[A-Za-z0-9_-]{43}$/; // 256 bits, base64url

/** Six digits that are not the code. */
function wrongCode(code) {
  return code === "000000" ? "000001" : "000000";
}

async function assertNoCode(agent) {
  const { active, code } = await agent.pairing();
  assert.equal(active, false, "no pairing code may be shown");
  assert.ok(!code, "an inactive pairing has no code");
}

for (const dialect of ["documents", "desktop"]) {
  test(`${dialect}: first connection pairs, the next ones use the token`, async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.open(agent);
    const required = await hub.hello({ dialect });
    assert.equal(required.type, "pairing_required");
    assert.deepEqual(required.payload, { code: "", expiresIn: 60 });
    assert.equal(required.error, undefined);

    const shown = await agent.pairing();
    assert.equal(shown.active, true);
    assert.match(shown.code, /^\d{6}$/);
    assert.equal(shown.hubName, "CapyDeploy Hub");
    assert.ok(shown.expiresInSeconds > 0 && shown.expiresInSeconds <= 60, shown.expiresInSeconds);

    const failed = await hub.ask("pair_confirm", { code: wrongCode(shown.code) });
    assert.equal(failed.type, "pair_failed");
    assert.equal(failed.payload.reason, "invalid code");

    const success = await hub.ask("pair_confirm", { code: shown.code });
    assert.equal(success.type, "pair_success");
    assert.match(success.payload.token, TOKEN);
    const status = await hub.event("agent_status");
    assert.ok(status.id && !status.id.startsWith(hub.prefix), `a fresh id, not '${status.id}'`);
    await assertNoCode(agent);
    await hub.request("get_info");
    await hub.close();

    const again = await Hub.open(agent);
    const reply = await again.hello({ dialect, token: success.payload.token });
    assert.equal(reply.type, "agent_status");
    const { capabilities, ...rest } = reply.payload;
    assert.equal(rest.name, "Test Deck");
    assert.equal(typeof rest.version, "string");
    assert.ok(["steamdeck", "chimeraos", "legiongologo", "rogally", "linux"].includes(rest.platform));
    assert.equal(rest.acceptConnections, true);
    assert.equal(typeof rest.telemetryEnabled, "boolean");
    assert.ok(Number.isInteger(rest.telemetryInterval));
    assert.equal(typeof rest.consoleLogEnabled, "boolean");
    assert.equal(rest.protocolVersion, 1);
    assert.ok(capabilities.includes("file_upload"), capabilities);
    await assertNoCode(agent);
  });

  test(`${dialect}: the descriptions have every field that either Hub needs`, async (t) => {
    const agent = await startAgent(t);
    const hub = await Hub.paired(agent, { dialect });
    const { agent: info } = await hub.request("get_info");
    assert.match(info.id, /^[0-9a-f]{8}$/);
    assert.equal(info.name, "Test Deck");
    assert.equal(typeof info.platform, "string");
    assert.equal(typeof info.version, "string");
    assert.equal(info.acceptConnections, true);
    assert.ok(Array.isArray(info.capabilities) && info.capabilities.length > 0);
    assert.deepEqual(await hub.request("get_config"), { installPath: agent.deck.library });
    const pong = await hub.ask("ping");
    assert.equal(pong.type, "pong");
  });
}

test("the agent's id and its tokens outlive a restart", async (t) => {
  const deck = new Deck(t);
  const first = await startAgent(t, { deck });
  const hub = await Hub.paired(first);
  const before = await hub.request("get_info");
  await first.stop();
  const second = await startAgent(t, { deck });
  const again = await Hub.ready(second, { token: hub.token });
  assert.equal((await again.request("get_info")).agent.id, before.agent.id);
});

test("before authentication only hello, pair_confirm and ping are answered", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent);
  assert.equal((await hub.ask("ping")).type, "pong");
  for (const type of [
    "get_info",
    "get_config",
    "get_steam_users",
    "list_shortcuts",
    "init_upload",
    "upload_chunk",
    "complete_upload",
    "cancel_upload",
    "no_such_message",
  ]) {
    const reply = await hub.ask(type, {});
    assert.equal(reply.type, "error", type);
    assert.equal(reply.error.code, 401, type);
    assert.equal(reply.payload, undefined, type);
  }
  assert.equal((await hub.hello()).type, "pairing_required");
  assert.equal((await hub.ask("get_info")).error.code, 401, "a shown code is no permission");
  assert.equal((await hub.ask("ping")).type, "pong");
});

test("a token is only valid for the Hub it was given to", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent, { hubId: "hub-one" });
  await hub.close();
  const flipped = hub.token.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
  for (const wrong of [
    { hubId: "hub-two", token: hub.token },
    { hubId: "hub-one", token: "" },
    { hubId: "hub-one", token: "stored-token-or-empty" },
    { hubId: "hub-one", token: hub.token.slice(0, -1) },
    { hubId: "hub-one", token: `${hub.token}A` },
    { hubId: "hub-one", token: flipped },
    { hubId: "hub-one", token: null },
    { hubId: "hub-one" },
  ]) {
    const stranger = await Hub.open(agent);
    assert.equal((await stranger.hello(wrong)).type, "pairing_required", JSON.stringify(wrong));
    await stranger.close();
    await until("the code goes with its connection", async () => !(await agent.pairing()).active);
  }
  await Hub.ready(agent, { hubId: "hub-one", token: hub.token });
});

test("hello without a hub id is refused, and can be repeated", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent);
  const { hubId, ...anonymous } = helloPayload();
  for (const payload of [anonymous, { ...anonymous, hubId: null }, { ...anonymous, hubId: "" }]) {
    const reply = await hub.ask("hub_connected", payload);
    assert.equal(reply.error?.code, 400, JSON.stringify(payload));
    await assertNoCode(agent);
  }
  await hub.pair(agent, { hubId });
});

test("hello sent twice: a new code before pairing, agent_status after", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent);
  const codes = new Set();
  for (let i = 0; i < 4; i++) {
    assert.equal((await hub.hello()).type, "pairing_required");
    codes.add(await agent.code());
  }
  assert.ok(codes.size > 1, "a repeated hello makes a new code");
  const [stale] = codes;
  const current = await agent.code();
  if (stale !== current) {
    assert.equal((await hub.ask("pair_confirm", { code: stale })).type, "pair_failed");
  }
  assert.equal((await hub.ask("pair_confirm", { code: current })).type, "pair_success");
  assert.equal((await hub.hello()).type, "agent_status");
  assert.equal((await hub.hello({ token: "nonsense" })).type, "agent_status");
  await assertNoCode(agent);
});

test("a code dies with its connection, and after three wrong tries", async (t) => {
  const agent = await startAgent(t);
  const gone = await Hub.open(agent);
  await gone.hello();
  const first = await agent.code();
  await gone.drop();
  await until("the code goes with its connection", async () => !(await agent.pairing()).active);

  const hub = await Hub.open(agent, { localAddress: "127.0.0.2" });
  await hub.hello();
  const code = await agent.code();
  if (code !== first) {
    assert.equal((await hub.ask("pair_confirm", { code: first })).type, "pair_failed");
  }
  for (let tries = code === first ? 0 : 1; tries < 3; tries++) {
    assert.equal((await hub.ask("pair_confirm", { code: wrongCode(code) })).type, "pair_failed");
  }
  const late = await hub.ask("pair_confirm", { code });
  assert.notEqual(late.type, "pair_success", "a code is void after three wrong tries");
  await assertNoCode(agent);
});

test("a code is read as people type it, and a slip costs no try", async (t) => {
  const agent = await startAgent(t);
  const fullWidth = (code) => [...code].map((digit) => String.fromCharCode(0xff10 + Number(digit))).join("");
  for (const type of [(code) => `${code.slice(0, 3)} ${code.slice(3)}`, (code) => ` ${code.slice(0, 3)}-${code.slice(3)}\n`, fullWidth]) {
    const hub = await Hub.open(agent);
    await hub.hello();
    const code = await agent.code();
    for (const slip of ["", code.slice(1), `${code}0`, `code ${code}`, "x".repeat(1000)]) {
      const reply = await hub.ask("pair_confirm", { code: slip });
      assert.equal(reply.type, "pair_failed", slip);
      assert.match(reply.payload.reason, /six digits/);
    }
    assert.equal((await hub.ask("pair_confirm", { code: type(code) })).type, "pair_success");
    await hub.drop();
  }
});

test("pair_confirm without a code on the screen never pairs", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent);
  for (const payload of [{ code: "" }, { code: "000000" }, { code: null }, {}, undefined]) {
    const reply = await hub.ask("pair_confirm", payload);
    assert.ok(reply.type === "pair_failed" || reply.type === "error", reply.type);
  }
  await hub.hello();
  for (const payload of [{ code: "" }, { code: null }, {}]) {
    const reply = await hub.ask("pair_confirm", payload);
    assert.ok(reply.type === "pair_failed" || reply.type === "error", reply.type);
  }
});

test("the code is neither on the wire nor in the log, and tokens are not in files", async (t) => {
  const agent = await startAgent(t);
  const codes = [];
  let transcript = "";
  for (let i = 0; i < 3; i++) {
    const hub = await Hub.open(agent, { localAddress: `127.0.0.${10 + i}` });
    await hub.hello({ hubId: `hub-${i}` });
    const code = await agent.code();
    await hub.ask("pair_confirm", { code: wrongCode(code) });
    const { payload } = await hub.ask("pair_confirm", { code });
    codes.push(code, payload.token);
    transcript += hub.transcript.replace(payload.token, "");
    await hub.close();
  }
  await agent.stop();
  for (const secret of codes) {
    assert.ok(!transcript.includes(secret), `a secret travelled: ${transcript}`);
    assert.ok(!agent.output.includes(secret), `a secret was logged: ${agent.output}`);
    for (const dir of [agent.deck.config, agent.deck.state]) {
      for (const name of fs.readdirSync(dir, { recursive: true })) {
        const file = path.join(dir, name);
        if (fs.lstatSync(file).isFile() && TOKEN.test(secret)) {
          const { mode } = fs.statSync(file);
          assert.ok(!fs.readFileSync(file, "latin1").includes(secret), `${name} holds a token`);
          assert.equal(mode & 0o077, 0, `${name} is readable for others`);
        }
      }
    }
  }
});

test("on a terminal the code is shown there", async (t) => {
  const deck = new Deck(t);
  const wrap = (command) => {
    const quoted = command.map((arg) => `'${arg}'`).join(" ");
    return ["script", "--quiet", "--return", "--flush", "--command", `exec ${quoted}`, "/dev/null"];
  };
  const terminal = await startAgent(t, { deck, wrap });
  const hub = await Hub.open(terminal);
  await hub.hello();
  const code = await terminal.code();
  const spaced = [...code].join("\\s*");
  await terminal.line(new RegExp(spaced));
});

test("with pairing.sendCodeToHub the documents' Hub gets the code", async (t) => {
  const agent = await startAgent(t);
  const set = await agent.deck.ctl("settings", "set", "pairing.sendCodeToHub", "true");
  assert.equal(set.code, 0, set.stderr);
  const hub = await Hub.open(agent);
  const { payload } = await hub.hello();
  assert.equal(payload.code, await agent.code());
  assert.equal((await hub.ask("pair_confirm", { code: payload.code })).type, "pair_success");
});

test("revoking a Hub closes its connection with 4001 and voids its token", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent, { hubId: "hub-gone" });
  const revoked = await agent.deck.ctl("hubs", "revoke", "hub-gone");
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.deepEqual(await hub.closed, { code: 4001, reason: "token_revoked" });
  const again = await Hub.open(agent);
  assert.equal((await again.hello({ hubId: "hub-gone", token: hub.token })).type, "pairing_required");
});

test("one Hub at a time: another gets 409, with or without a token, and no code is shown", async (t) => {
  const agent = await startAgent(t);
  const other = await Hub.paired(agent, { hubId: "hub-other" });
  await other.close();
  const hub = await Hub.paired(agent, { hubId: "hub-main", name: "Main" });
  for (const token of [undefined, "wrong", other.token]) {
    const late = await Hub.open(agent);
    const reply = await late.hello({ hubId: "hub-other", token });
    assert.equal(reply.error?.code, 409, JSON.stringify(reply));
    await assertNoCode(agent);
    await late.drop();
  }
  await hub.request("get_info");
  await hub.close();
  await until("the place is free", async () => {
    const late = await Hub.open(agent);
    const reply = await late.hello({ hubId: "hub-other", token: other.token });
    await late.close();
    return reply.type === "agent_status";
  });
});

test("the same Hub with its token takes over from its old connection", async (t) => {
  const agent = await startAgent(t);
  const old = await Hub.paired(agent, { hubId: "hub-same" });
  const game = new Game("Takeover", { "a.bin": bytesOf("takeover", 100_000) });
  const init = await old.request("init_upload", game.initPayload());
  await old.chunk(init.uploadId, "a.bin", 0, game.files.get("a.bin").subarray(0, 50_000));

  const impostor = await Hub.open(agent);
  await impostor.hello({ hubId: "hub-same", token: "wrong" });
  await old.request("get_info");
  await impostor.drop();

  const taker = await Hub.ready(agent, { hubId: "hub-same", token: old.token });
  await old.closed;
  const { result } = await upload(taker, game);
  assert.equal(result.success, true);
});

test("connections.accept off: 406 and the close, token or not", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  await hub.close();
  assert.equal((await agent.deck.ctl("settings", "set", "connections.accept", "false")).code, 0);
  for (const token of [undefined, hub.token]) {
    const refused = await Hub.open(agent);
    assert.equal((await refused.hello({ token })).error?.code, 406);
    await refused.closed;
    await assertNoCode(agent);
  }
  assert.equal((await agent.deck.ctl("settings", "set", "connections.accept", "true")).code, 0);
  await Hub.ready(agent, { token: hub.token });
});

test("a newer protocol: 406 that names the supported versions", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent);
  const reply = await hub.ask("hub_connected", { ...helloPayload({ dialect: "desktop" }), protocolVersion: 2 });
  assert.equal(reply.error?.code, 406);
  assert.match(reply.error.message, /2/);
  assert.match(reply.error.message, /1/);
  await assertNoCode(agent);
});

test("a code on the screen cannot be stolen by another Hub", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent, { localAddress: "127.0.0.2" });
  await hub.hello({ hubId: "hub-first", name: "First" });
  const code = await agent.code();
  for (let i = 3; i < 6; i++) {
    const other = await Hub.open(agent, { localAddress: `127.0.0.${i}` });
    const reply = await other.hello({ hubId: `hub-${i}`, name: "Thief" });
    assert.equal(reply.error?.code, 429, JSON.stringify(reply));
    // It may know the code and still not use it: the code is bound to its connection.
    assert.notEqual((await other.ask("pair_confirm", { code })).type, "pair_success");
    await other.drop();
  }
  assert.deepEqual(
    (({ hubName, code: shown }) => ({ hubName, shown }))(await agent.pairing()),
    { hubName: "First", shown: code },
  );
  assert.equal((await hub.ask("pair_confirm", { code })).type, "pair_success");
});

/** Sends hello until the screen is free; for strangers who compete for it. */
function helloWhenFree(agent, who, localAddress) {
  return until("the screen is free", async () => {
    const hub = await Hub.open(agent, { localAddress });
    const reply = await hub.hello(who);
    if (reply.type === "pairing_required") {
      return hub;
    }
    assert.equal(reply.error?.code, 429, JSON.stringify(reply));
    await hub.drop();
    return null;
  });
}

test("three wrong codes lock an address out, and that address alone", async (t) => {
  const agent = await startAgent(t);
  const known = await Hub.paired(agent, { hubId: "hub-known", connection: { localAddress: "127.0.0.2" } });
  await known.close();

  const attacker = await helloWhenFree(agent, { hubId: freshHubId() }, "127.0.0.2");
  const code = await agent.code();
  for (let tries = 0; tries < 3; tries++) {
    await attacker.ask("pair_confirm", { code: wrongCode(code) });
  }
  await attacker.drop();

  const locked = await Hub.open(agent, { localAddress: "127.0.0.2" });
  const hello = await locked.hello({ hubId: freshHubId() });
  const reply =
    hello.type === "pairing_required"
      ? await locked.ask("pair_confirm", { code: await agent.code() })
      : hello;
  assert.equal(reply.error?.code, 429, JSON.stringify(reply));
  const seconds = Number(/\d+/.exec(reply.error.message.replaceAll("127.0.0.2", ""))?.[0]);
  assert.ok(seconds > 0 && seconds <= 60, `the message says how long: ${reply.error.message}`);
  await locked.drop();

  // The owner's Hub at the very same address has a token, another address may pair.
  const ready = await Hub.ready(agent, {
    hubId: "hub-known",
    token: known.token,
    connection: { localAddress: "127.0.0.2" },
  });
  await ready.close();
  const owner = await helloWhenFree(agent, { hubId: freshHubId() }, "127.0.0.3");
  assert.equal((await owner.ask("pair_confirm", { code: await agent.code() })).type, "pair_success");
});

test("eight attackers at once do not keep the owner from pairing", async (t) => {
  const agent = await startAgent(t);
  let over = false;
  const attack = async (localAddress) => {
    while (!over) {
      try {
        const hub = await Hub.open(agent, { localAddress });
        for (const reply = await hub.hello({ hubId: freshHubId(), name: "Attacker" }); ; ) {
          const guess = String(Math.floor(Math.random() * 1e6)).padStart(6, "0");
          if (reply.error || (await hub.ask("pair_confirm", { code: guess })).type !== "pair_failed") {
            break;
          }
        }
        await hub.drop();
      } catch (error) {
        assert.ok(error.close || error.code || error.status, error); // evicted or refused
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const attackers = Array.from({ length: 8 }, (_, i) => attack(`127.0.0.${11 + i}`));
  try {
    // The owner reads the screen; other names on it are not theirs.
    await until("the owner pairs", async () => {
      try {
        const hub = await Hub.open(agent, { localAddress: "127.0.0.2" });
        const reply = await hub.hello({ hubId: "hub-owner", name: "Owner" });
        if (reply.type !== "pairing_required") {
          await hub.drop();
          return false;
        }
        const { hubName, code } = await agent.pairing();
        assert.equal(hubName, "Owner");
        return (await hub.ask("pair_confirm", { code })).type === "pair_success";
      } catch (error) {
        // Evicted by the crowd, maybe in the middle of the upgrade: try again.
        assert.ok(error.close || error.code === "ECONNRESET", error);
        return false;
      }
    });
  } finally {
    over = true;
    await Promise.all(attackers);
  }
});

test("unauthenticated sockets: two per address, eight in all, the oldest is evicted", async (t) => {
  const agent = await startAgent(t);
  const first = await Hub.open(agent, { localAddress: "127.0.0.2" });
  const second = await Hub.open(agent, { localAddress: "127.0.0.2" });
  const third = await Hub.open(agent, { localAddress: "127.0.0.2" });
  await first.closed;
  await Promise.all([second.ask("ping"), third.ask("ping")]);

  const others = [];
  for (let i = 3; i < 9; i++) {
    others.push(await Hub.open(agent, { localAddress: `127.0.0.${i}` }));
  }
  // Eight now. A newcomer costs the address that holds most its oldest.
  const ninth = await Hub.open(agent, { localAddress: "127.0.0.9" });
  await second.closed;
  await Promise.all([third, ...others, ninth].map((hub) => hub.ask("ping")));
});

test("a Hub whose code is on the screen is not evicted by newcomers", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent, { localAddress: "127.0.0.2" });
  await hub.hello();
  const code = await agent.code();
  for (let i = 0; i < 30; i++) {
    await Hub.open(agent, { localAddress: `127.0.0.${2 + (i % 12)}` }).catch(() => {});
  }
  assert.equal((await hub.ask("pair_confirm", { code })).type, "pair_success");
});

test("an authenticated Hub does not count as a guest", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  for (let i = 0; i < 30; i++) {
    await Hub.open(agent, { localAddress: `127.0.0.${1 + (i % 12)}` }).catch(() => {});
  }
  await hub.request("get_info");
});
