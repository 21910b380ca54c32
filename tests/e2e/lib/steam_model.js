// The inside of a Steam client as far as it can be told from outside: SteamClient.Apps, appStore and
// collectionStore over shortcuts that live in this page, with the habits of the real one. A new
// shortcut is called after its executable, ignores all else it is given, and for a moment nobody
// knows it; details come by callback, and only for what exists. Query: ?title=SP, ?steam=none.
const query = new URLSearchParams(location.search);
document.title = query.get("title") ?? document.title;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What tests read and set; `faults` makes single functions misbehave. */
const model = {
  shortcuts: new Map(), // app id → {name, exe, startDir, launchOptions, compatTool, icon, artwork}
  collections: new Map(), // name → Set of app ids
  calls: [], // [function, …arguments]
  accountId: 52079950,
  initialized: true, // Steam has read its library
  latencyMs: 200, // until a new shortcut answers
  faults: {}, // function → "throws" | "ignores" | "hangs" | "missing"
  lateOptions: "", // what a new shortcut's launch options become by themselves
  restarts: 0,
  running: 0, // the app id of the shortcut that was started last
  nextAppId: 3_000_000_001,

  /** One that was there before, as if the user had made it. */
  place(entry) {
    const appId = model.nextAppId++;
    model.shortcuts.set(appId, { ...blank(entry.exe), ...entry, ready: true });
    return appId;
  },

  /** Plain data for a test. */
  state() {
    const shortcuts = [...model.shortcuts].map(([appId, entry]) => ({ appId, ...entry }));
    const collections = [...model.collections].map(([name, ids]) => [name, [...ids]]);
    return { shortcuts, collections: Object.fromEntries(collections), restarts: model.restarts };
  },
};

const blank = (exe) => ({
  name: exe.replaceAll('"', "").split("/").pop(),
  exe,
  startDir: "",
  launchOptions: "",
  compatTool: "",
  icon: "",
  artwork: {},
  ready: false,
});

const ready = (appId) => (model.shortcuts.get(appId)?.ready ? model.shortcuts.get(appId) : null);

const overviewOf = (appId) =>
  ready(appId) && { appid: appId, app_type: 1 << 30, display_name: ready(appId).name };

const detailsOf = (appId) => {
  const entry = ready(appId);
  return {
    unAppID: appId,
    strDisplayName: entry.name,
    strShortcutExe: entry.exe,
    strShortcutStartDir: entry.startDir,
    strShortcutLaunchOptions: entry.launchOptions,
    strCompatToolName: entry.compatTool,
  };
};

const watchers = new Map(); // app id → Set of callbacks
const tell = async (appId) => {
  await sleep(5);
  if (ready(appId)) {
    watchers.get(appId)?.forEach((callback) => callback(detailsOf(appId)));
  }
};

const set = (key) => (appId, value) => {
  if (ready(appId)) {
    model.shortcuts.get(appId)[key] = value;
    tell(appId);
  }
};

const functions = {
  async AddShortcut(name, exe) {
    const appId = model.nextAppId++;
    model.shortcuts.set(appId, blank(exe));
    setTimeout(() => {
      const entry = model.shortcuts.get(appId);
      if (entry) {
        entry.ready = true;
        setTimeout(() => model.lateOptions && set("launchOptions")(appId, model.lateOptions), 120);
      }
    }, model.latencyMs);
    await sleep(5);
    return appId;
  },
  RemoveShortcut(appId) {
    setTimeout(() => model.shortcuts.delete(appId), 50);
  },
  SetShortcutName: set("name"),
  SetShortcutExe: set("exe"),
  SetShortcutStartDir: set("startDir"),
  SetShortcutLaunchOptions: set("launchOptions"),
  SetAppLaunchOptions: set("launchOptions"),
  SpecifyCompatTool: set("compatTool"),
  SetShortcutIcon: set("icon"),
  async GetAvailableCompatTools() {
    return [
      { strToolName: "proton_experimental", strDisplayName: "Proton Experimental" },
      { strToolName: "proton_9", strDisplayName: "Proton 9.0-4" },
    ];
  },
  RunGame(gameId) {
    model.running = Number(BigInt(gameId) >> 32n);
  },
  async SetCustomArtworkForApp(appId, data, type, assetType) {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sha256 = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    model.shortcuts.get(appId).artwork[assetType] = { type, sha256 };
  },
  RegisterForAppDetails(appId, callback) {
    const all = watchers.get(appId) ?? new Set();
    watchers.set(appId, all.add(callback));
    tell(appId);
    return { unregister: () => all.delete(callback) };
  },
};

if (query.get("steam") !== "none") {
  const withFaults = (name, work) => (...args) => {
    model.calls.push([name, ...args]);
    switch (model.faults[name]) {
      case "throws":
        throw new Error(`${name} does not like it`);
      case "hangs":
        return new Promise(() => {});
      case "ignores":
        return undefined;
      default:
        return work(...args);
    }
  };
  const faulty = Object.entries(functions).map(([name, work]) => [name, withFaults(name, work)]);
  window.SteamClient = {
    Apps: new Proxy(Object.fromEntries(faulty), {
      get: (apps, name) => (model.faults[name] === "missing" ? undefined : apps[name]),
    }),
    User: { StartRestart: () => model.restarts++ },
  };
  window.App = {
    GetServicesInitialized: () => model.initialized,
    m_CurrentUser: {
      get strSteamID() {
        return String(76561197960265728n + BigInt(model.accountId));
      },
    },
  };
  window.appStore = {
    get allApps() {
      const games = [{ appid: 570, app_type: 1, display_name: "Dota 2" }];
      return [...games, ...[...model.shortcuts.keys()].map(overviewOf).filter(Boolean)];
    },
    GetAppOverviewByAppID: overviewOf,
  };
  const collectionOf = (name, ids) => ({
    displayName: name,
    get allApps() {
      return [...ids].map(overviewOf);
    },
    AsDragDropCollection: () => ({ AddApps: (apps) => apps.forEach(({ appid }) => ids.add(appid)) }),
    Save: async () => void model.collections.set(name, ids),
  });
  window.collectionStore = {
    GetUserCollectionsByName: (name) =>
      model.collections.has(name) ? [collectionOf(name, model.collections.get(name))] : [],
    NewUnsavedCollection: (name, filter, apps) =>
      collectionOf(name, new Set(apps.map(({ appid }) => appid))),
  };
}
