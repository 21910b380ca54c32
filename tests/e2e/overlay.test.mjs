// design.md §6.2: the person at the screen can read the code that pairs, and a game notices nothing.
import assert from "node:assert/strict";
import test from "node:test";

import { BINARY, Deck, run, startAgent } from "./lib/agent.mjs";
import { digitHeight, readDigits } from "./lib/digits.mjs";
import { Hub } from "./lib/hub.mjs";
import { Overlay, agentOn, hidden, overlayState, shown } from "./lib/overlay.mjs";
import { Screen, missingPrograms } from "./lib/screen.mjs";
import { until } from "./lib/wait.mjs";

const skip = missingPrograms() ?? false;

for (const size of ["1280x800", "1920x1080", "3840x2160"]) {
  test(`at ${size} the code on the screen is read by a machine and pairs`, { skip }, async (t) => {
    const screen = await Screen.start(t, { size });
    const game = await screen.game();
    const before = await screen.picture();
    const agent = await agentOn(t, screen);
    const hub = await Hub.open(agent);
    await hub.hello({ name: "Олег's PC" });
    await shown(agent);
    const { picture, card, code } = await screen.card(before);

    assert.equal(code, await agent.code(), "what is read is the code");
    assert.ok(digitHeight(picture, card) >= picture.height / 8, "digits of an eighth of the screen's height");
    assert.ok(card.width < picture.width * 0.95 && card.height < picture.height * 0.7, "a card, not a curtain");
    assert.equal(await screen.focused(), "fake game");
    await game.press("p");

    const reply = await hub.ask("pair_confirm", { code });
    assert.equal(reply.type, "pair_success", JSON.stringify(reply));
    await hidden(screen);
    await screen.bare(before);
    await game.press("q");
    assert.ok(!game.log.includes("focus lost"), game.log);
  });
}

test("every digit in every place is read, on screens of any shape", { skip }, async (t) => {
  for (const size of ["640x400", "800x1280", "1280x800", "3440x1440"]) {
    const screen = await Screen.start(t, { size, composited: false, manager: null });
    const before = await screen.picture();
    const overlay = new Overlay(t, screen);
    for (let first = 0; first < 10; first++) {
      const code = Array.from({ length: 6 }, (_, i) => (first + i) % 10).join("");
      assert.deepEqual(await overlay.show({ code }), { status: "shown" });
      const picture = await screen.picture();
      assert.equal(readDigits(picture, picture.difference(before)), code, size);
    }
    assert.deepEqual(await overlay.end(), { code: 0, signal: null });
  }
});

test("the card lets the game shine through, and is opaque where nothing composites", { skip }, async (t) => {
  for (const composited of [true, false]) {
    const screen = await Screen.start(t, { composited });
    const agent = await agentOn(t, screen);
    const pictures = [];
    for (const colours of ["cold", "warm"]) {
      const game = await screen.game(colours);
      const before = await screen.picture();
      const hub = await Hub.open(agent);
      await hub.hello();
      await shown(agent);
      pictures.push(await screen.card(before));
      await hub.drop();
      await screen.bare(before);
      await game.end();
    }
    const [{ picture: cold, card }, { picture: warm }] = pictures;
    const inside = [card.left + Math.round(card.width / 2), card.top + 8];
    if (composited) {
      assert.notDeepEqual(cold.at(...inside), warm.at(...inside), "another game is seen behind the card");
    } else {
      assert.deepEqual(cold.at(...inside), warm.at(...inside));
    }
  }
});

test("without an overlay no code can be read (negative control)", { skip }, async (t) => {
  const screen = await Screen.start(t);
  await screen.game();
  const before = await screen.picture();
  const agent = await startAgent(t, { env: { DISPLAY: screen.display } });
  const hub = await Hub.open(agent);
  await hub.hello();
  assert.match(await agent.code(), /^\d{6}$/);
  assert.equal((await overlayState(agent)).state, "off");
  const during = await screen.picture();
  assert.equal(during.difference(before), null);
  assert.equal(readDigits(during, during), "");
});

