// gamescope as the Deck runs it: two X servers, a game in the foreground of the second.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";

import { run } from "../e2e/lib/agent.mjs";
import { readDigits } from "../e2e/lib/digits.mjs";
import { Picture } from "../e2e/lib/picture.mjs";
import { deadline, until } from "../e2e/lib/wait.mjs";

/** The chroot that ./inside has prepared; without it the tests are skipped. */
const ROOT = process.env.CAPYDECK_GAMESCOPE;
export const skip = ROOT ? false : (process.env.CAPYDECK_NO_GAMESCOPE ?? "see tests/gamescope/README.md");

const OWN = "/opt/capydeck"; // in the chroot
const GAME_ID = 4242;
const GAME_SIZE = [1280, 800];
const NOTE = `/run/user/${process.getuid()}/gamescope-environment`;

/** What the session's start script leaves for others; null: nothing, as when it never ran. */
export function writeNote(text) {
  fs.mkdirSync(path.dirname(NOTE), { recursive: true });
  fs.rmSync(NOTE, { force: true });
  if (text !== null) {
    fs.writeFileSync(NOTE, text);
  }
}

function spawnInside(env, command, options) {
  const fixed = { HOME: "/tmp", PATH: "/usr/games:/usr/bin:/bin", LANG: "C.UTF-8" };
  const variables = Object.entries({ ...fixed, ...env }).map(([name, value]) => `${name}=${value}`);
  return spawn("chroot", [ROOT, "/usr/bin/env", "-i", ...variables, ...command], options);
}

const ask = async (display, command, ...args) =>
  (await run(command, args, { env: { PATH: process.env.PATH, DISPLAY: display } })).stdout;

let sessions = 0;

export class GameMode {
  #children = []; // the last first
  #focus; // by property, every value it had
  #shotWaits = [];

  /** Resolves when the game has the focus and is seen. `game.log` is what it noticed. */
  static async start(t, { size = "1280x800" } = {}) {
    const session = new GameMode();
    t.after(() => session.stop());
    [session.width, session.height] = size.split("x").map(Number);
    await session.#startGamescope();
    session.game = await session.openGame(session.gameDisplay);
    session.empty = await until("the game stands still on the screen", async () => {
      const [first, second] = [await session.picture(), await session.picture()];
      const isSeen = first.at(first.width / 2, first.height / 2).some((level) => level > 0);
      return isSeen && first.difference(second) === null ? second : null;
    });
    session.#watchFocus();
    return session;
  }

