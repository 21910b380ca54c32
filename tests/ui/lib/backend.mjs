// The plugin's backend: the real main.py in the stand-in for Decky's loader and, through it, the real
// helper, in a throw-away home.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { BINARY, Deck } from "../../e2e/lib/agent.mjs";
import { deadline, until } from "../../e2e/lib/wait.mjs";

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const LOADER = path.join(ROOT, "tests/plugin/loader.py");

/**
 * The helper as the plugin's folder has it, with the options that keep it inside the test's. Its port
 * is any, unless the deck's settings say which.
 */
function helperScript(deck) {
  const quote = (word) => `'${word.replaceAll("'", "'\\''")}'`;
  const [command, ...all] = deck.agentArgs();
  const port = fs.existsSync(path.join(deck.config, "settings.json")) ? all.indexOf("--port") : -1;
  const options = all.filter((_, at) => port < 0 || (at !== port && at !== port + 1));
  return `#!/bin/sh
[ "$1" = ${command} ] || exec ${quote(BINARY)} "$@"
exec ${quote(BINARY)} "$@" ${options.map(quote).join(" ")}
`;
}

export class Backend {
  #nextId = 0;
  #waiting = new Map();
  #child;
  #stopped;
  /** Called with each event: (name, args). */
  onEvent = () => {};
  output = "";

  /** `deck`: whose folders they are; its end ends this. */
  constructor(deck) {
    this.deck = deck;
    deck.runtime = path.join(deck.home, ".local/state/capydeck/run"); // without XDG_RUNTIME_DIR
    this.folder = path.join(deck.home, "homebrew/plugins/CapyDeck");
    fs.mkdirSync(path.join(this.folder, "bin"), { recursive: true });
    for (const name of ["main.py", "plugin.json", "package.json", "dist"]) {
      fs.symlinkSync(path.join(ROOT, name), path.join(this.folder, name));
    }
    this.mendHelper();
    deck.adopt(this);
  }

  #installHelper(script) {
    const program = path.join(this.folder, "bin/capydeck");
    fs.writeFileSync(`${program}.new`, script, { mode: 0o755 });
    fs.renameSync(`${program}.new`, program); // the old one may run
  }

  /** From now on it ends at once, with this sentence. */
  breakHelper(sentence) {
    this.#installHelper(`#!/bin/sh\nprintf '%s\\n' "capydeck agent: ${sentence}" >&2\nexit 1\n`);
    this.killHelper();
  }

  /** It runs on, but does nothing, until continueHelper(). */
  stopHelper() {
    process.kill(this.helperPid, "SIGSTOP");
  }

  continueHelper() {
    process.kill(this.helperPid, "SIGCONT");
  }

  mendHelper() {
    this.#installHelper(helperScript(this.deck));
  }

  /** Starts it and waits until the helper serves. */
  static async start(t, { deck = new Deck(t), env } = {}) {
    const backend = new Backend(deck);
    await backend.start(env);
    return backend;
  }

  async start(env = {}) {
    const args = [LOADER, this.folder, this.deck.home, String(process.getuid())];
    this.#child = spawn("python3", args, {
      env: { ...this.deck.env, ...env, PYTHONDONTWRITEBYTECODE: "1" },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.exited = once(this.#child, "close");
    this.#stopped = new Promise((resolve) => this.#waiting.set("stopped", resolve));
    let rest = "";
    this.#child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      lines.forEach((line) => this.#message(JSON.parse(line)));
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.output += text));
    this.#child.stdin.on("error", () => {}); // its end is awaited elsewhere
    await this.serves();
  }

  #message(message) {
    if (message.event !== undefined) {
      this.onEvent(message.event, message.args);
      return;
    }
    const id = message.stopped === undefined ? message.id : "stopped";
    this.#waiting.get(id)?.(message);
    this.#waiting.delete(id);
  }

  #send(message) {
    this.#child.stdin.write(`${JSON.stringify(message)}\n`);
  }

  /** As the frontend calls; resolves to {result} or {error}. */
  async ask(method, args) {
    const id = ++this.#nextId;
    const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.#send({ id, method, args });
    const gone = this.exited.then(() => ({ success: false, res: "the backend is gone" }));
    const { success, res } = await Promise.race([answer, gone]);
    return success ? { result: res } : { error: res };
  }

  /** A call of the helper's; rejects on an error. */
  async ipc(method, params = null) {
    const { result, error } = await deadline(this.ask("ipc_call", [method, params]), `${method} is answered`);
    if (error !== undefined || result.error) {
      throw new Error(`${method}: ${error ?? result.error.message}\n${this.output}`);
    }
    return result.result;
  }

  /** Resolves once a helper answers; `port` is its. */
  async serves() {
    await until("the helper serves", async () => {
      const { result } = await this.ask("ipc_call", ["status", null]);
      this.port = result?.result?.agent.port;
      return this.port;
    });
  }

  /** What a Hub of tests/e2e needs of an agent: `port` and this. */
  async code() {
    return (await this.ipc("pairing.get")).code;
  }

  get helperPid() {
    const isHelper = (pid) => {
      try {
        const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return words[1] === "agent" && words.includes(this.deck.state);
      } catch {
        return false; // not a process, or gone meanwhile
      }
    };
    return Number(fs.readdirSync("/proc").filter(Number).find(isHelper));
  }

  /** Ends the helper alone, as a crash does; main.py restarts it. */
  killHelper() {
    process.kill(this.helperPid, "SIGKILL");
  }

  /** Decky unloads the plugin. */
  async finish() {
    this.onEvent = () => {};
    this.#send({ stop: true });
    await deadline(this.#stopped, "the backend ends");
    this.#child.stdin.end();
    await deadline(this.exited, "the loader ends");
  }
}
