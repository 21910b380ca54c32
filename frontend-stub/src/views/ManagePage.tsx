import { SidebarNavigation } from "@decky/ui";

import { DiscoveryHelp } from "../components/DiscoveryHelp.js";
import { GameList, newestFirst, TrashList } from "../components/GameList.js";
import { HubList } from "../components/HubList.js";
import { SettingList } from "../components/SettingList.js";
import { SteamState } from "../components/SteamState.js";
import { discoveryChecks } from "../discovery.js";
import { useActions, useHelper, useKnown, useSession, useTexts } from "../hooks/useSession.js";
import { routes } from "./routes.js";

/** The full-screen page, for what the panel is too small for. */
export function ManagePage() {
  const { get } = useTexts();
  return (
    <SidebarNavigation
      title="CapyDeck"
      showTitle
      pages={[
        { title: get("games"), route: routes.games, content: <Games /> },
        { title: get("trash"), route: routes.trash, content: <Trash /> },
        { title: get("hubs"), route: routes.hubs, content: <Hubs /> },
        { title: "Steam", route: routes.steam, content: <Steam /> },
        { title: get("settings"), route: routes.settings, content: <Settings /> },
        { title: get("help"), route: routes.help, content: <Help /> },
      ]}
    />
  );
}

function Games() {
  const { value: games } = useKnown(useSession().state.games);
  const { deleteGame } = useActions();
  const texts = useTexts();
  return games && <GameList games={newestFirst(games)} texts={texts} onDelete={deleteGame} />;
}

function Trash() {
  const { value: games } = useKnown(useSession().state.trash);
  const { restoreGame, discardGame } = useActions();
  const texts = useTexts();
  return (
    games && (
      <TrashList games={games} texts={texts} onRestore={restoreGame} onDiscard={discardGame} />
    )
  );
}

function Hubs() {
  const { value: hubs } = useKnown(useSession().state.hubs);
  const { revoke } = useActions();
  const texts = useTexts();
  return hubs && <HubList hubs={hubs} texts={texts} onRevoke={revoke} />;
}

function Steam() {
  const { value: status } = useKnown(useSession().state.status);
  const { restartSteam } = useActions();
  const texts = useTexts();
  return (
    status && <SteamState isDetailed steam={status.steam} texts={texts} onRestart={restartSteam} />
  );
}

function Settings() {
  const { value: settings } = useKnown(useSession().state.settings);
  const { change, toggle } = useActions();
  const texts = useTexts();
  return (
    settings && (
      <SettingList settings={settings} texts={texts} onChange={change} onToggle={toggle} />
    )
  );
}

function Help() {
  const { value: status } = useKnown(useSession().state.status);
  const helper = useHelper();
  const texts = useTexts();
  return <DiscoveryHelp checks={discoveryChecks(helper, status)} texts={texts} />;
}
