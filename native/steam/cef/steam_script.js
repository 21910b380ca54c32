/*
 * Runs inside Steam: in the page that has SteamClient, through its debugger (steam_driver_cef.c).
 * It is one function of one argument, the request:
 *
 *   {waitMs, method: "apply", change}     change: steam_change.h
 *   {waitMs, method: "holdImage", offset, data}     the next piece of an image in base64, and how
 *                                                   much of it there was before
 *   {waitMs, method: "showArtwork", image: {appId, assetType, imageType, length}}   the held image
 *   {waitMs, method: "restart"}
 *
 * It answers, within waitMs, {ok: true, appId} or {ok: false, kind, message}. kind: "conflict"
 * if Steam cannot be reached in this way or at this time (another may be tried), "not_found",
 * "io" (Steam's own answer). The facts it relies on are in README.md, "Inside Steam".
 */
async (request) => {
  const SHORTCUT = 1 << 30; // app_type, EAppType
  const SETTLE_MS = 10_000; // a new shortcut does not answer for a moment
  const STEADY_MS = 250; // Steam's own changes to a new shortcut come late
  const CALL_MS = 4_000;
  const ARTWORK_MS = 12_000;
  const HOLD_MS = 60_000;
  const LOOK_MS = 5_000;

  const end = performance.now() + request.waitMs; // not affected when the clock is set
  const apps = globalThis.SteamClient?.Apps;

  class Refusal extends Error {
    constructor(kind, message) {
      super(message);
      this.kind = kind;
    }
  }

  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /* Steam's answer, whether a promise or not; it may never come. */
  const answer = async (what, ask, ms = CALL_MS) => {
    const late = sleep(Math.min(ms, end - performance.now())).then(() => {
      throw new Refusal("conflict", `Steam did not answer: ${what}`);
    });
    try {
      return await Promise.race([Promise.resolve().then(ask), late]);
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal("io", `${what}: ${error.message}`);
    }
  };

  const call = (name, ...args) => {
    if (typeof apps[name] !== "function") {
      throw new Refusal("conflict", `this Steam has no ${name}()`);
    }
    return answer(name, () => apps[name](...args));
  };

  /* Polls until the condition holds; false if it does not in time. */
  const until = async (ask, ms) => {
    const last = Math.min(performance.now() + ms, end);
    for (let pause = 50; !(await ask()); pause = Math.min(2 * pause, 500)) {
      if (performance.now() >= last) {
        return false;
      }
      await sleep(pause);
    }
    return true;
  };

  /* Steam keeps paths in quotes, but does not always return them so. */
  const quoted = (path) => `"${path}"`;
  const unquoted = (path) => /^"(.*)"$/s.exec(path ?? "")?.[1] ?? path ?? "";
  const squeezed = (text) => text?.trim().replace(/\s+/g, " ");

  /* A changed entry keeps what its user has changed: change/shortcut_set.h. */
  const COMMAND = "%command%";
  const isWithin = (path, folder) => path === folder || path.startsWith(`${folder}/`);
  const ownsPath = (previous, last, now, wanted) =>
    previous.within ? isWithin(now, previous.within) : now === (last ?? "") || now === wanted;
  const areOptions = (now, options) => {
    const [have, want] = [squeezed(now ?? ""), squeezed(options ?? "")];
    const grown = want.includes(COMMAND) ? [] : [`${COMMAND} ${want}`, `${want} ${COMMAND}`];
    return [want, ...grown.map((text) => text.trim())].includes(have);
  };
  /* The target with the program set last replaced by exe; null: it is not in it. */
  const retarget = ({ exe: last }, now, exe) => {
    const escaped = last?.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    const pattern = last ? new RegExp(`(^|["' ])${escaped}(?=["' ]|$)`, "g") : null;
    return pattern?.test(now) ? now.replace(pattern, (_, before) => before + exe) : null;
  };

  const { appStore } = globalThis;
  const overview = (appId) => appStore.GetAppOverviewByAppID(appId) ?? null;
  const isShortcut = (app) => app.app_type === SHORTCUT || app.appid >= 2 ** 31;

  const shortcuts = () => {
    const list = appStore.allApps ?? globalThis.collectionStore?.deckDesktopApps?.allApps;
    return Array.from(list).filter(isShortcut);
  };

  /* Everything Steam knows about one app; null if it does not answer in time. */
  const details = (appId, ms = 1_000) =>
    new Promise((resolve) => {
      let registration = null;
      let done = false;
      const finish = (found) => {
        done = true;
        clearTimeout(timer);
        registration?.unregister();
        resolve(found);
      };
      const timer = setTimeout(() => finish(null), ms);
      registration = apps.RegisterForAppDetails(appId, (found) => {
        if (found?.unAppID && !done) {
          finish(found);
        }
      });
      if (done) {
        registration?.unregister(); // it called before it returned
      }
    });

  const exists = (appId) => {
    const app = appId ? overview(appId) : null;
    return app !== null && isShortcut(app);
  };

  const needShortcut = (appId) => {
    if (!exists(appId)) {
      throw new Refusal("not_found", `Steam has no shortcut with the app id ${appId}`);
    }
  };

  /* The 32-bit account id of the logged-in user; null if this Steam does not tell. */
  const accountId = () => {
    const steamId = globalThis.App?.m_CurrentUser?.strSteamID;
    return /^\d+$/.test(steamId) ? BigInt.asUintN(32, BigInt(steamId)).toString() : null;
  };

  /* With a half-loaded library, existing shortcuts would be created again. */
  const checkLibrary = () => {
    const isRead =
      typeof appStore?.GetAppOverviewByAppID === "function" &&
      appStore.m_bIsInitialized !== false &&
      globalThis.App?.GetServicesInitialized?.() !== false;
    if (!isRead) {
      throw new Refusal("conflict", "Steam is still starting and has not loaded its library yet");
    }
  };

  const checkAccount = (wanted) => {
    const actual = accountId();
    if (actual !== null && actual !== wanted) {
      throw new Refusal("conflict", `another user (${actual}) is logged in to Steam, not ${wanted}`);
    }
  };

  /* A shortcut for the same executable, perhaps made by hand: its app id, or 0. */
  const find = async (change) => {
    const sameName = (app) => app.display_name === change.name;
    const candidates = shortcuts().filter((app) => change.anyName || sameName(app));
    const known = await Promise.all(candidates.map((app) => details(app.appid, LOOK_MS)));
    const matches = candidates.filter((_, i) => unquoted(known[i]?.strShortcutExe) === change.exe);
    const silent = candidates.find((app, i) => known[i] === null && sameName(app));
    if (matches.length === 0 && silent) {
      throw new Refusal("conflict", `Steam does not report what '${change.name}' starts`);
    }
    return (matches.find(sameName) ?? matches[0])?.appid ?? 0;
  };

  /*
   * The required details, and how to set them. found: what an entry that was ours has now; what its
   * user has changed is not required.
   */
  const wishes = (appId, change, found) => {
    const previous = found ? change.previous : null;
    const target = change.command || quoted(change.exe);
    const moved =
      previous && !ownsPath(previous, previous.exe, unquoted(found.strShortcutExe), change.exe)
        ? retarget(previous, found.strShortcutExe ?? "", change.exe)
        : null;
    const list = [
      {
        what: "name",
        own: () => [previous.name, change.name].includes(found.strDisplayName),
        met: (found) => found.strDisplayName === change.name,
        make: () => call("SetShortcutName", appId, change.name),
      },
      {
        what: "executable",
        own: () =>
          moved !== null ||
          ownsPath(previous, previous.exe, unquoted(found.strShortcutExe), change.exe),
        met: (found) => unquoted(found.strShortcutExe) === unquoted(moved ?? target),
        make: () => call("SetShortcutExe", appId, moved ?? target),
      },
      {
        what: "start folder",
        own: () =>
          ownsPath(
            previous,
            previous.startDir,
            unquoted(found.strShortcutStartDir),
            change.startDir,
          ),
        met: (found) => unquoted(found.strShortcutStartDir) === change.startDir,
        make: () => call("SetShortcutStartDir", appId, quoted(change.startDir)),
      },
    ];
    if (typeof change.launchOptions === "string") {
      const setter = apps.SetShortcutLaunchOptions ? "SetShortcutLaunchOptions" : "SetAppLaunchOptions";
      list.push({
        what: "launch options",
        own: () => {
          const now = [found.strShortcutLaunchOptions, found.strLaunchOptions].find(Boolean);
          return [previous.launchOptions, change.launchOptions].some((text) => areOptions(now, text));
        },
        met: (found) =>
          [found.strShortcutLaunchOptions, found.strLaunchOptions]
            .map(squeezed)
            .includes(squeezed(change.launchOptions)),
        make: () => call(setter, appId, change.launchOptions),
      });
    }
    if (change.compatTool) {
      list.push({
        what: "compatibility tool",
        own: () => true,
        met: (found) => Boolean(found.strCompatToolName), // the user's choice is kept
        make: () => call("SpecifyCompatTool", appId, change.compatTool),
      });
    }
    return previous ? list.filter((wish) => wish.own()) : list;
  };

  /* Sets what differs and reads back, until nothing differs for a while. */
  const settle = async (appId, change, wasOurs) => {
    let list = wasOurs ? null : wishes(appId, change, null);
    let unmet = null; // Steam does not answer
    let problem = "";
    let touched = false;
    const look = async () => {
      const found = await details(appId);
      list ??= found && wishes(appId, change, found);
      unmet = found && list.filter((wish) => !wish.met(found));
      return unmet?.length === 0;
    };
    const step = async () => {
      if (await look()) {
        return !touched || (await sleep(STEADY_MS), look());
      }
      if (unmet === null || overview(appId) === null) {
        return false; // too new
      }
      touched = true;
      for (const wish of unmet) {
        try {
          await wish.make();
        } catch (error) {
          problem = `: ${error.message}`;
        }
      }
      return false;
    };
    if (await until(step, SETTLE_MS)) {
      return;
    }
    if (unmet === null) {
      throw new Refusal("conflict", `Steam reports no details of '${change.name}' (app id ${appId})`);
    } else {
      const what = unmet.map((wish) => wish.what).join(", ");
      throw new Refusal("io", `Steam did not take the ${what} of '${change.name}'${problem}`);
    }
  };

  /* A tag is a collection of that name. It is optional, so nothing fails here. */
  const addTag = async (appId, tag) => {
    try {
      const app = overview(appId);
      const store = globalThis.collectionStore;
      const collection =
        store.GetUserCollectionsByName(tag)[0] ?? store.NewUnsavedCollection(tag, undefined, []);
      if (!Array.from(collection.allApps ?? []).some((other) => other.appid === appId)) {
        collection.AsDragDropCollection().AddApps([app]);
        await answer("Save", () => collection.Save());
      }
    } catch {
      // not in this Steam
    }
  };

  const remove = async (appId) => {
    await call("RemoveShortcut", appId);
    if (!(await until(() => !exists(appId), CALL_MS))) {
      throw new Refusal("io", `Steam did not remove the shortcut with the app id ${appId}`);
    }
  };

  const add = async ({ name, exe, startDir, launchOptions }) => {
    const paths = [quoted(exe), quoted(startDir)];
    const appId = await call("AddShortcut", name, ...paths, launchOptions ?? "");
    if (!Number.isInteger(appId) || appId === 0) {
      throw new Refusal("io", `Steam did not create a shortcut for '${name}'`);
    }
    return appId >>> 0;
  };

  const put = async (change) => {
    const known = [change.appId, change.reportedAppId].find(exists);
    const wasOurs = Boolean(change.appId && known && change.previous?.name);
    const found = known ?? (await find(change));
    const appId = found || (await add(change));
    try {
      await settle(appId, change, wasOurs);
    } catch (error) {
      if (!found) {
        await remove(appId).catch(() => {});
      }
      throw error;
    }
    const before = wasOurs ? (change.previous.tags ?? []) : [];
    for (const tag of (change.tags ?? []).filter((tag) => !before.includes(tag))) {
      await addTag(appId, tag);
    }
    return appId;
  };

  const setIcon = async ({ appId, icon }) => {
    needShortcut(appId);
    if (typeof apps.SetShortcutIcon !== "function") {
      throw new Refusal("io", "this Steam cannot change a shortcut's icon while it runs");
    }
    await call("SetShortcutIcon", appId, icon);
    return appId;
  };

  /* The pieces of the image being sent, if none is missing so far. */
  const heldImage = (length) => {
    const pieces = globalThis.capydeckImage?.pieces ?? [];
    if (pieces.reduce((sum, piece) => sum + piece.length, 0) !== length) {
      throw new Refusal("conflict", "a piece of the image was lost on its way into Steam");
    }
    return pieces;
  };

  const actions = {
    put,
    remove: async ({ appId }) => {
      if (exists(appId)) {
        await remove(appId);
      }
      return appId;
    },
    set_icon: setIcon,
  };

  const methods = {
    apply: ({ change }) => {
      checkLibrary();
      checkAccount(change.accountId);
      return actions[change.action](change);
    },

    holdImage: ({ offset, data }) => {
      const pieces = offset === 0 ? [] : heldImage(offset);
      clearTimeout(globalThis.capydeckImage?.timer);
      const timer = setTimeout(() => delete globalThis.capydeckImage, HOLD_MS);
      globalThis.capydeckImage = { pieces: [...pieces, data], timer };
      return 0;
    },

    showArtwork: async ({ image: { appId, assetType, imageType, length } }) => {
      const data = heldImage(length).join("");
      clearTimeout(globalThis.capydeckImage?.timer);
      delete globalThis.capydeckImage;
      checkLibrary();
      needShortcut(appId);
      const show = () => apps.SetCustomArtworkForApp(appId, data, imageType, assetType);
      await answer("SetCustomArtworkForApp", show, ARTWORK_MS);
      return appId;
    },

    restart: async () => {
      const { User } = globalThis.SteamClient;
      if (typeof User?.StartRestart !== "function") {
        throw new Refusal("conflict", "this Steam cannot be asked to restart");
      }
      setTimeout(() => User.StartRestart(false), 100); // once the answer has been sent
      return 0;
    },
  };

  const run = async () => {
    try {
      if (performance.now() >= end) {
        throw new Refusal("conflict", "Steam is busy with an earlier change");
      }
      if (typeof apps?.AddShortcut !== "function") {
        throw new Refusal("conflict", "this is not Steam, or it is still starting");
      }
      return { ok: true, appId: await methods[request.method](request) };
    } catch (error) {
      return { ok: false, kind: error.kind ?? "conflict", message: String(error.message) };
    }
  };

  // One after another: an agent that was killed and retries must not find its first call half done.
  const turn = (globalThis.capydeckTurn ?? Promise.resolve()).then(run);
  globalThis.capydeckTurn = turn;
  return turn;
}
