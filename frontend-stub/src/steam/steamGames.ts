/** What starts a game: a press in the library. */
const LAUNCH_SOURCE_LIBRARY = 100;

/** The id that Steam starts a shortcut by: its app id, and that it is a shortcut. */
export const gameIdOf = (appId: number): string =>
  ((BigInt(appId) << 32n) | (2n << 24n)).toString();

export const startGame = (appId: number): void =>
  SteamClient.Apps.RunGame(gameIdOf(appId), "", -1, LAUNCH_SOURCE_LIBRARY);

/** Of Steam's own interface: a global of the page that plugins run in. */
declare const SteamClient: {
  Apps: {
    RunGame(gameId: string, launchOptions: string, unused: number, launchSource: number): void;
  };
};
