import { IPC_FAILED, IPC_METHOD_NOT_FOUND, IPC_NO_ANSWER, IpcError, sentenceOf } from "./methods.js";
import type { Methods, Notifications, RefusalData, Requests } from "./methods.js";

/**
 * What main.py offers: its callables and its events, which are hints and may be lost. It numbers
 * events, and gives every request an id of its own, whichever agent asked.
 */
export interface Bridge {
  call: (method: string, params: unknown) => Promise<Answer>;
  answer: (id: string, answer: Answer) => Promise<unknown>;
  poll: (after: number) => Promise<Poll>;
  /** Returns a function that ends it. */
  listen: (events: BridgeEvents) => () => void;
}

export type Answer =
  | { result: unknown }
  | { error: { code: number; message: string; data?: RefusalData } };

export interface BridgeEvent {
  seq: number;
  name: string;
  params: unknown;
}

export interface BridgeRequest {
  id: string;
  method: string;
  params: unknown;
}

export interface Helper {
  state: "starting" | "running" | "failed";
  detail: string;
  /** Numbers main.py's connections to the agent; attaching counts only for one connection. */
  session: number;
}

export interface Poll {
  last: number;
  events: BridgeEvent[];
  requests: BridgeRequest[];
  helper: Helper;
}

export interface BridgeEvents {
  event: (event: BridgeEvent) => void;
  request: (request: BridgeRequest) => void;
  helper: () => void;
}

export type RequestHandlers = {
  [R in keyof Requests]: (params: Requests[R]["params"]) => Promise<Requests[R]["result"]>;
};

export interface RelayEvents {
  notified: (name: keyof Notifications) => void;
  /** Events may have been lost, or the agent is a new one: all known state may be stale. */
  refreshed: () => void;
  helperChanged: (helper: Helper) => void;
}

/** Events can be lost without a visible gap; regular polls find what was missed. */
const HEARTBEAT_MS = 5_000;
/** main.py answers a poll at once, if it is still running. */
const POLL_WAIT_MS = 15_000;
/** The agent answers at once, unless it has to change Steam or to delete files first. */
const CALL_WAIT_MS = 10_000;
const LONG_CALL_WAIT_MS = 60_000;
const longCalls: ReadonlySet<keyof Methods> = new Set([
  "games.delete",
  "games.discard",
  "games.kept.discard",
  "games.kept.restore",
  "games.restore",
  "games.rollback",
  "steam.restart",
  "uploads.discard",
]);
/** Requests whose answers are remembered; the agent has at most 16 open. */
const REMEMBERED_REQUESTS = 64;

interface Served {
  answer: Answer | null; // null: Steam is still working on it
  sent: boolean;
}

/**
 * The connection to the agent, through a bridge that may lose events and outlives agents: delivers
 * every event once and in order, answers every request once, attaches as the game-mode plugin
 * whenever an agent has started. Does not interpret messages.
 */
export class Relay {
  helper: Helper = { state: "starting", detail: "", session: 0 };
  #last = -1; // the newest event delivered; −1 before the first poll
  #newest = -1; // the newest one announced
  #polling: Promise<void> | null = null;
  #pollAgain = false;
  #served = new Map<string, Served>();
  #attached = false;
  #stopped = false;
  #unlisten = () => {};
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(
    private readonly bridge: Bridge,
    private readonly handlers: RequestHandlers,
    private readonly events: RelayEvents,
  ) {}

