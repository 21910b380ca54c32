// scripts/install-desktop.sh and uninstall-desktop.sh in a throw-away home, with a stand-in for systemctl.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";

import { Agent, BINARY, IS_ROOT, run } from "./lib/agent.mjs";

const SCRIPTS = path.resolve("../../scripts");
const PROGRAMS = ["capydeck", "capydeck-fetch", "capydeck-mdns", "capydeck-overlay", "capydeck-pango.so"];

/** Notes what it is asked for; `MANAGER=no`: there is no user manager to ask. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >>"$HOME/systemctl.log"
[ "$MANAGER" != no ]
`;

class Home {
  constructor(t) {
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck home-"));
    t.after(async () => {
      await this.agent?.finish();
      fs.rmSync(this.root, { recursive: true, force: true });
    });
    this.lib = path.join(this.root, ".local/lib/capydeck");
    this.link = path.join(this.root, ".local/bin/capydeck");
    this.agent = null; // one that runs from here
    this.units = path.join(this.root, ".config/systemd/user");
    this.write("stand-in/systemctl", SYSTEMCTL, 0o755);
  }

  at(name) {
    return path.join(this.root, name);
  }

  write(name, text, mode = 0o644) {
    fs.mkdirSync(path.dirname(this.at(name)), { recursive: true });
    fs.writeFileSync(this.at(name), text, { mode });
    return this.at(name);
  }

  get env() {
    return { HOME: this.root, PATH: `${this.at("stand-in")}:${process.env.PATH}`, XDG_RUNTIME_DIR: this.at("run") };
  }

  script(name, args, env = {}) {
    return run(path.join(SCRIPTS, name), args, { env: { ...this.env, ...env } });
  }

  async install(args = [], env = {}) {
    const result = await this.script(
      "install-desktop.sh",
      ["--from", path.dirname(BINARY), ...(IS_ROOT ? ["--allow-root"] : []), ...args],
      env,
    );
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  async uninstall(...args) {
    const result = await this.script("uninstall-desktop.sh", args);
    assert.equal(result.code, 0, result.stderr);
    return result;
  }

  /** What systemctl was asked for since the last time. */
  asked() {
    const log = this.at("systemctl.log");
    const lines = fs.existsSync(log) ? fs.readFileSync(log, "utf8").trim().split("\n") : [];
    fs.rmSync(log, { force: true });
    return lines.map((line) => line.replace(/^--user /, ""));
  }

  /** Every file and link, by its path. */
  files() {
    return fs
      .readdirSync(this.root, { recursive: true })
      .filter((name) => !fs.lstatSync(this.at(name)).isDirectory())
      .sort();
  }
}

test("the service is installed, enabled and started, repeatedly", async (t) => {
  const home = new Home(t);
  for (let round = 0; round < 2; round++) {
    await home.install();
    assert.deepEqual(home.asked(), [
      "show-environment",
      "daemon-reload",
      "enable capydeck.service",
      "restart capydeck.service",
    ]);
    assert.deepEqual(fs.readdirSync(home.lib).sort(), PROGRAMS);
    assert.ok(fs.readFileSync(BINARY).equals(fs.readFileSync(path.join(home.lib, "capydeck"))));
    assert.equal(fs.readlinkSync(home.link), path.join(home.lib, "capydeck"));
    const unit = fs.readFileSync(path.join(home.units, "capydeck.service"), "utf8");
    const [, program] = /^ExecStart=%h\/(\S+) agent --wait$/m.exec(unit);
    assert.equal(home.at(program), path.join(home.lib, "capydeck"));
  }
});

test("a package's libraries are installed, with or without modes, and older ones removed", async (t) => {
  const home = new Home(t);
  const from = home.at("CapyDeck/bin");
  for (const name of [...PROGRAMS, "libold.so.1", "lib/libnew.so.2", "LICENSES/libnew.txt", "versions.txt"]) {
    home.write(`CapyDeck/bin/${name}`, name, 0o600);
  }
  await home.install(["--from", from]);
  assert.ok(fs.existsSync(path.join(home.lib, "libold.so.1")));
  fs.rmSync(path.join(from, "libold.so.1"));
  await home.install(["--from", from]);
  assert.deepEqual(fs.readdirSync(home.lib).sort(), ["LICENSES", ...PROGRAMS, "lib", "versions.txt"]);
  assert.ok(fs.existsSync(path.join(home.lib, "lib/libnew.so.2")));
  assert.ok(fs.existsSync(path.join(home.lib, "LICENSES/libnew.txt")));
  assert.equal(fs.statSync(path.join(home.lib, "capydeck")).mode & 0o777, 0o755);
});

