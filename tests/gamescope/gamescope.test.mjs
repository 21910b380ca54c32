// design.md §6.2: in Game Mode the person who plays can read the code that pairs, and plays on.
import assert from "node:assert/strict";
import test from "node:test";

import { Deck, startAgent } from "../e2e/lib/agent.mjs";
import { digitHeight, readDigits } from "../e2e/lib/digits.mjs";
import { Hub } from "../e2e/lib/hub.mjs";
import { overlayState, shown } from "../e2e/lib/overlay.mjs";
import { until } from "../e2e/lib/wait.mjs";
import { GameMode, skip, writeNote } from "./game_mode.mjs";

/** A session that has left its note, and an agent that knows nothing of it. */
async function start(t, options) {
  const session = await GameMode.start(t, options);
  writeNote(session.note);
  return { session, agent: await startAgent(t, { overlay: true }) };
}

/** A Hub that has been asked for a code, which is on the screen as far as the agent knows. */
async function askForCode(agent, name) {
  const hub = await Hub.open(agent);
  const reply = await hub.hello({ name });
  assert.equal(reply.type, "pairing_required", JSON.stringify(reply));
  await shown(agent);
  return hub;
}

/** One row of a picture within the card and above all text. */
function topEdge({ left, top, width, height }) {
  const margin = Math.round(width * 0.1);
  const y = top + Math.round(height * 0.03);
  return Array.from({ length: width - 2 * margin }, (_, i) => [left + margin + i, y]);
}

const brightness = (pixel) => pixel.reduce((sum, level) => sum + level, 0);

for (const size of ["1280x800", "1920x1080", "3840x2160"]) {
  test(`at ${size} the code over the game is read by a machine and pairs`, { skip }, async (t) => {
    const { session, agent } = await start(t, { size });
    const hub = await askForCode(agent, "Living room PC");
    const { picture, card, code } = await session.card();

    const window = await session.window();
    assert.deepEqual([window.left, window.top], [0, 0]);
    assert.deepEqual(
      [card.left + card.width, card.top + card.height],
      [window.width, window.height],
      "nothing but the card is drawn",
    );
    assert.ok(Math.abs(2 * card.left + card.width - session.width) <= 2, "it is in the middle");
    assert.ok(card.width < session.width * 0.95 && card.height < session.height * 0.7, "a card, no curtain");
    for (const x of [card.left, card.left + card.width - 1]) {
      for (const y of [card.top, card.top + card.height - 1]) {
        assert.deepEqual(picture.at(x, y), session.empty.at(x, y), "round corners show the game");
      }
    }

    const row = topEdge(card).sort((a, b) => brightness(session.empty.at(...a)) - brightness(session.empty.at(...b)));
    const [dark, bright] = [picture.at(...row[0]), picture.at(...row.at(-1))];
    assert.ok(brightness(bright) > brightness(dark), "the game is seen through the card");
    assert.ok(brightness(bright) < brightness(session.empty.at(...row.at(-1))) / 2, "which is darker than the game");

    assert.ok(digitHeight(picture, card) >= session.height / 8, "digits of an eighth of the screen's height");
    assert.equal(code, await agent.code(), "what is read is the code");

    assert.deepEqual(session.focusLosses(), []);
    const at = await session.play(card.left + card.width / 2, card.top + card.height / 2);
    await until("the game gets the click and the key", () => session.game.log.includes("key P"));
    assert.ok(session.game.log.includes(`click ${at}`), `${at} in ${session.game.log}`);
    assert.equal((await agent.pairing()).active, true, "the click was not the card's");

    const reply = await hub.ask("pair_confirm", { code });
    assert.equal(reply.type, "pair_success", JSON.stringify(reply));
    await session.bare();
    assert.equal(await session.window(), null);
    assert.deepEqual(session.focusLosses(), []);
  });
}

test("the session is found by its sockets if its note is missing, stale or damaged", { skip }, async (t) => {
  const { session, agent } = await start(t);
  const notes = [null, "DISPLAY=:77\n", `DISPLAY=${session.gameDisplay}\n`, "", "DISPLAY=\n", "\0\xff=\n\n="];
  for (const note of notes) {
    writeNote(note);
    const hub = await askForCode(agent);
    assert.equal((await session.card()).code, await agent.code(), JSON.stringify(note));
    await hub.drop();
    await session.bare();
  }
});

test("of two sessions the noted one gets the card, checked at every showing", { skip }, async (t) => {
  const { session, agent } = await start(t);
  const other = await GameMode.start(t);
  for (const [here, elsewhere] of [[session, other], [other, session], [session, other]]) {
    writeNote(here.note);
    const hub = await askForCode(agent);
    await here.card();
    assert.equal((await elsewhere.picture()).difference(elsewhere.empty), null);
    await hub.drop();
    await here.bare();
  }
});

test("another code replaces the first", { skip }, async (t) => {
  const { session, agent } = await start(t);
  const hub = await askForCode(agent, "First");
  const { card } = await session.card();
  const first = { code: await agent.code(), window: await session.window() };
  await hub.hello({ name: "Second" });
  const code = await agent.code();
  assert.notEqual(code, first.code);
  const picture = await until("the second code is on the screen", async () => {
    const now = await session.picture();
    assert.deepEqual(now.difference(session.empty), card, "the card never goes");
    return readDigits(now, card) === code ? now : null;
  });
  assert.ok(picture);
  assert.deepEqual(await session.window(), first.window);
  assert.deepEqual(session.focusLosses(), []);
});

test("nothing is left when a code is dismissed or expires, or its Hub or agent ends", { skip }, async (t) => {
  const session = await GameMode.start(t);
  writeNote(session.note);
  const deck = new Deck(t);
  const agent = await startAgent(t, { deck, overlay: true, env: deck.clockEnv });
  const runOut = async () => {
    deck.hurry(true); // a minute
    await until("it runs out", async () => !(await agent.pairing()).active);
    deck.hurry(false);
  };
  const ends = {
    dismissed: () => agent.deck.ctl("pairing", "dismiss"),
    "without its Hub": (hub) => hub.drop(),
    expired: runOut,
    "without its agent": () => agent.stop("SIGKILL"),
  };
  for (const [what, end] of Object.entries(ends)) {
    const hub = await askForCode(agent);
    await session.card();
    await end(hub);
    await session.bare();
    await until(`no window is left of a code that is ${what}`, async () => (await session.window()) === null);
    assert.deepEqual(session.focusLosses(), []);
    await hub.drop();
  }
});

test("a window without the overlay's property is not drawn over the game (negative control)", { skip }, async (t) => {
  const { session, agent } = await start(t);
  await askForCode(agent);
  const { card } = await session.card();
  await session.markWindow(false);
  await session.bare();
  const picture = await session.picture();
  assert.notEqual(await session.window(), null);
  assert.equal(readDigits(picture, picture), "");
  await session.markWindow(true);
  assert.deepEqual((await session.card()).card, card);
  assert.deepEqual(session.focusLosses(), []);
  await session.openGame(session.display);
  await until("a window that takes the focus is noticed", () => session.focusLosses().length > 0);
});

test("Game Mode that ends under the card takes no code with it", { skip }, async (t) => {
  const { session, agent } = await start(t);
  const hub = await askForCode(agent);
  await session.card();
  await session.stop();
  await until("there is no screen", async () => (await overlayState(agent)).state === "failed");
  assert.match((await overlayState(agent)).detail, /capydeck ctl pairing/);
  const reply = await hub.ask("pair_confirm", { code: await agent.code() });
  assert.equal(reply.type, "pair_success", JSON.stringify(reply));
});
