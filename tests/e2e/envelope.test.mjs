// protocol.md §2: whatever a peer sends is answered with a clear error and the connection stays up.
import assert from "node:assert/strict";
import test from "node:test";

import { startAgent } from "./lib/agent.mjs";
import { Hub, MAX_MESSAGE, helloPayload, freshHubId } from "./lib/hub.mjs";

/** Sends text that has no id to be answered by, and takes the error that it brings. */
const MALFORMED = {
  "no bytes": "",
  "a blank": " ",
  "no JSON": "hello",
  "cut short": '{"id":"x","type":"ping"',
  "cut in a string": '{"id":"x","type":"pi',
  "a lone brace": "{",
  "trailing bytes": '{"id":"x1","type":"ping"} trailing',
  "two objects": '{"id":"x2","type":"ping"}{"id":"x3","type":"ping"}',
  "an array": '[{"id":"x","type":"ping"}]',
  "a string": '"ping"',
  "a number": "42",
  "null": "null",
  "single quotes": "{'id':'x','type':'ping'}",
  "a NUL inside": '{"id":"x4","type":"pi\0ng"}',
  "a NUL at the end": '{"id":"x5","type":"ping"}\0',
  "an escaped NUL": '{"id":"x6","type":"ping\\u0000"}',
  "half a surrogate": '{"id":"x7","type":"\\ud800"}',
  "a number past doubles": '{"id":"x8","type":"get_info","payload":{"a":1e400}}',
  "no type": '{"id":"x9","payload":{}}',
  "null as type": '{"id":"x10","type":null}',
  "a number as type": '{"id":"x11","type":5}',
  "an object as type": '{"id":"x12","type":{}}',
  "an object as id": '{"id":{},"type":"get_info","payload":[]}',
  "deep arrays": "[".repeat(200_000),
  "deep objects": '{"a":'.repeat(100_000),
  "deep, closed and inside the payload": `{"id":"x13","type":"get_info","payload":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
  "a long type": `{"id":"x14","type":"${"t".repeat(100_000)}"}`,
};

const STRANGER_MAX_BYTES = 64 * 1024;

for (const paired of [false, true]) {
  const who = paired ? "a paired Hub" : "a stranger";
  test(`malformed messages from ${who}: an error each, and the connection stays`, async (t) => {
    const agent = await startAgent(t);
    const hub = paired ? await Hub.paired(agent) : await Hub.open(agent);
    for (const [what, text] of Object.entries(MALFORMED)) {
      if (!paired && text.length > STRANGER_MAX_BYTES) {
        continue; // closed with 1009: hostile.test.mjs
      }
      const id = /"id":"(x\d+)"/.exec(text)?.[1];
      const claimed = id ? hub.reply(id).catch(() => undefined) : undefined;
      const anonymous = hub.event("error").catch(() => undefined);
      hub.text(text);
      const reply = await Promise.race([anonymous, claimed].filter(Boolean));
      const allowed = what === "a long type" ? [400, 401, 501] : [400, 401];
      assert.ok(allowed.includes(reply?.error?.code), `${what}: ${JSON.stringify(reply)}`);
      assert.ok(reply.error.message.length < 1000, `${what}: the message stays short`);
      assert.equal(reply.payload, undefined, what);
      if (claimed) {
        // Leave no watcher behind that would swallow the next error.
        hub.forget();
      }
      assert.equal((await hub.ask("ping")).type, "pong", `${what}: the connection stays`);
    }
  });
}

test("an unknown type is 501 with the id echoed", async (t) => {
  const hub = await Hub.paired(await startAgent(t));
  for (const type of ["no_such_thing", "GET_INFO", "ping ", "", "pong", "agent_status", "error"]) {
    const reply = await hub.ask(type, {}, `id of '${type}'`);
    assert.ok([501, 400].includes(reply.error?.code), `${type}: ${JSON.stringify(reply)}`);
    if (type === "no_such_thing") {
      assert.equal(reply.error.code, 501);
      assert.match(reply.error.message, /no_such_thing/);
    }
  }
});

test("unknown fields are ignored, null means absent, a payload may be absent", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent);
  const extra = { surplus: [1, { two: null }], platform: null, protocolVersion: null, token: null };
  assert.equal((await hub.ask("hub_connected", { ...helloPayload(), ...extra })).type, "pairing_required");
  await hub.ask("pair_confirm", { code: await agent.code(), surplus: 1 });
  for (const envelope of [
    '{"id":"a","type":"get_info"}',
    '{"id":"a","type":"get_info","payload":null}',
    '{"id":"a","type":"get_info","payload":{},"error":null,"surplus":{"id":"b"}}',
    '{"type":"get_info","id":"a"}',
    ' \n{"id" : "a" , "type":"get_inf\\u006f"}\r\n\t',
  ]) {
    const reply = hub.reply("a");
    hub.text(envelope);
    assert.equal((await reply).type, "info_response", envelope);
  }
});

test("ids are echoed unchanged, however long; a missing one is answered with an empty one", async (t) => {
  const hub = await Hub.paired(await startAgent(t));
  for (const id of ["0", "ü 鴨 🦫", '"\\/\b\n', "x".repeat(1000), "null", "-1"]) {
    assert.equal((await hub.ask("ping", undefined, id)).type, "pong");
  }
  const huge = "y".repeat(1_000_000);
  const anyReply = Promise.race([hub.reply(huge), hub.event("error")]);
  hub.text(JSON.stringify({ id: huge, type: "ping" }));
  assert.ok(["pong", "error"].includes((await anyReply).type));
  const nobody = hub.reply("");
  hub.text('{"type":"no_such_thing"}');
  assert.equal((await nobody).type, "error");
  await hub.settle();
});

test("text up to 10 MB is read, more closes with 1009, fragments summed", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const padded = (id, total) => {
    const start = `{"id":"${id}","type":"ping","surplus":"`;
    return `${start}${"x".repeat(total - start.length - 2)}"}`;
  };
  const whole = hub.reply("exact");
  hub.text(padded("exact", MAX_MESSAGE));
  assert.equal((await whole).type, "pong");
  await hub.close();

  for (const fragments of [1, 7]) {
    const over = await Hub.ready(agent, { token: hub.token });
    const text = padded("over", MAX_MESSAGE + 1);
    const step = Math.ceil(text.length / fragments);
    for (let at = 0; at < text.length; at += step) {
      over.socket.send(text.slice(at, at + step), { fin: at + step >= text.length });
    }
    assert.equal((await over.closed).code, 1009, `${fragments} fragments`);
  }
  await Hub.ready(agent, { token: hub.token });
});

