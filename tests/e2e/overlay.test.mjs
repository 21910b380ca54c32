// design.md §6: the person at the screen can read the code that pairs, and a game notices nothing.
import assert from "node:assert/strict";
import test from "node:test";

import { BINARY, run, startAgent } from "./lib/agent.mjs";
import { Hub } from "./lib/hub.mjs";
import { agentOn, digitsOf, hidden, overlayState, shown } from "./lib/overlay.mjs";
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
    const during = await screen.picture();

    const card = during.difference(before);
    assert.ok(card, "something is on the screen");
    const height = Number(size.split("x")[1]);
    const digits = digitsOf(card);
    assert.ok(during.whiteHeight(digits) >= height / 8, "digits of an eighth of the screen's height");
    const code = during.readDigits(digits);
    assert.equal(code, await agent.code(), "what is read is the code");

    assert.ok(card.width < during.width * 0.95 && card.height < during.height * 0.7, "a card, not a curtain");
    assert.equal(await screen.focused(), "fake game");
    assert.ok(!game.log.includes("focus lost"), game.log);

    const reply = await hub.ask("pair_confirm", { code });
    assert.equal(reply.type, "pair_success", JSON.stringify(reply));
    await hidden(screen);
    assert.equal((await screen.picture()).difference(before), null, "nothing is left");
    assert.ok(!game.log.includes("focus lost"), game.log);
  });
}

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
      const during = await screen.picture();
      const card = during.difference(before);
      pictures.push({ during, card });
      await hub.drop();
      await hidden(screen);
      await game.end();
    }
    const [{ during: cold, card }, { during: warm }] = pictures;
    const inside = [card.left + Math.round(card.width / 2), card.top + 8];
    if (composited) {
      assert.notDeepEqual(cold.at(...inside), warm.at(...inside), "another game is seen behind the card");
    } else {
      assert.deepEqual(cold.at(...inside), warm.at(...inside));
    }
  }
});

test("without an overlay there is nothing to read (negative control)", { skip }, async (t) => {
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
  assert.notEqual(
    during.readDigits({ left: 240, top: 260, width: 800, height: 160 }),
    await agent.code(),
  );
});

test("another code takes the first one's place", { skip }, async (t) => {
  const screen = await Screen.start(t);
  await screen.game();
  const before = await screen.picture();
  const agent = await agentOn(t, screen);
  const hub = await Hub.open(agent);
  await hub.hello();
  await shown(agent);
  const card = (await screen.picture()).difference(before);
  const first = await agent.code();
  await hub.hello();
  await shown(agent);
  const second = await agent.code();
  assert.notEqual(second, first);
  await until("the second code is on the screen", async () => {
    return (await screen.picture()).readDigits(digitsOf(card)) === second;
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
  const card = (await screen.picture()).difference(before);
  await screen.ask("xdotool", "mousemove", String(card.left + 50), String(card.top + 50), "click", "1");
  await hidden(screen);
  assert.equal((await agent.pairing()).active, false);
  assert.equal(await screen.focused(), "fake game");
  assert.ok(!game.log.includes("click"), "the click was the card's");
});

test("an overlay that dies is started once more, then the code is left to others", { skip }, async (t) => {
  const screen = await Screen.start(t);
  const agent = await agentOn(t, screen);
  const hub = await Hub.open(agent);
  await hub.hello();
  const child = async () =>
    Number((await run("pgrep", ["-P", String(agent.pid), "-f", "capydeck-overlay"])).stdout.trim());
  await shown(agent);
  const first = await child();
  process.kill(first, "SIGKILL");
  const second = await until("another overlay runs", async () => {
    const pid = await child();
    return pid && pid !== first ? pid : null;
  });
  await shown(agent);
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
    cards.push((await screen.picture()).difference(before));
    await hub.drop();
    await hidden(screen);
  }
  assert.ok(cards[1].height > cards[0].height, JSON.stringify(cards));
  const demo = await run(BINARY, ["overlay", "--demo"], { env: screen.env });
  assert.equal(demo.code, 0, demo.stderr);
  assert.equal((await run(BINARY, ["overlay"], { env: screen.env })).code, 2);
});
