import { ButtonItem, Field, PanelSection, PanelSectionRow } from "@decky/ui";

import type { Helper } from "../ipc/relay.js";
import type { Texts } from "../strings/text.js";
import { wrapped } from "./style.js";

interface HelperStateProps {
  helper: Helper;
  /** Why the latest call to a running helper got no answer. */
  error: string | undefined;
  texts: Texts;
  onRetry: () => void;
}

/** Why nothing, or possibly stale data, is shown; nothing while the helper is running and answers. */
export function HelperState({ helper, error, texts: { get }, onRetry }: HelperStateProps) {
  if (helper.state !== "running") {
    const label = get(helper.state === "failed" ? "notRunning" : "starting");
    return (
      <PanelSection>
        <Problem label={label} detail={helper.detail} />
      </PanelSection>
    );
  }
  return (
    error !== undefined && (
      <PanelSection>
        <Problem label={get("notLoaded")} detail={error} />
        <PanelSectionRow>
          <ButtonItem layout="below" bottomSeparator="none" onClick={onRetry}>
            {get("tryAgain")}
          </ButtonItem>
        </PanelSectionRow>
      </PanelSection>
    )
  );
}

function Problem({ label, detail }: { label: string; detail: string }) {
  return (
    <PanelSectionRow>
      <Field
        focusable
        bottomSeparator="none"
        label={label}
        description={<div style={wrapped}>{detail}</div>}
      />
    </PanelSectionRow>
  );
}
