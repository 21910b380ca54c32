import fs from "node:fs";

import deckyPlugin from "@decky/rollup";

/* What runs inside Steam is one function, the same that the agent sends through Steam's debugger. */
const steamScript = {
  name: "steam-script",
  transform: (code, id) =>
    id.endsWith("/native/steam/cef/steam_script.js") ? { code: `export default ${code}`, map: null } : null,
};

/* Everything of others that the bundle contains has its notice in the package, and it is the current one. */
const notices = {
  name: "notices",
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap(({ modules = {} }) => Object.keys(modules));
    const packages = modules.map((id) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)).filter(Boolean);
    for (const [folder, name] of new Map(packages.map((found) => [found[1], found])).values()) {
      const licence = fs.readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
      const notice = `../scripts/notices/npm-${name.replace(/[@/]/g, "")}.txt`;
      if (!licence || !fs.existsSync(notice) || !fs.readFileSync(notice).equals(fs.readFileSync(folder + licence))) {
        this.error(`${notice} has to be a copy of ${name}'s licence: the bundle contains some of it`);
      }
    }
  },
};

/* Its own options win over what it is given; the store wants the bundle at the repository's root. */
const config = deckyPlugin({ plugins: [steamScript, notices] }, "..");
config.output.dir = "../dist";
config.onwarn = (warning) => {
  throw new Error(warning.message);
};

export default config;
