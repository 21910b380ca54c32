import type { Game, Hub, SettingValue, TrashedGame, Upload, WaitingHub } from "./ipc/methods.js";
import { artworkOf } from "./ipc/artwork.js";
import type { Session } from "./session.js";
import { startGame } from "./steam/steamGames.js";
import { gamePage } from "./views/routes.js";

/** The user's actions, wherever the button is. Failures are shown in a toast. */
export const actionsOf = (session: Session) => ({
  retry: () => session.state.refresh(),
  accept: (accept: boolean) => session.attempt(session.set("connections.accept", accept)),
  toggle: (key: string, value: boolean) => session.attempt(session.set(key, value)),
  change: (key: string, value: SettingValue) => session.set(key, value),
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
      session.act("games.delete", { dir }).then(({ name, note }) => session.tell(name, note)),
    ),
  restoreGame: ({ id }: TrashedGame) =>
    session.attempt(
      session.act("games.restore", { id }).then(({ name, note }) => session.tell(name, note)),
    ),
  discardGame: ({ id }: TrashedGame) => session.attempt(session.act("games.discard", { id })),

  restartSteam: () =>
    session.attempt(
      session.act("steam.restart", {}).then(({ message }) => session.tell("Steam", message)),
    ),
});

export type Actions = ReturnType<typeof actionsOf>;
