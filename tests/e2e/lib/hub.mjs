// A Hub written from the documents alone: envelope, requests by id, events, chunk framing.
import { createHash, randomBytes } from "node:crypto";
import { WebSocket } from "ws";

import { deadline } from "./wait.mjs";

export const CHUNK_SIZE = 1024 * 1024;
export const MAX_MESSAGE = 10 * 1024 * 1024;

/** What an error response becomes. */
export class ReplyError extends Error {
  constructor(reply) {
    super(`${reply.error.code}: ${reply.error.message}`);
    this.code = reply.error.code;
    this.reply = reply;
  }
}

export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** [4-byte big-endian header length][JSON header][data] */
export function frame(header, data = Buffer.alloc(0)) {
  const json = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, data]);
}

/** What a Hub says of itself. "documents": as written; "desktop": as the real program does. */
export function helloPayload({ dialect = "documents", hubId = "hub-abc123", token, name } = {}) {
  const hello = { name: name ?? "CapyDeploy Hub", version: "0.1.0", hubId };
  if (token !== undefined) {
    hello.token = token;
  }
  return dialect === "desktop" ? { ...hello, platform: "windows", protocolVersion: 1 } : hello;
}

let sockets = 0;

export class Hub {
  #replies = new Map(); // id → [resolve, …]
  #unclaimed = []; // messages that no test has waited for yet
  #watchers = []; // {matches, resolve}
  #nextId = 0;

  /** Every text frame as it came, for what must never be in one. */
  transcript = "";

  constructor(socket) {
    this.socket = socket;
    this.prefix = `hub${++sockets}-`;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.closeCode = code;
        resolve({ code, reason: reason.toString() });
      });
    });
    socket.on("error", () => {}); // a close follows
    socket.on("message", (data, isBinary) => this.#message(isBinary ? null : data.toString()));
  }

  /** Opens a connection; rejects with {status} when the upgrade is refused. */
  static async open(agent, options = {}) {
    const { path = "/ws", host = "127.0.0.1", ...rest } = options;
    const socket = new WebSocket(`ws://${host}:${agent.port}${path}`, {
      perMessageDeflate: false,
      maxPayload: MAX_MESSAGE,
      ...rest,
    });
    const hub = new Hub(socket);
    await deadline(
      new Promise((resolve, reject) => {
        socket.once("open", resolve);
        socket.once("unexpected-response", (request, response) => {
          reject(Object.assign(new Error(`HTTP ${response.statusCode}`), { status: response.statusCode }));
          socket.terminate();
        });
        socket.once("error", reject);
      }),
      "the connection opens",
    );
    return hub;
  }

  /** Opens a connection, pairs through `ctl pairing`, and is ready; hub.token is then set. */
  static async paired(agent, options = {}) {
    const { connection, ...who } = options;
    const hub = await Hub.open(agent, connection);
    await hub.pair(agent, who);
    return hub;
  }

  /** Opens a connection with a token from before. */
  static async ready(agent, options = {}) {
    const { connection, ...who } = options;
    const hub = await Hub.open(agent, connection);
    const reply = await hub.hello(who);
    if (reply.type !== "agent_status") {
      throw new Error(`expected agent_status, got ${JSON.stringify(reply)}`);
    }
    hub.token = who.token;
    return hub;
  }

  #message(text) {
    const message = text === null ? { type: "binary" } : JSON.parse(text);
    this.transcript += `${text}\n`;
    const waiting = this.#replies.get(message.id);
    if (waiting) {
      waiting.shift()(message);
      if (waiting.length === 0) {
        this.#replies.delete(message.id);
      }
      return;
    }
    const index = this.#watchers.findIndex(({ matches }) => matches(message));
    if (index >= 0) {
      this.#watchers.splice(index, 1)[0].resolve(message);
    } else {
      this.#unclaimed.push(message);
    }
  }

  #orClosed(promise, what) {
    const gone = this.closed.then(({ code, reason }) => {
      throw Object.assign(new Error(`closed with ${code} '${reason}' before ${what}`), { close: code });
    });
    return deadline(Promise.race([promise, gone]), what);
  }

  newId() {
    return `${this.prefix}${++this.#nextId}`;
  }

  /** The next message with this id. Ask before sending. */
  reply(id) {
    const promise = new Promise((resolve) => {
      this.#replies.set(id, [...(this.#replies.get(id) ?? []), resolve]);
    });
    return this.#orClosed(promise, `the reply to '${String(id).slice(0, 80)}'`);
  }

  /** The first unclaimed message, past or future, of this type that `matches`. */
  event(type, matches = () => true) {
    const wanted = (message) => message.type === type && matches(message.payload ?? {}, message);
    const index = this.#unclaimed.findIndex(wanted);
    if (index >= 0) {
      return Promise.resolve(this.#unclaimed.splice(index, 1)[0]);
    }
    const promise = new Promise((resolve) => this.#watchers.push({ matches: wanted, resolve }));
    return this.#orClosed(promise, `a message '${type}'`);
  }

  /** Drops every wait that has not ended. */
  forget() {
    this.#watchers = [];
    this.#replies.clear();
  }

  /** Events of a type that have arrived and were not taken. */
  pending(type) {
    return this.#unclaimed.filter((message) => message.type === type);
  }

  /** Sends one text frame unchanged. */
  text(text) {
    this.socket.send(text);
  }

  /** Sends one binary frame; resolves when it has been handed to the kernel. */
  binary(bytes) {
    return new Promise((resolve) => this.socket.send(bytes, { binary: true }, resolve));
  }

  /** Sends a request and resolves to the whole reply, error or not. */
  ask(type, payload, id = this.newId()) {
    const reply = this.reply(id);
    this.text(JSON.stringify(payload === undefined ? { id, type } : { id, type, payload }));
    return reply;
  }

  /** As ask(), with the payload as JSON text that JavaScript cannot produce itself. */
  askText(type, payloadText, id = this.newId()) {
    const reply = this.reply(id);
    this.text(`{"id":${JSON.stringify(id)},"type":${JSON.stringify(type)},"payload":${payloadText}}`);
    return reply;
  }

  /** Sends a request and resolves to the reply's payload; rejects with ReplyError. */
  async request(type, payload) {
    const reply = await this.ask(type, payload);
    if (reply.error) {
      throw new ReplyError(reply);
    }
    return reply.payload;
  }

  /** Resolves when everything sent before has been handled. */
  async settle() {
    await this.ask("ping");
  }

  hello(options) {
    return this.ask("hub_connected", helloPayload(options));
  }

  async pair(agent, options) {
    const required = await this.hello(options);
    if (required.type !== "pairing_required") {
      throw new Error(`expected pairing_required, got ${JSON.stringify(required)}`);
    }
    const success = await this.ask("pair_confirm", { code: await agent.code() });
    if (success.type !== "pair_success") {
      throw new Error(`expected pair_success, got ${JSON.stringify(success)}`);
    }
    this.token = success.payload.token;
    return success;
  }

  /** Sends one chunk and resolves to the whole reply. */
  chunk(uploadId, filePath, offset, data, extra = { checksum: sha256(data) }) {
    const id = this.newId();
    const reply = this.reply(id);
    this.binary(frame({ id, uploadId, filePath, offset, ...extra }, data));
    return reply;
  }

  /** Closes in good order; resolves when the agent has answered. */
  close(code = 1000) {
    this.socket.close(code);
    return deadline(this.closed, "the connection closes");
  }

  /** Vanishes, as a Hub whose cable was pulled looks after the kernel gave up. */
  drop() {
    this.socket.terminate();
    return this.closed;
  }
}

/** What an upload moves: names, bytes, and how a Hub of either kind sends them. */
export class Game {
  constructor(name, files) {
    this.name = name;
    this.files = new Map(Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes)]));
  }

  get totalSize() {
    return [...this.files.values()].reduce((sum, { length }) => sum + length, 0);
  }

  manifest({ hashes = false } = {}) {
    return [...this.files].map(([relativePath, bytes]) => ({
      relativePath,
      size: bytes.length,
      ...(hashes ? { sha256: sha256(bytes) } : {}),
    }));
  }

  initPayload({ hashes, ...config } = {}) {
    return {
      config: { gameName: this.name, installPath: "", executable: "", ...config },
      totalSize: this.totalSize,
      files: this.manifest({ hashes }),
    };
  }

  /** Every chunk that is still to be sent: [path, offset, data]. */
  *chunks({ chunkSize = CHUNK_SIZE, resumeFrom = {} } = {}) {
    for (const [path, bytes] of this.files) {
      for (let at = resumeFrom[path] ?? 0; at < bytes.length; at += chunkSize) {
        yield [path, at, bytes.subarray(at, at + chunkSize)];
      }
    }
  }
}