test("a message in many fragments is one message, pings between them are answered", async (t) => {
  const hub = await Hub.paired(await startAgent(t));
  const text = '{"id":"pieces","type":"ping"}';
  const reply = hub.reply("pieces");
  const pong = new Promise((resolve) => hub.socket.once("pong", resolve));
  [...text].forEach((character, index) => {
    hub.socket.send(character, { fin: index === text.length - 1 });
    if (index === 5) {
      hub.socket.ping("between");
    }
  });
  assert.equal((await reply).type, "pong");
  assert.equal((await pong).toString(), "between");
});

test("text that is not UTF-8 is refused and does not affect other connections", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const reply = hub.event("error").catch(() => undefined);
  hub.socket.send(Buffer.from('{"id":"u","type":"\xff\xfe"}', "latin1"), { binary: false });
  const outcome = await Promise.race([reply, hub.closed]);
  assert.ok(outcome.error?.code === 400 || outcome.code === 1007, JSON.stringify(outcome));
  await hub.drop();
  await Hub.ready(agent, { token: hub.token });
});

// Every request with a payload that is sound, to be spoilt one field at a time.
const USER = "76561198012345678";
const SHORTCUT = {
  name: "Game",
  exe: "game.exe",
  startDir: "",
  launchOptions: "-x",
  tags: ["a"],
  artwork: { grid: "https://x/y", hero: "https://x/y", logo: "", icon: "", banner: "" },
};
const HELLO = { name: "n", version: "1", hubId: "hub-abc123", token: "t", platform: "linux", protocolVersion: 1 };
const REQUESTS = {
  hub_connected: HELLO,
  pair_confirm: { code: "123456" },
  ping: { surplus: 1 },
  get_info: { surplus: 1 },
  get_config: { surplus: 1 },
  get_steam_users: { surplus: 1 },
  list_shortcuts: { userId: USER },
  create_shortcut: { userId: USER, shortcut: SHORTCUT },
  delete_shortcut: { userId: USER, appId: 2857492837, restartSteam: false },
  apply_artwork: { userId: USER, appId: 2857492837, artwork: SHORTCUT.artwork },
  init_upload: {
    config: {
      gameName: "Spoilt",
      installPath: "",
      executable: "a",
      launchOptions: "-x",
      tags: "a,b",
    },
    totalSize: 3,
    files: [
      { relativePath: "a", size: 1, sha256: "0".repeat(64) },
      { relativePath: "b/c", size: 2, sha256: "0".repeat(64) },
    ],
  },
  upload_chunk: { uploadId: "nobody", filePath: "a", offset: 0, checksum: "0".repeat(64), data: "AAAA" },
  complete_upload: { uploadId: "nobody", createShortcut: true, shortcut: SHORTCUT },
  cancel_upload: { uploadId: "nobody" },
};

