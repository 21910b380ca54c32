// Decky's loader as a plugin meets it (the API of version 2), and the Game Mode around it. Tests
// drive it through `deck`; what it needs of the world outside it gets from there: loaderCall(name,
// method, args) is the plugin's backend.
import { DFL, dialogs, h, navigation, strict } from "./components.js";
import { focusables, scope } from "./focus.js";
import { createStore } from "./store.js";

const { SP_REACT: React, SP_REACTDOM: ReactDOM } = window;
const MODEL = "steam-model";

const plugins = createStore({ plugin: null });
const toasts = createStore({ shown: [] });
const registered = {
  listeners: [], // [event, listener]
  routes: new Map(),
};
const routes = createStore({ version: 0 });
const routesChanged = () => routes.set(({ version }) => ({ version: version + 1 }));

/** What crosses the loader's socket is JSON. */
const overTheWire = (value) => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

async function callBackend(name, method, args) {
  const { result, error } = await window.loaderCall(name, method, overTheWire(args));
  if (error !== undefined) {
    throw new Error(error);
  }
  return result;
}

let nextToast = 1;
function toast(data) {
  const id = nextToast++;
  const dismiss = () => toasts.set(({ shown }) => ({ shown: shown.filter((other) => other.id !== id) }));
  toasts.set(({ shown }) => ({ shown: [...shown, { ...data, id, dismiss }] }));
  deck.toasts.push({ title: text(data.title), body: text(data.body) });
  setTimeout(dismiss, data.duration ?? 5000);
  return { data, dismiss };
}
const text = (node) => (typeof node === "string" ? node : node === undefined ? "" : "(element)");

function connect(version, name) {
  if (version !== 2) {
    throw new Error(`a loader of version ${version} is not here`);
  }
  const call = (method, ...args) => callBackend(name, method, args);
  return {
    _version: 2,
    call,
    callable:
      (method) =>
      (...args) =>
        call(method, ...args),
    addEventListener(event, listener) {
      registered.listeners.push([event, listener]);
      return listener;
    },
    removeEventListener(event, listener) {
      const at = registered.listeners.findIndex(([e, l]) => e === event && l === listener);
      if (at >= 0) {
        registered.listeners.splice(at, 1);
      }
    },
    toaster: strict("toaster", { toast }),
    routerHook: strict("routerHook", {
      addRoute(path, component) {
        registered.routes.set(path, component);
        routesChanged();
      },
      removeRoute(path) {
        registered.routes.delete(path);
        routesChanged();
      },
    }),
    /** Decky's dialog over the folders; the test says what is chosen: deck.chosenFolder. */
    async openFilePicker(select, startPath, includeFiles, includeFolders) {
      deck.pickers.push({ select, startPath, includeFiles, includeFolders });
      if (deck.chosenFolder === null) {
        throw new Error("User canceled");
      }
      return { path: deck.chosenFolder, realpath: deck.chosenFolder };
    },
    useQuickAccessVisible: () => navigation.use().panel,
  };
}

window.DFL = DFL;
window.SteamClient.Settings = { GetCurrentLanguage: async () => window.steamLanguage };
window.__DECKY_SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED_deckyLoaderAPIInit = { connect };

const intervals = new Set();
const { setInterval: realSetInterval, clearInterval: realClearInterval } = window;
window.setInterval = (...args) => {
  const id = realSetInterval(...args);
  intervals.add(id);
  return id;
};
window.clearInterval = (id) => {
  intervals.delete(id);
  realClearInterval(id);
};

let loads = 0;

