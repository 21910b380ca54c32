import { ButtonItem, Field, PanelSectionRow } from "@decky/ui";

import type { Status } from "../ipc/methods.js";
import type { TextKey } from "../strings/table.js";
import type { Texts } from "../strings/text.js";
import { confirm } from "./confirm.js";
import { small, wrapped } from "./style.js";

interface SteamStateProps {
  steam: Status["steam"];
  texts: Texts;
  onRestart: () => void;
}

/** What they wait for; where Steam can be reached, it is to be asked again by itself. */
const reasons: Partial<Record<string, TextKey>> = { files: "steamFiles", none: "steamNone" };

/** More names say no more than how many there are. */
const NAMES_SHOWN = 3;

/** Which games' changes wait for Steam, and what for. */
export function SteamState({ steam, texts: { get }, onRestart }: SteamStateProps) {
  const reason = reasons[steam.state];
  const names = steam.games.slice(0, NAMES_SHOWN).join(", ");
  const ask = () =>
    confirm({
      title: get("restartTitle"),
      text: get("restartText"),
      yes: get("restartSteam"),
      no: get("cancel"),
      onYes: onRestart,
    });
  return (
    <>
      <PanelSectionRow>
        <Field
          focusable
          bottomSeparator="none"
          label={names && <div style={wrapped}>{get("waitForSteam", { names })}</div>}
          description={
            <>
              <div style={small}>{get("queued", { count: steam.queued })}</div>
              {reason && <div style={small}>{get(reason)}</div>}
            </>
          }
        />
      </PanelSectionRow>
      <PanelSectionRow>
        <ButtonItem layout="below" bottomSeparator="none" onClick={ask}>
          {get("restartSteam")}
        </ButtonItem>
      </PanelSectionRow>
    </>
  );
}