  async #startGamescope() {
    this.folder = `/tmp/session-${++sessions}`; // in the chroot
    fs.mkdirSync(path.join(ROOT, this.folder), { mode: 0o700 });
    const [width, height] = GAME_SIZE;
    const sizes = ["-W", this.width, "-H", this.height, "-w", width, "-h", height].map(String);
    const child = 'unset LD_PRELOAD; echo "$DISPLAY $STEAM_GAME_DISPLAY_0"; exec sleep infinity';
    const gamescope = spawnInside(
      {
        XDG_RUNTIME_DIR: this.folder,
        VK_DRIVER_FILES: "/usr/share/vulkan/icd.d/lvp_icd.json",
        VK_ADD_IMPLICIT_LAYER_PATH: OWN,
        CAPYDECK_EXPORTED_MEMORY: "1",
        LD_PRELOAD: `${OWN}/fresh_buffers.so`,
      },
      ["gamescope", "--backend", "headless", "-e", "--xwayland-count", "2", ...sizes, "--", "sh", "-c", child],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#children.unshift(gamescope);
    this.log = "";
    readline.createInterface({ input: gamescope.stderr }).on("line", (line) => this.#logLine(line));
    const displays = new Promise((resolve, reject) => {
      readline.createInterface({ input: gamescope.stdout }).on("line", (line) => {
        this.#logLine(line);
        const match = /^(:\d+) (:\d+)$/.exec(line);
        if (match) {
          resolve(match);
        }
      });
      gamescope.once("exit", () => reject(new Error(`gamescope ended:\n${this.log}`)));
    });
    [, this.display, this.gameDisplay] = await deadline(displays, "gamescope starts");
  }

  /** A game that comes to the foreground, on either X server; `log` is what it noticed. */
  async openGame(display) {
    const child = spawnInside({ DISPLAY: display }, [`${OWN}/fake_game`, "cold"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#children.unshift(child);
    const game = { log: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => (game.log += text));
    const windows = await ask(display, "xdotool", "search", "--sync", "--name", "^fake game$");
    const [window] = windows.split("\n");
    // What Steam does when a game starts.
    await this.#setProperty(display, ["-id", window], "STEAM_GAME", GAME_ID);
    await this.#setProperty(this.display, ["-root"], "GAMESCOPECTRL_BASELAYER_APPID", GAME_ID);
    await until("the game has the focus", async () => {
      const focused = await ask(this.display, "xprop", "-root", "GAMESCOPE_FOCUSED_WINDOW");
      return game.log.includes("focus gained") && focused.trim().endsWith(`= ${window}`);
    });
    return game;
  }

  /** Writes down who has the focus, from now on. */
  #watchFocus() {
    const names = ["GAMESCOPE_FOCUSED_APP", "GAMESCOPE_FOCUSED_WINDOW", "GAMESCOPE_KEYBOARD_FOCUS_DISPLAY"];
    const child = spawn("xprop", ["-spy", "-root", ...names], {
      env: { PATH: process.env.PATH, DISPLAY: this.display },
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#children.unshift(child);
    this.#focus = new Map(names.map((name) => [name, new Set()]));
    readline.createInterface({ input: child.stdout }).on("line", (line) => {
      const [, name, value] = /^(\w+).* = (.*)$/.exec(line);
      this.#focus.get(name).add(value);
    });
  }

  /** When the game has not had the input: what gamescope and the game tell of it, else nothing. */
  focusLosses() {
    const changes = [...this.#focus]
      .filter(([, values]) => values.size > 1)
      .map(([name, values]) => `${name}: ${[...values].join(", then ")}`);
    return [...changes, ...this.game.log.split("\n").filter((line) => line === "focus lost")];
  }

  #logLine(line) {
    this.log += `${line}\n`;
    if (line.includes("Screenshot saved to")) {
      this.#shotWaits.splice(0).forEach((resolve) => resolve());
    }
  }

  async #setProperty(display, target, name, value) {
    await ask(display, "xprop", ...target, "-f", name, "32c", "-set", name, String(value));
  }

  /** Ends the games, then gamescope and with it its X servers. */
  async stop() {
    try {
      for (const child of this.#children) {
        const isOver = child.exitCode !== null || child.signalCode !== null;
        const gone = isOver ? null : once(child, "exit");
        child.stdin?.end();
        child.kill("SIGTERM");
        await deadline(gone, `${child.spawnargs.at(-1)} ends`);
      }
    } finally {
      this.#children.forEach((child) => child.kill("SIGKILL"));
    }
    const sockets = [this.display, this.gameDisplay].map((name) => `/tmp/.X11-unix/X${name?.slice(1)}`);
    await until("gamescope's X servers go", () => !sockets.some((socket) => fs.existsSync(socket)));
  }

  /** The note that a session's start script leaves, of this session. */
  get note() {
    return `DISPLAY=${this.display}\nGAMESCOPE_WAYLAND_DISPLAY=gamescope-0\n`;
  }

  /** What the player sees, everything that is drawn over the game included. */
  async picture() {
    const saved = new Promise((resolve) => this.#shotWaits.push(resolve));
    const allPlanes = 4;
    await this.#setProperty(this.display, ["-root"], "GAMESCOPECTRL_REQUEST_SCREENSHOT", allPlanes);
    await deadline(saved, "gamescope takes a screenshot");
    return Picture.converted(path.join(ROOT, "tmp/gamescope.png"));
  }

  /** A picture with a card over the game, the rectangle it is in, and the code as it is read. */
  async card() {
    return await until("six digits are seen over the game", async () => {
      const picture = await this.picture();
      const card = picture.difference(this.empty);
      const code = card && readDigits(picture, card);
      return /^\d{6}$/.test(code) ? { picture, card, code } : null;
    });
  }

  /** Resolves when the game is all there is. */
  async bare() {
    await until("nothing is seen over the game", async () => (await this.picture()).difference(this.empty) === null);
  }

  /** The agent's window: its id and its rectangle; null when there is none. */
  async window() {
    const tree = await ask(this.display, "xwininfo", "-root", "-tree");
    const match = /(0x[0-9a-f]+) "CapyDeck": .* (\d+)x(\d+)\+(-?\d+)\+(-?\d+)/.exec(tree);
    if (match === null) {
      return null;
    }
    const [width, height, left, top] = match.slice(2).map(Number);
    return { id: match[1], left, top, width, height };
  }

  /** Makes the agent's window one that gamescope draws over games, or not. */
  async markWindow(isOverlay) {
    const { id } = await this.window();
    const name = "GAMESCOPE_EXTERNAL_OVERLAY";
    if (isOverlay) {
      await this.#setProperty(this.display, ["-id", id], name, 1);
    } else {
      await ask(this.display, "xprop", "-id", id, "-remove", name);
    }
  }

  /** Clicks where the game has what is seen at (x, y), and presses a key. Resolves to where. */
  async play(x, y) {
    const [width, height] = GAME_SIZE;
    const scale = Math.min(this.width / width, this.height / height);
    const at = [
      Math.round((x - (this.width - width * scale) / 2) / scale),
      Math.round((y - (this.height - height * scale) / 2) / scale),
    ].map(String);
    await ask(this.gameDisplay, "xdotool", "mousemove", ...at, "click", "1", "key", "p");
    return at.join(",");
  }
}