/** What tests use. */
const deck = {
  toasts: [], // {title, body} of all there were
  pickers: [], // what each asked for
  chosenFolder: null,

  async load() {
    const module = await import(`/plugin/dist/index.js?load=${++loads}`);
    plugins.set({ plugin: module.default() });
  },

  unload() {
    const { plugin } = plugins.get();
    plugins.set({ plugin: null });
    plugin.onDismount?.();
  },

  openPanel: () => navigation.set({ panel: true }),
  closePanel: () => navigation.set({ panel: false }),
  /** An event of the backend's. */
  emit(event, args) {
    for (const [name, listener] of [...registered.listeners]) {
      if (name === event) {
        listener(...overTheWire(args));
      }
    }
  },

  /** How many of each there are; nothing may be left of a plugin that was unloaded. */
  registered: () => ({
    listeners: registered.listeners.length,
    routes: registered.routes.size,
    dialogs: dialogs.get().open.length,
    intervals: intervals.size,
    detailWatchers: [...watchers.values()].reduce((sum, { size }) => sum + size, 0),
  }),

  focusables,
  scope,

  /** Makes room for all that is scrolled, without what lies over it; returns the height. */
  stretch(on = true) {
    const hidden = [...document.querySelectorAll("[data-scroll]")].map(
      ({ scrollHeight, clientHeight }) => scrollHeight - clientHeight,
    );
    const height = on ? 800 + Math.max(0, ...hidden) : 800;
    document.querySelector(".Toasts").hidden = on;
    document.body.style.height = `${height}px`;
    return height;
  },
};
window.deck = deck;

/* Steam's shortcuts are the client's: they outlive its interface. */
window.addEventListener("pagehide", () => {
  const { shortcuts, collections, calls, nextAppId } = model;
  const entries = [...shortcuts].map(([appId, entry]) => [appId, { ...entry, ready: true }]);
  const sets = [...collections].map(([name, ids]) => [name, [...ids]]);
  sessionStorage.setItem(MODEL, JSON.stringify({ entries, sets, calls, nextAppId }));
});
Object.assign(model, window.steamModel);
const saved = JSON.parse(sessionStorage.getItem(MODEL));
if (saved) {
  model.shortcuts = new Map(saved.entries);
  model.collections = new Map(saved.sets.map(([name, ids]) => [name, new Set(ids)]));
  model.calls = saved.calls;
  model.nextAppId = saved.nextAppId;
}

function Panel() {
  const { panel } = navigation.use();
  const { plugin } = plugins.use();
  const { open } = dialogs.use();
  if (!panel || !plugin) {
    return null;
  }
  return h(
    "aside",
    { className: "QuickAccess" },
    h(
      "nav",
      { className: "QuickAccess__rail" },
      ["a", "b", "c", "d", "e"].map((key) => h("i", { key })),
      h("span", { className: "QuickAccess__tab" }, plugin.icon),
    ),
    h(
      "div",
      { className: "QuickAccess__page", "data-scope": open.length ? undefined : "" },
      h("div", { className: "QuickAccess__title" }, plugin.titleView ?? plugin.name),
      h(
        "div",
        { className: "QuickAccess__content", "data-scroll": "" },
        plugin.alwaysRender || panel ? plugin.content : null,
      ),
    ),
  );
}

function Page() {
  const { path } = navigation.use();
  routes.use();
  const [, component] = [...registered.routes].find(([route]) => `${path}/`.startsWith(`${route}/`)) ?? [];
  const [, appId] = /^\/library\/app\/(\d+)$/.exec(path) ?? [];
  if (appId) {
    const { display_name: name } = window.appStore.GetAppOverviewByAppID(Number(appId)) ?? {};
    return h("main", { className: "Library" }, h("h1", null, name ?? `no app ${appId}`));
  }
  return component
    ? h("div", { className: "Page", "data-scope": "" }, h(component))
    : h(
        "main",
        { className: "Library" },
        h("h1", null, "Library"),
        Array.from({ length: 10 }, (_, index) => h("div", { key: index, className: "Library__game" })),
      );
}

function Toasts() {
  const { shown } = toasts.use();
  return h(
    "div",
    { className: "Toasts" },
    shown.map(({ id, title, body, icon, logo, onClick }) =>
      h(
        "div",
        { key: id, className: "Toast", role: "status", onClick },
        h("div", { className: "Toast__icon" }, icon ?? logo),
        h(
          "div",
          { className: "Toast__text" },
          h("div", { className: "Toast__title" }, title),
          h("div", null, body),
        ),
      ),
    ),
  );
}

function GameMode() {
  routes.use();
  const { open } = dialogs.use();
  return h(
    React.Fragment,
    null,
    h(Page),
    h(Panel),
    open.map(({ id, element }) => h("div", { key: id, className: "Overlay" }, element)),
    h(Toasts),
  );
}

ReactDOM.createRoot(document.getElementById("root")).render(h(GameMode));
