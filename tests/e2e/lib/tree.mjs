// Folders as data, to compare them.
import fs from "node:fs";
import path from "node:path";

import { sha256 } from "./hub.mjs";

/** Every entry below `dir` but `.capydeck`: path → "dir", "link → …" or "file <size> <sha256>". */
export function readTree(dir) {
  const tree = {};
  const visit = (relative) => {
    const full = path.join(dir, relative);
    for (const name of fs.readdirSync(full).sort()) {
      const below = path.join(relative, name);
      const stat = fs.lstatSync(path.join(dir, below));
      if (stat.isDirectory()) {
        tree[below] = "dir";
        if (name !== ".capydeck") {
          visit(below);
        }
      } else if (stat.isSymbolicLink()) {
        tree[below] = `link → ${fs.readlinkSync(path.join(dir, below))}`;
      } else {
        tree[below] = `file ${stat.size} ${sha256(fs.readFileSync(path.join(dir, below)))}`;
      }
    }
  };
  if (fs.existsSync(dir)) {
    visit("");
  }
  return tree;
}

/** The files alone, as readTree() gives them. */
export function readFiles(dir) {
  return Object.fromEntries(
    Object.entries(readTree(dir)).filter(([, what]) => what.startsWith("file")),
  );
}

/** What readFiles() gives once a Game is installed. */
export function filesOf(game) {
  const entries = [...game.files].map(([name, bytes]) => [
    name.replaceAll("\\", "/"),
    `file ${bytes.length} ${sha256(bytes)}`,
  ]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function writeFiles(dir, files) {
  for (const [name, bytes] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), bytes);
  }
}
