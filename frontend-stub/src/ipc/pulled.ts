import { sentenceOf } from "./methods.js";

/** What is known of the agent's state at one moment; a new object whenever that changes. */
export interface Known<T> {
  value: T | undefined;
  /** Why the latest attempt to ask failed. */
  error: string | undefined;
}

/**
 * A part of the agent's state, asked for anew when it may have changed and somebody watches: one
 * question at a time, and a pause between two, however many hints come in. One that failed is asked
 * again when something hints at it or somebody else begins to watch.
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

  /** Returns what ends it. */
  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    void this.#update();
    return () => this.#watchers.delete(watcher);
  };

  get = (): Known<T> => this.known;

  /** What is known may be old. */
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

  /** Resolves to false after a failure that nobody has asked to repeat. */
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

/** What a watcher makes of the news must not keep the next from coming. */
function call(watcher: () => void): void {
  try {
    watcher();
  } catch (error) {
    console.error(error);
  }
}
