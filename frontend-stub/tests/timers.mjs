// setTimeout() that waits for the test instead of for time to pass. The mocks of node:test differ
// between Node's versions.
const { setTimeout, clearTimeout } = globalThis;
const waiting = new Set();

export function standStill() {
  globalThis.setTimeout = (action, _ms, ...args) => {
    const timer = () => action(...args);
    waiting.add(timer);
    return timer;
  };
  globalThis.clearTimeout = (timer) => waiting.delete(timer) || clearTimeout(timer);
}

/** Whatever is waited for by now is over. */
export function runAll() {
  for (const timer of [...waiting]) {
    if (waiting.delete(timer)) {
      timer();
    }
  }
}

export function goOn() {
  waiting.clear();
  Object.assign(globalThis, { setTimeout, clearTimeout });
}
