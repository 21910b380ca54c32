// protocol.md §4.11, §4.12 and §5.3: whichever way an image comes, it ends in one
// file of the grid folder, called after its shortcut, its kind and its first bytes.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { isDeepStrictEqual } from "node:util";

import { Deck, startAgent } from "./lib/agent.mjs";
import { Game, Hub, bytesOf, frame, sendChunks, upload } from "./lib/hub.mjs";
import { IpcPeer } from "./lib/game_mode_plugin.mjs";
import { GIF, HTML, ICO, JPEG, PNG, WEBP, serveImages, variant } from "./lib/images.mjs";
import { GAMER, SIBLING, readShortcuts } from "./lib/steam_home.mjs";
import { deadline, until } from "./lib/wait.mjs";

/** Their malloc() has other figures. */
const SANITIZED = process.env.CAPYDECK_SANITIZED === "1";
const SUFFIXES = { grid: "p", banner: "", hero: "_hero", logo: "_logo", icon: "_icon" };
const KINDS = Object.keys(SUFFIXES);
const elf = Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), Buffer.alloc(64)]);

const gridDir = (deck, user = GAMER) => path.join(deck.steam, "userdata", user.accountId, "config/grid");
const dataUrl = (bytes, type = "image/png") => `data:${type};base64,${bytes.toString("base64")}`;

/** File name → bytes of the grid folder. */
function gridOf(deck, user) {
  const dir = gridDir(deck, user);
  const names = fs.existsSync(dir) ? fs.readdirSync(dir).sort() : [];
  const visible = names.filter((name) => !name.includes(".tmp-")); // others are being written
  return Object.fromEntries(visible.map((name) => [name, fs.readFileSync(path.join(dir, name))]));
}

/** The names in a folder of the agent's state; a folder that is not there is empty. */
function namesIn(deck, name) {
  const dir = path.join(deck.state, name);
  return fs.existsSync(dir) ? fs.readdirSync(dir) : [];
}

/** Sends one image; resolves to the whole reply. */
function sendImage(hub, artworkType, image, { type = "artwork_image", appId = 0, ...extra } = {}) {
  const id = hub.newId();
  const reply = hub.reply(id);
  hub.binary(frame({ id, type, appId, artworkType, contentType: "image/png", ...extra }, image));
  return reply;
}

async function imageIsTaken(hub, artworkType, image, options) {
  const { type, payload } = await sendImage(hub, artworkType, image, options);
  assert.equal(type, "artwork_image_response");
  assert.deepEqual(payload, { success: true, artworkType }, JSON.stringify(payload));
}

/** The sentence that refuses it. */
async function imageIsRefused(hub, artworkType, image, options) {
  const { type, payload } = await sendImage(hub, artworkType, image, options);
  assert.equal(type, "artwork_image_response");
  assert.equal(payload.success, false, JSON.stringify(options));
  assert.ok(payload.error, "says why");
  return payload.error;
}

const completion = (name, artwork) => ({
  createShortcut: true,
  shortcut: { name, exe: "bin/game", ...(artwork ? { artwork } : {}) },
});

/** Begins an upload and sends its files; complete() ends it. */
async function begin(hub, name = "Celeste") {
  const game = new Game(name, { "bin/game": elf });
  const { uploadId } = await hub.request("init_upload", game.initPayload({ executable: "bin/game" }));
  await sendChunks(hub, uploadId, game.chunks());
  const complete = (artwork) => hub.request("complete_upload", { uploadId, ...completion(name, artwork) });
  return { uploadId, complete };
}

/** An agent, a paired Hub, and a game with its shortcut. */
async function withGame(t, options) {
  const agent = await startAgent(t, options);
  const hub = await Hub.paired(agent);
  const { complete } = await begin(hub);
  const { appId } = await complete();
  return { agent, deck: agent.deck, hub, appId };
}

const artworkDone = (hub) => hub.event("operation_event", ({ type, status }) => type === "artwork" && status === "complete");

/** A route that does not answer, a wait for a request to it, and an end of the connection. */
function stalling() {
  let route;
  const asked = new Promise((resolve) => (route = (request, response) => resolve(response)));
  const reached = () => deadline(asked, "the stalling server is asked");
  return { route, reached, breakOff: async () => (await asked).destroy() };
}

