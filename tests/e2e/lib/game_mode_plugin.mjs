// The game-mode plugin as the agent meets it: a client of the local socket that attaches itself and
// changes the shortcuts of a Steam which it models, written from native/control/README.md.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { deadline } from "./wait.mjs";

/** Steam needs some time for everything. */
const LATENCY_MS = 5;
/** An answer that never comes. */
export const SILENCE = new Promise(() => {});

export class RpcError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** A line-wise JSON-RPC peer: it calls and it is called. */
export class IpcPeer {
  #waiting = new Map();
  #nextId = 0;
  #rest = "";
  #gone;

  /** `handle(method, params)`: what it answers; throw an RpcError to refuse. */
  constructor(socket, handle) {
    this.socket = socket;
    this.handle = handle;
    /** Every line that came and was no answer to a call. */
    this.lines = [];
    socket.on("error", () => {}); // a close follows
    socket.setEncoding("utf8").on("data", (text) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop();
      lines.forEach((line) => this.#line(JSON.parse(line)));
    });
    this.closed = once(socket, "close");
    this.#gone = this.closed.then(() => {
      throw new Error("the local socket was closed");
    });
    this.#gone.catch(() => {});
  }

  static async connect(deck, handle) {
    const socket = net.connect(path.join(deck.runtime, "agent.sock"));
    await deadline(once(socket, "connect"), "the local socket answers");
    return new IpcPeer(socket, handle);
  }

  send(message) {
    this.socket.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`);
  }

  #line(message) {
    if (message.method === undefined) {
      this.#waiting.get(message.id)?.(message);
      this.#waiting.delete(message.id);
      return;
    }
    this.lines.push(message);
    if (message.id !== undefined) {
      this.#answer(message);
    }
  }

  async #answer({ id, method, params }) {
    try {
      this.send({ jsonrpc: "2.0", id, result: await this.handle(method, params) });
    } catch (error) {
      if (!(error instanceof RpcError)) {
        throw error;
      }
      this.send({ jsonrpc: "2.0", id, error: { code: error.code, message: error.message } });
    }
  }

  /** Resolves to the whole answer. */
  ask(method, params) {
    const id = ++this.#nextId;
    const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.send({ jsonrpc: "2.0", id, method, params });
    return deadline(Promise.race([answer, this.#gone]), `the answer to ${method}`);
  }

  /** Resolves to the result; rejects with an RpcError. */
  async call(method, params) {
    const { result, error } = await this.ask(method, params);
    if (error) {
      throw new RpcError(error.code, error.message);
    }
    return result;
  }

  close() {
    this.socket.destroy();
    return this.closed;
  }
}

/** Steam's shortcuts as its own interface sees them: new ones get ids that nobody foresees. */
export class ShortcutModel {
  shortcuts = new Map(); // appId → shortcut
  images = new Map(); // "appId/assetType" → {bytes, imageType}

  #new() {
    let appId;
    do {
      appId = (randomBytes(4).readUInt32LE() | 0x80000000) >>> 0;
    } while (this.shortcuts.has(appId));
    return appId;
  }

  #find({ appId, exe, name, anyName }) {
    if (this.shortcuts.has(appId)) {
      return appId;
    }
    const same = (shortcut) => shortcut.exe === exe && (anyName || shortcut.name === name);
    return [...this.shortcuts].find(([, shortcut]) => same(shortcut))?.[0];
  }

  put(change) {
    const appId = this.#find(change) ?? this.#new();
    const { name, exe, startDir, launchOptions, tags, compatTool } = change;
    const before = this.shortcuts.get(appId) ?? { launchOptions: "", tags: [], compatTool: "", icon: "" };
    this.shortcuts.set(appId, {
      ...before,
      ...{ name, exe, startDir },
      launchOptions: launchOptions ?? before.launchOptions,
      tags: [...new Set([...before.tags, ...tags])],
      compatTool: before.compatTool || compatTool,
    });
    return appId;
  }

  remove({ appId }) {
    this.shortcuts.delete(appId);
    return appId;
  }

  set_icon({ appId, icon }) {
    if (!this.shortcuts.has(appId)) {
      throw new RpcError(-32001, `there is no shortcut ${appId}`);
    }
    this.shortcuts.get(appId).icon = icon;
    return appId;
  }
}

export class GameModePlugin {
  /** Requests that came: {method, params}. */
  requests = [];
  restarts = 0;
  #watchers = [];

  constructor(peer, model) {
    this.peer = peer;
    this.model = model;
    peer.handle = (method, params) => this.#handle(method, params);
  }

  /**
   * Connects and attaches. `model`: of the Steam it lives in, which outlives it.
   * `before(method, params)`: may answer instead of Steam, or be SILENCE.
   */
  static async attach(t, deck, { model = new ShortcutModel(), before = () => undefined } = {}) {
    const plugin = new GameModePlugin(await IpcPeer.connect(deck), model);
    plugin.before = before;
    t.after(() => plugin.vanish());
    await plugin.peer.call("ui.attach", { name: "stand-in" });
    return plugin;
  }

  async #handle(method, params) {
    this.requests.push({ method, params });
    this.#watchers = this.#watchers.filter(({ name, resolve }) => name !== method || resolve(params));
    await sleep(LATENCY_MS);
    return (await this.before(method, params)) ?? (await this.#steam(method, params));
  }

  async #steam(method, params) {
    switch (method) {
      case "steam.apply":
        return { appId: this.model[params.action](params) };
      case "steam.show_artwork":
        return this.#showArtwork(params);
      case "steam.restart":
        this.restarts++;
        return {};
      default:
        throw new RpcError(-32601, `no method '${method}'`);
    }
  }

  async #showArtwork({ appId, assetType, imageType, file, bytes }) {
    const parts = [];
    for (let offset = 0; offset < bytes; offset += parts.at(-1).length) {
      const part = await this.peer.call("file.read", { file, offset });
      parts.push(Buffer.from(part.data, "base64"));
    }
    this.model.images.set(`${appId}/${assetType}`, { bytes: Buffer.concat(parts), imageType, parts: parts.length });
    return { appId };
  }

  /** Resolves to the params of the next request of that name. */
  requested(name) {
    return deadline(
      new Promise((resolve) => this.#watchers.push({ name, resolve })),
      `the plugin is asked for ${name}`,
    );
  }

  /** Those of one method that came. */
  requestsFor(method) {
    return this.requests.filter((request) => request.method === method).map(({ params }) => params);
  }

  /** Steam's interface reloads: the connection is gone at once. */
  vanish() {
    return this.peer.close();
  }
}