test("without a user manager it says when it will start, and is enabled", async (t) => {
  const home = new Home(t);
  const { stdout } = await home.install([], { MANAGER: "no" });
  assert.match(stdout, /log in/);
  assert.deepEqual(home.asked(), ["show-environment"]);
  const wanted = path.join(home.units, "default.target.wants/capydeck.service");
  assert.equal(fs.realpathSync(wanted), fs.realpathSync(path.join(home.units, "capydeck.service")));
});

test("an upgrade replaces a running program", async (t) => {
  const home = new Home(t);
  await home.install();
  const program = path.join(home.lib, "capydeck");
  const child = spawn(
    program,
    ["agent", "--wait", "--port", "0", "--no-mdns", "--no-overlay", ...(IS_ROOT ? ["--allow-root"] : [])],
    { env: home.env, stdio: ["ignore", "pipe", "pipe"] },
  );
  home.agent = new Agent(undefined, child);
  await home.agent.line(/listening on/);
  const before = fs.statSync(program).ino;
  await home.install();
  assert.notEqual(fs.statSync(program).ino, before);
  assert.ok(!fs.readdirSync(home.lib).some((name) => name.endsWith(".new")));
  const status = await run(home.link, ["ctl", "status", "--json"], { env: home.env });
  assert.equal(JSON.parse(status.stdout).agent.role, "desktop", status.stderr);

  const purge = await home.script("uninstall-desktop.sh", ["--purge"]);
  assert.equal(purge.code, 1);
  assert.match(purge.stderr, /still running/);
  assert.ok(fs.existsSync(program) && fs.existsSync(home.at(".config/capydeck")));
});

test("uninstalling keeps games and settings, --purge only games", async (t) => {
  const home = new Home(t);
  const theirs = ["Games/Doom/doom", "Games/.capydeck/uploads/1/journal"];
  const ours = [".config/capydeck/settings.json", ".local/state/capydeck/games.json"];
  for (const name of [...theirs, ...ours]) {
    home.write(name, "x");
  }
  const before = home.files();
  await home.install();
  home.asked();
  for (let round = 0; round < 2; round++) {
    await home.uninstall();
    assert.deepEqual(home.asked(), ["show-environment", "disable --now capydeck.service", "show-environment", "daemon-reload"]);
    assert.deepEqual(home.files(), before);
  }
  await home.uninstall("--purge");
  home.asked();
  assert.deepEqual(home.files(), ["Games/Doom/doom", "stand-in/systemctl"]);
});

test("--purge clears every library folder, and lists what it removes, with sizes", async (t) => {
  const home = new Home(t);
  const card = home.at('card "1" ü');
  const old = home.at("old library");
  const linked = home.at("linked");
  home.write(".config/capydeck/settings.json", JSON.stringify({ "library.path": "~/My Games", "library.extra": [card, "/nowhere/card", linked] }));
  home.write(".local/state/capydeck/games.json", JSON.stringify({ games: [{ dir: `${card}/Doom`, name: "/Doom" }] }));
  home.write(".local/state/capydeck/trash.json", JSON.stringify({ games: [{ id: "1", gameDir: `${old}/Quake` }] }));
  const stays = ['card "1" ü/Doom/doom', "old library/.capydeck/notes", "elsewhere/uploads/1/journal"];
  for (const name of stays) {
    home.write(name, "x");
  }
  home.write('card "1" ü/.capydeck/uploads/1/pak0', "x".repeat(3 << 20));
  home.write("My Games/.capydeck/trash/2/game", "x");
  home.write("old library/.capydeck/trash/1/quake", "x");
  fs.mkdirSync(linked);
  fs.symlinkSync(home.at("elsewhere"), path.join(linked, ".capydeck"));
  await home.install();
  const { stdout } = await home.uninstall("--purge");
  home.asked();
  assert.deepEqual(home.files().filter((name) => !name.startsWith("linked")), [...stays, "stand-in/systemctl"].sort());
  for (const name of ["uploads", "My Games/.capydeck/trash", "old library/.capydeck/trash", ".config/capydeck"]) {
    assert.match(stdout, new RegExp(`^ +[0-9.]+[KM]?\\t.*${name}$`, "m"));
  }
  assert.match(stdout, /3\.[0-9]M\ttotal/);
  assert.match(stdout, /'\/nowhere\/card' does not exist/);
  assert.ok(!fs.existsSync(path.join(card, ".capydeck")));
});

