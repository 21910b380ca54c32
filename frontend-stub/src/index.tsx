import { definePlugin, routerHook, toaster } from "@decky/api";
import { Navigation } from "@decky/ui";
import type { ReactNode } from "react";

import steamScript from "../../native/steam/cef/steam_script.js";
import { actionsOf } from "./actions.js";
import { closeDialogs, openDialog } from "./components/dialogs.js";
import { PluginIcon } from "./components/Icons.js";
import { PairingDialog } from "./components/PairingDialog.js";
import { chooseFolder } from "./folders.js";
import { SessionContext } from "./hooks/useSession.js";
import { deckyBridge } from "./ipc/client.js";
import { Session } from "./session.js";
import type { ShownCode } from "./state.js";
import { steamLanguage } from "./steam/steamLanguage.js";
import { ManagePage } from "./views/ManagePage.js";
import { QuickAccess } from "./views/QuickAccess.js";
import { ROUTE } from "./views/routes.js";

/** Shows a code as long as it is valid, unless it was hidden. */
function codeDialog(session: () => Session): (shown: ShownCode | null) => void {
  let code = "";
  let close = () => {};
  return (shown) => {
    if (shown && shown.code === code) {
      return;
    }
    close();
    close = () => {};
    code = shown?.code ?? "";
    if (shown) {
      const { texts } = session();
      const { reject } = actionsOf(session());
      close = openDialog(<PairingDialog shown={shown} texts={texts} onReject={reject} />);
    }
  };
}

export default definePlugin(() => {
  const session: Session = new Session({
    bridge: deckyBridge,
    script: steamScript,
    locale: navigator.language,
    showCode: codeDialog(() => session),
    toast: (title, body, press) =>
      void toaster.toast({ title, body, logo: <ToastIcon />, onClick: press, duration: 5_000 }),
    chooseFolder,
    open(route) {
      Navigation.CloseSideMenus();
      Navigation.Navigate(route);
    },
  });
  const provide = (children: ReactNode) => (
    <SessionContext.Provider value={session}>{children}</SessionContext.Provider>
  );
  routerHook.addRoute(ROUTE, () => provide(<ManagePage />));
  void session.start(steamLanguage());
  return {
    name: "CapyDeck",
    icon: <PluginIcon />,
    content: provide(<QuickAccess />),
    onDismount() {
      session.stop();
      closeDialogs();
      routerHook.removeRoute(ROUTE);
    },
  };
});

function ToastIcon() {
  return (
    <div style={{ fontSize: 24, display: "grid", placeItems: "center", height: "100%" }}>
      <PluginIcon />
    </div>
  );
}
