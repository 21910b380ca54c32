// Steam's interface in Game Mode with the plugin in it: page/ in a real Chromium.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { WAIT_MS, deadline, until } from "../../e2e/lib/wait.mjs";
import { ROOT } from "./backend.mjs";
import { reactScript } from "./react.mjs";

const ORIGIN = "https://steamloopback.host";
const PAGE = path.join(path.dirname(fileURLToPath(import.meta.url)), "../page");
const SCREENSHOTS = path.join(ROOT, "build/ui");
const SIZE = { width: 1280, height: 800 };
const PANEL_WIDTH = 348;
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".map": "application/json",
};
const IN_PATH = process.env.PATH.split(":").map((folder) => path.join(folder, "chromium"));
const CHROMIUM = IN_PATH.find((file) => fs.existsSync(file));

/** Steam's name of each: its locale, and a sentence of the panel's. */
export const LANGUAGES = {
  english: ["en-US", "No PC connected"],
  german: ["de-DE", "Kein PC verbunden"],
  spanish: ["es-ES", "Ningún PC conectado"],
  french: ["fr-FR", "Aucun PC connecté"],
  japanese: ["ja-JP", "接続中の PC はありません"],
  brazilian: ["pt-BR", "Nenhum PC conectado"],
  schinese: ["zh-CN", "没有电脑连接"],
};

/** For a test's `skip`. */
export const NO_CHROMIUM = CHROMIUM ? false : "needs chromium";

/** The file behind a path of the page's. */
function fileOf(pathname) {
  if (pathname === "/steam_model.js") {
    return path.join(ROOT, "tests/e2e/lib/steam_model.js");
  }
  const [, plugin] = /^\/plugin\/(dist\/.*)$/.exec(pathname) ?? [];
  return plugin ? path.join(ROOT, plugin) : path.join(PAGE, pathname);
}

let browser;

/** One browser for all tests of a file; each gets a context of its own. */
async function launch() {
  browser ??= await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
  return browser;
}

export const closeBrowser = () => browser?.close();

export class GameMode {
  /** What the page complained about; a test that provokes it empties this. */
  complaints = [];
  /** Calls of the plugin's: [method, …args]. */
  calls = [];
  /** As in the loader's first seconds: events get lost on their way to the page. */
  dropsEvents = false;
  /** Answers to the helper leave the page when this resolves. */
  answersLeave = Promise.resolve();