test("another program under our name is kept", async (t) => {
  const home = new Home(t);
  home.write(".local/bin/capydeck", "theirs", 0o755);
  const { stdout } = await home.install();
  assert.match(stdout, /kept/);
  await home.uninstall();
  assert.equal(fs.readFileSync(home.link, "utf8"), "theirs");
});

test("an impossible installation is refused, and nothing is changed", async (t) => {
  const home = new Home(t);
  const refused = async (args, words) => {
    const { code, stderr } = await home.script("install-desktop.sh", args);
    assert.equal(code, 1);
    assert.match(stderr, words);
  };
  const root = IS_ROOT ? ["--allow-root"] : [];
  await refused(["--nonsense"], /'--nonsense'/);
  await refused(["--from"], /--from needs/);
  await refused(["--from", home.at("stand-in"), ...root], /does not contain capydeck/);
  if (IS_ROOT) {
    await refused(["--from", path.dirname(BINARY)], /as root/);
  }
  assert.deepEqual(home.files(), ["stand-in/systemctl"]);
});

test("make install puts the program into bin, helpers into libexec, and installs the unit", async (t) => {
  const home = new Home(t);
  const make = ["-s", "-C", path.dirname(SCRIPTS), `B=${path.dirname(BINARY)}`, `DESTDIR=${home.root}`, "PREFIX=/usr", "install-files"];
  await run("make", make, { env: { PATH: process.env.PATH, HOME: home.root } });
  const files = home.files().filter((name) => name.startsWith("usr/") && !name.includes("/man/"));
  const helpers = PROGRAMS.filter((name) => name !== "capydeck").map((name) => `usr/libexec/capydeck/${name}`);
  assert.deepEqual(files, ["usr/bin/capydeck", ...helpers, "usr/lib/systemd/user/capydeck.service"].sort());
  assert.match(fs.readFileSync(home.at("usr/lib/systemd/user/capydeck.service"), "utf8"), /^ExecStart=\/usr\/bin\/capydeck agent --wait$/m);
  // The program finds a helper from there: without a screen, it is the helper that says so.
  const overlay = await run(home.at("usr/bin/capydeck"), ["overlay", "--demo"], { env: { HOME: home.root } }).catch((error) => error);
  assert.match(overlay.stderr, /screen|display/i, overlay.stderr);
});

test("systemd finds nothing wrong with the unit", async (t) => {
  const home = new Home(t);
  await home.install();
  const unit = path.join(home.units, "capydeck.service");
  fs.mkdirSync(home.at("run"));
  const verify = await run("systemd-analyze", ["--user", "--man=no", "verify", unit], { env: home.env }).catch((error) => error);
  if (verify.code === "ENOENT") {
    t.skip("no systemd-analyze here");
    return;
  }
  assert.deepEqual({ code: verify.code, text: verify.stdout + verify.stderr }, { code: 0, text: "" });
});

test("the scripts are clean for shellcheck", async (t) => {
  const scripts = ["install-desktop.sh", "uninstall-desktop.sh"].map((name) => path.join(SCRIPTS, name));
  const check = await run("shellcheck", scripts, { env: process.env }).catch((error) => error);
  if (check.code === "ENOENT") {
    t.skip("no shellcheck here");
    return;
  }
  assert.equal(check.code, 0, check.stdout);
});

test("--help describes both scripts", async (t) => {
  const home = new Home(t);
  for (const name of ["install-desktop.sh", "uninstall-desktop.sh"]) {
    const { code, stdout } = await home.script(name, ["--help"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`scripts/${name}`));
    assert.doesNotMatch(stdout, /^set|^#/m);
  }
});
