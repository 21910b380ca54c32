// The card with the pairing code, as the agent tells of it and as it is drawn.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";

import { Deck, startAgent } from "./agent.mjs";
import { until } from "./wait.mjs";

/** An agent whose overlay finds that screen; `options` as startAgent() takes them. */
export async function agentOn(t, screen, settings = {}, options = {}) {
  const deck = new Deck(t);
  fs.mkdirSync(deck.config, { recursive: true });
  fs.writeFileSync(path.join(deck.config, "settings.json"), JSON.stringify({ version: 1, ...settings }));
  return await startAgent(t, { deck, overlay: true, env: { DISPLAY: screen.display }, ...options });
}

/** What `ctl status` says of it: {state, detail}. */
export const overlayState = async (agent) => (await agent.deck.ctlJson("status")).overlay;

/** Resolves when the agent says that the code is on the screen. */
export async function shown(agent) {
  return await until("the overlay shows the code", async () => {
    const { state, detail } = await overlayState(agent);
    assert.notEqual(state, "failed", detail);
    return state === "shown";
  });
}

/** Resolves when there is no card any more. */
export async function hidden(screen) {
  await until("the overlay's window goes", async () => !(await screen.windows()).includes('"CapyDeck"'));
}

/** The part of the card where the digits are: between its head and its foot. */
export function digitsOf(card) {
  return {
    left: card.left,
    top: card.top + Math.round(card.height * 0.34),
    width: card.width,
    height: Math.round(card.height * 0.36),
  };
}
