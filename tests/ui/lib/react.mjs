// Real React as the globals that Steam's own copy is: the packages' CommonJS files in one script.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);
const folderOf = (name, from = require) => path.dirname(from.resolve(`${name}/package.json`));

/** The development build: it complains about what is wrong with a component. */
export function reactScript() {
  const react = folderOf("react");
  const dom = folderOf("react-dom");
  const scheduler = folderOf("scheduler", createRequire(path.join(dom, "package.json")));
  const files = {
    react: path.join(react, "cjs/react.development.js"),
    "react/jsx-runtime": path.join(react, "cjs/react-jsx-runtime.development.js"),
    "react-dom": path.join(dom, "cjs/react-dom.development.js"),
    "react-dom/client": path.join(dom, "cjs/react-dom-client.development.js"),
    scheduler: path.join(scheduler, "cjs/scheduler.development.js"),
  };
  const factories = Object.entries(files).map(
    ([name, file]) =>
      `${JSON.stringify(name)}(module, exports, require) {\n${fs.readFileSync(file, "utf8")}\n}`,
  );
  return `(() => {
    const process = { env: { NODE_ENV: "development" } };
    const factories = { ${factories.join(",\n")} };
    const loaded = {};
    const require = (name) => {
      if (!loaded[name]) {
        loaded[name] = { exports: {} };
        factories[name](loaded[name], loaded[name].exports, require);
      }
      return loaded[name].exports;
    };
    window.SP_REACT = require("react");
    window.SP_JSX = require("react/jsx-runtime");
    window.SP_REACTDOM = { ...require("react-dom"), ...require("react-dom/client") };
  })();`;
}
