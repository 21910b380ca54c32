import { formatAddress, formatBytes } from "./format.js";
import type { Status } from "./ipc/methods.js";

/** What is to be known about this device when something goes wrong, in the agent's English. */
export interface Diagnostics {
  version: string;
  network: string[];
  announced: string;
  steam: string;
  overlay: string;
  libraries: string[];
  notices: string[];
}

export function diagnosticsOf(status: Status): Diagnostics {
  const { agent, mdns, steam, overlay, libraries, notices } = status;
  const addresses = agent.addresses.map((address) => formatAddress(address, agent.port));
  return {
    version: `CapyDeck ${agent.version}, ${agent.platform}`,
    network: agent.problem ? [...addresses, agent.problem] : addresses,
    announced: withDetail(mdns),
    steam: withDetail(steam),
    overlay: withDetail(overlay),
    libraries: libraries.map(
      ({ place, state, writable, executable, freeBytes, totalBytes, problem }) =>
        [
          `${place}: ${state}`,
          !writable && "read-only",
          !executable && "no programs",
          `${formatBytes(freeBytes, "en")} of ${formatBytes(totalBytes, "en")} free`,
          problem,
        ]
          .filter(Boolean)
          .join(", "),
    ),
    notices,
  };
}

const withDetail = ({ state, detail }: { state: string; detail: string }): string =>
  detail ? `${state}: ${detail}` : state;

/** All of it as one text, to be sent to somebody. */
export function reportOf(diagnostics: Diagnostics, log: string[]): string {
  const { version, network, announced, steam, overlay, libraries, notices } = diagnostics;
  return [
    version,
    ...network.map((line) => `network: ${line}`),
    `announced: ${announced}`,
    `steam: ${steam}`,
    `overlay: ${overlay}`,
    ...libraries.map((line) => `library: ${line}`),
    ...notices.map((line) => `notice: ${line}`),
    "",
    ...log,
    "",
  ].join("\n");
}
