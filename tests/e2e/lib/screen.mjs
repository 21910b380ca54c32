// An X server with a window manager, a compositor and a game in the foreground: a desktop to look at.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { BINARY, run } from "./agent.mjs";
import { deadline, until } from "./wait.mjs";

const FAKE_GAME = path.join(path.dirname(BINARY), "fake_game");

/** The programs that looking at a screen takes; null, or why it cannot be done here. */
export function missingPrograms(...more) {
  const needed = ["Xvfb", "openbox", "picom", "xdotool", "xwininfo", "import", "convert", "tesseract"];
  for (const program of [...needed, ...more]) {
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) {
      return `${program} is not installed`;
    }
  }
  return null;
}

/** A picture of the whole screen: RGB, three bytes a pixel. `ppm`: as the format is defined. */
export class Picture {
  constructor(ppm) {
    const [, width, height] = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(ppm.subarray(0, 64).toString("latin1"));
    [this.width, this.height] = [Number(width), Number(height)];
    this.pixels = ppm.subarray(ppm.length - 3 * this.width * this.height);
  }

  /** Of an image file, whatever its format. */
  static read(file) {
    const options = ["-alpha", "off", "-depth", "8", "ppm:-"];
    return new Picture(spawnSync("convert", [file, ...options], { maxBuffer: 1 << 28 }).stdout);
  }

  at(x, y) {
    const start = 3 * (y * this.width + x);
    return [...this.pixels.subarray(start, start + 3)];
  }

  row(y, left = 0, width = this.width) {
    return this.pixels.subarray(3 * (y * this.width + left), 3 * (y * this.width + left + width));
  }

  /** The smallest rectangle that holds every pixel that differs; null when none does. */
  difference(other) {
    let [left, top, right, bottom] = [this.width, this.height, -1, -1];
    for (let y = 0; y < this.height; y++) {
      const [mine, theirs] = [this.row(y), other.row(y)];
      if (mine.equals(theirs)) {
        continue;
      }
      const differs = (x) => !mine.subarray(3 * x, 3 * x + 3).equals(theirs.subarray(3 * x, 3 * x + 3));
      let [first, last] = [0, this.width - 1];
      while (!differs(first)) {
        first++;
      }
      while (!differs(last)) {
        last--;
      }
      [left, right] = [Math.min(left, first), Math.max(right, last)];
      [top, bottom] = [Math.min(top, y), y];
    }
    return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
  }

  /** Rows of pure white pixels within a rectangle: how tall what is written there is. */
  whiteHeight({ left, top, width, height }) {
    const rows = [];
    for (let y = top; y < top + height; y++) {
      if (this.row(y, left, width).includes(Buffer.from([255, 255, 255]))) {
        rows.push(y);
      }
    }
    let longest = 0;
    for (let i = 0, start = 0; i < rows.length; i++) {
      start = i > 0 && rows[i] === rows[i - 1] + 1 ? start : i;
      longest = Math.max(longest, i - start + 1);
    }
    return longest;
  }

  /** The digits that a reader of the part with the largest white letters sees. */
  readDigits({ left, top, width, height }) {
    const rows = Array.from({ length: height }, (_, y) => this.row(top + y, left, width));
    const part = Buffer.concat([Buffer.from(`P6 ${width} ${height} 255\n`), ...rows]);
    // Of taller digits tesseract misreads some, always the same: 0876 as 03876.
    const cut = spawnSync(
      "convert",
      ["ppm:-", "-fill", "black", "-fuzz", "4%", "+opaque", "white", "-negate"].concat([
        ...["-resize", "x100", "-bordercolor", "white", "-border", "20", "-density", "100", "png:-"],
      ]),
      { input: part, maxBuffer: 1 << 28 },
    );
    const read = spawnSync(
      "tesseract",
      ["-", "-", "--psm", "7", "-c", "tessedit_char_whitelist=0123456789"],
      { input: cut.stdout },
    );
    return read.stdout.toString().replace(/\s/g, "");
  }
}

export class Screen {
  #children = [];
  #folders = [];

  /**
   * `manager`: the window manager, "ours"; "session": as a desktop session runs it, which the overlay
   * finds; null: none. `display`: its number, else a free one.
   */
  static async start(t, { size = "1280x800", composited = true, manager = "ours", display } = {}) {
    const screen = new Screen();
    t.after(() => screen.stop());
    await screen.#serve(size, display);
    if (manager !== null) {
      screen.#run(manager === "session" ? "openbox" : screen.#nameless("openbox"), []);
      await until("openbox manages windows", async () =>
        (await screen.ask("xprop", "-root", "_NET_SUPPORTING_WM_CHECK")).includes("window id"),
      );
    }
    if (composited) {
      screen.#run("picom", ["--backend", "xrender", "--config", "/dev/null"]);
      await until("picom composites", async () =>
        (await screen.ask("xwininfo", "-root", "-tree")).includes("picom"),
      );
    }
    return screen;
  }

  async #serve(size, display) {
    const args = ["-displayfd", "3", "-screen", "0", `${size}x24`, "-nolisten", "tcp", "-noreset"];
    this.server = spawn("Xvfb", display ? [display, ...args] : args, {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    this.#children.push(this.server);
    const [number] = await deadline(once(this.server.stdio[3], "data"), "Xvfb starts");
    this.display = `:${number.toString().trim()}`;
  }

  /** A program under a name that tells nobody that a session is here: other tests run meanwhile. */
  #nameless(program) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-screen-"));
    this.#folders.push(folder);
    const link = path.join(folder, "window-manager");
    fs.symlinkSync(spawnSync("sh", ["-c", `command -v ${program}`]).stdout.toString().trim(), link);
    return link;
  }

  /** A Wayland compositor whose output is this screen; resolves to its clients' environment. */
  async wayland() {
    const runtime = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-wayland-"));
    this.#folders.push(runtime);
    const config = path.join(runtime, "weston.ini");
    fs.writeFileSync(config, "[shell]\npanel-position=none\n"); // its clock would move
    this.#run("weston", [`--config=${config}`, "--backend=x11-backend.so", "--socket=wayland-test", "--width=1280", "--height=800", "--idle-time=0"], {
      env: { ...this.env, XDG_RUNTIME_DIR: runtime },
    });
    await until("weston listens", () => fs.existsSync(path.join(runtime, "wayland-test")));
    await this.ask("xdotool", "mousemove", "1270", "790");
    await until("weston's background is there", async () => (await this.picture()).at(5, 5)[0] > 0);
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

  /** A full-screen game that has the focus; `log` is what it noticed. */
  async game(colours = "cold") {
    const child = this.#run(FAKE_GAME, [colours], { stdio: ["pipe", "pipe", "inherit"] });
    const game = { log: "" };
    child.stdout.setEncoding("utf8").on("data", (text) => (game.log += text));
    await until("the game has the focus", () => game.log.includes("focus gained"));
    game.end = async () => {
      const gone = once(child, "exit");
      child.stdin.end();
      await gone;
    };
    return game;
  }

  async focused() {
    return (await this.ask("xdotool", "getwindowfocus", "getwindowname")).trim();
  }

  async windows() {
    return await this.ask("xwininfo", "-root", "-tree");
  }

  /** A picture once two in a row are equal. */
  async picture() {
    let last = null;
    return await until("the screen stands still", () => {
      const shot = spawnSync("import", ["-window", "root", "-depth", "8", "ppm:-"], { env: this.env, maxBuffer: 1 << 28 });
      const picture = new Picture(shot.stdout);
      const still = last !== null && last.pixels.equals(picture.pixels);
      last = picture;
      return still ? picture : null;
    });
  }
}