  start(): Promise<void> {
    this.#unlisten = this.bridge.listen({
      event: (event) => this.#hear(event),
      request: (request) => void this.#serve(request),
      helper: () => void this.poll(),
    });
    this.#heartbeat = setInterval(() => void this.poll(), HEARTBEAT_MS);
    return this.poll();
  }

  /** Nothing is delivered, answered or requested any more. */
  stop(): void {
    this.#stopped = true;
    this.#unlisten();
    clearInterval(this.#heartbeat);
    this.#timers.forEach(clearTimeout);
    void this.bridge.call("ui.detach", {}).catch(() => {});
  }

  /** Rejects with an IpcError, in any case within a minute. */
  async call<M extends keyof Methods>(
    method: M,
    params: Methods[M]["params"],
  ): Promise<Methods[M]["result"]> {
    if (this.#stopped) {
      throw new IpcError(IPC_FAILED, "the plugin has been unloaded");
    }
    const waitMs = longCalls.has(method) ? LONG_CALL_WAIT_MS : CALL_WAIT_MS;
    const late = `CapyDeck’s helper did not answer within ${waitMs / 1000} seconds`;
    const answer = await this.#inTime(this.bridge.call(method, params), waitMs, late).catch(
      (error: unknown) => {
        throw error instanceof IpcError ? error : new IpcError(IPC_FAILED, sentenceOf(error));
      },
    );
    if ("error" in answer) {
      throw new IpcError(answer.error.code, answer.error.message, answer.error.data);
    }
    return answer.result as Methods[M]["result"];
  }

  /** Requests what was missed. One poll at a time; a call during a poll causes one more. */
  poll(): Promise<void> {
    if (this.#polling) {
      this.#pollAgain = true;
      return this.#polling;
    }
    if (this.#stopped) {
      return Promise.resolve();
    }
    this.#polling = this.#pollUntilKnown().finally(() => (this.#polling = null));
    return this.#polling;
  }

  async #pollUntilKnown(): Promise<void> {
    try {
      while ((await this.#pollOnce()) && !this.#stopped);
    } catch (error) {
      this.#lose(sentenceOf(error)); // the heartbeat tries again
    }
  }

  /** Resolves to whether there is more to request. */
  async #pollOnce(): Promise<boolean> {
    this.#pollAgain = false;
    const poll = this.bridge.poll(Math.max(this.#last, 0));
    const late = "Decky is not responding for CapyDeck’s backend";
    this.#take(await this.#inTime(poll, POLL_WAIT_MS, late));
    return this.#pollAgain;
  }

  /* Decky never answers for a backend that was killed, nor main.py for an agent that hangs. */
  #inTime<T>(work: Promise<T>, waitMs: number, message: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new IpcError(IPC_NO_ANSWER, message)), waitMs);
      this.#timers.add(timer);
      void work.then(resolve, reject).finally(() => {
        clearTimeout(timer);
        this.#timers.delete(timer);
      });
    });
  }

  #lose(detail: string): void {
    if (!this.#stopped) {
      this.#meet({ ...this.helper, state: "failed", detail });
    }
  }

  #take(poll: Poll): void {
    if (this.#stopped) {
      return;
    }
    const first = poll.events[0];
    const isComplete =
      this.#last >= 0 &&
      poll.last >= this.#last &&
      (poll.last === this.#last || (first !== undefined && first.seq <= this.#last + 1));
    const fresh = isComplete ? poll.events.filter(({ seq }) => seq > this.#last) : [];
    if (poll.last < this.#last) {
      this.#served.clear(); // the bridge was restarted, and counts from 1
    }
    this.#last = poll.last;
    this.#newest = isComplete ? Math.max(this.#newest, poll.last) : poll.last;
    this.#meet(poll.helper);
    if (!isComplete) {
      this.events.refreshed();
    }
    fresh.forEach((event) => this.#deliver(event));
    poll.requests.forEach((request) => void this.#serve(request));
    if (this.#newest > this.#last) {
      this.#pollAgain = true;
    }
  }

  #hear(event: BridgeEvent): void {
    if (event.seq <= this.#last) {
      return;
    }
    this.#newest = Math.max(this.#newest, event.seq);
    if (this.#last >= 0 && event.seq === this.#last + 1 && !this.#polling) {
      this.#last = event.seq;
      this.#deliver(event);
    } else {
      void this.poll();
    }
  }

  #deliver(event: BridgeEvent): void {
    this.events.notified(event.name as keyof Notifications);
  }

  #meet(helper: Helper): void {
    const before = this.helper;
    this.helper = helper;
    if (helper.state !== before.state || helper.detail !== before.detail) {
      this.events.helperChanged(helper);
    }
    if (helper.state !== "running" || helper.session !== before.session) {
      this.#attached = false;
    }
    if (helper.state === "running" && !this.#attached) {
      void this.#attach();
    }
  }

  async #attach(): Promise<void> {
    this.#attached = true;
    try {
      await this.call("ui.attach", { name: "Decky" });
    } catch {
      this.#attached = false; // the next poll tries again
      return;
    }
    if (!this.#stopped) {
      this.events.refreshed();
    }
  }

  /* An answer that did not get through is sent again when a poll shows that it is still missing. */

  async #serve({ id, method, params }: BridgeRequest): Promise<void> {
    const known = this.#served.get(id);
    if (this.#stopped || (known && (known.sent || known.answer === null))) {
      return;
    }
    const served: Served = known ?? { answer: null, sent: false };
    this.#remember(id, served);
    served.answer ??= await this.#handle(method, params);
    await this.#send(id, served, served.answer);
  }

  async #send(id: string, served: Served, answer: Answer): Promise<void> {
    if (this.#stopped || served.sent) {
      return;
    }
    served.sent = true;
    await this.bridge.answer(id, answer).catch(() => (served.sent = false));
  }

  async #handle(method: string, params: unknown): Promise<Answer> {
    const handlers = this.handlers as unknown as Record<
      string,
      (params: unknown) => Promise<unknown>
    >;
    const handler = Object.hasOwn(handlers, method) ? handlers[method] : undefined;
    try {
      if (!handler) {
        throw new IpcError(
          IPC_METHOD_NOT_FOUND,
          `the game-mode plugin does not know the request '${method}'`,
        );
      }
      return { result: await handler(params) };
    } catch (error) {
      const code = error instanceof IpcError ? error.code : IPC_FAILED;
      return { error: { code, message: sentenceOf(error) } };
    }
  }

  #remember(id: string, served: Served): void {
    this.#served.set(id, served);
    for (const [oldest, { sent }] of this.#served) {
      if (this.#served.size <= REMEMBERED_REQUESTS) {
        break;
      }
      if (sent) {
        this.#served.delete(oldest);
      }
    }
  }
}
