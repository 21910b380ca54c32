import assert from "node:assert/strict";
import test from "node:test";

import { Session } from "../../build/ui/session.js";

const settled = () => new Promise((resolve) => setTimeout(resolve, 10));

async function until(isSo) {
  while (!isSo()) {
    await settled();
  }
}

const PAIRING = { active: true, code: "042137", hubName: "PC", expiresInSeconds: 58 };

/** An agent behind a bridge that loses nothing. */
async function start(t, { language = "german" } = {}) {
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
        ? { error: { code: -32001, message: result.message } }
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
    showPairing: (pairing) => shown.push(pairing?.code ?? null),
    toast: (...words) => toasts.push(words),
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
  await until(() => shown.at(-1) === "042137");
  results["pairing.get"] = new Error("the helper has ended");
  notify("pairing_hidden");
  await until(() => shown.at(-1) === null);
});

test("Steam's language wins, without one the browser's", async (t) => {
  const { session } = await start(t);
  assert.equal(session.texts.language, "de");
  const { session: other } = await start(t, { language: "" });
  assert.equal(other.texts.language, "fr");
});

test("what goes wrong is told in the helper's words, what succeeds if it says something", async (t) => {
  const { session, results, toasts } = await start(t);
  results["hubs.revoke"] = new Error("there is no Hub 'x'");
  session.attempt(session.act("hubs.revoke", { hubId: "x" }));
  session.tell("Doom", "");
  session.tell("Doom", "Steam is not running");
  await settled();
  assert.deepEqual(toasts, [
    ["Doom", "Steam is not running"],
    ["Das hat nicht geklappt", "there is no Hub 'x'"],
  ]);
});

test("stopped, it neither asks nor shows", async (t) => {
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
