// The examples of the protocol documents, byte for byte, driven from outside on a machine whose
// home is the documents': /home/deck. A mount namespace provides it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import test from "node:test";

import { Deck, IS_ROOT, startAgent } from "./lib/agent.mjs";
import { Hub, frame } from "./lib/hub.mjs";
import { readShortcuts } from "./lib/steam_home.mjs";

const CELESTE = 2857492837;

const HUB_CONNECTED = `{
  "name": "CapyDeploy Hub",
  "version": "0.1.0",
  "hubId": "hub-abc123",
  "token": "stored-token-or-empty"
}`;
const PAIR_CONFIRM = `{ "code": "123456" }`;
const LIST_SHORTCUTS = `{ "userId": 76561198012345678 }`;
const CREATE_SHORTCUT = `{
  "userId": 76561198012345678,
  "shortcut": {
    "name": "Celeste",
    "exe": "/path/to/Celeste.exe",
    "startDir": "/path/to/game",
    "artwork": { "grid": "https://...", "hero": "https://..." }
  }
}`;
const DELETE_SHORTCUT = `{
  "userId": "76561198012345678",
  "appId": ${CELESTE},
  "restartSteam": true
}`;
const APPLY_ARTWORK = `{
  "userId": "76561198012345678",
  "appId": ${CELESTE},
  "artwork": {
    "grid": "https://...",
    "hero": "https://...",
    "logo": "https://..."
  }
}`;
const INIT_UPLOAD = `{
  "config": {
    "gameName": "Celeste",
    "installPath": "/home/deck/Games",
    "executable": "Celeste.exe"
  },
  "totalSize": 1234567890,
  "files": [
    { "relativePath": "Celeste.exe", "size": 12345 },
    { "relativePath": "data/game.pak", "size": 1234555545 }
  ]
}`;
const CHUNK_HEADER = `{
  "id": "msg-id",
  "uploadId": "upload-abc123",
  "filePath": "data/game.pak",
  "offset": 0,
  "checksum": "sha256..."
}`;
const COMPLETE_UPLOAD = `{
  "uploadId": "upload-abc123",
  "createShortcut": true,
  "shortcut": {
    "name": "Celeste",
    "exe": "Celeste.exe",
    "artwork": { "grid": "...", "hero": "..." }
  }
}`;
const CANCEL_UPLOAD = `{ "uploadId": "upload-abc123" }`;

/** In a chroot mounts cannot be made private; within scripts/alone they are nobody else's. */
const unshare = ["private", ...(process.env.CAPYDECK_OWN_MOUNTS ? ["unchanged"] : [])]
  .map((propagation) => ["unshare", "--mount", "--propagation", propagation])
  .find(([command, ...args]) => IS_ROOT && spawnSync(command, [...args, "mount", "-t", "tmpfs", "tmpfs", "/home"]).status === 0);

/** The shape of a documented response: every key there, of the same type. */
function assertShape(actual, documented, where = "payload") {
  for (const [key, value] of Object.entries(documented)) {
    const what = `${where}.${key} in ${JSON.stringify(actual)}`;
    if (Array.isArray(value)) {
      assert.ok(Array.isArray(actual[key]), what);
      if (value.length > 0 && typeof value[0] === "object") {
        actual[key].forEach((item, index) => assertShape(item, value[0], `${where}.${key}[${index}]`));
      }
    } else if (typeof value === "object") {
      assertShape(actual[key], value, `${where}.${key}`);
    } else {
      assert.equal(typeof actual[key], typeof value, what);
    }
  }
}