test("another code replaces the first", { skip }, async (t) => {
  const screen = await Screen.start(t);
  await screen.game();
  const before = await screen.picture();
  const agent = await agentOn(t, screen);
  const hub = await Hub.open(agent);
  await hub.hello();
  await shown(agent);
  const { card, code: first } = await screen.card(before);
  assert.equal(first, await agent.code());
  await hub.hello();
  const second = await agent.code();
  assert.notEqual(second, first);
  await until("the second code is on the screen", async () => {
    const picture = await screen.picture();
    assert.deepEqual(picture.difference(before), card, "the card never goes");
    return readDigits(picture, card) === second;
  });
});

test("a click on the card dismisses it", { skip }, async (t) => {
  const screen = await Screen.start(t);
  const game = await screen.game();
  const before = await screen.picture();
  const agent = await agentOn(t, screen);
  const hub = await Hub.open(agent);
  await hub.hello();
  await shown(agent);
  const { card } = await screen.card(before);
  await screen.ask("xdotool", "mousemove", String(card.left + 50), String(card.top + 50), "click", "1");
  await hidden(screen);
  assert.equal((await agent.pairing()).active, false);
  assert.equal(await screen.focused(), "fake game");
  await game.press("p");
  assert.ok(!game.log.includes("click"), "the click was the card's");
});

/** The process that shows an agent's code; 0: none. */
const overlayPid = async (agent) =>
  Number((await run("pgrep", ["-P", String(agent.pid), "-f", "capydeck-overlay"])).stdout.trim());

/** Resolves to the one that has taken `first`'s place and shows the code. */
async function replaced(agent, first) {
  const second = await until("another overlay runs", async () => {
    const pid = await overlayPid(agent);
    return pid && pid !== first ? pid : null;
  });
  await shown(agent);
  return second;
}

test("an overlay that stops is killed, and another shows the code", { skip }, async (t) => {
  const screen = await Screen.start(t);
  const before = await screen.picture();
  const deck = new Deck(t);
  const env = { DISPLAY: screen.display, ...deck.clockEnv };
  const agent = await startAgent(t, { deck, overlay: true, env });
  const hub = await Hub.open(agent);
  await hub.hello();
  await shown(agent);
  const code = await agent.code();
  const first = await overlayPid(agent);
  process.kill(first, "SIGSTOP");
  deck.hurry(true);
  await until("the overlay has been silent for half a minute", async () => {
    await agent.pairing(); // an event
    return (await overlayPid(agent)) !== first;
  });
  deck.hurry(false); // the next one is to have its time
  await replaced(agent, first);
  await agent.line(/restarting the overlay: the overlay does not answer/);
  assert.equal((await screen.card(before)).code, code);
  assert.equal((await hub.ask("pair_confirm", { code })).type, "pair_success");
});

test("an overlay that dies is restarted once, then only the others show the code", { skip }, async (t) => {
  const screen = await Screen.start(t);
  const agent = await agentOn(t, screen);
  const hub = await Hub.open(agent);
  await hub.hello();
  await shown(agent);
  const first = await overlayPid(agent);
  process.kill(first, "SIGKILL");
  const second = await replaced(agent, first);
  process.kill(second, "SIGKILL");
  await until("it is given up", async () => (await overlayState(agent)).state === "failed");
  assert.match((await overlayState(agent)).detail, /signal 9/);
  const reply = await hub.ask("pair_confirm", { code: await agent.code() });
  assert.equal(reply.type, "pair_success", "pairing goes on by the other listeners");
});

test("settings: language and larger text; --demo shows a sample and ends", { skip }, async (t) => {
  const screen = await Screen.start(t);
  await screen.game();
  const before = await screen.picture();
  const cards = [];
  for (const settings of [{}, { "overlay.largeText": true }]) {
    const agent = await agentOn(t, screen, { "overlay.language": "de", ...settings });
    const hub = await Hub.open(agent);
    await hub.hello();
    await shown(agent);
    cards.push((await screen.card(before)).card);
    await hub.drop();
    await screen.bare(before);
  }
  assert.ok(cards[1].height > cards[0].height, JSON.stringify(cards));
  const demo = await run(BINARY, ["overlay", "--demo"], { env: screen.env });
  assert.equal(demo.code, 0, demo.stderr);
  assert.equal((await run(BINARY, ["overlay"], { env: screen.env })).code, 2);
});
