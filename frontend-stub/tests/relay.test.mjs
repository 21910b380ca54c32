import assert from "node:assert/strict";
import test from "node:test";

import { goOn, runAll, standStill } from "./timers.mjs";
import { IpcError } from "../../build/ui/ipc/methods.js";
import { Relay } from "../../build/ui/ipc/relay.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** main.py as the frontend meets it; what it emits may be lost. */
class Backend {
  ring = [];
  last = 0;
  pending = [];
  helper = { state: "running", detail: "", session: 1 };
  calls = [];
  answers = [];
  polls = [];
  failing = new Set(); // of "call", "answer", "poll"
  held = null; // polls wait for it
  results = {};

  bridge = {
    call: async (method, params) => {
      this.calls.push([method, params]);
      this.#check("call");
      return this.results[method] ?? { result: {} };
    },
    answer: async (id, answer) => {
      this.#check("answer");
      this.answers.push([id, answer]);
      this.pending = this.pending.filter((request) => request.id !== id);
      return null;
    },
    poll: async (after) => {
      this.polls.push(after);
      this.#check("poll");
      const poll = {
        last: this.last,
        events: this.ring.filter(({ seq }) => seq > after),
        requests: [...this.pending],
        helper: { ...this.helper },
      };
      await this.held;
      return poll;
    },
    listen: (events) => {
      this.events = events;
      return () => (this.events = null);
    },
  };

  #check(what) {
    if (this.failing.has(what)) {
      throw new Error("the loader is away");
    }
  }

  notify(name, { lost = false } = {}) {
    const event = { seq: ++this.last, name, params: {} };
    this.ring.push(event);
    if (!lost) {
      this.events.event(event);
    }
    return event;
  }

  ask(id, method, params = {}, { lost = false } = {}) {
    const request = { id, method, params };
    this.pending.push(request);
    if (!lost) {
      this.events.request(request);
    }
  }

  become(state, { detail = "", session = this.helper.session } = {}) {
    this.helper = { state, detail, session };
    this.events.helper();
    return settled();
  }

  called = (name) => this.calls.filter(([method]) => method === name).length;
}

async function start(t, handlers = {}, prepare = () => {}) {
  const backend = new Backend();
  prepare(backend);
  const heard = [];
  const seen = { refreshed: 0, helpers: [] };
  const relay = new Relay(backend.bridge, handlers, {
    notified: (name) => heard.push(name),
    refreshed: () => seen.refreshed++,
    helperChanged: ({ state }) => seen.helpers.push(state),
  });
  t.after(() => relay.stop());
  await relay.start();
  await settled();
  return { backend, relay, heard, seen };
}

test("at the start it attaches, and earlier events are not reported", async (t) => {
  const { backend, heard, seen } = await start(t, {}, (backend) => {
    backend.ring.push({ seq: ++backend.last, name: "games_changed", params: {} });
  });
  assert.equal(backend.called("ui.attach"), 1);
  assert.deepEqual(heard, []);
  assert.ok(seen.refreshed > 0);
  assert.deepEqual(seen.helpers, ["running"]);
});

test("events are delivered once and in order, lost ones by a poll", async (t) => {
  const { backend, heard } = await start(t);
  const first = backend.notify("one");
  backend.events.event(first);
  assert.deepEqual(heard, ["one"]);
  const polls = backend.polls.length;
  backend.notify("two", { lost: true });
  backend.notify("three");
  await settled();
  assert.deepEqual(heard, ["one", "two", "three"]);
  assert.deepEqual(backend.polls.slice(polls), [1]);
  backend.notify("four");
  assert.deepEqual(heard, ["one", "two", "three", "four"]);
});

test("events during a poll are neither lost nor delivered twice", async (t) => {
  const { backend, relay, heard } = await start(t);
  let release;
  backend.held = new Promise((resolve) => (release = resolve));
  const poll = relay.poll();
  backend.notify("one");
  backend.notify("two", { lost: true });
  backend.notify("three");
  backend.held = null;
  release();
  await poll;
  await settled();
  assert.deepEqual(heard, ["one", "two", "three"]);
});

test("events lost from the ring make everything stale", async (t) => {
  const { backend, relay, heard, seen } = await start(t);
  const before = seen.refreshed;
  backend.last = 500;
  backend.ring = [{ seq: 500, name: "late", params: {} }];
  await relay.poll();
  assert.equal(seen.refreshed, before + 1);
  backend.notify("next");
  assert.equal(heard.at(-1), "next");
});

test("a restarted bridge counts from one", async (t) => {
  const { backend, relay, heard, seen } = await start(t);
  backend.notify("one");
  backend.notify("two");
  Object.assign(backend, { last: 1, ring: [{ seq: 1, name: "anew", params: {} }] });
  const before = seen.refreshed;
  await relay.poll();
  assert.equal(seen.refreshed, before + 1);
  backend.notify("next");
  assert.deepEqual(heard, ["one", "two", "next"]);
});

test("requests are answered exactly once", async (t) => {
  const served = [];
  let finish;
  const slow = new Promise((resolve) => (finish = resolve));
  const handlers = {
    "steam.apply": async (params) => (served.push(params), await slow, { appId: 1 }),
    "steam.restart": async () => ({}),
  };
  const { backend, relay } = await start(t, handlers);
  backend.ask("1:steam-1", "steam.apply", { name: "Doom" });
  await relay.poll(); // lists it once more
  backend.events.request({ id: "1:steam-1", method: "steam.apply", params: {} });
  finish();
  await settled();
  assert.deepEqual(backend.answers, [["1:steam-1", { result: { appId: 1 } }]]);
  backend.pending.push({ id: "1:steam-1", method: "steam.apply", params: {} }); // an answer that overtook a poll
  await relay.poll();
  await settled();
  assert.deepEqual(served, [{ name: "Doom" }]);
  assert.equal(backend.answers.length, 1);
  backend.pending = [];
  backend.ask("2:steam-2", "steam.restart", {}, { lost: true });
  await relay.poll();
  await settled();
  assert.deepEqual(backend.answers.at(-1), ["2:steam-2", { result: {} }]);
});

