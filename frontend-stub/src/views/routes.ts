/** Steam's own page of a game, or of a shortcut. */
export const gamePage = (appId: number): string => `/library/app/${appId}`;

/** Where the full-screen page and its parts are. */
export const ROUTE = "/capydeck";

export const routes = {
  games: `${ROUTE}/games`,
  trash: `${ROUTE}/trash`,
  kept: `${ROUTE}/kept`,
  hubs: `${ROUTE}/hubs`,
  libraries: `${ROUTE}/storage`,
  steam: `${ROUTE}/steam`,
  settings: `${ROUTE}/settings`,
  advanced: `${ROUTE}/advanced`,
  help: `${ROUTE}/help`,
  diagnostics: `${ROUTE}/diagnostics`,
};
