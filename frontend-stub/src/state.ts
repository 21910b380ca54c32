import type {
  Game,
  Hub,
  Kept,
  Methods,
  Notifications,
  Pairing,
  PlainMethod,
  Setting,
  Status,
} from "./ipc/methods.js";
import type { TrashedGame, Upload, WaitingHub } from "./ipc/methods.js";
import { Pulled } from "./ipc/pulled.js";

/** Numbers that change faster than this cannot be read. */
const PAUSE_MS = 500;
const CODE_PAUSE_MS = 50;
const LOG_PAUSE_MS = 2_000;

/** A code that a PC requested. */
export interface ShownCode {
  code: string;
  hubName: string;
  /** Of performance.now(), which is not affected when clocks are set. */
  expiresAtMs: number;
}

type Pull = <M extends PlainMethod>(method: M) => Promise<Methods[M]["result"]>;

export interface Transfers {
  uploads: Upload[];
  games: Game[];
  /** The PC that is sending, if any. */
  hubName: string;
}

/* The games come second, so that an installed one is listed before its upload is gone. */
async function pullTransfers(pull: Pull): Promise<Transfers> {
  const { uploads, hub } = await pull("status");
  const { games } = await pull("games.list");
  return { uploads, games, hubName: hub.name };
}

const shownCode = ({ active, code, hubName, expiresInSeconds }: Pairing): ShownCode | null =>
  active ? { code, hubName, expiresAtMs: performance.now() + expiresInSeconds * 1000 } : null;

/** The agent's state, part by part, and which notifications say that a part may have changed. */
export class State {
  readonly status: Pulled<Status>;
  readonly code: Pulled<ShownCode | null>;
  readonly transfers: Pulled<Transfers>;
  readonly games: Pulled<Game[]>;
  readonly trash: Pulled<TrashedGame[]>;
  readonly kept: Pulled<Kept[]>;
  readonly hubs: Pulled<Hub[]>;
  readonly waiting: Pulled<WaitingHub[]>;
  readonly settings: Pulled<Setting[]>;
  readonly log: Pulled<string[]>;
  readonly #hinted: Partial<Record<string, Pulled<unknown>[]>>;

  constructor(pull: Pull) {
    const status = (this.status = new Pulled(() => pull("status"), PAUSE_MS));
    const code = (this.code = new Pulled(
      async () => shownCode(await pull("pairing.get")),
      CODE_PAUSE_MS,
    ));
    const transfers = (this.transfers = new Pulled(() => pullTransfers(pull), PAUSE_MS));
    const games = (this.games = new Pulled(async () => (await pull("games.list")).games, PAUSE_MS));
    const trash = (this.trash = new Pulled(
      async () => (await pull("games.trash")).games,
      PAUSE_MS,
    ));
    const kept = (this.kept = new Pulled(async () => (await pull("games.kept")).kept, PAUSE_MS));
    const hubs = (this.hubs = new Pulled(async () => (await pull("hubs.list")).hubs, PAUSE_MS));
    const waiting = (this.waiting = new Pulled(
      async () => (await pull("pairing.waiting")).hubs,
      PAUSE_MS,
    ));
    const settings = (this.settings = new Pulled(
      async () => (await pull("settings.list")).settings,
      PAUSE_MS,
    ));
    const log = (this.log = new Pulled(async () => (await pull("log.tail")).lines, LOG_PAUSE_MS));
    this.#hinted = {
      pairing_shown: [code, status, waiting],
      pairing_hidden: [code, status, hubs, waiting],
      pairing_waiting: [waiting],
      hub_connected: [status, hubs],
      hub_disconnected: [status, hubs],
      upload_progress: [status],
      uploads_changed: [status, transfers],
      settings_changed: [status, settings],
      games_changed: [status, transfers, games, trash, kept],
      game_updated: [kept],
      libraries_changed: [status],
      status_changed: [status],
      steam_changed: [status],
      log_line: [log],
    } satisfies Record<keyof Notifications, Pulled<unknown>[]>;
  }

  /** A name newer than this plugin concerns nothing that it shows. */
  notified(name: string): void {
    this.#hinted[name]?.forEach((part) => part.refresh());
  }

  refresh(): void {
    new Set(Object.values(this.#hinted).flat()).forEach((part) => part?.refresh());
  }
}
