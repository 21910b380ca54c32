import { Field, PanelSection, PanelSectionRow } from "@decky/ui";

import type { Helper } from "../ipc/relay.js";
import type { Texts } from "../strings/text.js";
import { wrapped } from "./style.js";

/** Why nothing else is to be seen; nothing while the helper runs. */
export function HelperState({ helper, texts }: { helper: Helper; texts: Texts }) {
  const { state, detail } = helper;
  if (state === "running") {
    return null;
  }
  return (
    <PanelSection>
      <PanelSectionRow>
        <Field
          focusable
          bottomSeparator="none"
          label={texts.get(state === "failed" ? "notRunning" : "starting")}
          description={<div style={wrapped}>{detail}</div>}
        />
      </PanelSectionRow>
    </PanelSection>
  );
}