async function allowLocalServers(deck) {
  const { code, stderr } = await deck.ctl("settings", "set", "artwork.localServers", "true");
  assert.equal(code, 0, stderr);
}

test("each kind of image is stored in its own file, with the extension that its bytes require", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  const images = { grid: JPEG, banner: PNG, hero: WEBP, logo: GIF, icon: ICO };
  for (const [kind, image] of Object.entries(images)) {
    await imageIsTaken(hub, kind, image, { appId, contentType: "image/bmp" });
  }
  assert.deepEqual(gridOf(deck), {
    [`${appId}p.jpg`]: JPEG,
    [`${appId}.png`]: PNG,
    [`${appId}_hero.png`]: WEBP,
    [`${appId}_logo.png`]: GIF,
    [`${appId}_icon.ico`]: ICO,
  });
  assert.deepEqual(gridOf(deck, SIBLING), {});
  const [entry] = readShortcuts(deck.steam);
  assert.equal(entry.icon, path.join(gridDir(deck), `${appId}_icon.ico`));
});

test("the local IPC gives the image to show a game with, in parts", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  const peer = await IpcPeer.connect(deck);
  t.after(() => peer.close());
  const dir = deck.game("Celeste");
  const read = async (params) => (await peer.ask("games.artwork", params)).result;
  const code = async (params) => (await peer.ask("games.artwork", params)).error.code;
  assert.equal(await code({ dir }), -32001, "it has none yet");
  const large = variant(PNG, "x".repeat(600_000));
  await imageIsTaken(hub, "hero", JPEG, { appId });
  assert.deepEqual(await read({ dir }), {
    imageType: "jpg",
    data: JPEG.toString("base64"),
    bytes: JPEG.length,
  });
  await imageIsTaken(hub, "grid", large, { appId });
  const parts = [await read({ dir, offset: 0 }), await read({ dir, offset: 512 * 1024 })];
  assert.ok(Buffer.concat(parts.map(({ data }) => Buffer.from(data, "base64"))).equals(large));
  assert.equal(await code({ dir, offset: large.length + 1 }), -32602);
  assert.equal(await code({ dir: `${dir} 2` }), -32001);
  assert.equal(await code({}), -32602);
});

test("the desktop app's frames have no type", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  await imageIsTaken(hub, "hero", PNG, { type: undefined, appId });
  await imageIsTaken(hub, "logo", PNG, { type: undefined, appId: String(appId) });
  assert.deepEqual(Object.keys(gridOf(deck)), [`${appId}_hero.png`, `${appId}_logo.png`]);
  const { complete } = await begin(hub, "Hades");
  await imageIsTaken(hub, "grid", JPEG, { type: undefined });
  const done = artworkDone(hub);
  const { appId: other } = await complete();
  await done;
  assert.deepEqual(gridOf(deck)[`${other}p.jpg`], JPEG);
});

test("a new image replaces older ones of its kind; other files stay", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  const others = [`${appId}.json`, `${appId}_hero.png`, `${appId}p.png.bak`, `1${appId}p.png`];
  fs.mkdirSync(gridDir(deck), { recursive: true });
  for (const name of [...others, `${appId}p.jpg`, `${appId}p.webp`]) {
    fs.writeFileSync(path.join(gridDir(deck), name), "before");
  }
  await imageIsTaken(hub, "grid", PNG, { appId });
  assert.deepEqual(Object.keys(gridOf(deck)).sort(), [...others, `${appId}p.png`].sort());
  await imageIsTaken(hub, "grid", JPEG, { appId });
  assert.deepEqual(Object.keys(gridOf(deck)).sort(), [...others, `${appId}p.jpg`].sort());
  await imageIsTaken(hub, "banner", JPEG, { appId });
  assert.ok(gridOf(deck)[`${appId}.json`], "where Steam shows the logo");
});

test("images before complete_upload wait for their game, the newest of each kind", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const { uploadId, complete } = await begin(hub);
  await imageIsTaken(hub, "grid", variant(PNG, "older"));
  await imageIsTaken(hub, "grid", JPEG);
  await imageIsTaken(hub, "icon", PNG, { uploadId });
  assert.deepEqual(gridOf(deck), {}, "nothing of Steam is touched before the game is there");
  const done = artworkDone(hub);
  const { appId } = await complete({ hero: dataUrl(PNG) });
  await done;
  const grid = gridOf(deck);
  assert.deepEqual(Object.keys(grid), [`${appId}_hero.png`, `${appId}_icon.png`, `${appId}p.jpg`].sort());
  assert.equal(readShortcuts(deck.steam)[0].icon, path.join(gridDir(deck), `${appId}_icon.png`));
  await until("what waited is gone", () => namesIn(deck, "artwork").length === 0);
});

