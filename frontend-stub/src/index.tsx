import { definePlugin, routerHook, toaster } from "@decky/api";
import { showModal } from "@decky/ui";
import type { ReactNode } from "react";

import steamScript from "../../native/steam/steam_script.js";
import { actionsOf } from "./actions.js";
import { PluginIcon } from "./components/Icons.js";
import { PairingDialog } from "./components/PairingDialog.js";
import { SessionContext } from "./hooks/useSession.js";
import { shownCode } from "./hooks/useShownCode.js";
import { deckyBridge } from "./ipc/client.js";
import type { Pairing } from "./ipc/methods.js";
import { Session } from "./session.js";
import { steamLanguage } from "./steam/steamLanguage.js";
import { ManagePage } from "./views/ManagePage.js";
import { QuickAccess } from "./views/QuickAccess.js";
import { ROUTE } from "./views/routes.js";

/** Shows a code as long as it holds, unless it was hidden. */
function pairingDialog(session: () => Session): (pairing: Pairing | null) => void {
  let code = "";
  let close = () => {};
  return (pairing) => {
    if (pairing && pairing.code === code) {
      return;
    }
    close();
    close = () => {};
    code = pairing?.code ?? "";
    if (pairing) {
      const modal = showModal(
        <PairingDialog
          shown={shownCode(pairing)}
          texts={session().texts}
          onReject={actionsOf(session()).reject}
          onHide={() => (close = () => {})}
        />,
      );
      close = modal.Close;
    }
  };
}

export default definePlugin(() => {
  const showPairing = pairingDialog(() => session);
  const session = new Session({
    bridge: deckyBridge,
    script: steamScript,
    locale: navigator.language,
    showPairing,
    toast: (title, body) =>
      void toaster.toast({ title, body, logo: <ToastIcon />, onClick: undefined, duration: 5_000 }),
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
      showPairing(null);
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
