import { joinParts } from "../ipc/base64.js";
import { IPC_CONFLICT, IPC_FAILED, IPC_NOT_FOUND, IpcError } from "../ipc/methods.js";
import type { Methods, SteamChange } from "../ipc/methods.js";
import type { RequestHandlers } from "../ipc/relay.js";

/**
 * The function that changes Steam from inside. It is native/steam/cef/steam_script.js, the same that the
 * agent runs through Steam's debugger where there is no plugin: its handling of new shortcuts
 * that do not answer yet, of adoption, reading back and tools is described there.
 */
export type SteamScript = (request: SteamScriptRequest) => Promise<SteamScriptAnswer>;

export type SteamScriptRequest = { waitMs: number } & (
  | { method: "apply"; change: SteamChange }
  | { method: "holdImage"; offset: number; data: string }
  | {
      method: "showArtwork";
      image: { appId: number; assetType: number; imageType: string; length: number };
    }
  | { method: "restart" }
);

export type SteamScriptAnswer =
  | { ok: true; appId: number }
  | { ok: false; kind: "conflict" | "not_found" | "io"; message: string };

export type ReadFile = (
  params: Methods["file.read"]["params"],
) => Promise<Methods["file.read"]["result"]>;

/** Shorter than the agent waits (control/README.md), so that the answer says what was wrong. */
const APPLY_WAIT_MS = 18_000;
const SHOW_ARTWORK_WAIT_MS = 9_000;
const RESTART_WAIT_MS = 4_000;

const codes = { conflict: IPC_CONFLICT, not_found: IPC_NOT_FOUND, io: IPC_FAILED };

export function steamRequests(script: SteamScript, readFile: ReadFile): RequestHandlers {
  const run = async (request: SteamScriptRequest): Promise<number> => {
    const answer = await script(request);
    if (!answer.ok) {
      throw new IpcError(codes[answer.kind], answer.message);
    }
    return answer.appId;
  };

  return {
    "steam.apply": async (change) => ({
      appId: await run({ method: "apply", waitMs: APPLY_WAIT_MS, change }),
    }),

    "steam.show_artwork": async ({ appId, assetType, imageType, file, bytes }) => {
      const end = performance.now() + SHOW_ARTWORK_WAIT_MS;
      const data = await joinParts((offset) => readFile({ file, offset }), bytes);
      const image = { appId, assetType, imageType, length: data.length };
      await run({ method: "holdImage", waitMs: end - performance.now(), offset: 0, data });
      return { appId: await run({ method: "showArtwork", waitMs: end - performance.now(), image }) };
    },

    "steam.restart": async () => {
      await run({ method: "restart", waitMs: RESTART_WAIT_MS });
      return {};
    },
  };
}