test(
  "every example of the documents, verbatim",
  { skip: unshare ? false : "needs root and mount namespaces" },
  async (t) => {
    const deck = new Deck(t, { library: "/home/deck/Games" });
    const tmpfs = "mount -t tmpfs -o size=4g tmpfs /home && mkdir -p /home/deck";
    const agent = await startAgent(t, {
      deck,
      wrap: (command) => [...unshare, "sh", "-c", `${tmpfs} && exec "$@"`, "sh", ...command],
    });
    const inside = (file) => `/proc/${agent.pid}/root${file}`;

    const hub = await Hub.open(agent);
    const required = await hub.askText("hub_connected", HUB_CONNECTED, "unique-message-id");
    assert.equal(required.type, "pairing_required");
    assert.equal(required.id, "unique-message-id");
    assertShape(required.payload, { code: "123456", expiresIn: 60 });
    const code = await agent.code();
    if (code !== "123456") {
      const failed = await hub.askText("pair_confirm", PAIR_CONFIRM);
      assert.equal(failed.type, "pair_failed");
      assert.deepEqual(failed.payload, { reason: "invalid code" });
    }
    const success = await hub.askText("pair_confirm", PAIR_CONFIRM.replace("123456", code));
    assert.equal(success.type, "pair_success");
    assertShape(success.payload, { token: "secure-auth-token..." });
    assertShape((await hub.event("agent_status")).payload, {
      name: "Steam Deck",
      version: "0.1.0",
      platform: "linux",
      acceptConnections: true,
    });

    assert.equal((await hub.ask("ping")).type, "pong");
    const info = await hub.ask("get_info");
    assert.equal(info.type, "info_response");
    assertShape(info.payload, {
      agent: {
        id: "agent-abc123",
        name: "Steam Deck",
        platform: "linux",
        capabilities: ["file_upload", "steam_shortcuts"],
      },
    });
    const config = await hub.ask("get_config");
    assert.equal(config.type, "config_response");
    assert.deepEqual(config.payload, { installPath: "/home/deck/Games" });
    const users = await hub.ask("get_steam_users");
    assert.equal(users.type, "steam_users_response");
    assertShape(users.payload, { users: [{ id: "76561198012345678", name: "Gamer" }] });
    assert.equal(users.payload.users[0].id, "76561198012345678");
    const list = await hub.askText("list_shortcuts", LIST_SHORTCUTS);
    assert.equal(list.type, "shortcuts_response");
    assert.deepEqual(list.payload.shortcuts, []);

    const init = await hub.askText("init_upload", INIT_UPLOAD);
    assert.equal(init.type, "upload_init_response");
    assertShape(init.payload, { uploadId: "upload-abc123", chunkSize: 1048576 });
    const { uploadId } = init.payload;

    // The examples' upload id is unknown; the checksum is not valid.
    const unknown = hub.reply("msg-id");
    hub.binary(frame(CHUNK_HEADER, Buffer.alloc(1048576)));
    assert.equal((await unknown).error.code, 404);
    const mismatch = hub.reply("msg-id");
    hub.binary(frame(CHUNK_HEADER.replace("upload-abc123", uploadId), Buffer.alloc(1048576)));
    assert.equal((await mismatch).error.code, 400);
    assert.match((await mismatch).error.message, /checksum/);
    const chunk = hub.reply("msg-id");
    const sound = CHUNK_HEADER.replace("upload-abc123", uploadId).replace(/,\s*"checksum": "[^"]*"/, "");
    hub.binary(frame(sound, Buffer.alloc(1048576)));
    assert.equal((await chunk).type, "upload_chunk_response");
    assert.deepEqual((await chunk).payload, { uploadId, bytesWritten: 1048576, totalWritten: 1048576 });
    const progress = await hub.event("upload_progress");
    assertShape(progress.payload, {
      uploadId: "upload-abc123",
      transferredBytes: 524288000,
      totalBytes: 1234567890,
      currentFile: "data/game.pak",
      percentage: 42.5,
    });
    assert.equal(progress.payload.totalBytes, 1234567890);

    assert.equal((await hub.askText("complete_upload", COMPLETE_UPLOAD)).error.code, 404);
    const early = await hub.askText("complete_upload", COMPLETE_UPLOAD.replace("upload-abc123", uploadId));
    assert.equal(early.error.code, 400);
    assert.match(early.error.message, /Celeste\.exe|game\.pak/, "names the first gap");
    assert.equal((await hub.askText("cancel_upload", CANCEL_UPLOAD)).error.code, 404);
    const cancelled = await hub.askText("cancel_upload", CANCEL_UPLOAD.replace("upload-abc123", uploadId));
    assert.equal(cancelled.type, "operation_result");
    assert.equal(cancelled.payload.success, true);

    // A Celeste that fits a test, completed with the documents' own words.
    const small = INIT_UPLOAD.replaceAll("1234555545", "1000").replace("1234567890", "13345");
    const again = await hub.askText("init_upload", small);
    const send = async (filePath, data) => {
      const reply = await hub.chunk(again.payload.uploadId, filePath, 0, data);
      assert.equal(reply.type, "upload_chunk_response", JSON.stringify(reply));
    };
    await send("Celeste.exe", Buffer.alloc(12345, "MZ"));
    await send("data/game.pak", Buffer.alloc(1000, 7));
    const complete = COMPLETE_UPLOAD.replace("upload-abc123", again.payload.uploadId);
    const done = await hub.askText("complete_upload", complete);
    assert.equal(done.type, "operation_result");
    assertShape(done.payload, { success: true, path: "/home/deck/Games/Celeste", appId: CELESTE });
    assert.equal(done.payload.success, true);
    assert.equal(done.payload.path, "/home/deck/Games/Celeste");
    assert.equal(fs.statSync(inside("/home/deck/Games/Celeste/Celeste.exe")).size, 12345);
    assert.equal(readShortcuts(deck.steam)[0].appid, done.payload.appId);
    const event = await hub.event("operation_event", ({ status }) => status === "complete");
    assertShape(event.payload, {
      type: "install",
      status: "complete",
      gameName: "Celeste",
      progress: 100,
      message: "Installation complete",
    });

    const after = await hub.askText("list_shortcuts", LIST_SHORTCUTS);
    assertShape(after.payload, {
      shortcuts: [{ appId: CELESTE, name: "Celeste", exe: "/home/deck/Games/Celeste/Celeste.exe" }],
    });
    assert.equal(after.payload.shortcuts[0].exe, "/home/deck/Games/Celeste/Celeste.exe");
    assert.equal(after.payload.shortcuts[0].appId, done.payload.appId);

    const { capabilities } = (await hub.request("get_info")).agent;
    for (const capability of ["file_upload", "steam_shortcuts", "artwork", "game_delete", "steam_restart"]) {
      assert.ok(capabilities.includes(capability), capability);
    }
    const created = await hub.askText("create_shortcut", CREATE_SHORTCUT);
    assert.equal(created.type, "operation_result");
    assertShape(created.payload, { appId: CELESTE });
    const theirs = readShortcuts(deck.steam).find(({ appid }) => appid === created.payload.appId);
    assert.equal(theirs.exe, '"/path/to/Celeste.exe"');
    assert.equal(theirs.startdir.replaceAll('"', ""), "/path/to/game");

    // The example's app id is unknown; with that of the shortcut above, each is answered.
    const withId = (text) => text.replace(CELESTE, created.payload.appId);
    assert.equal((await hub.askText("apply_artwork", APPLY_ARTWORK)).error?.code, 404);
    const artwork = await hub.askText("apply_artwork", withId(APPLY_ARTWORK));
    assert.equal(artwork.type, "artwork_response");
    assertShape(artwork.payload, {
      applied: ["grid", "hero"],
      failed: [{ type: "logo", error: "download failed" }],
    });
    assert.deepEqual(artwork.payload.failed.map(({ type }) => type).sort(), ["grid", "hero", "logo"]);

    assert.equal((await hub.askText("delete_shortcut", DELETE_SHORTCUT)).error?.code, 404);
    const deleted = await hub.askText("delete_shortcut", withId(DELETE_SHORTCUT));
    assert.equal(deleted.type, "operation_result");
    assert.equal(deleted.payload.success, true);
    assert.ok(!readShortcuts(deck.steam).some(({ appid }) => appid === created.payload.appId));

    const restarted = await hub.ask("restart_steam");
    assert.equal(restarted.type, "steam_response");
    assertShape(restarted.payload, { success: true, message: "Steam restarted" });
  },
);
