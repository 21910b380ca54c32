import assert from "node:assert/strict";
import test from "node:test";

import { discoveryChecks } from "../../build/ui/discovery.js";

const running = { state: "running", detail: "", session: 1 };
const status = ({ agent, hub, mdns } = {}) => ({
  agent: { name: "Deck", port: 9999, addresses: ["10.0.0.5"], acceptConnections: true, ...agent },
  hub: { connected: false, name: "", ...hub },
  mdns: { state: "daemon", detail: "'Deck' is published by avahi-daemon", ...mdns },
});
const bad = (checks) => checks.filter(({ state }) => state === "bad").map(({ text }) => text);

test("nothing is wrong: what a person can try", () => {
  const checks = discoveryChecks(running, status());
  assert.deepEqual(bad(checks), []);
  assert.deepEqual(checks[0], {
    state: "good",
    text: "helpMdnsOk",
    values: { name: "Deck" },
    detail: "",
  });
  assert.equal(checks.at(-1).detail, "10.0.0.5:9999");
});

test("each reason is named, with the agent's own words", () => {
  const dead = discoveryChecks({ state: "failed", detail: "the port is taken" }, status());
  assert.deepEqual(
    dead.map(({ text, detail }) => [text, detail]),
    [["helpNotRunning", "the port is taken"]],
  );
  assert.deepEqual(bad(discoveryChecks(running, undefined)), ["helpNotRunning"]);
  assert.deepEqual(bad(discoveryChecks(running, status({ agent: { addresses: [] } }))), [
    "helpNoNetwork",
  ]);
  assert.deepEqual(bad(discoveryChecks(running, status({ agent: { acceptConnections: false } }))), [
    "helpAccept",
  ]);
  const failed = discoveryChecks(
    running,
    status({ mdns: { state: "failed", detail: "no avahi" } }),
  );
  assert.deepEqual(bad(failed), ["helpMdnsOff"]);
  assert.equal(failed[0].detail, "no avahi");
});

test("one PC at a time", () => {
  const checks = discoveryChecks(running, status({ hub: { connected: true, name: "Study" } }));
  assert.deepEqual(checks[0], {
    state: "hint",
    text: "helpBusy",
    values: { name: "Study" },
    detail: "",
  });
});
