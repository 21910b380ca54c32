// Which screen a code is shown on, and what happens where there is none or a part is missing.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";

import { BINARY, IS_ROOT, run, startAgent } from "./lib/agent.mjs";
import { Hub } from "./lib/hub.mjs";
import { agentOn, hidden, overlayState, shown } from "./lib/overlay.mjs";
import { sessionOfOthers } from "./lib/others.mjs";
import { Screen, missingPrograms } from "./lib/screen.mjs";
import { until } from "./lib/wait.mjs";

const skip = missingPrograms() ?? sessionOfOthers();
const skipWayland = missingPrograms("weston") ?? sessionOfOthers();

async function failed(agent) {
  await until("it is given up", async () => (await overlayState(agent)).state === "failed");
  return (await overlayState(agent)).detail;
}

/** A Hub that wants to pair. */
async function guest(agent, name) {
  const hub = await Hub.open(agent);
  await hub.hello(name ? { name } : undefined);
  return hub;
}

async function pairs(agent, hub) {
  const reply = await hub.ask("pair_confirm", { code: await agent.code() });
  assert.equal(reply.type, "pair_success", JSON.stringify(reply));
}

/** Has the code that is read off the screen pair. */
async function readAndPair(agent, hub, screen, before) {
  assert.equal((await screen.card(before)).code, await agent.code());
  await pairs(agent, hub);
  await hidden(screen);
}

/** A folder with some of the build's files and nothing else. */
function partOfTheBuild(t, ...names) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-part-"));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const name of names) {
    fs.copyFileSync(path.join(path.dirname(BINARY), name), path.join(folder, name));
  }
  return { wrap: ([, ...args]) => [path.join(folder, "capydeck"), ...args] };
}

test("no screen: pairing still works, and the reason is reported", { skip }, async (t) => {
  for (const env of [{}, { DISPLAY: ":987" }, { DISPLAY: "nonsense" }, { WAYLAND_DISPLAY: "none", XDG_RUNTIME_DIR: "/" }]) {
    const agent = await startAgent(t, { overlay: true, env });
    const hub = await guest(agent);
    assert.match(await failed(agent), /no screen.*capydeck ctl pairing/);
    assert.match(agent.output, /not on the screen.*capydeck ctl pairing/);
    await pairs(agent, hub);
  }
});

/** Resolves when the agent says that nothing is on the screen yet, and what to do. */
async function late(agent) {
  const { state } = await until("it is late", async () => {
    const overlay = await overlayState(agent);
    return /after 3 s.*capydeck ctl pairing/.test(overlay.detail) ? overlay : null;
  });
  assert.equal(state, "starting");
  await agent.line(/nothing is on the screen.*capydeck ctl pairing/);
}

test("a display server that hangs does no harm, and shows the code when it recovers", { skip }, async (t) => {
  const screen = await Screen.start(t);
  const before = await screen.picture();
  const agent = await agentOn(t, screen);
  screen.server.kill("SIGSTOP");
  let hub = await guest(agent);
  await late(agent);
  await pairs(agent, hub);
  await hub.drop();
  hub = await guest(agent);
  await late(agent);
  screen.server.kill("SIGCONT");
  await shown(agent);
  assert.equal((await screen.card(before)).code, await agent.code());
  screen.server.kill("SIGSTOP"); // while it is shown
  await pairs(agent, hub);
  screen.server.kill("SIGCONT");
  await screen.bare(before);
});

test("a session that ends and one that begins are both noticed", { skip }, async (t) => {
  const display = `:${randomInt(1000, 50_000)}`; // higher than servers take that take a free one
  const first = await Screen.start(t, { display });
  const agent = await agentOn(t, first);
  const hub = await guest(agent);
  await shown(agent);
  await first.stop();
  assert.match(await failed(agent), /no screen/);
  await pairs(agent, hub);
  await hub.drop();

  const second = await Screen.start(t, { display, size: "1920x1080" });
  const before = await second.picture();
  const next = await guest(agent);
  await shown(agent);
  await readAndPair(agent, next, second, before);
});

test("without an environment the session's programs are used", { skip }, async (t) => {
  const screen = await Screen.start(t, { manager: "session" });
  const before = await screen.picture();
  const agent = await startAgent(t, { overlay: true });
  const hub = await guest(agent);
  await shown(agent);
  await readAndPair(agent, hub, screen, before);
});

test("without a window manager the game keeps the focus", { skip }, async (t) => {
  for (const composited of [true, false]) {
    const screen = await Screen.start(t, { composited, manager: null });
    const game = await screen.game();
    const before = await screen.picture();
    const agent = await agentOn(t, screen);
    const hub = await guest(agent);
    await shown(agent);
    assert.equal(await screen.focused(), "fake game");
    await readAndPair(agent, hub, screen, before);
    assert.equal(await screen.focused(), "fake game");
    await game.press("p");
    assert.ok(!game.log.includes("focus lost"), game.log);
  }
});