test("the memory of images is freed", { skip: SANITIZED }, async (t) => {
  const agent = await startAgent(t);
  const hub = await Hub.paired(agent);
  const large = (bytes) => Buffer.concat([PNG, Buffer.alloc(bytes)]);
  const before = agent.residentBytes("VmRSS");
  const isSmall = () => agent.residentBytes("VmRSS") < before + 5_000_000;
  for (const artwork of [{ grid: dataUrl(large(3_000_000)), hero: dataUrl(large(3_000_000)) }, undefined]) {
    const { complete } = await begin(hub, artwork ? "Celeste" : "Hades");
    if (!artwork) {
      await Promise.all(KINDS.map((kind) => imageIsTaken(hub, kind, large(9_000_000))));
      await until("those that wait are in files alone", isSmall);
    }
    const done = artworkDone(hub);
    await complete(artwork);
    await done;
    await until("all are", isSmall);
  }
});

test("kill -9 between image and complete_upload loses nothing", async (t) => {
  const deck = new Deck(t);
  const one = await startAgent(t, { deck });
  const hub = await Hub.paired(one);
  await begin(hub);
  await imageIsTaken(hub, "grid", JPEG);
  await imageIsTaken(hub, "logo", PNG);
  await one.stop("SIGKILL");
  const two = await startAgent(t, { deck });
  const again = await Hub.ready(two, { token: hub.token });
  const { complete } = await begin(again);
  const done = artworkDone(again);
  const { appId } = await complete();
  await done;
  assert.deepEqual(gridOf(deck), { [`${appId}p.jpg`]: JPEG, [`${appId}_logo.png`]: PNG });
});

test("the images of a discarded upload are removed with it", async (t) => {
  const agent = await startAgent(t);
  const { deck } = agent;
  const hub = await Hub.paired(agent);
  const { uploadId } = await begin(hub);
  await imageIsTaken(hub, "grid", JPEG);
  await hub.request("cancel_upload", { uploadId });
  assert.deepEqual(namesIn(deck, "artwork"), [uploadId], "it may be resumed");
  const { code, stderr } = await deck.ctl("uploads", "discard", uploadId);
  assert.equal(code, 0, stderr);
  await until("they are gone", () => namesIn(deck, "artwork").length === 0);
});

test("the images of an upload that cannot be read at the start wait with it", async (t) => {
  const deck = new Deck(t);
  let agent = await startAgent(t, { deck });
  const hub = await Hub.paired(agent);
  const { uploadId } = await begin(hub);
  await imageIsTaken(hub, "grid", JPEG);
  await hub.close();
  await agent.stop();
  const head = path.join(deck.library, ".capydeck/uploads", uploadId, "upload.json");
  fs.renameSync(head, `${head}.away`);
  fs.mkdirSync(head); // not even root can read that
  agent = await startAgent(t, { deck });
  await agent.stop();
  assert.deepEqual(namesIn(deck, "artwork"), [uploadId]);
  fs.rmdirSync(head);
  fs.renameSync(`${head}.away`, head);
  await startAgent(t, { deck });
  assert.equal((await deck.ctlJson("uploads", "list")).uploads[0].uploadId, uploadId);
  assert.deepEqual(namesIn(deck, "artwork"), [uploadId]);
});

