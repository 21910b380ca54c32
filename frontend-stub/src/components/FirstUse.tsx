import { PanelSectionRow } from "@decky/ui";

import type { Status } from "../ipc/methods.js";
import { typedAddress } from "../format.js";
import type { Texts } from "../strings/text.js";
import { Command, TextRow } from "./Row.js";

const HUB_PAGE = "github.com/lobinuxsoft/capydeploy";

/** Where the first game comes from: the Hub's page, or one command. */
export function FirstUse({ agent, texts: { get } }: { agent: Status["agent"]; texts: Texts }) {
  const address = typedAddress(agent);
  return (
    <>
      <PanelSectionRow>
        <TextRow>
          {get("firstHub")}
          <Command>{HUB_PAGE}</Command>
        </TextRow>
      </PanelSectionRow>
      <PanelSectionRow>
        <TextRow>{get("firstCode")}</TextRow>
      </PanelSectionRow>
      {address && (
        <PanelSectionRow>
          <TextRow>
            {get("firstPush")}
            <Command>
              capydeck push {get("folder")} <span style={{ whiteSpace: "nowrap" }}>--to</span>{" "}
              {address}
            </Command>
          </TextRow>
        </PanelSectionRow>
      )}
    </>
  );
}