test("an answer that did not get through is sent again, and the change is made once", async (t) => {
  let served = 0;
  const { backend, relay } = await start(t, {
    "steam.apply": async () => (served++, { appId: 7 }),
  });
  backend.failing.add("answer");
  backend.ask("1:steam-1", "steam.apply");
  await settled();
  assert.deepEqual(backend.answers, []);
  backend.failing.clear();
  await relay.poll();
  await settled();
  assert.deepEqual(backend.answers, [["1:steam-1", { result: { appId: 7 } }]]);
  assert.equal(served, 1);
});

test("refusals and unknown requests are answers too", async (t) => {
  const { backend } = await start(t, {
    "steam.apply": async () => {
      throw new IpcError(-32002, "another user is logged in");
    },
    "steam.restart": async () => {
      throw new TypeError("x is not a function");
    },
  });
  backend.ask("1", "steam.apply");
  backend.ask("2", "steam.restart");
  backend.ask("3", "toString");
  await settled();
  assert.deepEqual(Object.fromEntries(backend.answers), {
    1: { error: { code: -32002, message: "another user is logged in" } },
    2: { error: { code: -32000, message: "x is not a function" } },
    3: { error: { code: -32601, message: "the game-mode plugin does not know the request 'toString'" } },
  });
});

test("a restarted helper is attached to again", async (t) => {
  const { backend, relay, seen } = await start(t);
  const before = seen.refreshed;
  await backend.become("failed", { detail: "it crashed" });
  assert.equal(relay.helper.detail, "it crashed");
  await backend.become("starting");
  await backend.become("running", { session: 2 });
  assert.equal(backend.called("ui.attach"), 2);
  assert.deepEqual(seen.helpers, ["running", "failed", "starting", "running"]);
  assert.equal(seen.refreshed, before + 1);
});

test("an unreported restart is noticed by the next poll", async (t) => {
  const { backend, relay } = await start(t);
  backend.helper = { state: "running", detail: "", session: 2 };
  await relay.poll();
  await settled();
  assert.equal(backend.called("ui.attach"), 2);
});

test("a failed attach is retried", async (t) => {
  const { backend, relay } = await start(t, {}, (backend) => {
    backend.results["ui.attach"] = { error: { code: -32000, message: "the helper is starting" } };
  });
  backend.results = {};
  await relay.poll();
  await settled();
  assert.equal(backend.called("ui.attach"), 2);
  await relay.poll();
  await settled();
  assert.equal(backend.called("ui.attach"), 2);
});

test("a refused call keeps its code, a dead loader gives a message", async (t) => {
  const { backend, relay } = await start(t);
  backend.results.status = { error: { code: -32001, message: "no such thing" } };
  await assert.rejects(relay.call("status", {}), { code: -32001, message: "no such thing" });
  backend.failing.add("call").add("poll");
  await assert.rejects(relay.call("status", {}), { code: -32000, message: "the loader is away" });
  await relay.poll(); // the heartbeat goes on
});

test("a backend that does not answer counts as gone, and is attached to once it answers again", async (t) => {
  const { backend, relay, seen } = await start(t);
  backend.failing.add("poll");
  await relay.poll();
  assert.deepEqual([relay.helper.state, relay.helper.detail], ["failed", "the loader is away"]);
  backend.failing.clear();
  await relay.poll();
  await settled();
  assert.equal(backend.called("ui.attach"), 2);

  standStill();
  t.after(goOn);
  backend.held = new Promise(() => {});
  const poll = relay.poll();
  runAll();
  await poll;
  assert.equal(relay.helper.state, "failed");
  assert.match(relay.helper.detail, /Decky is not responding/);
  backend.held = null;
  await relay.poll();
  await settled();
  assert.deepEqual(seen.helpers, ["running", "failed", "running", "failed", "running"]);
  assert.equal(backend.called("ui.attach"), 3);
});

test("an unanswered call ends with a message, a slow one does not", async (t) => {
  const { backend, relay } = await start(t);
  standStill();
  t.after(goOn);
  let answer;
  backend.results["games.delete"] = new Promise((resolve) => (answer = resolve));
  const slow = relay.call("games.delete", { appId: 1 });
  answer({ result: { name: "Doom" } });
  await settled();
  runAll();
  assert.deepEqual(await slow, { name: "Doom" });
  for (const [method, seconds] of [["status", 10], ["steam.restart", 60]]) {
    backend.results[method] = new Promise(() => {});
    const call = relay.call(method, {});
    runAll();
    const message = `CapyDeck’s helper did not answer within ${seconds} seconds`;
    await assert.rejects(call, { code: -32099, message });
  }
});

test("after the end nothing is delivered or answered", async (t) => {
  let finish;
  const slow = new Promise((resolve) => (finish = resolve));
  const { backend, relay, heard } = await start(t, { "steam.apply": () => slow });
  backend.ask("1", "steam.apply");
  relay.stop();
  assert.equal(backend.events, null);
  assert.equal(backend.called("ui.detach"), 1);
  finish({ appId: 1 });
  const polls = backend.polls.length;
  await relay.poll();
  await settled();
  assert.equal(backend.polls.length, polls);
  await assert.rejects(relay.call("status", {}), { code: -32000 });
  assert.equal(backend.called("status"), 0);
  assert.deepEqual(backend.answers, []);
  assert.deepEqual(heard, []);
});