test("invalid images, kinds and shortcuts are refused with a message", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  assert.match(await imageIsRefused(hub, "grid", HTML, { appId }), /grid/);
  assert.match(await imageIsRefused(hub, "grid", Buffer.alloc(0), { appId }), /grid/);
  assert.match(await imageIsRefused(hub, "poster", PNG, { appId }), /'poster'/);
  assert.match(await imageIsRefused(hub, "../../grid", PNG, { appId }), /'\.\.\/\.\.\/grid'/);
  assert.match(await imageIsRefused(hub, "grid", PNG, { appId: 77 }), /77/);
  assert.match(await imageIsRefused(hub, "grid", PNG), /no upload/);
  assert.match(await imageIsRefused(hub, undefined, PNG, { appId }), /artworkType/);
  for (const bad of ["../../x", -1, 1.5, 2 ** 40, `${appId}/../x`, { a: 1 }]) {
    const { error } = await sendImage(hub, "grid", PNG, { appId: bad });
    assert.equal(error?.code, 400, JSON.stringify(bad));
  }
  const { uploadId } = await begin(hub, "Hades");
  for (const bad of ["..", "../../../tmp/x", `${uploadId}/..`, "", uploadId.slice(1)]) {
    const refusal = sendImage(hub, "grid", HTML, { uploadId: bad });
    assert.equal((await refusal).payload.success, false, bad);
  }
  for (const bad of ["..", `../${uploadId}`, "no-such-upload"]) {
    assert.match(await imageIsRefused(hub, "grid", PNG, { uploadId: bad }), /no upload/);
  }
  assert.deepEqual(gridOf(deck), {});
  assert.deepEqual(namesIn(deck, "artwork"), []);
});

test("apply_artwork: data URLs in every form; a failure does not stop the others", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  const percent = [...PNG].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  const response = await hub.request("apply_artwork", {
    userId: GAMER.steamId,
    appId,
    artwork: {
      grid: dataUrl(PNG, "image/jpeg;charset=utf-8"),
      banner: `data:,${percent}`,
      hero: dataUrl(HTML),
      logo: "file:///etc/hostname",
      icon: dataUrl(ICO, "text/plain"),
    },
  });
  assert.deepEqual(response.applied.sort(), ["banner", "grid", "icon"]);
  assert.deepEqual(response.failed.map(({ type }) => type).sort(), ["hero", "logo"]);
  response.failed.forEach(({ error }) => assert.ok(error));
  assert.deepEqual(gridOf(deck), {
    [`${appId}p.png`]: PNG,
    [`${appId}.png`]: PNG,
    [`${appId}_icon.ico`]: ICO,
  });
  for (const bad of [{ appId: 0 }, { appId: 12345 }, { appId, userId: SIBLING.steamId }, { appId, userId: "5" }]) {
    const { error } = await hub.ask("apply_artwork", { artwork: { grid: dataUrl(PNG) }, ...bad });
    assert.equal(error?.code, 404, JSON.stringify(bad));
  }
  assert.deepEqual(await hub.request("apply_artwork", { appId, artwork: {} }), { applied: [], failed: [] });
});

test("apply_artwork: downloads, through redirects, with bounds", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  const { url, asked } = await serveImages(t, {
    "/a.png": PNG,
    "/moved": (request, response) => response.writeHead(302, { Location: "/a.png" }).end(),
    "/round": (request, response) => response.writeHead(302, { Location: "/round" }).end(),
    "/page": HTML,
    "/large": (request, response) => {
      const block = variant(PNG, "x".repeat(1 << 20));
      const more = () => !response.destroyed && response.write(block, more);
      more();
    },
  });
  const artwork = { grid: url("/moved"), banner: url("/gone"), hero: url("/page"), logo: url("/large"), icon: url("/round") };

  const refused = await hub.request("apply_artwork", { appId, artwork });
  assert.deepEqual(refused.applied, [], "this device's own servers are not for strangers to reach");
  assert.deepEqual(asked, []);
  assert.match(refused.failed[0].error, /artwork\.localServers/, "the remedy");

  await allowLocalServers(deck);
  const response = await hub.request("apply_artwork", { appId, artwork });
  assert.deepEqual(response.applied, ["grid"]);
  assert.deepEqual(response.failed.map(({ type }) => type).sort(), ["banner", "hero", "icon", "logo"]);
  assert.deepEqual(gridOf(deck), { [`${appId}p.png`]: PNG });
  await until("no download is left", () => namesIn(deck, "downloads").length === 0);
});

