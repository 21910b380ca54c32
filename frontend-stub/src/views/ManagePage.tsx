import { SidebarNavigation } from "@decky/ui";
import type { ReactNode } from "react";

import { DiscoveryHelp } from "../components/DiscoveryHelp.js";
import { DiagnosticsView } from "../components/DiagnosticsView.js";
import { GameList, newestFirst, TrashList } from "../components/GameList.js";
import { HelperState } from "../components/HelperState.js";
import { HubList } from "../components/HubList.js";
import { KeptList } from "../components/KeptList.js";
import { LibraryList } from "../components/LibraryList.js";
import { TextRow } from "../components/Row.js";
import { SettingList } from "../components/SettingList.js";
import { SteamState } from "../components/SteamState.js";
import { diagnosticsOf, reportOf } from "../diagnostics.js";
import { discoveryChecks } from "../discovery.js";
import { useChoices } from "../hooks/useChoices.js";
import {
  useActions,
  useHelper,
  useKnown,
  useSession,
  useTexts,
  useTrashDays,
} from "../hooks/useSession.js";
import type { Pulled } from "../ipc/pulled.js";
import { splitSettings } from "../settingGroups.js";
import { routes } from "./routes.js";

/** The full-screen page, for what the panel is too small for. */
export function ManagePage() {
  const { get } = useTexts();
  const { value: status } = useKnown(useSession().state.status);
  return (
    <SidebarNavigation
      title="CapyDeck"
      showTitle
      pages={[
        { title: get("games"), route: routes.games, content: <Games /> },
        { title: get("trash"), route: routes.trash, content: <Trash /> },
        { title: get("kept"), route: routes.kept, content: <KeptFiles /> },
        { title: get("hubs"), route: routes.hubs, content: <Hubs /> },
        { title: get("libraries"), route: routes.libraries, content: <Libraries /> },
        {
          title: get("steam"),
          route: routes.steam,
          content: <Steam />,
          visible: status !== undefined && status.steam.queued > 0,
        },
        { title: get("settings"), route: routes.settings, content: <Settings part="plain" /> },
        { title: get("advanced"), route: routes.advanced, content: <Settings part="advanced" /> },
        { title: get("help"), route: routes.help, content: <Help /> },
        { title: get("diagnostics"), route: routes.diagnostics, content: <Diagnose /> },
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
  const trashDays = useTrashDays();
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
          trashDays={trashDays}
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

function KeptFiles() {
  const { restoreKept, discardKept, rollback } = useActions();
  const texts = useTexts();
  return (
    <Known part={useSession().state.kept}>
      {(kept) => (
        <KeptList
          kept={kept}
          texts={texts}
          onRestore={restoreKept}
          onDiscard={discardKept}
          onRollback={rollback}
        />
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
        <SteamState steam={steam} texts={texts} onRestart={restartSteam} />
      )}
    </Known>
  );
}

function Settings({ part }: { part: "plain" | "advanced" }) {
  const { change, chooseFolder, toggle } = useActions();
  const texts = useTexts();
  const choices = useChoices();
  const isKnown = (key: string) => texts.find(key) !== undefined;
  return (
    <Known part={useSession().state.settings}>
      {(settings) => (
        <SettingList
          settings={splitSettings(settings, isKnown)[part]}
          choices={choices}
          texts={texts}
          onChange={change}
          onToggle={toggle}
          onChooseFolder={chooseFolder}
        />
      )}
    </Known>
  );
}

function Libraries() {
  const { chooseLibrary, moveLibrary } = useActions();
  const texts = useTexts();
  return (
    <Known part={useSession().state.status}>
      {({ libraries }) => (
        <LibraryList
          libraries={libraries}
          texts={texts}
          onUse={moveLibrary}
          onChoose={() => chooseLibrary(libraries)}
        />
      )}
    </Known>
  );
}

function Diagnose() {
  const { state } = useSession();
  const texts = useTexts();
  const { copyReport } = useActions();
  const { value: log = [] } = useKnown(state.log);
  return (
    <Known part={state.status}>
      {(status) => {
        const diagnostics = diagnosticsOf(status);
        return (
          <DiagnosticsView
            diagnostics={diagnostics}
            log={log}
            texts={texts}
            onCopy={() => copyReport(reportOf(diagnostics, log))}
          />
        );
      }}
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
