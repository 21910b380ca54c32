// Ports that stay free while nothing listens there.
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";

const LOWEST = 10_000;
const given = new Set();

async function isFree(port) {
  const server = net.createServer().listen(port);
  try {
    await once(server, "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}

/**
 * A port for a program that needs to know it before it listens, or listens there again. It is none of those
 * that the kernel hands out, to listeners on port 0 as to the near ends of connections.
 */
export async function freePort() {
  const range = fs.readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8");
  const end = Math.max(parseInt(range), 2 * LOWEST);
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (end - LOWEST));
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}
