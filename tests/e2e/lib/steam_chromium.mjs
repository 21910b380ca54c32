// A running Steam whose debugger is on: headless Chromium with steam_page.html in it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";

import { deadline, until } from "./wait.mjs";

const PAGE = path.join(path.dirname(fileURLToPath(import.meta.url)), "steam_page.html");
const IN_PATH = process.env.PATH.split(":").map((folder) => path.join(folder, "chromium"));
const CHROMIUM = IN_PATH.find((file) => fs.existsSync(file));

/** For a test's `skip`. */
export const NO_CHROMIUM = CHROMIUM ? false : "needs chromium";

export class SteamChromium {
  #child;
  #socket;
  #waiting = new Map();
  #nextId = 0;

  /**
   * Starts one and waits until the page is there. `query`: steam_page.html's; `port`: a free one
   * unless given. Ends with the test.
   */
  static async start(t, { query = {}, port = 0 } = {}) {
    const chromium = new SteamChromium();
    chromium.folder = fs.mkdtempSync(path.join(os.tmpdir(), "capydeck-chromium-"));
    t.after(() => chromium.kill());
    const page = pathToFileURL(PAGE);
    page.search = new URLSearchParams(query);
    chromium.#child = spawn(
      CHROMIUM,
      [
        ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        ...["--no-first-run", "--disable-extensions", "--disable-background-networking"],
        "--remote-debugging-pipe", // unused: it ends with the pipe, that is with this program
        `--remote-debugging-port=${port}`,
        `--user-data-dir=${chromium.folder}`,
        page.href,
      ],
      {
        stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
        env: { ...process.env, TMPDIR: chromium.folder },
        detached: true, // a process group of its own: it has many children
      },
    );
    chromium.#child.stdio.slice(3).forEach((pipe) => pipe.on("error", () => {}));
    chromium.exited = once(chromium.#child, "exit");
    chromium.port = port || (await chromium.#chosenPort());
    await chromium.#connect(query.title ?? "SharedJSContext");
    await chromium.#loaded();
    return chromium;
  }

  #chosenPort() {
    const file = path.join(this.folder, "DevToolsActivePort");
    return until("Chromium names its port", () => {
      const text = fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
      return text.includes("\n") && Number(text.split("\n")[0]);
    });
  }

  async #connect(title) {
    const target = await until("Chromium shows the page", async () => {
      const answer = await fetch(`http://127.0.0.1:${this.port}/json`).catch(() => null);
      return (await answer?.json())?.find((candidate) => candidate.title === title);
    });
    this.#socket = new WebSocket(target.webSocketDebuggerUrl, { perMessageDeflate: false });
    this.#socket.on("error", () => {});
    this.#socket.on("message", (data) => {
      const message = JSON.parse(data);
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
    });
    await deadline(once(this.#socket, "open"), "the page's debugger answers");
  }

  /** The value of an expression in the page. */
  async evaluate(expression) {
    const id = ++this.#nextId;
    const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
    const params = { expression, awaitPromise: true, returnByValue: true };
    this.#socket.send(JSON.stringify({ id, method: "Runtime.evaluate", params }));
    const { result } = await deadline(answer, `the page evaluates ${expression}`);
    if (result?.exceptionDetails) {
      throw new Error(result.exceptionDetails.exception?.description);
    }
    return result?.result.value;
  }

  /** The model's plain data. */
  state() {
    return this.evaluate("model.state()");
  }

  /** Puts a shortcut there as if the user had made it; its app id. */
  place(entry) {
    return this.evaluate(`model.place(${JSON.stringify(entry)})`);
  }

  /** Sets properties of the model; see there. */
  set(properties) {
    return this.evaluate(`void Object.assign(model, ${JSON.stringify(properties)})`);
  }

  /** What was called since the page was loaded, reading left out: [function, …arguments]. */
  async calls(name) {
    const calls = await this.evaluate("model.calls");
    return calls.filter(([called]) => called === name);
  }

  /** Resolves once the page was asked to call this. */
  called(name) {
    return until(`the page calls ${name}`, async () => (await this.calls(name)).length > 0);
  }

  /** A fresh model in the same browser. */
  async reload() {
    await this.evaluate("void (window.old = true, location.reload())").catch(() => {});
    await this.#loaded();
  }

  #loaded() {
    const loaded = "document.readyState === 'complete' && typeof model === 'object' && !window.old";
    return until("the page is loaded", () => this.evaluate(loaded).catch(() => false));
  }

  /** As when Steam crashes. */
  async kill() {
    this.#socket?.terminate();
    if (this.#child?.exitCode === null && this.#child.signalCode === null) {
      process.kill(-this.#child.pid, "SIGKILL");
    }
    await this.exited;
    fs.rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
