// The disks that other tests are made on (lib/disk_image.mjs) are what they claim to be.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { DiskImage, cannotMount } from "./lib/disk_image.mjs";

for (const kind of ["ext4", "exfat", "vfat", "ntfs", "btrfs"]) {
  test(`${kind}: filled, pulled out and put back`, { skip: cannotMount(kind) }, (t) => {
    const disk = DiskImage.make(t, { kind });
    const file = path.join(disk.path, "save");
    fs.writeFileSync(file, "kept");
    disk.fill();
    assert.throws(() => {
      for (let i = 0; ; i++) {
        fs.mkdirSync(path.join(disk.path, `folder ${i}`));
      }
    }, { code: "ENOSPC" });
    disk.empty();
    fs.mkdirSync(path.join(disk.path, "room again"));

    disk.unmount();
    assert.ok(!disk.isMounted);
    assert.ok(!fs.existsSync(file));
    disk.mount("ro");
    assert.equal(fs.readFileSync(file, "utf8"), "kept");
    assert.throws(() => fs.writeFileSync(file, "other"), { code: "EROFS" });
    disk.unmount();
    disk.mount();
    const fd = fs.openSync(file, "r");
    disk.pull();
    assert.ok(!fs.existsSync(file));
    assert.equal(fs.readFileSync(fd, "utf8"), "kept", "who has it open keeps it");
    fs.closeSync(fd);
  });
}

test("ext4: made read-only under a file that is open for reading", { skip: cannotMount("ext4") }, (t) => {
  const disk = DiskImage.make(t);
  disk.remount("ro");
  assert.throws(() => fs.writeFileSync(path.join(disk.path, "new"), ""), { code: "EROFS" });
  disk.remount("rw");
  fs.writeFileSync(path.join(disk.path, "new"), "");
});

test("ext4: exactly so many blocks are left", { skip: cannotMount("ext4") }, (t) => {
  const disk = DiskImage.make(t, { megabytes: 8 });
  disk.fill(9);
  assert.ok(disk.freeBlocks <= 9 && disk.freeBlocks > 0, `${disk.freeBlocks}`);
});

test("exfat: names differ in more than case", { skip: cannotMount("exfat") }, (t) => {
  const disk = DiskImage.make(t, { kind: "exfat" });
  fs.writeFileSync(path.join(disk.path, "Name"), "1");
  assert.equal(fs.readFileSync(path.join(disk.path, "NAME"), "utf8"), "1");
});
