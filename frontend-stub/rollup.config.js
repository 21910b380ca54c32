import deckyPlugin from "@decky/rollup";

/* What runs inside Steam is one function, the same that the agent sends through Steam's debugger. */
const steamScript = {
  name: "steam-script",
  transform: (code, id) =>
    id.endsWith("/native/steam/cef/steam_script.js") ? { code: `export default ${code}`, map: null } : null,
};

/* Its own options win over what it is given; the store wants the bundle at the repository's root. */
const config = deckyPlugin({ plugins: [steamScript] }, "..");
config.output.dir = "../dist";
config.onwarn = (warning) => {
  throw new Error(warning.message);
};

export default config;
