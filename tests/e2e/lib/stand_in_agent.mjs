// An Agent as an independent implementation would write it, for tests of `capydeck push`: it keeps
// what it gets in memory, tells what it saw, and misbehaves where a test asks it to.
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { WebSocketServer } from "ws";

const sha256 = (data) => createHash("sha256").update(data).digest("hex");

export class StandInAgent {
  #gathered = [];
  /** name → Buffer of everything installed, and of everything staged by manifest. */
  installed = new Map();
  staged = new Map();
  tokens = new Set();
  code = "123456";
  capabilities = ["file_upload", "binary_upload", "upload_resume", "file_hashes"];
  chunkSize = 65536;
  expiresIn = 60;
  /** What it saw. */
  log = [];
  chunks = [];
  hellos = [];
  inits = [];
  completes = [];
  maxUnanswered = 0;
  /** Misbehaviour: type → (payload, connection) => {code, message} refuses that request. */
  refuse = {};
  /** Misbehaviour: type → (payload, connection) => {type, payload} answers that request instead. */
  answers = {};
  /** So many chunks have to come before the first is answered. */
  gather = 1;
  /** Called with each chunk's header; may return "drop", "damage", "hold" or nothing. */
  onChunk = () => undefined;
  /** Called after an upload is begun. */
  onInit = () => undefined;

