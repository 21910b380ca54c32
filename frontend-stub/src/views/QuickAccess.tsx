import { useQuickAccessVisible } from "@decky/api";
import { ButtonItem, PanelSection, PanelSectionRow } from "@decky/ui";
import { useEffect } from "react";

import { CodeCard } from "../components/CodeCard.js";
import { DeviceState } from "../components/DeviceState.js";
import { FirstUse } from "../components/FirstUse.js";
import { GameList, newestFirst } from "../components/GameList.js";
import { HelperState } from "../components/HelperState.js";
import { HubList } from "../components/HubList.js";
import { LibraryList } from "../components/LibraryList.js";
import { TextRow } from "../components/Row.js";
import { SteamState } from "../components/SteamState.js";
import { TransferList } from "../components/TransferList.js";
import { WaitingList } from "../components/WaitingList.js";
import {
  useActions,
  useHelper,
  useKnown,
  useSession,
  useTexts,
  useTrashDays,
  VisibleContext,
} from "../hooks/useSession.js";
import { routes } from "./routes.js";

/** All others are a page away. */
const GAMES_SHOWN = 3;
/** After it, a speed that was told is looked at again. */
const SILENCE_MS = 3_000;

/** The panel in Steam's quick access menu. */
export function QuickAccess() {
  return (
    <VisibleContext.Provider value={useQuickAccessVisible()}>
      <Problem />
      <Code />
      <Waiting />
      <Device />
      <Transfers />
      <GamesAndHubs />
      <Steam />
    </VisibleContext.Provider>
  );
}

function Problem() {
  const { state } = useSession();
  const helper = useHelper();
  const texts = useTexts();
  const { retry } = useActions();
  const parts = [useKnown(state.status), useKnown(state.games), useKnown(state.hubs)];
  const error = parts.find((part) => part.error !== undefined)?.error;
  const isLoading =
    helper.state === "running" && parts.every((part) => !part.value && part.error === undefined);
  return (
    <>
      <HelperState helper={helper} error={error} texts={texts} onRetry={retry} />
      {isLoading && (
        <PanelSection>
          <TextRow>{texts.get("loading")}</TextRow>
        </PanelSection>
      )}
    </>
  );
}

function Code() {
  const texts = useTexts();
  const { value: shown, error } = useKnown(useSession().state.code);
  const { reject } = useActions();
  if (!shown || error) {
    return null;
  }
  return (
    <PanelSection>
      <PanelSectionRow>
        <TextRow>{texts.get("pairTitle", { name: shown.hubName })}</TextRow>
      </PanelSectionRow>
      <PanelSectionRow>
        <CodeCard shown={shown} texts={texts} fontSize={44} />
      </PanelSectionRow>
      <PanelSectionRow>
        <ButtonItem layout="below" bottomSeparator="none" onClick={reject}>
          {texts.get("reject")}
        </ButtonItem>
      </PanelSectionRow>
    </PanelSection>
  );
}

/** Next to the code: if it is a stranger's, the owner's PC is one of these. */
function Waiting() {
  const { value: waiting } = useKnown(useSession().state.waiting);
  const texts = useTexts();
  const { pick } = useActions();
  if (!waiting || waiting.length === 0) {
    return null;
  }
  return (
    <PanelSection>
      <PanelSectionRow>
        <WaitingList hubs={waiting} texts={texts} onPick={pick} />
      </PanelSectionRow>
    </PanelSection>
  );
}

/** Until a PC is paired or a game is there, how that comes about is all there is to say of them. */
function GamesAndHubs() {
  const { state } = useSession();
  const { value: status } = useKnown(state.status);
  const { value: games } = useKnown(state.games);
  const { value: hubs } = useKnown(state.hubs);
  const texts = useTexts();
  if (status?.uploads.length === 0 && games?.length === 0 && hubs?.length === 0) {
    return (
      <PanelSection title={texts.get("firstTitle")}>
        <FirstUse agent={status.agent} texts={texts} />
      </PanelSection>
    );
  }
  return (
    <>
      <Games />
      <Libraries />
      <Hubs />
    </>
  );
}

