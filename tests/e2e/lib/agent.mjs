// A real agent in a throw-away home, driven the way its owner drives it: options, ctl and signals.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { WAIT_MS, deadline } from "./wait.mjs";
import { writeSteamHome } from "./steam_home.mjs";

export const BINARY = path.resolve(process.env.CAPYDECK ?? "../../build/capydeck");
export const IS_ROOT = process.getuid() === 0;

/** Runs a program to its end. Never rejects on an exit code; `signal` in options may end it. */
export async function run(command, args, { input, env, cwd } = {}) {
  const child = spawn(command, args, { env, cwd, stdio: ["pipe", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  child.stdin.on("error", () => {}); // it may exit before it has read everything
  child.stdin.end(input ?? "");
  try {
    const [code, signal] = await deadline(once(child, "close"), `${command} ${args[0]} ends`, 2 * WAIT_MS);
    return { code, signal, stdout, stderr };
  } finally {
    child.kill("SIGKILL");
  }
}

/** The folders of one imaginary Deck. They outlive the agents that run on them. */
export class Deck {
  #agents = [];

  /** `t`: the test whose end stops the agents and removes the folders. */
  constructor(t, { library } = {}) {
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-e2e-"));
    this.home = path.join(this.root, "home");
    this.library = library ?? path.join(this.home, "Games");
    this.steam = path.join(this.home, "steam");
    this.config = path.join(this.root, "config");
    this.state = path.join(this.root, "state");
    this.runtime = path.join(this.root, "run");
    fs.mkdirSync(this.home);
    writeSteamHome(this.steam);
    t.after(() => this.#finish());
  }

  /** What runs on these folders and has to end before they go: agents, and the Steam beside them. */
  adopt(agent) {
    this.#agents.push(agent);
  }

  async #finish() {
    // The newest first: an agent may start a Steam as long as it runs.
    const failures = [];
    for (const agent of this.#agents.reverse()) {
      await agent.finish().catch((error) => failures.push(error));
    }
    fs.rmSync(this.root, { recursive: true, force: true });
    assert.ifError(failures[0]);
  }

  /** For an agent whose clocks can be made to run faster: see hurry(). */
  get clockEnv() {
    const library = path.join(path.dirname(BINARY), "fast_clock.so");
    return {
      LD_PRELOAD: library,
      FAST_CLOCK: path.join(this.root, "fast-clock"),
      FAST_CLOCK_RATE: "10",
      ASAN_OPTIONS: [process.env.ASAN_OPTIONS, "verify_asan_link_order=0"].filter(Boolean).join(":"),
    };
  }

  /** Ten seconds pass in one for agents started with clockEnv, or as many again. They notice it by their next event. */
  hurry(on) {
    const { FAST_CLOCK } = this.clockEnv;
    if (on) {
      fs.writeFileSync(FAST_CLOCK, "");
    } else {
      fs.rmSync(FAST_CLOCK, { force: true });
    }
  }

  get env() {
    const { PATH, LANG, ASAN_OPTIONS, UBSAN_OPTIONS, TSAN_OPTIONS } = process.env;
    const env = { PATH, LANG, ASAN_OPTIONS, UBSAN_OPTIONS, TSAN_OPTIONS, HOME: this.home };
    return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  }

  /** Arguments of `capydeck agent`. */
  agentArgs({ port = 0, overlay = false, args = [] } = {}) {
    return [
      "agent",
      ...["--port", String(port), "--name", "Test Deck"],
      ...["--library", this.library, "--steam-dir", this.steam],
      ...["--config-dir", this.config, "--state-dir", this.state, "--runtime-dir", this.runtime],
      ...["--no-mdns", "--verbose", "--exit-on-stdin-eof"],
      ...(overlay ? [] : ["--no-overlay"]),
      ...(IS_ROOT ? ["--allow-root"] : []),
      ...args,
    ];
  }

  /** `capydeck ctl …`: the exit code and what it printed. */
  ctl(...args) {
    const [command, ...rest] = args;
    return run(BINARY, ["ctl", command, ...rest, "--runtime-dir", this.runtime], { env: this.env });
  }

  /** The same with --json; throws unless it succeeds. */
  async ctlJson(...args) {
    const result = await this.ctl(...args, "--json");
    if (result.code !== 0) {
      throw new Error(`ctl ${args.join(" ")}: exit ${result.code}: ${result.stderr}`);
    }
    return JSON.parse(result.stdout);
  }

  /** Where an installed game of this name lies. */
  game(name) {
    return path.join(this.library, name);
  }
}

/** One running agent process. */
export class Agent {
  #lines = [];
  #waiting = [];

  constructor(deck, child) {
    this.deck = deck;
    this.child = child;
    this.output = "";
    this.exited = once(child, "close").then(([code, signal]) => {
      this.#waiting.splice(0).forEach(({ reject }) => reject(new Error(`agent ended: ${this.output}`)));
      return { code, signal };
    });
    let rest = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.output += text;
        rest += text;
        const lines = rest.split("\n");
        rest = lines.pop();
        lines.forEach((line) => this.#line(line));
      });
    }
  }

  #line(line) {
    this.#lines.push(line);
    this.#waiting = this.#waiting.filter(({ pattern, resolve }) => {
      const match = pattern.exec(line);
      if (match) {
        resolve(match);
      }
      return !match;
    });
  }

  /** The first line of output, past or future, that matches. */
  line(pattern) {
    for (const line of this.#lines) {
      const match = pattern.exec(line);
      if (match) {
        return Promise.resolve(match);
      }
    }
    return deadline(
      new Promise((resolve, reject) => this.#waiting.push({ pattern, resolve, reject })),
      `the agent prints ${pattern}`,
    );
  }

  get pid() {
    return this.child.pid;
  }

  /** Resident memory in bytes: at most (VmHWM) or now (VmRSS). */
  residentBytes(which = "VmHWM") {
    const status = fs.readFileSync(`/proc/${this.pid}/status`, "utf8");
    return 1024 * Number(new RegExp(`${which}:\\s+(\\d+) kB`).exec(status)[1]);
  }

  /** Ends it; resolves to {code, signal} once it is gone. */
  stop(signal = "SIGTERM") {
    this.child.kill(signal);
    return deadline(this.exited, `the agent ends on ${signal}`);
  }

  /** Ends it if it runs; fails on what a sanitizer found. */
  async finish() {
    this.child.kill("SIGTERM");
    const { code } = await deadline(this.exited, "the agent ends").catch(() => {
      this.child.kill("SIGKILL");
      throw new Error(`the agent did not end on SIGTERM:\n${this.output}`);
    });
    const report = /(ERROR: (Address|Leak|Thread)\w+|runtime error:)[^]*/.exec(this.output);
    if (report) {
      throw new Error(`sanitizer report (exit ${code}):\n${report[0]}`);
    }
  }

  /** What `ctl pairing` shows, as an owner without a screen reads it. */
  pairing() {
    return this.deck.ctlJson("pairing");
  }

  async code() {
    const { active, code } = await this.pairing();
    if (!active || !/^\d{6}$/.test(code)) {
      throw new Error(`no pairing code is shown (active ${active}, code '${code}')`);
    }
    return code;
  }
}

/**
 * Starts an agent without waiting for it to serve. `wrap` may put another program around the
 * command line.
 */
export function spawnAgent(deck, options = {}) {
  const { env = {}, wrap = (command) => command } = options;
  const [command, ...args] = wrap([BINARY, ...deck.agentArgs(options)]);
  const child = spawn(command, args, {
    env: { ...deck.env, ...env },
    stdio: ["pipe", "pipe", "pipe"], // the agent ends when this program does
  });
  const agent = new Agent(deck, child);
  deck.adopt(agent);
  return agent;
}

/** Starts an agent and waits until it serves. */
export async function startAgent(t, options = {}) {
  const deck = options.deck ?? new Deck(t, options);
  const agent = spawnAgent(deck, options);
  const [, port] = await agent.line(/listening on .*:(\d+)\s*$/);
  agent.port = Number(port);
  return agent;
}
