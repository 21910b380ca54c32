// An X server with a window manager, a compositor and a game in the foreground: a desktop to look at.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { BINARY, run } from "./agent.mjs";
import { readDigits } from "./digits.mjs";
import { Picture } from "./picture.mjs";
import { deadline, until } from "./wait.mjs";

const [FAKE_GAME, SCREEN_PICTURE] = ["fake_game", "screen_picture"].map((name) =>
  path.join(path.dirname(BINARY), name),
);

/** The programs that looking at a screen takes; null, or why it cannot be done here. */
export function missingPrograms(...more) {
  const needed = ["Xvfb", "openbox", "picom", "xdotool", "xwininfo", "convert"];
  for (const program of [...needed, ...more]) {
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) {
      return `${program} is not installed`;
    }
  }
  return null;
}

/** Is the game's picture, whose tiles ../fake_game.c paints, on all of the screen? */
function showsGame(picture, colours) {
  for (let y = 16; y < picture.height; y += 32) {
    for (let x = 16; x < picture.width; x += 32) {
      const [red, , blue] = picture.at(x, y);
      const [constant, level] = colours === "warm" ? [blue, red] : [red, blue];
      if (constant !== 20 || (level !== 60 && level !== 220)) {
        return false;
      }
    }
  }
  return true;
}

/** A pointer of one transparent pixel, as an Xcursor file: weston draws its own now and then, or never. */
function unseenPointer() {
  const IMAGE = 0xfffd0002;
  const [header, toc] = [16, 12];
  const words = [header, 0x10000, 1, /**/ IMAGE, 24, header + toc, /**/ 36, IMAGE, 24, 1, 1, 1, 0, 0, 0, 0];
  return Buffer.concat([Buffer.from("Xcur"), Buffer.from(Uint32Array.from(words).buffer)]);
}

export class Screen {
  #children = [];
  #folders = [];

  /**
   * `manager`: the window manager, "ours", whose name tells nobody that a session is here: other tests
   * run meanwhile; "session": as a desktop session runs it, which the overlay finds; null: none.
   * `display`: its number, else a free one. `uid`: whose server it is, else ours.
   */
  static async start(t, { size = "1280x800", composited = true, manager = "ours", display, uid } = {}) {
    const screen = new Screen();
    t.after(() => screen.stop());
    await screen.#serve(size, display, uid);
    if (manager !== null) {
      const openbox = manager === "session" ? "openbox" : screen.#named("window-manager", "openbox");
      const child = screen.#run(openbox, ["--startup", "echo ready"], { stdio: ["ignore", "pipe", "ignore"] });
      await deadline(once(child.stdout, "data"), "openbox manages windows");
    }
    if (composited) {
      // What it paints where there is nothing differs from version to version.
      await screen.ask(SCREEN_PICTURE, "wallpaper");
      screen.#run("picom", ["--backend", "xrender", "--config", "/dev/null"]);
      await until("picom paints the screen", async () => (await screen.picture()).at(0, 0)[0] > 0);
    }
    return screen;
  }