  /**
   * Opens the page with the plugin loaded. `backend`: whom it talks to; `language`: as Steam names
   * it; `model`: properties of the stand-in for Steam.
   */
  static async open(
    t,
    backend,
    { language = "english", locale = "en-US", model = {}, panel = true, dropsEvents = false } = {},
  ) {
    const gameMode = new GameMode();
    gameMode.backend = backend;
    gameMode.dropsEvents = dropsEvents;
    gameMode.context = await (await launch()).newContext({ viewport: SIZE, locale });
    t.after(() => gameMode.#finish());
    gameMode.page = await gameMode.context.newPage();
    await gameMode.#prepare({ language, model });
    await gameMode.page.goto(`${ORIGIN}/index.html`);
    await gameMode.load();
    if (panel) {
      await gameMode.openPanel();
    }
    return gameMode;
  }

  async #prepare({ language, model }) {
    const { page, backend } = this;
    page.setDefaultTimeout(WAIT_MS);
    page.on("pageerror", (error) => this.complaints.push(error.stack ?? String(error)));
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.complaints.push(message.text());
      }
    });
    await this.context.route(`${ORIGIN}/**`, (route) => this.#serve(route));
    await page.exposeFunction("loaderCall", async (name, method, args) => {
      this.calls.push([method, ...args]);
      if (method === "ipc_answer") {
        await this.answersLeave;
      }
      return this.backend.ask(method, args);
    });
    await page.addInitScript(
      ({ language, model }) => {
        window.steamLanguage = language;
        window.steamModel = model;
      },
      { language, model },
    );
    backend.onEvent = (name, args) => this.emit(name, args);
  }

  #serve(route) {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/favicon.ico") {
      return route.fulfill({ status: 204 });
    }
    if (pathname === "/react.js") {
      return route.fulfill({ contentType: TYPES[".js"], body: reactScript() });
    }
    const file = fileOf(pathname);
    const contentType = TYPES[path.extname(file)];
    return fs.existsSync(file)
      ? route.fulfill({ contentType, body: fs.readFileSync(file) })
      : route.fulfill({ status: 404 });
  }

  /** An event of the backend's; lost when the page is not there, as Decky loses it. */
  emit(name, args) {
    if (!this.dropsEvents) {
      this.page.evaluate(([n, a]) => window.deck?.emit(n, a), [name, args]).catch(() => {});
    }
  }

  async load() {
    await this.page.waitForFunction(() => window.deck);
    await this.page.evaluate(() => deck.load());
  }

  unload() {
    return this.page.evaluate(() => deck.unload());
  }

  /** Steam's interface restarts; its shortcuts stay. */
  async reload() {
    await this.page.reload();
    await this.load();
  }

  /** How many listeners, routes and so on there are. */
  registered() {
    return this.page.evaluate(() => deck.registered());
  }

  openPanel() {
    return this.page.evaluate(() => deck.openPanel());
  }

  closePanel() {
    return this.page.evaluate(() => deck.closePanel());
  }

  get panel() {
    return this.page.locator(".QuickAccess__page");
  }

  get dialog() {
    return this.page.getByRole("dialog");
  }

  /** Resolves once the panel shows this. */
  shows(pattern) {
    return this.panel.getByText(pattern).first().waitFor();
  }

  /** Resolves once nothing shows this any more. */
  hides(pattern) {
    return this.page.getByText(pattern).first().waitFor({ state: "detached" });
  }

  /** The model's plain data. */
  steam() {
    return this.page.evaluate(() => model.state());
  }

  /** What Steam was called for: [function, …arguments]. */
  async steamCalls(name) {
    const calls = await this.page.evaluate(() => model.calls);
    return calls.filter(([called]) => called === name);
  }

  set(properties) {
    return this.page.evaluate((values) => void Object.assign(model, values), properties);
  }

  async toasts() {
    return this.page.evaluate(() => deck.toasts);
  }

  /** Resolves once there was a toast with all of these in its two lines. */
  toast(...texts) {
    return until(`a toast says ${texts.join(", ")}`, async () =>
      (await this.toasts()).some((toast) => texts.every((text) => [toast.title, toast.body].includes(text))),
    );
  }

  /** Keeps a picture of what is to be seen, or of a part of it, in build/ui. */
  async screenshot(name, clip) {
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    await this.page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), animations: "disabled", clip });
  }

  /** The same of the panel from its top to its end, however long it is. */
  async wholePanel(name) {
    await this.page.setViewportSize({ ...SIZE, height: await this.page.evaluate(() => deck.stretch()) });
    const { width, height } = this.page.viewportSize();
    await this.screenshot(name, { x: width - PANEL_WIDTH, y: 0, width: PANEL_WIDTH, height });
    await this.page.evaluate(() => deck.stretch(false));
    await this.page.setViewportSize(SIZE);
  }

  /** What of the panel or the dialog on top reaches beyond its box. */
  overflowing() {
    return this.page.evaluate(() => {
      const box = deck.scope();
      const { left, right } = box.getBoundingClientRect();
      const describe = (element) =>
        `${element.className || element.tagName}: ${element.innerText?.slice(0, 60)}`;
      return [...box.querySelectorAll("*")]
        .filter((element) => {
          const rect = element.getBoundingClientRect();
          const cut =
            getComputedStyle(element).overflowX !== "visible" &&
            getComputedStyle(element).textOverflow !== "ellipsis" &&
            element.scrollWidth > element.clientWidth + 1;
          return rect.width > 0 && (rect.right > right + 0.5 || rect.left < left - 0.5 || cut);
        })
        .map(describe);
    });
  }

  /** The controller goes to the first thing with this text or name. */
  focus(name) {
    return this.page.evaluate((wanted) => {
      const named = (element) => [element.innerText, element.getAttribute("aria-label")].includes(wanted);
      deck.focusables().find(named).focus();
    }, name);
  }

  /**
   * What the controller cannot get to from the first element, of the panel or the dialog on top, or
   * of what `selector` finds there.
   */
  async unreached(selector) {
    const all = await this.page.evaluate((selected) => {
      const within = selected ? deck.scope().querySelector(selected) : deck.scope();
      window.reachable = deck.focusables(within);
      return window.reachable.map(
        (element) => element.innerText || element.getAttribute("aria-label") || element.tagName,
      );
    }, selector);
    const reached = new Set([0]);
    for (const from of reached) {
      for (const direction of ["Down", "Up", "Left", "Right"]) {
        await this.page.evaluate((index) => window.reachable[index].focus(), from);
        await this.page.keyboard.press(`Arrow${direction}`);
        const to = await this.page.evaluate(() => window.reachable.indexOf(document.activeElement));
        reached.add(Math.max(to, 0));
      }
    }
    const plain = await this.page.evaluate(() =>
      [...deck.scope().querySelectorAll("a, button, input, select, [role=switch], [role=slider]")]
        .filter((element) => !element.classList.contains("gpfocusable"))
        .map((element) => element.outerHTML),
    );
    return [...all.filter((_, index) => !reached.has(index)), ...plain];
  }

  async #finish() {
    this.backend.onEvent = () => {};
    await deadline(this.context.close(), "the page closes");
    if (this.complaints.length > 0) {
      throw new Error(`the page complained:\n${this.complaints.join("\n")}`);
    }
  }
}
