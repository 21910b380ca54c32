/** native/steam/cef/steam_script.js, as rollup.config.js makes it a module. */
declare module "*/steam_script.js" {
  import type { SteamScript } from "./steamRequests.js";

  const script: SteamScript;
  export default script;
}
