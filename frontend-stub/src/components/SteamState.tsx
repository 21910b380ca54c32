import { ButtonItem, Field, PanelSectionRow } from "@decky/ui";

import type { Status } from "../ipc/methods.js";
import type { TextKey } from "../strings/table.js";
import type { Texts } from "../strings/text.js";
import { confirm } from "./confirm.js";
import { small, wrapped } from "./style.js";

interface SteamStateProps {
  steam: Status["steam"];
  texts: Texts;
  /** With the agent's own reason. */
  isDetailed?: boolean;
  onRestart: () => void;
}

const summaries: Partial<Record<string, TextKey>> = {
  ui: "steamUi",
  cef: "steamCef",
  files: "steamFiles",
  none: "steamNone",
} satisfies Record<Status["steam"]["state"], TextKey>;

/** How games get into the library now, and how many changes are waiting. */
export function SteamState({
  steam,
  texts: { get },
  isDetailed = false,
  onRestart,
}: SteamStateProps) {
  const summary = get(summaries[steam.state] ?? "steamNone");
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
          label={isDetailed && summary}
          description={isDetailed ? <div style={wrapped}>{steam.detail}</div> : summary}
        />
        {steam.queued > 0 && (
          <Field
            focusable
            bottomSeparator="none"
            description={
              <>
                {get("queued", { count: steam.queued })}
                {!isDetailed && <div style={small}>{steam.detail}</div>}
              </>
            }
          />
        )}
      </PanelSectionRow>
      {(steam.queued > 0 || isDetailed) && (
        <PanelSectionRow>
          <ButtonItem layout="below" bottomSeparator="none" onClick={ask}>
            {get("restartSteam")}
          </ButtonItem>
        </PanelSectionRow>
      )}
    </>
  );
}
