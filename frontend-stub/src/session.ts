import { formatPercent, percentOf } from "./format.js";
import type { Game, Methods, Setting, SettingValue } from "./ipc/methods.js";
import { Relay } from "./ipc/relay.js";
import type { Bridge, Helper } from "./ipc/relay.js";
import { explain, kindOf } from "./refusal.js";
import { State } from "./state.js";
import type { ShownCode } from "./state.js";
import { steamRequests } from "./steam/steamRequests.js";
import type { SteamScript } from "./steam/steamRequests.js";
import { languageOf, Texts } from "./strings/text.js";
import { TransferWatch } from "./transferNews.js";
import type { TransferNews } from "./transferNews.js";
import { gamePage, routes } from "./views/routes.js";

/** After this time a stalled transfer counts as interrupted. */
const INTERRUPTION_MS = 10_000;

export interface SessionOptions {
  bridge: Bridge;
  script: SteamScript;
  /** The browser's language, if Steam does not report its own. */
  locale: string;
  /** Shows the code, or, with null, hides it. */
  showCode: (code: ShownCode | null) => void;
  /** `press`: what pressing it does. */
  toast: (title: string, body: string, press?: () => void) => void;
  /** Resolves to a folder that the user has chosen, or to null. */
  chooseFolder: (start: string) => Promise<string | null>;
  /** Goes to a page of Steam's or of ours, out of the panel. */
  open: (route: string) => void;
}

/** Everything that exists as long as the plugin is loaded, visible or not. */
export class Session {
  readonly relay: Relay;
  readonly state: State;
  helper: Helper;
  texts = new Texts("en");
  #watchers = new Set<() => void>();
  #unwatch: (() => void)[] = [];
  #transfers = new TransferWatch();
  #transferTimer: ReturnType<typeof setTimeout> | undefined;
  #kept: Set<string> | undefined; // what updates had put by when it was last looked at
  #discarded = new Set<string>(); // uploads that were cancelled here

  constructor(private readonly options: SessionOptions) {
    const handlers = steamRequests(options.script, (params) =>
      this.relay.call("file.read", params),
    );
    this.relay = new Relay(options.bridge, handlers, {
      notified: (name) => this.state.notified(name),
      refreshed: () => this.state.refresh(),
      helperChanged: (helper) => this.#helperChanged(helper),
    });
    this.helper = this.relay.helper;
    this.state = new State((method) => this.relay.call(method, {} as never));
  }

  /** `language`: Steam's name for it; until it is known, if ever, the browser's is used. */
  async start(language: Promise<string>): Promise<void> {
    this.#setLanguage(this.options.locale);
    this.#unwatch = [
      this.state.code.watch(() => this.#showCode()),
      this.state.transfers.watch(() => this.#showTransfers()),
      this.state.kept.watch(() => this.#showKept()),
    ];
    void this.relay.start();
    this.#setLanguage((await language) || this.options.locale);
  }

  stop(): void {
    this.relay.stop();
    this.#unwatch.forEach((unwatch) => unwatch());
    clearTimeout(this.#transferTimer);
    this.#watchers.clear();
  }

  /** For useSyncExternalStore: the helper's state and the language. */
  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** A call that changes something: afterwards the state is requested again. */
  async act<M extends keyof Methods>(
    method: M,
    params: Methods[M]["params"],
  ): Promise<Methods[M]["result"]> {
    try {
      return await this.relay.call(method, params);
    } finally {
      this.state.refresh();
    }
  }

  set(key: string, value: SettingValue): Promise<Setting> {
    return this.act("settings.set", { key, value });
  }

  /** Shows a failure. */
  attempt(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.tell(kindOf(error, this.texts), explain(error, this.texts));
    });
  }

  /** The agent's sentence for the user, if any. */
  tell(title: string, sentence: string, press?: () => void): void {
    if (sentence) {
      this.options.toast(title, sentence, press);
    }
  }

  chooseFolder(start: string): Promise<string | null> {
    return this.options.chooseFolder(start);
  }

  open(route: string): void {
    this.options.open(route);
  }

  /** Its disappearance is then not reported. */
  async discard(uploadId: string): Promise<void> {
    this.#discarded.add(uploadId);
    try {
      await this.act("uploads.discard", { uploadId });
    } catch (error) {
      this.#discarded.delete(uploadId);
      throw error;
    }
  }

  #setLanguage(name: string): void {
    const language = languageOf(name);
    if (language !== this.texts.language) {
      this.#changed(() => (this.texts = new Texts(language)));
    }
  }

  #changed(change: () => void): void {
    change();
    [...this.#watchers].forEach((watcher) => watcher());
  }

  #helperChanged(helper: Helper): void {
    this.#changed(() => (this.helper = helper));
    this.state.refresh();
  }

  #showCode(): void {
    const { value, error } = this.state.code.known;
    this.options.showCode(error ? null : (value ?? null));
  }

  #showTransfers(): void {
    const { value, error } = this.state.transfers.known;
    if (!value || error) {
      return;
    }
    for (const news of this.#transfers.look(value.uploads, value.games)) {
      if (news.kind !== "cancelled" || !this.#discarded.delete(news.upload.uploadId)) {
        this.#tellTransfer(news, value.hubName, value.games);
      }
    }
    clearTimeout(this.#transferTimer);
    if (this.#transfers.isUndecided) {
      this.#transferTimer = setTimeout(() => this.state.transfers.refresh(), INTERRUPTION_MS);
    }
  }

  #tellTransfer({ kind, upload }: TransferNews, hubName: string, games: Game[]): void {
    const { get, language } = this.texts;
    const percent = percentOf(upload.transferredBytes, upload.totalBytes);
    const sentences = {
      started: () => get("toastStarted", { name: hubName }),
      installed: () => get(games.find(({ dir }) => dir === upload.dir)?.problem ? "cannotStart" : "toastInstalled"),
      interrupted: () => get("toastInterrupted", { percent: formatPercent(percent, language) }),
      cancelled: () => get("toastCancelled"),
    };
    const press = kind === "installed" ? () => this.#openInstalled(upload.dir) : undefined;
    this.tell(upload.gameName, sentences[kind](), press);
  }

  /** An update that replaced files of the player's says so, and shows them when it is pressed. */
  #showKept(): void {
    const { value, error } = this.state.kept.known;
    if (!value || error) {
      return;
    }
    const before = this.#kept;
    this.#kept = new Set([...(before ?? []), ...value.map(({ id }) => id)]);
    for (const { name, files } of value.filter(({ id }) => before && !before.has(id))) {
      if (files.length > 0) {
        const sentence = this.texts.get("toastKept", { count: files.length });
        this.tell(name, sentence, () => this.open(routes.kept));
      }
    }
  }

  /** Its page in Steam, or the list of games while it has none. */
  #openInstalled(dir: string): void {
    const game = this.state.transfers.known.value?.games.find((other) => other.dir === dir);
    this.open(game?.appId ? gamePage(game.appId) : routes.games);
  }
}
