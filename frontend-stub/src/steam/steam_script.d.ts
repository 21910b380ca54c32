/** native/steam/cef/steam_script.js, as rollup.config.js makes it a module. */
declare module "*/steam_script.js" {
  const script: import("./steamRequests.js").SteamScript;
  export default script;
}
