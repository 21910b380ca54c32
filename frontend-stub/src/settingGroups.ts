import type { Setting } from "./ipc/methods.js";

/** What an owner rarely has a reason to touch: ports, origins, debugger, and whatever lowers the guard. */
const ADVANCED = new Set([
  "agent.port",
  "artwork.localServers",
  "connections.allowedOrigins",
  "library.extra",
  "pairing.sendCodeToHub",
  "steam.debuggerPort",
]);

/** Those that are known here and are not advanced; what is newer than this plugin is advanced. */
export function splitSettings(
  settings: Setting[],
  isKnown: (key: string) => boolean,
): { plain: Setting[]; advanced: Setting[] } {
  const isAdvanced = ({ key }: Setting) => ADVANCED.has(key) || !isKnown(key);
  return {
    plain: settings.filter((setting) => !isAdvanced(setting)),
    advanced: settings.filter(isAdvanced),
  };
}
