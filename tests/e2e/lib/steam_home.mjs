// A Steam installation as the agent finds it on disk, and an independent reader of its shortcuts.
import fs from "node:fs";
import path from "node:path";

/** The documents' example user, and a second one who logged in earlier. */
export const GAMER = { steamId: "76561198012345678", accountId: "52079950", name: "Gamer" };
export const SIBLING = { steamId: "76561197960287930", accountId: "22202", name: "Sibling „ä“" };

const LOGIN_USERS = [
  { ...SIBLING, mostRecent: "0", timestamp: "1600000000" },
  { ...GAMER, mostRecent: "1", timestamp: "1700000000" },
];

export function writeSteamHome(dir) {
  const users = LOGIN_USERS.map(
    (user) => `\t"${user.steamId}"
\t{
\t\t"AccountName"\t\t"login_${user.accountId}"
\t\t"PersonaName"\t\t"${user.name}"
\t\t"RememberPassword"\t\t"1"
\t\t"MostRecent"\t\t"${user.mostRecent}"
\t\t"Timestamp"\t\t"${user.timestamp}"
\t}
`,
  );
  fs.mkdirSync(path.join(dir, "config"), { recursive: true });
  fs.writeFileSync(path.join(dir, "config/loginusers.vdf"), `"users"\n{\n${users.join("")}}\n`);
  for (const { accountId } of LOGIN_USERS) {
    fs.mkdirSync(path.join(dir, "userdata", accountId, "config"), { recursive: true });
  }
}

export function shortcutsPath(steamDir, user = GAMER) {
  return path.join(steamDir, "userdata", user.accountId, "config/shortcuts.vdf");
}

/** Binary VDF to objects: type 0 a map, 1 a string, 2 a 32-bit integer, 8 the end of a map. */
export function parseBinaryVdf(bytes) {
  let at = 0;
  const text = () => {
    const end = bytes.indexOf(0, at);
    if (end < 0) {
      throw new Error(`unterminated string at ${at}`);
    }
    const value = bytes.toString("utf8", at, end);
    at = end + 1;
    return value;
  };
  const map = () => {
    const result = {};
    for (;;) {
      const type = bytes.readUInt8(at++);
      if (type === 8) {
        return result;
      }
      const key = text();
      if (type === 0) {
        result[key] = map();
      } else if (type === 1) {
        result[key] = text();
      } else if (type === 2) {
        result[key] = bytes.readUInt32LE(at);
        at += 4;
      } else {
        throw new Error(`unknown type ${type} at ${at - 1}`);
      }
    }
  };
  const root = map();
  if (at !== bytes.length) {
    throw new Error(`${bytes.length - at} bytes after the end`);
  }
  return root;
}

/** Objects to binary VDF; numbers become 32-bit integers. */
export function writeBinaryVdf(root) {
  const parts = [];
  const text = (value) => parts.push(Buffer.from(`${value}\0`));
  const map = (entries) => {
    for (const [key, value] of Object.entries(entries)) {
      parts.push(Buffer.from([typeof value === "object" ? 0 : typeof value === "string" ? 1 : 2]));
      text(key);
      if (typeof value === "object") {
        map(value);
      } else if (typeof value === "string") {
        text(value);
      } else {
        const number = Buffer.alloc(4);
        number.writeUInt32LE(value >>> 0);
        parts.push(number);
      }
    }
    parts.push(Buffer.from([8]));
  };
  map(root);
  return Buffer.concat(parts);
}

/** The user's shortcuts in order, keys in lower case, because Steam's versions differ in it. */
export function readShortcuts(steamDir, user = GAMER) {
  const file = shortcutsPath(steamDir, user);
  if (!fs.existsSync(file)) {
    return [];
  }
  const root = parseBinaryVdf(fs.readFileSync(file));
  const lower = (entry) =>
    Object.fromEntries(Object.entries(entry).map(([key, value]) => [key.toLowerCase(), value]));
  return Object.values(root.shortcuts ?? {}).map(lower);
}

/** CRC-32 as zlib has it. */
export function crc32(text) {
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
