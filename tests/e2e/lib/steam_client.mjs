// A running Steam client as the agent meets it (steam_client.sh): a process called "steam", a
// steam.pid, files that it holds in memory and writes back when it ends, `steam -shutdown` in PATH.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { deadline, until } from "./wait.mjs";

const SCRIPT = path.join(path.dirname(fileURLToPath(import.meta.url)), "steam_client.sh");
const GAME_MODE = { XDG_CURRENT_DESKTOP: "gamescope", GAMESCOPE_WAYLAND_DISPLAY: "gamescope-0" };
/** While "session" is there, it starts Steam again whenever that ends; "hold-session" delays that. */
const SESSION = `while [ -e "$0/session" ]; do
  "$0/steam"
  while [ -e "$0/hold-session" ]; do sleep 0.02; done
done`;

const processes = () => fs.readdirSync("/proc").map(Number).filter(Boolean);

function commandLine(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

export class SteamClient {
  #deck;
  #exits = [];

  /** `deck`: whose Steam it is, and whose end ends every client. */
  constructor(deck) {
    this.#deck = deck;
    this.root = deck.steam;
    this.folder = path.join(deck.root, "steam_client");
    fs.mkdirSync(this.folder);
    fs.symlinkSync(SCRIPT, path.join(this.folder, "steam"));
    fs.symlinkSync(this.root, path.join(this.folder, "root"));
    fs.mkdirSync(path.join(this.folder, "run"));
    deck.adopt(this);
  }

  /**
   * For an agent that is to find it: `steam` comes first in PATH, and no systemd of the user who
   * runs the tests is asked to start it.
   */
  get env() {
    return {
      PATH: `${this.folder}:${process.env.PATH}`,
      XDG_RUNTIME_DIR: path.join(this.folder, "run"),
    };
  }

  /** Starts it and waits until it has read its files. */
  async start({ gameMode = false, env = {} } = {}) {
    const session = gameMode ? GAME_MODE : { DISPLAY: ":77" };
    const before = this.starts;
    if (gameMode) {
      this.#flag("session", true);
    }
    this.#spawn(gameMode ? ["sh", "-c", SESSION, this.folder] : [path.join(this.folder, "steam")], {
      ...session,
      ...env,
    });
    await this.started(before + 1);
  }

  #spawn([command, ...args], env) {
    const child = spawn(command, args, {
      env: { ...this.#deck.env, ...this.env, ...env },
      stdio: "ignore",
    });
    this.#exits.push(once(child, "exit"));
  }

  /**
   * What it did, a line each: "start PID", "again" (a second one), "game ID", "shutdown" and then
   * "ignored", "ending" (held) or "end PID"; "crash".
   */
  get log() {
    const file = path.join(this.folder, "log");
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(0, -1) : [];
  }

  /** Starts a new log. No client may be running. */
  forget() {
    fs.truncateSync(path.join(this.folder, "log"));
  }

  get starts() {
    return this.log.filter((line) => line.startsWith("start ")).length;
  }

  /** Resolves once it was started that many times in all. */
  started(count) {
    return until(`Steam is started ${count} times`, () => this.starts >= count);
  }

  /** Resolves once the line stands in the log. */
  logged(pattern) {
    return until(`Steam logs ${pattern}`, () => this.log.find((line) => pattern.test(line)));
  }

  /** The process that wrote steam.pid last, if it still runs; else 0. */
  get pid() {
    const file = path.join(this.root, "steam.pid");
    const pid = fs.existsSync(file) ? Number(fs.readFileSync(file, "utf8")) : 0;
    return this.#runs(pid) ? pid : 0;
  }

  #runs(pid) {
    return commandLine(pid).includes(this.folder);
  }

  /**
   * Resolves once process `pid` is gone and whatever else was on its way when the agent was killed
   * is done: the next client runs and has read its files, or there is none.
   */
  settled(pid) {
    const isDone = (other) => other === this.pid || !commandLine(other).includes(this.#deck.root);
    return until("Steam's restart comes to rest", () => this.pid !== pid && processes().every(isDone));
  }

  /** The environment of the newest start. */
  get startEnv() {
    const lines = fs.readFileSync(path.join(this.folder, "env"), "utf8").split("\n");
    return Object.fromEntries(lines.filter(Boolean).map((line) => line.split(/=(.*)/s)));
  }

  #flag(name, on) {
    const file = path.join(this.folder, name);
    if (on) {
      fs.writeFileSync(file, "");
    } else {
      fs.rmSync(file, { force: true });
    }
  }

  /** `steam -shutdown` is heard and not obeyed. */
  set ignoresShutdown(on) {
    this.#flag("ignore-shutdown", on);
  }

  /** Asked to end, it logs "ending" and stays until exit(). */
  set holdsExit(on) {
    this.#flag("hold-exit", on);
  }

  /** In Game Mode: Steam is not started again before this is taken back. */
  set holdsSession(on) {
    this.#flag("hold-session", on);
  }

  #tell(...words) {
    const file = path.join(this.folder, "pipe");
    const pipe = fs.openSync(file, "r+");
    fs.writeSync(pipe, `${words.join(" ")}\n`);
    fs.closeSync(pipe);
  }

  /** It ends by itself, in order. */
  exit() {
    this.#tell("exit");
  }

  /** It dies without writing anything. */
  crash() {
    this.#tell("crash");
  }

  /** It starts a game; resolves once the game's process is there. It ends with Steam. */
  async startGame(appId) {
    this.#tell("game", appId);
    await this.logged(new RegExp(`^game ${appId}$`));
  }

  /** Resolves once no client runs. */
  ended() {
    return until("Steam ends", () => this.pid === 0);
  }

  /** Ends the session and every client, also one that is only starting; the deck's end calls it. */
  async finish() {
    this.#flag("session", false);
    this.#flag("hold-session", false);
    await until("the stand-in clients end", () => {
      const left = processes().filter((pid) => this.#runs(pid));
      if (left.length > 0 && fs.existsSync(path.join(this.folder, "pipe"))) {
        this.exit();
      }
      return left.length === 0;
    });
    await deadline(Promise.all(this.#exits), "the stand-in session ends");
  }
}
