// A reporter of node's test runner that notes how long each test took; see node_tests.
import fs from "node:fs";
import path from "node:path";

const { SLOWEST, PART } = process.env;

export default async function* slowest(events) {
  for await (const { type, data } of events) {
    const ended = type === "test:pass" || type === "test:fail";
    if (!SLOWEST || !ended || data.details.type === "suite" || data.name.endsWith(".test.mjs")) continue;
    const seconds = (data.details.duration_ms / 1000).toFixed(1);
    fs.appendFileSync(SLOWEST, `${seconds} ${PART} ${path.basename(data.file ?? "")}: ${data.name}\n`);
    yield "";
  }
}
