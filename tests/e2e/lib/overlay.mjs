// The card with the pairing code, as the agent tells of it and as it is drawn.
import assert from "node:assert/strict";

import { until } from "./wait.mjs";

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

/** The part of the card where the digits are: between its head and its foot. */
export function digitsOf(card) {
  return {
    left: card.left,
    top: card.top + Math.round(card.height * 0.34),
    width: card.width,
    height: Math.round(card.height * 0.36),
  };
}
