/**
 * The agent's local IPC, as native/control/README.md describes it: every method with its parameters
 * and its result, every notification, and what the agent asks of this plugin. Times are Unix times
 * in seconds unless their name says otherwise.
 */

export interface Pairing {
  active: boolean;
  code: string;
  hubName: string;
  expiresInSeconds: number;
}

/** A PC that asked for a code while the screen showed another's. */
export interface WaitingHub {
  name: string;
  address: string;
  known: boolean;
  askedSecondsAgo: number;
}

export interface ConnectedHub {
  connected: boolean;
  hubId: string;
  name: string;
  version: string;
  platform: string;
  address: string;
  connectedAt: number;
}

export interface Hub {
  hubId: string;
  name: string;
  platform: string;
  pairedAt: number;
  lastSeen: number;
  connected: boolean;
}

export interface Upload {
  uploadId: string;
  hubId: string;
  gameName: string;
  dir: string;
  state: "receiving" | "paused" | "completing";
  /** Its card is out, a sentence; "": it is there. */
  problem: string;
  totalBytes: number;
  transferredBytes: number;
  bytesPerSecond: number;
  currentFile: string;
  /** In milliseconds. */
  startedAt: number;
  /** In milliseconds. */
  updatedAt: number;
  /** −1: it does not expire. */
  expiresInSeconds: number;
}

/** A folder that games are installed in. */
export interface Library {
  place: string;
  /** "": not used yet. */
  id: string;
  /** Its card's label, or the place. */
  name: string;
  state: "present" | "unused" | "away" | "unreadable";
  isDefault: boolean;
  present: boolean;
  writable: boolean;
  executable: boolean;
  freeBytes: number;
  totalBytes: number;
  games: number;
  uploads: number;
  deletedGames: number;
  /** A sentence; "": none. */
  problem: string;
}

export interface Game {
  dir: string;
  name: string;
  hubId: string;
  executable: string;
  /** 0: it has no shortcut. */
  appId: number;
  userId: string;
  sizeBytes: number;
  fileCount: number;
  installedAt: number;
  /** Why Steam cannot start it, a sentence; "": nothing is known. */
  problem: string;
}

export interface TrashedGame {
  id: string;
  name: string;
  dir: string;
  appId: number;
  sizeBytes: number;
  deletedAt: number;
  expiresInSeconds: number;
}

export interface KeptFile {
  path: string;
  sizeBytes: number;
}

/** What one update has put by. */
export interface Kept {
  id: string;
  name: string;
  /** The game's. */
  dir: string;
  keptAt: number;
  /** The player's, which the update has replaced. */
  files: KeptFile[];
  sizeBytes: number;
  expiresInSeconds: number;
  /** Of the previous build; 0: it is not kept. */
  previousFiles: number;
  previousBytes: number;
}

export type SettingValue = boolean | number | string | string[];

export interface Setting {
  key: string;
  value: SettingValue;
  help: string;
  restartNeeded: boolean;
}

export interface Status {
  agent: {
    id: string;
    name: string;
    version: string;
    platform: string;
    /** Listened on, or wanted. */
    port: number;
    listening: boolean;
    /** Why it does not listen, e.g. who uses the port; "": it does. */
    problem: string;
    addresses: string[];
    acceptConnections: boolean;
  };
  hub: ConnectedHub;
  pairing: Pairing;
  pairingListeners: number;
  lockedOut: number;
  pairedHubs: number;
  mdns: { state: "off" | "starting" | "daemon" | "embedded" | "failed"; detail: string };
  overlay: { state: "off" | "ready" | "starting" | "shown" | "failed"; detail: string };
  steam: {
    state: "ui" | "cef" | "files" | "none";
    detail: string;
    queued: number;
    /** The names of those that wait, as far as they have one. */
    games: string[];
  };
  uploads: Upload[];
  games: number;
  libraries: Library[];
  notices: string[];
}

interface Method<Params, Result> {
  params: Params;
  result: Result;
}

type None = Record<string, never>;