/** Pseudo-random bytes that a seed determines. */
export function bytesOf(seed, length) {
  const blocks = [];
  let have = 0;
  for (let index = 0; have < length; index++) {
    const block = createHash("shake256", { outputLength: Math.min(length - have, 1 << 20) })
      .update(`${seed}:${index}`)
      .digest();
    blocks.push(block);
    have += block.length;
  }
  return Buffer.concat(blocks, length);
}

/**
 * Sends chunks with so many in flight. `onAck(count)` may return false to stop there.
 * Rejects with ReplyError on the first refusal. Resolves to the acknowledged count.
 */
export async function sendChunks(hub, uploadId, chunks, { inFlight = 1, checksum = true, onAck } = {}) {
  const iterator = chunks[Symbol.iterator]();
  let acks = 0;
  let stopped = false;
  const lane = async () => {
    for (let next = iterator.next(); !stopped && !next.done; next = iterator.next()) {
      const [path, offset, data] = next.value;
      const reply = await hub.chunk(uploadId, path, offset, data, checksum ? undefined : {});
      if (reply.error) {
        stopped = true;
        throw new ReplyError(reply);
      }
      acks++;
      if (onAck && onAck(acks, reply.payload) === false) {
        stopped = true;
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return acks;
}

/** A whole upload; resolves to {init, result}. */
export async function upload(hub, game, options = {}) {
  const { config = {}, hashes, complete = {}, chunkSize = CHUNK_SIZE, ...sending } = options;
  const init = await hub.request("init_upload", game.initPayload({ hashes, ...config }));
  const chunks = game.chunks({ chunkSize, resumeFrom: init.resumeFrom });
  await sendChunks(hub, init.uploadId, chunks, sending);
  const result = await hub.request("complete_upload", {
    uploadId: init.uploadId,
    createShortcut: false,
    ...complete,
  });
  return { init, result };
}

export const freshHubId = () => `hub-${randomBytes(4).toString("hex")}`;
