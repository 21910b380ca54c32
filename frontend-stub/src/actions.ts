import { copyText } from "./clipboard.js";
import type { Game, Hub, Kept, Library, SettingValue, TrashedGame, Upload, WaitingHub } from "./ipc/methods.js";
import { artworkOf } from "./ipc/artwork.js";
import type { Session } from "./session.js";
import { startGame } from "./steam/steamGames.js";
import { gamePage } from "./views/routes.js";

/** Where folders are chosen from if there is no better place. */
const HOME = "/home/deck";

function chooseLibraryFrom(session: Session, start: string): void {
  const choose = async () => {
    const place = await session.chooseFolder(start.startsWith("/") ? start : HOME);
    if (place !== null) {
      await session.set("library.path", place);
    }
  };
  session.attempt(choose());
}

/** The user's actions, wherever the button is. Failures are shown in a toast. */
export const actionsOf = (session: Session) => ({
  retry: () => session.state.refresh(),
  accept: (accept: boolean) => session.attempt(session.set("connections.accept", accept)),
  toggle: (key: string, value: boolean) => session.attempt(session.set(key, value)),
  change: (key: string, value: SettingValue) => session.set(key, value),
  moveLibrary: ({ place }: Library) => session.attempt(session.set("library.path", place)),
  chooseLibrary: (libraries: Library[]) =>
    chooseLibraryFrom(session, libraries.find(({ isDefault }) => isDefault)?.place ?? HOME),
  chooseFolder: (_key: string, value: string) => chooseLibraryFrom(session, value),
  copyReport: (report: string) =>
    void copyText(report).then((copied) =>
      session.tell("CapyDeck", session.texts.get(copied ? "copied" : "notCopied")),
    ),
  unlock: () => session.attempt(session.act("lockouts.reset", {})),
  reject: () => session.attempt(session.act("pairing.dismiss", {})),
  pick: ({ address }: WaitingHub) => session.attempt(session.act("pairing.pick", { address })),
  discardUpload: ({ uploadId }: Upload) => session.attempt(session.discard(uploadId)),
  revoke: ({ hubId }: Hub) => session.attempt(session.act("hubs.revoke", { hubId })),

  startGame: ({ appId }: Game) => startGame(appId),
  openGame: ({ appId }: Game) => session.open(gamePage(appId)),
  imageOf: ({ dir }: Game) => artworkOf((params) => session.relay.call("games.artwork", params), dir),
  deleteGame: ({ dir }: Game) =>
    session.attempt(
      session.act("games.delete", { dir }).then(({ name, note, prefix }) => {
        session.tell(name, note);
        session.tell(name, prefix && session.texts.get("prefixStays", { path: prefix }));
      }),
    ),
  restoreGame: ({ id }: TrashedGame) =>
    session.attempt(
      session.act("games.restore", { id }).then(({ name, note }) => session.tell(name, note)),
    ),
  restoreKept: ({ id }: Kept, path?: string) =>
    session.attempt(
      session
        .act("games.kept.restore", path === undefined ? { id } : { id, path })
        .then(({ name, count }) => session.tell(name, session.texts.get("restored", { count }))),
    ),
  rollback: ({ dir }: Kept) =>
    session.attempt(
      session
        .act("games.rollback", { dir })
        .then(({ name }) => session.tell(name, session.texts.get("rolledBack"))),
    ),
  discardKept: ({ id }: Kept) => session.attempt(session.act("games.kept.discard", { id })),
  discardGame: ({ id }: TrashedGame) => session.attempt(session.act("games.discard", { id })),

  restartSteam: () =>
    session.attempt(
      session
        .act("steam.restart", {})
        .then(() => session.tell("Steam", session.texts.get("steamRestarted"))),
    ),
});

export type Actions = ReturnType<typeof actionsOf>;