export interface Methods {
  status: Method<None, Status>;
  "pairing.get": Method<None, Pairing>;
  "pairing.dismiss": Method<None, None>;
  "pairing.pick": Method<{ address: string }, None>;
  "pairing.reopen": Method<None, Pairing>;
  "pairing.waiting": Method<None, { hubs: WaitingHub[] }>;
  "hubs.list": Method<None, { hubs: Hub[] }>;
  "hubs.revoke": Method<{ hubId: string }, None>;
  "uploads.list": Method<None, { uploads: Upload[] }>;
  "uploads.discard": Method<{ uploadId: string }, None>;
  "games.list": Method<None, { games: Game[] }>;
  /** The data is base64 of at most 512 KiB; `bytes` is the whole image's size. */
  "games.artwork": Method<
    { dir: string; offset: number },
    { imageType: string; data: string; bytes: number }
  >;
  "games.delete": Method<
    { dir: string } | { appId: number },
    { name: string; trashId: string; note: string; prefix: string }
  >;
  "games.restore": Method<{ id: string }, { name: string; note: string }>;
  "games.trash": Method<None, { games: TrashedGame[] }>;
  "games.discard": Method<{ id: string }, None>;
  "games.kept": Method<None, { kept: Kept[] }>;
  "games.kept.restore": Method<{ id: string; path?: string }, { name: string; count: number }>;
  "games.kept.discard": Method<{ id: string }, None>;
  "games.rollback": Method<{ dir: string }, { name: string; note: string }>;
  "libraries.list": Method<None, { libraries: Library[] }>;
  "libraries.forget": Method<{ id: string }, None>;
  "libraries.may_forget": Method<{ id: string }, None>;
  "settings.list": Method<None, { settings: Setting[] }>;
  "settings.get": Method<{ key: string }, Setting>;
  "settings.set": Method<{ key: string; value: SettingValue }, Setting>;
  "lockouts.reset": Method<None, None>;
  subscribe: Method<{ events?: string[] }, { events: string[] }>;
  "log.tail": Method<{ lines?: number }, { lines: string[] }>;
  "steam.restart": Method<{ force?: boolean }, { message: string }>;
  "ui.attach": Method<{ name: string }, None>;
  "ui.detach": Method<None, None>;
  /** The data is base64 of at most 512 KiB; `bytes` is the whole file's size. */
  "file.read": Method<{ file: number; offset: number }, { data: string; bytes: number }>;
}

/** Hints that something changed; the state itself is requested when needed. */
export interface Notifications {
  pairing_shown: Pairing;
  pairing_hidden: { reason: string };
  pairing_waiting: None;
  hub_connected: ConnectedHub;
  hub_disconnected: ConnectedHub;
  upload_progress: Upload;
  uploads_changed: None;
  settings_changed: Setting;
  games_changed: None;
  game_updated: {
    name: string;
    dir: string;
    added: number;
    replaced: number;
    kept: number;
    removed: number;
    stays: number;
    keptFiles: string[];
  };
  libraries_changed: None;
  status_changed: None;
  steam_changed: None;
  log_line: { line: string };
}

/** One change of Steam's shortcuts: native/steam/change/steam_change.h. */
/** What was written into a shortcut before; see native/steam/change/shortcut_set.h. */
export interface ShortcutSet {
  name?: string;
  exe?: string;
  within?: string;
  startDir?: string;
  launchOptions?: string;
  tags?: string[];
}

export interface SteamChange {
  action: "put" | "remove" | "set_icon";
  accountId: string;
  appId: number;
  reportedAppId: number;
  name: string;
  exe: string;
  startDir: string;
  anyName: boolean;
  /** null: an existing shortcut keeps its own. */
  launchOptions: string | null;
  tags: string[];
  compatTool: string;
  icon: string;
  /** The whole target, instead of exe in quotes. */
  command?: string;
  /** Of the shortcut with appId: what is different now was changed by its user, and stays. */
  previous?: ShortcutSet;
}

export interface SteamImage {
  appId: number;
  artworkType: "grid" | "banner" | "hero" | "logo" | "icon";
  assetType: number;
  imageType: "png" | "jpg";
  /** For `file.read`, while the request is open. */
  file: number;
  bytes: number;
}

/** The agent's requests to this plugin once it is attached. */
export interface Requests {
  "steam.apply": Method<SteamChange, { appId: number }>;
  "steam.show_artwork": Method<SteamImage, { appId: number }>;
  "steam.restart": Method<None, None>;
}

/** The methods that need no parameters. */
export type PlainMethod = {
  [M in keyof Methods]: None extends Methods[M]["params"] ? M : never;
}[keyof Methods];

/** The error codes of answers. */
export const IPC_METHOD_NOT_FOUND = -32601;
export const IPC_FAILED = -32000;
export const IPC_NOT_FOUND = -32001;
export const IPC_CONFLICT = -32002;
export const IPC_NO_SPACE = -32003;
/** Not the agent's: the call got no answer at all. */
export const IPC_NO_ANSWER = -32099;

/** Why something was refused, for a translation of the message: `reason`, and the values in it. */
export type RefusalData = Partial<Record<string, string>>;

/** An error; its message is one English sentence for the user. */
export class IpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data?: RefusalData,
  ) {
    super(message);
  }
}

export const sentenceOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
