import { SidebarNavigation } from "@decky/ui";
import type { ReactNode } from "react";

import { DiscoveryHelp } from "../components/DiscoveryHelp.js";
import { GameList, newestFirst, TrashList } from "../components/GameList.js";
import { HelperState } from "../components/HelperState.js";
import { HubList } from "../components/HubList.js";
import { TextRow } from "../components/Row.js";
import { SettingList } from "../components/SettingList.js";
import { SteamState } from "../components/SteamState.js";
import { discoveryChecks } from "../discovery.js";
import { useActions, useHelper, useKnown, useSession, useTexts } from "../hooks/useSession.js";
import type { Pulled } from "../ipc/pulled.js";
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

interface KnownProps<T> {
  part: Pulled<T>;
  children: (value: T) => ReactNode;
}

/** What is known of a part, and why it may be old or missing. */
function Known<T>({ part, children }: KnownProps<T>) {
  const { value, error } = useKnown(part);
  const helper = useHelper();
  const texts = useTexts();
  const { retry } = useActions();
  const isLoading = helper.state === "running" && error === undefined;
  return (
    <>
      <HelperState helper={helper} error={error} texts={texts} onRetry={retry} />
      {value !== undefined && children(value)}
      {value === undefined && isLoading && <TextRow>{texts.get("loading")}</TextRow>}
    </>
  );
}

function Games() {
  const { deleteGame, imageOf, openGame, startGame } = useActions();
  const texts = useTexts();
  return (
    <Known part={useSession().state.games}>
      {(games) => (
        <GameList
          games={newestFirst(games)}
          texts={texts}
          loadImage={imageOf}
          onStart={startGame}
          onOpen={openGame}
          onDelete={deleteGame}
        />
      )}
    </Known>
  );
}

function Trash() {
  const { restoreGame, discardGame } = useActions();
  const texts = useTexts();
  return (
    <Known part={useSession().state.trash}>
      {(games) => (
        <TrashList games={games} texts={texts} onRestore={restoreGame} onDiscard={discardGame} />
      )}
    </Known>
  );
}

function Hubs() {
  const { revoke } = useActions();
  const texts = useTexts();
  return (
    <Known part={useSession().state.hubs}>
      {(hubs) => <HubList hubs={hubs} texts={texts} onRevoke={revoke} />}
    </Known>
  );
}

function Steam() {
  const { restartSteam } = useActions();
  const texts = useTexts();
  return (
    <Known part={useSession().state.status}>
      {({ steam }) => (
        <SteamState isDetailed steam={steam} texts={texts} onRestart={restartSteam} />
      )}
    </Known>
  );
}

function Settings() {
  const { change, toggle } = useActions();
  const texts = useTexts();
  return (
    <Known part={useSession().state.settings}>
      {(settings) => (
        <SettingList settings={settings} texts={texts} onChange={change} onToggle={toggle} />
      )}
    </Known>
  );
}

function Help() {
  const texts = useTexts();
  return (
    <Known part={useSession().state.status}>
      {(status) => <DiscoveryHelp checks={discoveryChecks(status)} texts={texts} />}
    </Known>
  );
}