function Device() {
  const session = useSession();
  const { value: status } = useKnown(session.state.status);
  const texts = useTexts();
  const { accept, unlock } = useActions();
  if (!status) {
    return null;
  }
  return (
    <PanelSection title={texts.get("thisDevice")}>
      <DeviceState
        status={status}
        texts={texts}
        onAccept={accept}
        onHelp={() => session.open(routes.help)}
        onSettings={() => session.open(routes.advanced)}
        onUnlock={unlock}
      />
    </PanelSection>
  );
}

function Transfers() {
  const { state } = useSession();
  const { value: status } = useKnown(state.status);
  const texts = useTexts();
  const { discardUpload } = useActions();
  const isMoving = status?.uploads.some(({ bytesPerSecond }) => bytesPerSecond > 0);
  useEffect(() => {
    // Nothing tells that nothing comes any more.
    const timer = isMoving && setTimeout(() => state.status.refresh(), SILENCE_MS);
    return () => clearTimeout(timer || undefined);
  }, [state, status, isMoving]);
  if (!status || status.uploads.length === 0) {
    return null;
  }
  return (
    <PanelSection title={texts.get("transfers")}>
      <TransferList uploads={status.uploads} texts={texts} onDiscard={discardUpload} />
    </PanelSection>
  );
}

function Games() {
  const session = useSession();
  const { value: games } = useKnown(session.state.games);
  const texts = useTexts();
  const trashDays = useTrashDays();
  const { deleteGame, imageOf, openGame, startGame } = useActions();
  if (!games) {
    return null;
  }
  return (
    <PanelSection title={texts.get("games")}>
      <PanelSectionRow>
        <GameList
          games={newestFirst(games).slice(0, GAMES_SHOWN)}
          texts={texts}
          isNarrow
          loadImage={imageOf}
          onStart={startGame}
          onOpen={openGame}
          trashDays={trashDays}
          onDelete={deleteGame}
        />
      </PanelSectionRow>
      {games.length > GAMES_SHOWN && (
        <PanelSectionRow>
          <ButtonItem layout="below" bottomSeparator="none" onClick={() => session.open(routes.games)}>
            {texts.get("allGames", { count: games.length })}
          </ButtonItem>
        </PanelSectionRow>
      )}
    </PanelSection>
  );
}

function Libraries() {
  const { value: status } = useKnown(useSession().state.status);
  const texts = useTexts();
  const { chooseLibrary, moveLibrary } = useActions();
  if (!status || status.libraries.length === 0) {
    return null;
  }
  return (
    <PanelSection title={texts.get("libraries")}>
      <LibraryList
        libraries={status.libraries}
        texts={texts}
        onUse={moveLibrary}
        onChoose={() => chooseLibrary(status.libraries)}
      />
    </PanelSection>
  );
}

function Hubs() {
  const { value: hubs } = useKnown(useSession().state.hubs);
  const texts = useTexts();
  const { revoke } = useActions();
  if (!hubs) {
    return null;
  }
  return (
    <PanelSection title={texts.get("hubs")}>
      <PanelSectionRow>
        <HubList hubs={hubs} texts={texts} onRevoke={revoke} />
      </PanelSectionRow>
    </PanelSection>
  );
}

function Steam() {
  const session = useSession();
  const { value: status } = useKnown(session.state.status);
  const texts = useTexts();
  const { restartSteam } = useActions();
  const waits = status !== undefined && status.steam.queued > 0;
  return (
    <PanelSection title={waits ? texts.get("steam") : undefined}>
      {waits && <SteamState steam={status.steam} texts={texts} onRestart={restartSteam} />}
      <PanelSectionRow>
        <ButtonItem layout="below" bottomSeparator="none" onClick={() => session.open(routes.games)}>
          {texts.get("more")}
        </ButtonItem>
      </PanelSectionRow>
    </PanelSection>
  );
}
