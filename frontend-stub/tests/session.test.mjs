import assert from "node:assert/strict";
import test from "node:test";

import { runAll, standStill } from "./timers.mjs";
import { Session } from "../../build/ui/session.js";

/** Time stands still in these tests: a pause is over when this says so. */
async function settled() {
  for (let turns = 0; turns < 5; turns++) {
    await new Promise(setImmediate);
    runAll();
  }
}
test.before(standStill);

const PAIRING = { active: true, code: "042137", hubName: "PC", expiresInSeconds: 58 };

const refusal = (code, message) => Object.assign(new Error(message), { code });

/** An agent behind a bridge that loses nothing. */
async function start(t, { language = "german", toast = () => {} } = {}) {
  const results = {
    status: { uploads: [], hub: { name: "PC" } },
    "pairing.get": { active: false },
    "games.list": { games: [] },
  };
  const calls = [];
  const shown = [];
  const toasts = [];
  let events;
  let last = 0;
  const bridge = {
    call: async (method, params) => {
      calls.push([method, params]);
      const result = results[method] ?? {};
      return result instanceof Error
        ? { error: { code: result.code, message: result.message } }
        : { result };
    },
    answer: async () => null,
    poll: async () => {
      const helper = { state: "running", detail: "", session: 1 };
      return { last, events: [], requests: [], helper };
    },
    listen: (listeners) => {
      events = listeners;
      return () => {};
    },
  };
  const session = new Session({
    bridge,
    script: async () => ({ ok: true, appId: 1 }),
    locale: "fr-FR",
    showCode: (code) => shown.push(code),
    toast: (title, body) => (toasts.push([title, body]), toast()),
  });
  t.after(() => session.stop());
  await session.start(Promise.resolve(language));
  await settled();
  const notify = (name) => events.event({ seq: ++last, name, params: {} });
  return { session, results, calls, shown, toasts, notify };
}

test("a code is shown and hidden without a panel", async (t) => {
  const { results, shown, notify } = await start(t);
  results["pairing.get"] = PAIRING;
  notify("pairing_shown");
  await settled();
  assert.equal(shown.at(-1).code, "042137");
  results["pairing.get"] = refusal(-32000, "the helper has ended");
  notify("pairing_hidden");
  await settled();
  assert.equal(shown.at(-1), null);
});

test("a code ends at a fixed moment, for late viewers and whatever the clock is set to", async (t) => {
  const { session, results, shown, notify } = await start(t);
  t.mock.method(performance, "now", () => 5_000);
  results["pairing.get"] = PAIRING;
  notify("pairing_shown");
  await settled();
  performance.now.mock.mockImplementation(() => 45_000);
  t.mock.method(Date, "now", () => 0);
  assert.equal(shown.at(-1).expiresAtMs, 63_000);
  assert.equal(session.state.code.get().value.expiresAtMs, 63_000);
});

test("Steam's language wins, without one the browser's", async (t) => {
  const { session } = await start(t);
  assert.equal(session.texts.language, "de");
  const { session: other } = await start(t, { language: "" });
  assert.equal(other.texts.language, "fr");
});

test("failures are shown in the helper's words, successes if it says something", async (t) => {
  const { session, results, toasts } = await start(t);
  session.tell("Doom", "");
  session.tell("Doom", "Steam is not running");
  const refusals = {
    [-32001]: "Das gibt es nicht mehr",
    [-32002]: "Das ist gerade nicht möglich",
    [-32099]: "CapyDeck reagiert nicht",
    [-32003]: "Nicht genügend Speicherplatz",
    [-32000]: "Etwas ist schiefgelaufen",
    [-32602]: "Etwas ist schiefgelaufen",
  };
  for (const code of Object.keys(refusals)) {
    results["hubs.revoke"] = refusal(Number(code), `why ${code}`);
    session.attempt(session.act("hubs.revoke", { hubId: "x" }));
    await settled();
  }
  const titles = Object.entries(refusals).map(([code, title]) => [title, `why ${code}`]);
  assert.deepEqual(toasts, [["Doom", "Steam is not running"], ...titles]);
});

test("a toast that cannot be shown does not hold up later ones", async (t) => {
  t.mock.method(console, "error", () => {});
  const { results, toasts, notify } = await start(t, {
    toast() {
      throw new Error("no toaster in this Steam");
    },
  });
  const upload = { dir: "/games/Doom", state: "receiving", startedAt: 1 };
  for (const gameName of ["Doom", "Quake"]) {
    results.status = { uploads: [{ ...upload, uploadId: gameName, gameName }], hub: { name: "PC" } };
    notify("uploads_changed");
    await settled();
  }
  assert.ok(toasts.some(([title]) => title === "Doom"));
  assert.ok(toasts.some(([title]) => title === "Quake"));
  assert.ok(console.error.mock.callCount() > 0);
});

test("once stopped, it neither requests nor shows anything", async (t) => {
  const { session, calls, notify } = await start(t);
  session.stop();
  await settled();
  const before = calls.length;
  notify("pairing_shown");
  notify("uploads_changed");
  await settled();
  assert.deepEqual(calls.at(-1), ["ui.detach", {}]);
  assert.equal(calls.length, before);
});

test("an installed game that cannot start is told so instead", async (t) => {
  const { results, toasts, notify } = await start(t);
  const upload = { uploadId: "1", gameName: "Doom", dir: "/games/Doom", state: "receiving", startedAt: 1 };
  const problem = "'doom.html' is a web page, which Steam cannot start";
  results.status = { uploads: [upload], hub: { name: "PC" } };
  notify("uploads_changed");
  await settled();
  results["games.list"] = { games: [{ dir: "/games/Doom", installedAt: 5, problem }] };
  results.status = { uploads: [], hub: { name: "PC" } };
  notify("uploads_changed");
  await settled();
  assert.deepEqual(toasts.at(-1), ["Doom", "Steam kann es nicht starten"]);
});

test("what an update has put by of the player's is told once, and not when it was there before", async (t) => {
  const { results, toasts, notify } = await start(t);
  const place = (id, files) => ({ id, name: "Doom", files });
  const changed = async (...kept) => {
    results["games.kept"] = { kept };
    notify("games_changed");
    await settled();
    return toasts.map(([, sentence]) => sentence);
  };
  assert.deepEqual(await changed(place("old", [{}])), []);
  assert.deepEqual(await changed(place("build", []), place("old", [{}])), []);
  const told = ["Deine von der Aktualisierung ersetzten Dateien sind aufbewahrt: 2"];
  assert.deepEqual(await changed(place("new", [{}, {}])), told);
  assert.deepEqual(await changed(place("old", [{}]), place("new", [{}, {}])), told);
});
