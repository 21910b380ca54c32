import { sentenceOf } from "./methods.js";

/** A snapshot of a part of the agent's state; a new object whenever it changes. */
export interface Known<T> {
  value: T | undefined;
  /** Why the latest request failed. */
  error: string | undefined;
}

/**
 * A part of the agent's state, requested again when it may have changed and is being watched: one
 * request at a time, with a pause between two, however many hints arrive. A failed request is repeated
 * at the next hint or when another watcher appears.
 */
export class Pulled<T> {
  known: Known<T> = { value: undefined, error: undefined };
  #watchers = new Set<() => void>();
  #isStale = true;
  #isBusy = false;

  constructor(
    private readonly pull: () => Promise<T>,
    private readonly pauseMs: number,
  ) {}

  /** Returns a function that ends it. */
  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    void this.#update();
    return () => this.#watchers.delete(watcher);
  };

  get = (): Known<T> => this.known;

  /** The known state may be stale. */
  refresh(): void {
    this.#isStale = true;
    void this.#update();
  }

  async #update(): Promise<void> {
    if (this.#isBusy) {
      return;
    }
    this.#isBusy = true;
    let goesOn = true;
    while (goesOn && this.#isStale && this.#watchers.size > 0) {
      this.#isStale = false;
      goesOn = await this.#ask();
    }
    this.#isBusy = false;
  }

  /** Resolves to false after a failure, unless a repeat was requested. */
  async #ask(): Promise<boolean> {
    this.known = await this.pull().then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: this.known.value, error: sentenceOf(error) }),
    );
    [...this.#watchers].forEach(call);
    await new Promise((resolve) => setTimeout(resolve, this.pauseMs));
    const goesOn = this.known.error === undefined || this.#isStale;
    this.#isStale ||= this.known.error !== undefined;
    return goesOn;
  }
}

/** An exception in a watcher must not stop later updates. */
function call(watcher: () => void): void {
  try {
    watcher();
  } catch (error) {
    console.error(error);
  }
}
