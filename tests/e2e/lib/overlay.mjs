// The card with the pairing code, as the agent tells of it and as it is drawn.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";

import { BINARY, Deck, startAgent } from "./agent.mjs";
import { deadline, until } from "./wait.mjs";

/** The overlay without an agent: it is told what to show as an agent would. */
export class Overlay {
  #child;
  #reports;

  /** `screen`: its screen, or the environment it finds one by. */
  constructor(t, screen, { env = { DISPLAY: screen.display } } = {}) {
    const program = path.join(path.dirname(BINARY), "capydeck-overlay");
    const { PATH, ASAN_OPTIONS } = process.env;
    this.#child = spawn("/bin/sh", ["-c", 'exec "$0" <&3', program], {
      env: { PATH, ...(ASAN_OPTIONS && { ASAN_OPTIONS }), ...env },
      stdio: ["ignore", "ignore", "inherit", "pipe"],
    });
    this.#child.stdio[3].on("error", () => {}); // it may end before it has read everything
    this.#reports = readline.createInterface({ input: this.#child.stdio[3] })[Symbol.asyncIterator]();
    this.exited = once(this.#child, "exit").then(([code, signal]) => ({ code, signal }));
    t.after(() => this.#child.kill("SIGKILL"));
  }

  /** Its next report; null when there will be none. */
  async report() {
    const { value, done } = await deadline(this.#reports.next(), "the overlay reports");
    return done ? null : JSON.parse(value);
  }

  /** Resolves to its report once `order` is carried out; what it lacks is filled in. */
  async show(order) {
    const whole = { code: "042137", hubName: "Living room PC", leftMs: 60_000, totalMs: 60_000, ...order };
    this.#child.stdio[3].write(`${JSON.stringify(whole)}\n`);
    return await this.report();
  }

  /** Ends it as the agent does; resolves to {code, signal}. */
  async end() {
    this.#child.stdio[3].end();
    return await deadline(this.exited, "the overlay ends");
  }
}

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
