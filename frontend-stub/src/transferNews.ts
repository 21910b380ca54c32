import type { Game, Upload } from "./ipc/methods.js";

export interface TransferNews {
  kind: "started" | "installed" | "interrupted" | "cancelled";
  upload: Pick<Upload, "uploadId" | "gameName" | "dir" | "transferredBytes" | "totalBytes">;
}

/**
 * Tells what became of the uploads between two looks at the agent's lists. The first look only says
 * what there is. An interruption is news once it is still one at the next look: a wireless network
 * that stumbles is not worth a word.
 */
export class TransferWatch {
  #known: Map<string, Upload> | null = null;
  #interrupted = new Set<string>(); // uploads that were under way and are paused
  #games = new Map<string, number>(); // when each that there ever was was installed

  /** True: look again in a moment. */
  get isUndecided(): boolean {
    return this.#interrupted.size > 0;
  }

  look(uploads: Upload[], games: Game[]): TransferNews[] {
    const known = this.#known;
    const before = this.#games;
    const news: TransferNews[] = [];
    this.#games = new Map([...before, ...games.map(whenInstalled)]);
    this.#known = new Map(uploads.map((upload) => [upload.uploadId, upload]));
    if (known === null) {
      return news;
    }
    for (const upload of uploads) {
      const kind = this.#change(known.get(upload.uploadId), upload);
      if (kind) {
        news.push({ kind, upload });
      }
    }
    for (const upload of known.values()) {
      if (!this.#known.has(upload.uploadId)) {
        this.#interrupted.delete(upload.uploadId);
        news.push({ kind: isInstalled(upload, games) ? "installed" : "cancelled", upload });
      }
    }
    const told = [...uploads, ...news.map(({ upload }) => upload)];
    return [...news, ...unseen(games, before, told)];
  }

  #change(before: Upload | undefined, upload: Upload): TransferNews["kind"] | null {
    const { uploadId, state } = upload;
    if (state !== "paused") {
      this.#interrupted.delete(uploadId);
      return before ? null : "started";
    }
    if (before && before.state !== "paused") {
      this.#interrupted.add(uploadId);
      return null;
    }
    return this.#interrupted.delete(uploadId) ? "interrupted" : null;
  }
}

const whenInstalled = ({ dir, installedAt }: Game): [string, number] => [dir, installedAt];

/** Installed between two looks, with an upload too quick to be seen; a restored game is no news. */
function unseen(
  games: Game[],
  before: Map<string, number>,
  told: TransferNews["upload"][],
): TransferNews[] {
  const latest = Math.max(0, ...before.values());
  const isNew = ({ dir, installedAt }: Game) =>
    installedAt >= latest &&
    before.get(dir) !== installedAt &&
    told.every((upload) => upload.dir !== dir);
  return games.filter(isNew).map(({ dir, name: gameName, sizeBytes }) => ({
    kind: "installed",
    upload: { uploadId: "", gameName, dir, transferredBytes: sizeBytes, totalBytes: sizeBytes },
  }));
}

const isInstalled = (upload: Upload, games: Game[]): boolean =>
  games.some(
    ({ dir, installedAt }) =>
      dir === upload.dir && installedAt >= Math.floor(upload.startedAt / 1000),
  );