  async #serve(size, display, uid) {
    const args = ["-displayfd", "3", "-screen", "0", `${size}x24`, "-nolisten", "tcp", "-noreset"];
    this.server = spawn("Xvfb", display ? [display, ...args] : args, {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
      uid,
    });
    this.#children.push(this.server);
    const [number] = await deadline(once(this.server.stdio[3], "data"), "Xvfb starts");
    this.display = `:${number.toString().trim()}`;
  }

  /** A program under another name, which is how a session's programs are known. */
  #named(name, program) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-screen-"));
    this.#folders.push(folder);
    const link = path.join(folder, name);
    fs.symlinkSync(spawnSync("sh", ["-c", `command -v ${program}`]).stdout.toString().trim(), link);
    return link;
  }

  /** A program of a session by its name alone, which was given that environment. */
  sessionProgram(name, env) {
    this.#run(this.#named(name, "sleep"), ["infinity"], { env });
  }

  /**
   * A Wayland compositor whose output is this screen, or, without `seat`, none; resolves to its
   * clients' environment. It is `this.compositor`.
   */
  async wayland({ seat = true } = {}) {
    const runtime = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-wayland-"));
    this.#folders.push(runtime);
    const config = path.join(runtime, "weston.ini");
    const shell = ["panel-position=none", "startup-animation=none", "close-animation=none", "cursor-theme=unseen"];
    fs.writeFileSync(config, ["[shell]", ...shell, ""].join("\n"));
    const icons = path.join(runtime, "icons");
    fs.mkdirSync(path.join(icons, "unseen/cursors"), { recursive: true });
    fs.writeFileSync(path.join(icons, "unseen/cursors/left_ptr"), unseenPointer());
    const backend = seat ? ["--backend=x11-backend.so", "--use-pixman", "--width=1280", "--height=800"] : ["--backend=headless-backend.so"];
    this.compositor = this.#run("weston", [`--config=${config}`, ...backend, "--socket=wayland-test", "--idle-time=0"], {
      env: { ...this.env, XDG_RUNTIME_DIR: runtime, XCURSOR_PATH: icons },
    });
    await until("weston listens", () => fs.existsSync(path.join(runtime, "wayland-test")));
    if (seat) {
      await until("weston's background is there", async () => (await this.picture()).at(5, 5)[0] > 0);
    }
    return { XDG_RUNTIME_DIR: runtime, WAYLAND_DISPLAY: "wayland-test" };
  }

  get env() {
    return { ...process.env, DISPLAY: this.display };
  }

  #run(command, args, options = {}) {
    const child = spawn(command, args, { env: this.env, stdio: "ignore", ...options });
    this.#children.push(child);
    return child;
  }

  /** Ends everything, the server last. */
  async stop() {
    for (const child of this.#children.splice(0).reverse()) {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, "exit") : null;
      child.kill("SIGKILL");
      await gone;
    }
    for (const folder of this.#folders.splice(0)) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }

  /** What a program prints about this screen. */
  async ask(command, ...args) {
    return (await run(command, args, { env: this.env })).stdout;
  }

  /** A full-screen game that has the focus and is seen; `log` is what it noticed. */
  async game(colours = "cold") {
    const child = this.#run(FAKE_GAME, [colours], { stdio: ["pipe", "pipe", "inherit"] });
    const game = { log: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => (game.log += text));
    await until("the game has the focus", () => game.log.includes("focus gained"));
    await until("the game fills the screen", async () => showsGame(await this.picture(), colours));
    game.end = async () => {
      const gone = once(child, "exit");
      child.stdin.end();
      await gone;
    };
    /** Presses a key; the game, which has the focus, then has noticed all that happened before. */
    game.press = async (key) => {
      await this.ask("xdotool", "key", key);
      await until(`the game gets the key ${key}`, () => game.log.includes(`key ${key.toUpperCase()}`));
    };
    return game;
  }

  async focused() {
    return (await this.ask("xdotool", "getwindowfocus", "getwindowname")).trim();
  }

  async windows() {
    return await this.ask("xwininfo", "-root", "-tree");
  }

  /** What is on the screen in one moment: the server answers while it draws nothing. */
  async picture() {
    return Picture.ofPpm(spawnSync(SCREEN_PICTURE, { env: this.env, maxBuffer: 1 << 28 }).stdout);
  }

  /** A picture with a card on it, which `before` lacks: {picture, card, code}, the code as it is read. */
  async card(before) {
    return await until("six digits are on the screen", async () => {
      const picture = await this.picture();
      const card = picture.difference(before);
      const code = card && readDigits(picture, card);
      return /^\d{6}$/.test(code) ? { picture, card, code } : null;
    });
  }

  /** Resolves when the screen is what it was. */
  async bare(before) {
    await until("nothing is left on the screen", async () => (await this.picture()).difference(before) === null);
  }
}