test("a stalled image server holds up neither an upload nor anything else", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  await allowLocalServers(deck);
  const stall = stalling();
  const { url } = await serveImages(t, { "/never": stall.route, "/a.png": PNG });
  const order = [];
  const answered = hub
    .request("apply_artwork", { appId, artwork: { grid: url("/never"), hero: url("/a.png") } })
    .then((response) => (order.push("artwork"), response));
  await stall.reached();

  const game = new Game("Hades", { "data.pak": bytesOf("hades", 1 << 20), "bin/game": elf });
  const { result } = await upload(hub, game, {
    config: { executable: "bin/game" },
    complete: completion("Hades"),
    chunkSize: 1 << 15,
    inFlight: 4,
    onAck: () => void order.push("ack"),
  });
  order.push("complete");
  assert.equal(result.success, true);
  await imageIsTaken(hub, "logo", PNG, { appId: result.appId });
  order.push("image");

  await stall.breakOff();
  const response = await answered;
  assert.deepEqual(response.applied, ["hero"]);
  assert.equal(response.failed[0].type, "grid");
  assert.deepEqual(order.slice(-3), ["complete", "image", "artwork"], "the artwork's answer comes last");
  assert.equal(order.filter((what) => what === "ack").length, 33);
});

test("an agent that is stopped while it downloads exits at once and leaves no files", async (t) => {
  const { agent, deck, hub, appId } = await withGame(t);
  await allowLocalServers(deck);
  const stall = stalling();
  const { url } = await serveImages(t, { "/never": stall.route });
  hub.ask("apply_artwork", { appId, artwork: { grid: url("/never") } }).catch(() => {});
  await stall.reached();
  assert.equal((await agent.stop()).code, 0);
  assert.deepEqual(namesIn(deck, "downloads"), []);
});

test("complete_upload does not wait for artwork; it continues after a restart", async (t) => {
  const deck = new Deck(t);
  const one = await startAgent(t, { deck });
  await allowLocalServers(deck);
  const hub = await Hub.paired(one);
  let answers = false;
  const stall = stalling();
  const { url } = await serveImages(t, {
    "/a.png": (request, response) => (answers ? response.end(PNG) : stall.route(request, response)),
  });
  const { complete } = await begin(hub);
  await imageIsTaken(hub, "logo", GIF);
  const { appId } = await complete({ hero: url("/a.png") });
  await stall.reached();
  await one.stop("SIGKILL");
  answers = true;
  await startAgent(t, { deck });
  const images = { [`${appId}_hero.png`]: PNG, [`${appId}_logo.png`]: GIF };
  await until("both images are there", () => isDeepStrictEqual(gridOf(deck), images));
});

test("an image too large for a message is answered with 413, and the next one is accepted", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  const { error } = await sendImage(hub, "grid", variant(PNG, Buffer.alloc(11 << 20)), { appId });
  assert.equal(error?.code, 413);
  const large = variant(PNG, Buffer.alloc(10_000_000));
  await Promise.all(KINDS.map((kind) => imageIsTaken(hub, kind, large, { appId })));
  assert.deepEqual(Object.keys(gridOf(deck)).length, KINDS.length);
});

test("kill -9 at any moment leaves the old image or the new one", async (t) => {
  const deck = new Deck(t);
  const first = await withGame(t, { deck });
  const { appId } = first;
  const images = Array.from({ length: 12 }, (_, i) => variant(PNG, bytesOf(`image ${i}`, 1 << 20)));
  await imageIsTaken(first.hub, "grid", images[0], { appId });
  await first.agent.stop();
  for (let i = 1; i < images.length; i++) {
    const agent = await startAgent(t, { deck });
    const hub = await Hub.ready(agent, { token: first.hub.token });
    sendImage(hub, "grid", images[i], { appId }).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, i % 6)); // any moment is as good as another
    await agent.stop("SIGKILL");
    const [image, ...others] = Object.values(gridOf(deck));
    assert.deepEqual(others, []);
    assert.ok(images.slice(0, i + 1).some((sent) => sent.equals(image)), "a whole one");
  }
  const agent = await startAgent(t, { deck });
  const hub = await Hub.ready(agent, { token: first.hub.token });
  await imageIsTaken(hub, "grid", JPEG, { appId });
  assert.deepEqual(fs.readdirSync(gridDir(deck)), [`${appId}p.jpg`], "what was half written is cleared away");
});

test("a link in place of the grid folder is not followed", async (t) => {
  const { deck, hub, appId } = await withGame(t);
  const outside = path.join(deck.root, "outside");
  fs.mkdirSync(outside);
  fs.symlinkSync(outside, gridDir(deck));
  assert.match(await imageIsRefused(hub, "grid", PNG, { appId }), /link/);
  assert.deepEqual(fs.readdirSync(outside), []);
});
