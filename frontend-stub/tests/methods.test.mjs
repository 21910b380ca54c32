// The names in methods.ts, in the agent's tables and on the page about them are the same.
import assert from "node:assert/strict";
import fs from "node:fs";
import test from "node:test";

const read = (file) => fs.readFileSync(file, "utf8");
const found = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name).sort();

/** What stands between two lines. */
function between(text, from, to) {
  const start = text.indexOf(from);
  assert.ok(start >= 0, from);
  return text.slice(start, text.indexOf(to, start));
}

const source = ["control_methods", "control_client", "ui_link"]
  .map((file) => read(`native/control/${file}.c`))
  .join("\n");
const page = read("native/control/README.md");
const types = read("frontend-stub/src/ipc/methods.ts");
/** Of agents among themselves. */
const NOT_FOR_PLUGINS = ["agent.release"];

const members = (name) =>
  found(between(types, `export interface ${name} {`, "\n}"), /^ {2}"?([\w.]+)"?: /gm);
const rows = (heading) =>
  found(between(page, heading, "\n## "), /^\| ((?:`[\w.]+`(?:, )?)+) \|/gm)
    .flatMap((names) => found(names, /`([\w.]+)`/g))
    .sort();

test("methods", () => {
  const methods = found(between(source, "methods[] = {", "};"), /\{ "([\w.]+)",/g);
  assert.ok(methods.length > 20);
  assert.deepEqual(rows("## Methods"), methods);
  assert.deepEqual([...members("Methods"), ...NOT_FOR_PLUGINS].sort(), methods);
});

test("notifications", () => {
  const events = found(between(source, "events[CONTROL_EVENT_COUNT]", "};"), /= "(\w+)"/g);
  assert.ok(events.length > 5);
  assert.deepEqual(rows("## Notifications"), events);
  assert.deepEqual(members("Notifications"), events);
});

test("requests to the plugin", () => {
  const requests = found(between(source, "requests[] = {", "};"), /"([\w.]+)"/g);
  assert.equal(requests.length, 3);
  const answered = rows("## Requests to the plugin").filter((name) => name.includes("."));
  assert.deepEqual(answered, requests);
  assert.deepEqual(members("Requests"), requests);
});
