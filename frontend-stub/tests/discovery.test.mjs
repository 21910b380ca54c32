import assert from "node:assert/strict";
import test from "node:test";

import { discoveryChecks } from "../../build/ui/discovery.js";

const status = ({ agent, hub, mdns } = {}) => ({
  agent: {
    name: "Deck",
    port: 9999,
    listening: true,
    problem: "",
    addresses: ["10.0.0.5"],
    acceptConnections: true,
    ...agent,
  },
  hub: { connected: false, name: "", ...hub },
  mdns: { state: "daemon", detail: "'Deck' is published by avahi-daemon", ...mdns },
});
const bad = (checks) => checks.filter(({ state }) => state === "bad").map(({ text }) => text);

test("nothing is wrong: what the user can try", () => {
  const checks = discoveryChecks(status());
  assert.deepEqual(bad(checks), []);
  assert.deepEqual(checks[0], {
    state: "good",
    text: "helpMdnsOk",
    values: { name: "Deck" },
    detail: "",
  });
  assert.equal(checks.at(-1).detail, "10.0.0.5:9999");
});

test("each reason is named", () => {
  const deaf = discoveryChecks(status({ agent: { listening: false, problem: "port in use" } }));
  assert.deepEqual([bad(deaf), deaf[0].detail], [["helpListening"], "port in use"]);
  assert.deepEqual(bad(discoveryChecks(status({ agent: { addresses: [] } }))), [
    "helpNoNetwork",
  ]);
  assert.deepEqual(bad(discoveryChecks(status({ agent: { acceptConnections: false } }))), [
    "helpAccept",
  ]);
  const failed = discoveryChecks(
    status({ mdns: { state: "failed", detail: "no avahi" } }),
  );
  assert.deepEqual(bad(failed), ["helpMdnsOff"]);
  assert.equal(failed[0].detail, "", "that is for the diagnostics");
});

test("one PC at a time", () => {
  const checks = discoveryChecks(status({ hub: { connected: true, name: "Study" } }));
  assert.deepEqual(checks[0], {
    state: "hint",
    text: "helpBusy",
    values: { name: "Study" },
    detail: "",
  });
});
