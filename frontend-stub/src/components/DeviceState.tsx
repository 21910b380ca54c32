import { ButtonItem, Field, PanelSectionRow, ToggleField } from "@decky/ui";

import { typedAddress } from "../format.js";
import type { Status } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { TextRow } from "./Row.js";
import { oneLine, wrapped } from "./style.js";

interface DeviceStateProps {
  status: Status;
  texts: Texts;
  onAccept: (accept: boolean) => void;
  onHelp: () => void;
  onSettings: () => void;
  onUnlock: () => void;
}

/** This device's name and address, the connected PC, and what is wrong. */
export function DeviceState({
  status,
  texts: { get },
  onAccept,
  onHelp,
  onSettings,
  onUnlock,
}: DeviceStateProps) {
  const { agent, hub, lockedOut, mdns, notices } = status;
  const isFindable =
    agent.listening &&
    agent.addresses.length > 0 &&
    mdns.state !== "failed" &&
    agent.acceptConnections;
  return (
    <>
      <PanelSectionRow>
        <Field
          focusable
          bottomSeparator="none"
          label={<div style={oneLine}>{agent.name}</div>}
          description={typedAddress(agent) || get("noNetwork")}
        />
      </PanelSectionRow>
      {!agent.listening && (
        <>
          <PanelSectionRow>
            <Field
              focusable
              bottomSeparator="none"
              label={get("notListening")}
              description={<div style={wrapped}>{agent.problem}</div>}
            />
          </PanelSectionRow>
          <PanelSectionRow>
            <ButtonItem layout="below" bottomSeparator="none" onClick={onSettings}>
              {get("changePort")}
            </ButtonItem>
          </PanelSectionRow>
        </>
      )}
      <PanelSectionRow>
        <ToggleField
          bottomSeparator="none"
          label={get("accept")}
          description={<div style={wrapped}>{connection(status, get)}</div>}
          checked={agent.acceptConnections}
          onChange={onAccept}
        />
      </PanelSectionRow>
      {lockedOut > 0 && (
        <PanelSectionRow>
          <ButtonItem
            layout="below"
            bottomSeparator="none"
            description={get("unlockHint", { count: lockedOut })}
            onClick={onUnlock}
          >
            {get("unlock")}
          </ButtonItem>
        </PanelSectionRow>
      )}
      {[...new Set(notices)].map((notice) => (
        <PanelSectionRow key={notice}>
          <TextRow>{notice}</TextRow>
        </PanelSectionRow>
      ))}
      {!(hub.connected && isFindable) && (
        <PanelSectionRow>
          <ButtonItem layout="below" bottomSeparator="none" onClick={onHelp}>
            {get("notFound")}
          </ButtonItem>
        </PanelSectionRow>
      )}
    </>
  );
}

function connection({ agent, hub }: Status, get: Texts["get"]): string {
  if (hub.connected) {
    return get("connectedTo", { name: hub.name });
  }
  return get(agent.acceptConnections ? "notConnected" : "notAccepting");
}
