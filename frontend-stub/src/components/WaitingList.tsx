import type { WaitingHub } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { GoodIcon } from "./Icons.js";
import { Row } from "./Row.js";

interface WaitingListProps {
  hubs: WaitingHub[];
  texts: Texts;
  onPick: (hub: WaitingHub) => void;
}

/** More than a household has: the newest, which come first, are those of whoever is here now. */
const SHOWN_MAX = 5;

/** PCs that ask while another's code is on the screen: the owner says whose turn it is. */
export function WaitingList({ hubs, texts: { get }, onPick }: WaitingListProps) {
  return hubs
    .slice(0, SHOWN_MAX)
    .map((hub) => (
      <Row
        key={hub.address}
        label={hub.name || hub.address}
        description={get("waitsForCode", { address: hub.address })}
        actions={[{ label: get("showItsCode"), icon: GoodIcon, onClick: () => onPick(hub) }]}
      />
    ));
}
