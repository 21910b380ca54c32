// `capydeck push` as a PC runs it: a home of its own, and a game in a folder.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { BINARY } from "./agent.mjs";
import { WAIT_MS, deadline } from "./wait.mjs";
import { writeFiles } from "./tree.mjs";

export class Pc {
  constructor(t) {
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-pc-"));
    this.home = path.join(this.root, "home");
    fs.mkdirSync(this.home);
    this.t = t;
    t.after(() => fs.rmSync(this.root, { recursive: true, force: true }));
  }

  /** Writes a Game (lib/hub.mjs) to a folder of its name. */
  save(game) {
    const dir = path.join(this.root, "games", game.name);
    fs.rmSync(dir, { recursive: true, force: true });
    writeFiles(dir, Object.fromEntries(game.files));
    return dir;
  }

  /** Starts a push; see Push. */
  start(args) {
    const { PATH, ASAN_OPTIONS, UBSAN_OPTIONS } = process.env;
    const env = { PATH, HOME: this.home, ASAN_OPTIONS, UBSAN_OPTIONS };
    const known = Object.entries(env).filter(([, value]) => value !== undefined);
    const child = spawn(BINARY, ["push", ...args], { env: Object.fromEntries(known) });
    this.t.after(() => child.kill("SIGKILL"));
    return new Push(child);
  }

  /** Runs a push to its end: {code, signal, stdout, stderr, events, result}. */
  push(args) {
    const push = this.start(args);
    push.child.stdin.end();
    return push.end();
  }
}

/** One running push. With --json its lines are `events`; the last is the `result`. */
class Push {
  #waiting = [];

  constructor(child) {
    this.child = child;
    this.stdout = "";
    this.stderr = "";
    this.events = [];
    let rest = "";
    child.stdin.on("error", () => {});
    child.stderr.setEncoding("utf8").on("data", (text) => (this.stderr += text));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      this.stdout += text;
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines.filter((each) => each.startsWith("{"))) {
        const event = JSON.parse(line);
        this.events.push(event);
        this.#waiting.filter(({ name }) => name === event.event).forEach(({ resolve }) => resolve(event));
      }
    });
    this.closed = once(child, "close");
  }

  /** The first event of this name, past or future. */
  event(name) {
    const past = this.events.find(({ event }) => event === name);
    const future = new Promise((resolve, reject) => {
      this.#waiting.push({ name, resolve });
      this.closed.then(() => reject(new Error(`push ended without '${name}': ${this.stdout}${this.stderr}`)));
    });
    future.catch(() => {});
    return past ? Promise.resolve(past) : deadline(future, `push tells '${name}'`);
  }

  async end() {
    const [code, signal] = await deadline(this.closed, "push ends", 4 * WAIT_MS);
    const { stdout, stderr, events } = this;
    return { code, signal, stdout, stderr, events, result: events.at(-1) };
  }
}
