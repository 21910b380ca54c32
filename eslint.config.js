// `make lint`: the interface by typescript-eslint's strict rules, with types; scripts and tests by ESLint's own.
import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import globals from "globals";
import typescript from "typescript-eslint";

const INTERFACE = ["frontend-stub/src/**/*.{ts,tsx}"];

export default [
  { ignores: ["build*/", "dist/", "**/node_modules/", "native/"] },
  ...typescript.configs.strictTypeChecked.map((config) => ({ ...config, files: INTERFACE })),
  {
    files: INTERFACE,
    plugins: { "react-hooks": hooks },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      ...hooks.configs.recommended.rules,
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  { ...js.configs.recommended, files: ["**/*.{js,mjs}"] },
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: {
      "no-control-regex": "off", // tests look for such
      "no-unused-vars": ["error", { ignoreRestSiblings: true }],
    },
  },
  // What the page of tests/ui has as globals: page/loader.js and tests/e2e/lib/steam_model.js.
  {
    files: ["tests/ui/**/*.{js,mjs}"],
    languageOptions: { globals: { deck: "readonly", model: "readonly", watchers: "readonly" } },
  },
];
