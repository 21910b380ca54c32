// The wire between a Hub and an agent: it can stand still in the middle of an upload.
import { once } from "node:events";
import net from "node:net";

/** A port of its own whose connections lead to the agent's. */
export class Wire {
  #room;

  /** Stands still, in the Hub's direction, once `holdAfter` bytes have passed. */
  static async open(t, agent, holdAfter) {
    const wire = new Wire();
    wire.#room = holdAfter;
    const server = net.createServer((hub) => wire.#carry(hub, agent.port)).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    wire.port = server.address().port;
    return wire;
  }

  /** From now on everything passes; what is held back is lost with its connection. */
  release() {
    this.#room = Infinity;
  }

  #carry(hub, port) {
    const agent = net.connect(port, "127.0.0.1");
    for (const [end, other] of [[hub, agent], [agent, hub]]) {
      end.on("error", () => {});
      end.on("close", () => other.destroy());
    }
    agent.pipe(hub);
    hub.on("data", (bytes) => {
      agent.write(bytes);
      this.#room -= bytes.length;
      if (this.#room <= 0) {
        hub.pause();
      }
    });
  }
}
