import assert from "node:assert/strict";
import test from "node:test";

import { diagnosticsOf, reportOf } from "../../build/ui/diagnostics.js";
import { splitSettings } from "../../build/ui/settingGroups.js";

const status = {
  agent: { version: "1.2", platform: "steamdeck", port: 9999, problem: "port 9999 is in use", addresses: ["fe80::1"] },
  mdns: { state: "failed", detail: "no daemon" },
  steam: { state: "ui", detail: "" },
  overlay: { state: "off", detail: "" },
  libraries: [
    {
      ...{ place: "/card/Games", state: "away", writable: false, executable: false },
      ...{ freeBytes: 1e9, totalBytes: 2e9, problem: "the card is out" },
    },
  ],
  notices: ["the file was set aside"],
};

test("a report has everything, and the log behind it", () => {
  assert.equal(
    reportOf(diagnosticsOf(status), ["first", "second"]),
    `CapyDeck 1.2, steamdeck
network: [fe80::1]:9999
network: port 9999 is in use
announced: failed: no daemon
steam: ui
overlay: off
library: /card/Games: away, read-only, no programs, 1.00 GB of 2.00 GB free, the card is out
notice: the file was set aside

first
second
`,
  );
});

test("ports, origins, the debugger and what is not known are advanced", () => {
  const settings = ["agent.name", "agent.port", "brand.new"].map((key) => ({ key }));
  const { plain, advanced } = splitSettings(settings, (key) => key !== "brand.new");
  assert.deepEqual(plain.map(({ key }) => key), ["agent.name"]);
  assert.deepEqual(advanced.map(({ key }) => key), ["agent.port", "brand.new"]);
});
