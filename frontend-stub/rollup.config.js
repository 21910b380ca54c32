import fs from "node:fs";

import deckyPlugin from "@decky/rollup";

/* The code that runs inside Steam is one function, the same that the agent sends through Steam's debugger. */
const steamScript = {
  name: "steam-script",
  transform: (code, id) =>
    id.endsWith("/native/steam/cef/steam_script.js") ? { code: `export default ${code}`, map: null } : null,
};

/* All third-party code in the bundle has its current notice in the package. */
const notices = {
  name: "notices",
  generateBundle(_options, bundle) {
    const modules = Object.values(bundle).flatMap(({ modules = {} }) => Object.keys(modules));
    const packages = modules.map((id) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)).filter(Boolean);
    for (const [folder, name] of new Map(packages.map((found) => [found[1], found])).values()) {
      const licence = fs.readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
      const notice = `../scripts/notices/npm-${name.replace(/[@/]/g, "")}.txt`;
      if (!licence || !fs.existsSync(notice) || !fs.readFileSync(notice).equals(fs.readFileSync(folder + licence))) {
        this.error(`${notice} has to be a copy of ${name}'s licence, since the bundle contains code of it`);
      }
    }
  },
};

/* Its own options override those given; the store needs the bundle at the repository's root. */
const config = deckyPlugin({ plugins: [steamScript, notices] }, "..");
config.output.dir = "../dist";
config.onwarn = (warning) => {
  throw new Error(warning.message);
};

export default config;