// As JSON text, because JavaScript's numbers cannot say all of it.
const WRONG = {
  boolean: ["true", "false"],
  number: ["0", "-1", "1.5", "1e15", "9007199254740993", "18446744073709551616", "-1e308", "1e-320"],
  string: ['""', '"x"', '"-1"', '"18446744073709551616"', '"' + "ä".repeat(20_000) + '"', '"a/../b"', '"\\n"'],
  array: ["[]", "[[]]", '["a",1,null]', `[${"{},".repeat(2000)}{}]`],
  object: ["{}", '{"0":0}', '{"length":5}'],
};
const typeOf = (value) => (Array.isArray(value) ? "array" : typeof value);
/** What may stand there besides the type in the example. */
const ALSO = {
  userId: ["number", "string"],
  appId: ["number", "string"],
  tags: ["string", "array"],
  surplus: Object.keys(WRONG),
};

/** Every payload with one place replaced: [where, replaced type, new type, JSON text]. */
function* spoilt(payload) {
  const places = [];
  const visit = (value, way) => {
    places.push(way);
    if (value !== null && typeof value === "object") {
      Object.keys(value).forEach((key) => visit(value[key], [...way, key]));
    }
  };
  visit(payload, []);
  for (const way of places) {
    const old = way.reduce((value, key) => value[key], payload);
    for (const [type, texts] of Object.entries({ ...WRONG, null: ["null"] })) {
      for (const text of texts) {
        const copy = { root: structuredClone(payload) };
        const parent = ["root", ...way].slice(0, -1).reduce((value, key) => value[key], copy);
        parent[way.at(-1) ?? "root"] = "\u{1F9AB}here";
        yield [way, typeOf(old), type, JSON.stringify(copy.root).replace('"\u{1F9AB}here"', text)];
      }
    }
  }
}

for (const paired of [false, true]) {
  test(`wrong types in every field of every message from ${paired ? "a paired Hub" : "a stranger"}`, async (t) => {
    const agent = await startAgent(t);
    let hub = await Hub.open(agent);
    if (paired) {
      await hub.pair(agent);
    }
    let count = 0;
    for (const [type, payload] of Object.entries(REQUESTS)) {
      // A guest has half a minute: on a busy machine too little for all. A code is its connection's.
      if (!paired && type !== "pair_confirm") {
        await hub.drop();
        hub = await Hub.open(agent);
      }
      for (const [way, was, now, text] of spoilt(payload)) {
        const what = `${type} ${way.join(".")}: ${was} → ${now} ${text.slice(0, 200)}`;
        const reply = await hub.askText(type, text);
        count++;
        assert.ok(reply.type, what);
        if (reply.error) {
          assert.ok(Number.isInteger(reply.error.code) && reply.error.message, what);
          assert.ok(reply.error.code < 500 || [501, 507].includes(reply.error.code), `${what}: ${reply.error.message}`);
          assert.ok(reply.error.message.length < 2000, `${what}: the message stays short`);
        }
        const name = way.at(-1);
        const fits = was === now || now === "null" || ALSO[name]?.includes(now);
        const authenticated = paired || type === "pair_confirm";
        if (way.length > 0 && !fits && authenticated && !["hub_connected", "ping"].includes(type)) {
          const failed = reply.error !== undefined || reply.type === "pair_failed";
          assert.ok(failed, `${what}: accepted as ${JSON.stringify(reply)}`);
        }
        if (!paired && !["hub_connected", "pair_confirm", "ping"].includes(type)) {
          assert.equal(reply.error?.code, 401, what);
        }
      }
      await hub.settle();
    }
    t.diagnostic(`${count} messages`);
    if (paired) {
      await hub.request("get_info");
    } else {
      await hub.drop();
      await Hub.paired(agent, { hubId: freshHubId(), connection: { localAddress: "127.0.0.2" } });
    }
  });
}

test("a wrong type in hello is 400 and shows no code", async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.open(agent);
  for (const [way, was, now, text] of spoilt(HELLO)) {
    if (was !== now && now !== "null" && way.length > 0) {
      const reply = await hub.askText("hub_connected", text);
      assert.equal(reply.error?.code, 400, text.slice(0, 200));
    }
  }
  assert.equal((await agent.pairing()).active, false);
});

test("no 64-bit id loses a digit, as a number or as text", async (t) => {
  const hub = await Hub.paired(await startAgent(t));
  for (const userId of ["76561198012345678", '"76561198012345678"', "52079950", '"52079950"']) {
    const reply = await hub.askText("list_shortcuts", `{"userId":${userId}}`);
    assert.equal(reply.type, "shortcuts_response", `${userId}: ${JSON.stringify(reply)}`);
  }
  // Neighbours that a double rounds to the same value.
  for (const userId of ["76561198012345679", '"76561198012345677"', "76561198012345680", '"52079951"']) {
    const reply = await hub.askText("list_shortcuts", `{"userId":${userId}}`);
    assert.equal(reply.error?.code, 404, `${userId}: ${JSON.stringify(reply)}`);
    assert.ok(reply.error.message.includes(userId.replaceAll('"', "")), reply.error.message);
  }
});
