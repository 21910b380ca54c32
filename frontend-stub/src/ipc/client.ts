import { addEventListener, callable, removeEventListener } from "@decky/api";

import type { Answer, Bridge, BridgeEvents, Poll } from "./relay.js";

const call = callable<[method: string, params: unknown], Answer>("ipc_call");
const answer = callable<[id: string, answer: Answer], null>("ipc_answer");
const poll = callable<[after: number], Poll>("ipc_poll");

/** Decky's side of the relay; the only file that talks to main.py. */
export const deckyBridge: Bridge = {
  call,
  answer,
  poll,
  listen(events: BridgeEvents) {
    const event = addEventListener("ipc_event", (seq: number, name: string, params: unknown) =>
      events.event({ seq, name, params }),
    );
    const request = addEventListener("ipc_request", (id: string, method: string, params: unknown) =>
      events.request({ id, method, params }),
    );
    const helper = addEventListener("helper_state", () => events.helper());
    return () => {
      removeEventListener("ipc_event", event);
      removeEventListener("ipc_request", request);
      removeEventListener("helper_state", helper);
    };
  },
};
