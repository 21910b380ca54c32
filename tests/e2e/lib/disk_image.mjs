// Small file systems in images, for what tmpfs does not show: an ext4 whose folders need blocks, the names
// that exFAT and NTFS refuse, cards that are pulled out and put back. Mounts belong to the mount namespace
// that scripts/alone makes, so that nothing is left behind whatever ends the tests.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { IS_ROOT } from "./agent.mjs";

const MIB = 1024 * 1024;
const FILLER = ".filler";
const QUIET = { stdio: ["ignore", "ignore", "pipe"] };

/**
 * make: the command that makes one in a file; `driver`: the program that serves it where the kernel cannot, and
 * whether that needs a block device; least: the smallest size in MiB.
 */
const KINDS = {
  ext4: { make: ["mkfs.ext4", "-q", "-F", "-b", "1024", "-m", "0"], least: 1 },
  exfat: { make: ["mkfs.exfat"], driver: { command: "mount.exfat-fuse", onDevice: true }, least: 2 },
  vfat: { make: ["mkfs.vfat"], least: 2 },
  ntfs: { make: ["mkfs.ntfs", "-q", "-F", "-Q"], kernel: "ntfs3", driver: { command: "ntfs-3g" }, least: 4 },
  btrfs: { make: ["mkfs.btrfs", "-q", "--mixed"], least: 32 },
};

const isThere = (command) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;

/** Does the kernel know it, with a module if need be? */
function kernelHas(type) {
  const known = () => new RegExp(`\\t${type}$`, "m").test(fs.readFileSync("/proc/filesystems", "utf8"));
  return known() || (spawnSync("modprobe", ["-q", type]).status === 0 && known());
}

const reasons = new Map();

function findReason(kind) {
  const { make, kernel = kind, driver } = KINDS[kind];
  if (!IS_ROOT) {
    return "needs root";
  }
  if (!process.env.CAPYDECK_OWN_MOUNTS) {
    return "needs a mount namespace of its own: scripts/alone makes it, unless it is refused here";
  }
  if (!isThere(make[0])) {
    return `${make[0]} is not installed`;
  }
  if (!kernelHas(kernel) && !(driver && isThere(driver.command) && fs.existsSync("/dev/fuse"))) {
    return `neither the kernel nor a program can mount ${kind}`;
  }
  // Loop devices may be missing, and a container may refuse what the rest promises.
  const image = new DiskImage({ kind });
  try {
    image.mount();
    return false;
  } catch (error) {
    return `${kind} cannot be mounted here: ${String(error.stderr ?? error.message).trim()}`;
  } finally {
    image.remove();
  }
}

/** Why an image of this kind cannot be used here, or false: a test's `skip`. */
export function cannotMount(kind) {
  if (!reasons.has(kind)) {
    reasons.set(kind, findReason(kind));
  }
  return reasons.get(kind);
}

/** One file system in a file, and the folder where it is mounted. */
export class DiskImage {
  #root;
  #image;
  #driver; // null: the kernel mounts it
  #type;

  /** Made and mounted; unmounted and removed when the test `t` ends, after the agents of an earlier Deck. */
  static make(t, options) {
    const image = new DiskImage(options);
    t.after(() => image.remove());
    image.mount();
    return image;
  }

  /** kind: of KINDS; megabytes: its size; format: further options of mkfs; at: the mount point, else in /tmp. */
  constructor({ kind = "ext4", megabytes = 16, format = [], at } = {}) {
    const { make, kernel = kind, driver, least } = KINDS[kind];
    this.#root = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-disk-"));
    this.#image = path.join(this.#root, "image");
    this.path = at ?? path.join(this.#root, "disk");
    this.#type = kernel;
    this.#driver = kernelHas(kernel) ? null : driver;
    fs.mkdirSync(this.path, { recursive: true });
    fs.writeFileSync(this.#image, "");
    fs.truncateSync(this.#image, Math.max(megabytes, least) * MIB);
    execFileSync(make[0], [...make.slice(1), ...format, this.#image], QUIET);
  }

  /** Puts the disk in; options: as of mount(8)'s -o, e.g. "ro". */
  mount(options = "") {
    if (!this.#driver) {
      const all = ["loop", ...(options ? [options] : [])].join(",");
      execFileSync("mount", ["-t", this.#type, "-o", all, this.#image, this.path], QUIET);
      return;
    }
    const { command, onDevice } = this.#driver;
    const given = options ? ["-o", options] : [];
    if (!onDevice) {
      execFileSync(command, [...given, this.#image, this.path], QUIET);
      return;
    }
    const device = execFileSync("losetup", ["--find", "--show", this.#image], { encoding: "utf8" }).trim();
    try {
      execFileSync(command, [...given, device, this.path], QUIET);
    } finally {
      spawnSync("losetup", ["--detach", device]); // once nobody uses it
    }
  }

  /** Puts what was taken out in at another folder. */
  moveTo(at) {
    this.path = at;
    this.mount();
  }

  /** "ro" or "rw", as the kernel does it by itself after an error; also with files open. */
  remount(options) {
    execFileSync("mount", ["-o", `remount,${options}`, this.path], QUIET);
  }

  /** Takes the disk out in good order; throws while a file on it is open. */
  unmount() {
    execFileSync("umount", [this.path], QUIET);
  }

  /** Pulls it out: the folder is empty at once; who has a file open keeps it. */
  pull() {
    execFileSync("umount", ["--lazy", this.path], QUIET);
  }

  get isMounted() {
    return fs.statSync(this.path).dev !== fs.statSync(path.dirname(this.path)).dev;
  }

  /** What can be written: ext4 keeps some back for itself. */
  get freeBlocks() {
    return fs.statfsSync(this.path).bavail;
  }

  /** Fills it up until only so many blocks are free. */
  fill(blocks = 0) {
    const fd = fs.openSync(path.join(this.path, FILLER), "a");
    try {
      const block = Buffer.alloc(fs.statfsSync(this.path).bsize, 1);
      for (let free = this.freeBlocks; free > blocks; free = this.freeBlocks) {
        // Written blocks need some for themselves: the way is halved until one at a time is left.
        const count = Math.max(1, Math.min(1024, (free - blocks) >> 1));
        fs.writeSync(fd, Buffer.concat(Array(count).fill(block)));
        fs.fsyncSync(fd);
      }
    } catch (error) {
      assert.equal(error.code, "ENOSPC", String(error));
    } finally {
      fs.closeSync(fd);
    }
  }

  /** Gives back what fill() took. */
  empty() {
    fs.rmSync(path.join(this.path, FILLER), { force: true });
  }

  /** Also what was pulled out or never mounted. */
  remove() {
    while (this.isMounted) {
      this.pull();
    }
    fs.rmSync(this.#root, { recursive: true, force: true });
  }
}
