// A Hub that pairs, sends a part of a game, is cut off by whatever happens then, and goes on.
// Lines on standard output say where it is: "code" (answer: the code), "sending", then, after a
// line with "again" and the port on standard input, one JSON object: {held, complete, appId}.
// Arguments: the port; the folder of a Steam that is to be made, with an account.
import { deepStrictEqual } from "node:assert";
import { createInterface } from "node:readline";

import { Game, Hub, bytesOf, sendChunks, upload } from "../e2e/lib/hub.mjs";
import { writeSteamHome } from "../e2e/lib/steam_home.mjs";
import { filesOf, readFiles } from "../e2e/lib/tree.mjs";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const nextLine = async () => (await lines.next()).value;
const say = (text) => console.log(text);
const port = Number(process.argv[2]);
writeSteamHome(process.argv[3]);
const game = new Game("Half", { "a.bin": bytesOf("a", 40 << 20), "b/c.bin": bytesOf("c", 24 << 20) });

const code = () => {
  say("code");
  return nextLine();
};
const hub = await Hub.paired({ port, code });
const init = await hub.request("init_upload", game.initPayload());
await sendChunks(hub, init.uploadId, game.chunks(), {
  inFlight: 2,
  onAck: (count) => {
    if (count === 12) {
      say("sending");
    }
  },
}).catch(() => {}); // the connection was closed
const [, again] = (await nextLine()).split(" ");
const second = await Hub.ready({ port: Number(again) }, { token: hub.token });
const complete = { createShortcut: true, shortcut: { name: "Half", exe: "a.bin" } };
const { init: resumed, result } = await upload(second, game, { complete });
deepStrictEqual(readFiles(result.path), filesOf(game));
const held = Object.values(resumed.resumeFrom ?? {}).reduce((sum, bytes) => sum + bytes, 0);
say(JSON.stringify({ held, complete: result.success, appId: result.appId }));
process.exit(0);
