import { formatDate } from "../format.js";
import type { Hub } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { confirm } from "./confirm.js";
import { UnpairIcon } from "./Icons.js";
import { Row, TextRow } from "./Row.js";

interface HubListProps {
  hubs: Hub[];
  texts: Texts;
  onRevoke: (hub: Hub) => void;
}

export function HubList({ hubs, texts, onRevoke }: HubListProps) {
  const { get, language } = texts;
  const ask = (hub: Hub) =>
    confirm({
      title: get("unpairTitle", { name: hub.name }),
      text: get("unpairText"),
      yes: get("unpair"),
      no: get("cancel"),
      onYes: () => onRevoke(hub),
    });
  const describe = ({ connected, lastSeen }: Hub): string =>
    connected ? get("connectedNow") : get("lastSeen", { date: formatDate(lastSeen, language) });
  if (hubs.length === 0) {
    return <TextRow>{get("noHubs")}</TextRow>;
  }
  return hubs.map((hub) => (
    <Row
      key={hub.hubId}
      label={hub.name || hub.hubId}
      description={describe(hub)}
      actions={[{ label: get("unpair"), icon: UnpairIcon, onClick: () => ask(hub) }]}
    />
  ));
}