test("a Wayland session without X shows the code", { skip: skipWayland }, async (t) => {
  const screen = await Screen.start(t, { composited: false, manager: null });
  const env = await screen.wayland();
  const before = await screen.picture();
  const agent = await agentOn(t, screen, {}, { env });
  const hub = await guest(agent);
  await shown(agent);
  assert.equal((await screen.card(before)).code, await agent.code());
  await pairs(agent, hub);
  await screen.bare(before);
});

test("a Wayland compositor that hangs, or ends under the card", { skip: skipWayland }, async (t) => {
  const screen = await Screen.start(t, { composited: false, manager: null });
  const env = await screen.wayland();
  const before = await screen.picture();
  const agent = await agentOn(t, screen, {}, { env });
  screen.compositor.kill("SIGSTOP");
  const hub = await guest(agent);
  await late(agent);
  screen.compositor.kill("SIGCONT");
  await shown(agent);
  assert.equal((await screen.card(before)).code, await agent.code());
  screen.compositor.kill("SIGKILL");
  assert.match(await failed(agent), /no screen/);
  await pairs(agent, hub); // it was not dismissed
});

test("a Wayland compositor without a seat is skipped, and the reason is reported", { skip: skipWayland }, async (t) => {
  const screen = await Screen.start(t, { composited: false, manager: null });
  const env = await screen.wayland({ seat: false });
  const agent = await agentOn(t, screen, {}, { env });
  const hub = await guest(agent);
  assert.match(await failed(agent), /compositor has no seat.*capydeck ctl pairing/);
  await pairs(agent, hub);
});

test("in a session with both, X shows the code", { skip: skipWayland }, async (t) => {
  const screen = await Screen.start(t, { composited: false, manager: null });
  const env = await screen.wayland();
  screen.sessionProgram("kwin_wayland", { ...env });
  screen.sessionProgram("plasmashell", { ...env, DISPLAY: screen.display });
  const agent = await startAgent(t, { overlay: true });
  const hub = await guest(agent);
  await shown(agent);
  assert.match(await screen.windows(), /"CapyDeck"/);
  await pairs(agent, hub);
  await hidden(screen);
});

test("another user's screen shows no code", { skip: skip || (!IS_ROOT && "to run a server of another user takes root") }, async (t) => {
  const screen = await Screen.start(t, { composited: false, manager: null, uid: 65534 });
  const before = await screen.picture(); // anyone may connect
  const agent = await agentOn(t, screen);
  const hub = await guest(agent);
  assert.match(await failed(agent), /another user's.*capydeck ctl pairing/);
  assert.equal((await screen.picture()).difference(before), null);
  await pairs(agent, hub);
});

test("a stale authority is no obstacle where the session has another", { skip }, async (t) => {
  const screen = await Screen.start(t, { composited: false, manager: "session" });
  const agent = await agentOn(t, screen, {}, { env: { DISPLAY: ":987", XAUTHORITY: "/nonexistent" } });
  const hub = await guest(agent);
  await shown(agent);
  await pairs(agent, hub);
});

test("a missing program, and missing Pango, are no obstacle", { skip }, async (t) => {
  const screen = await Screen.start(t);
  const before = await screen.picture();
  let agent = await agentOn(t, screen, {}, partOfTheBuild(t, "capydeck"));
  let hub = await guest(agent);
  assert.match(await failed(agent), /capydeck-overlay/);
  await pairs(agent, hub);

  agent = await agentOn(t, screen, {}, partOfTheBuild(t, "capydeck", "capydeck-overlay"));
  hub = await guest(agent, "居間 حاسوب 🎮");
  await shown(agent);
  await readAndPair(agent, hub, screen, before);
});

test("the code is in no log, file, argument or environment", { skip }, async (t) => {
  const screen = await Screen.start(t);
  const agent = await agentOn(t, screen);
  const hub = await guest(agent);
  await shown(agent);
  const code = await agent.code();
  const { stdout } = await run("pgrep", ["-P", String(agent.pid), "-f", "capydeck-overlay"]);
  for (const pid of [agent.pid, Number(stdout.trim())]) {
    for (const file of ["cmdline", "environ", "comm"]) {
      assert.ok(!fs.readFileSync(`/proc/${pid}/${file}`, "latin1").includes(code), `${file} of ${pid}`);
    }
  }
  await pairs(agent, hub);
  await hidden(screen);
  assert.ok(!agent.output.includes(code), agent.output);
  const { stdout: found } = await run("grep", ["-rlw", code, agent.deck.root]);
  assert.equal(found, "");
});