  static async start(t, options = {}) {
    const agent = Object.assign(new StandInAgent(), options);
    agent.server = new WebSocketServer({ host: "127.0.0.1", port: 0, path: "/ws", maxPayload: 10 * 1024 * 1024 });
    agent.server.on("connection", (socket) => agent.#serve(socket));
    await once(agent.server, "listening");
    t.after(() => agent.stop());
    return agent;
  }

  get port() {
    return this.server.address().port;
  }

  get address() {
    return `127.0.0.1:${this.port}`;
  }

  stop() {
    this.server.clients.forEach((socket) => socket.terminate());
    this.server.close();
  }

  /** Breaks every connection as a pulled plug would. */
  cut() {
    this.server.clients.forEach((socket) => socket.terminate());
  }

  revoke() {
    this.tokens.clear();
    this.server.clients.forEach((socket) => socket.close(4001, "token_revoked"));
  }

  #serve(socket) {
    const connection = { socket, paired: false, unanswered: 0 };
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => {
      if (isBinary) {
        this.#chunk(connection, data);
      } else {
        this.#request(connection, JSON.parse(data.toString()));
      }
    });
  }

  #reply(connection, id, type, payload) {
    connection.socket.send(JSON.stringify({ id, type, payload }));
  }

  #fail(connection, id, code, message) {
    connection.socket.send(JSON.stringify({ id, type: "error", error: { code, message } }));
  }

  #request(connection, { id, type, payload = {} }) {
    this.log.push(type);
    const refusal = this.refuse[type]?.(payload, connection);
    if (refusal) {
      this.#fail(connection, id, refusal.code, refusal.message);
      return;
    }
    const answer = this.answers[type]?.(payload, connection);
    if (answer) {
      this.#reply(connection, id, answer.type, answer.payload);
      return;
    }
    const handlers = {
      hub_connected: () => this.#hello(connection, id, payload),
      pair_confirm: () => this.#confirm(connection, id, payload),
      get_info: () =>
        this.#reply(connection, id, "info_response", {
          agent: { id: "a1b2c3d4", name: "Stand-in", platform: "linux", version: "9.9", capabilities: this.capabilities },
        }),
      init_upload: () => this.#init(connection, id, payload),
      complete_upload: () => this.#complete(connection, id, payload),
    };
    if (handlers[type]) {
      handlers[type]();
    } else {
      this.#fail(connection, id, 501, `no '${type}' here`);
    }
  }

  #status() {
    return { name: "Stand-in", version: "9.9", platform: "linux", acceptConnections: true, capabilities: this.capabilities };
  }

  #hello(connection, id, payload) {
    this.hellos.push(payload);
    if (this.tokens.has(payload.token)) {
      connection.paired = true;
      this.#reply(connection, id, "agent_status", this.#status());
    } else {
      this.#reply(connection, id, "pairing_required", { code: "", expiresIn: this.expiresIn });
    }
  }

  #confirm(connection, id, { code }) {
    if (code !== this.code) {
      this.#reply(connection, id, "pair_failed", { reason: "wrong code" });
      return;
    }
    const token = randomUUID();
    this.tokens.add(token);
    connection.paired = true;
    this.#reply(connection, id, "pair_success", { token });
    this.#reply(connection, randomUUID(), "agent_status", this.#status());
  }

  #init(connection, id, payload) {
    this.inits.push(payload);
    const key = sha256(JSON.stringify(payload.files));
    const staging = this.staged.get(key) ?? new Map();
    this.staged.set(key, staging);
    const resumeFrom = {};
    for (const file of payload.files) {
      const old = this.installed.get(file.relativePath);
      if (file.sha256 && old && sha256(old) === file.sha256) {
        staging.set(file.relativePath, { data: old, held: file.size });
      }
      const state = staging.get(file.relativePath) ?? { data: Buffer.alloc(file.size), held: 0 };
      staging.set(file.relativePath, state);
      if (state.held > 0) {
        resumeFrom[file.relativePath] = state.held;
      }
    }
    connection.staging = staging;
    connection.uploadId = randomUUID();
    this.#reply(connection, id, "upload_init_response", { uploadId: connection.uploadId, chunkSize: this.chunkSize, resumeFrom });
    this.onInit(connection);
  }

  #chunk(connection, data) {
    const length = data.readUInt32BE(0);
    const header = JSON.parse(data.subarray(4, 4 + length).toString());
    const body = data.subarray(4 + length);
    const verdict = this.onChunk(header, connection);
    connection.unanswered++;
    this.maxUnanswered = Math.max(this.maxUnanswered, connection.unanswered);
    if (verdict === "drop") {
      this.cut();
      return;
    }
    const answer = () => {
      connection.unanswered--;
      this.#store(connection, header, body, verdict);
    };
    if (verdict !== "hold") {
      this.#gathered.push(answer);
    }
    if (this.#gathered.length >= this.gather) {
      this.gather = 1;
      this.#gathered.splice(0).forEach((each) => setImmediate(each));
    }
  }

  #store(connection, header, body, verdict) {
    const file = connection.staging?.get(header.filePath);
    if (header.uploadId !== connection.uploadId || !file) {
      this.#fail(connection, header.id, 404, "unknown upload or file");
    } else if (header.offset + body.length > file.data.length) {
      this.#fail(connection, header.id, 400, `past the end of ${header.filePath}`);
    } else if (verdict === "damage" || sha256(body) !== header.checksum) {
      this.#fail(connection, header.id, 400, `checksum mismatch at ${header.filePath}:${header.offset}`);
    } else {
      this.chunks.push({ path: header.filePath, offset: header.offset, length: body.length });
      body.copy(file.data, header.offset);
      file.runs = (file.runs ?? []).concat([[header.offset, header.offset + body.length]]).sort((a, b) => a[0] - b[0]);
      for (const [start, end] of file.runs) {
        file.held = start <= file.held ? Math.max(file.held, end) : file.held;
      }
      const answer = this.answers.chunk?.(header, connection) ?? {
        type: "upload_chunk_response",
        payload: { uploadId: header.uploadId, bytesWritten: body.length, totalWritten: 0 },
      };
      this.#reply(connection, header.id, answer.type, answer.payload);
    }
  }

  #complete(connection, id, payload) {
    this.completes.push(payload);
    for (const [name, { data, held }] of connection.staging) {
      if (held !== data.length) {
        this.#fail(connection, id, 400, `${name} has a gap at ${held}`);
        return;
      }
    }
    for (const [name, { data }] of connection.staging) {
      this.installed.set(name, data);
    }
    this.#reply(connection, id, "operation_result", {
      success: true, path: "/home/deck/Games/Test Game", message: "Restart Steam to see it.",
      ...(payload.createShortcut ? { appId: 2857492837 } : {}),
    });
  }
}
