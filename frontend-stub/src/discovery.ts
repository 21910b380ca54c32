import { formatAddress } from "./format.js";
import type { Status } from "./ipc/methods.js";
import type { TextKey } from "./strings/table.js";

/** One condition for a PC to find this device, or a hint for when it does not. */
export interface Check {
  state: "good" | "bad" | "hint";
  text: TextKey;
  values: Record<string, string | number>;
  /** The agent's own words. */
  detail: string;
}

const check = (
  state: Check["state"],
  text: TextKey,
  values: Check["values"] = {},
  detail = "",
): Check => ({ state, text, values, detail });

/** Why a PC may not find this device: known causes first, then things to check. */
export function discoveryChecks({ agent, hub, mdns }: Status): Check[] {
  const checks: Check[] = [];
  if (!agent.listening) {
    checks.push(check("bad", "helpListening", {}, agent.problem));
  }
  if (agent.addresses.length === 0) {
    checks.push(check("bad", "helpNoNetwork"));
  }
  if (!agent.acceptConnections) {
    checks.push(check("bad", "helpAccept"));
  }
  if (hub.connected) {
    checks.push(check("hint", "helpBusy", { name: hub.name }));
  }
  checks.push(announcement(agent.name, mdns));
  checks.push(check("hint", "helpSameNet"));
  checks.push(check("hint", "helpPort", { port: agent.port }));
  if (agent.addresses.length > 0) {
    const addresses = agent.addresses.map((address) => formatAddress(address, agent.port));
    checks.push(check("hint", "helpManual", {}, addresses.join("\n")));
  }
  return checks;
}

/** Why not is in the diagnostics, in English. */
function announcement(name: string, { state }: Status["mdns"]): Check {
  switch (state) {
    case "daemon":
    case "embedded":
      return check("good", "helpMdnsOk", { name });
    case "starting":
      return check("hint", "helpMdnsStarting");
    case "off":
    case "failed":
      return check("bad", "helpMdnsOff");
  }
}
