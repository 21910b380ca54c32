import { Fragment } from "react";

import { formatBytes, formatDate } from "../format.js";
import type { Kept } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { confirm } from "./confirm.js";
import { BackIcon, DeleteIcon, RestoreIcon } from "./Icons.js";
import { Row, TextRow } from "./Row.js";

interface KeptListProps {
  kept: Kept[];
  texts: Texts;
  /** Without a path all of them. What is in their place is kept instead. */
  onRestore: (kept: Kept, path?: string) => void;
  onDiscard: (kept: Kept) => void;
  /** Brings back the previous build; the present one is then the previous. */
  onRollback: (kept: Kept) => void;
}

/** A game with more of them is restored as a whole. */
const FILES_SHOWN = 20;

/** What updates have replaced: of the player's, file by file, and of the build before. */
export function KeptList({ kept, texts, onRestore, onDiscard, onRollback }: KeptListProps) {
  const { get, language } = texts;
  const ask = (place: Kept) =>
    confirm({
      title: get("discardKeptTitle", { name: place.name }),
      text: get("forGoodText", { size: formatBytes(place.sizeBytes, language) }),
      yes: get("forGood"),
      no: get("keep"),
      onYes: () => onDiscard(place),
    });
  if (kept.length === 0) {
    return <TextRow>{get("noKept")}</TextRow>;
  }
  return kept.map((place) => (
    <Fragment key={place.id}>
      <Row
        label={place.name}
        description={describe(place, texts)}
        actions={[
          ...(place.previousFiles === 0
            ? []
            : [{ label: get("previousBuild"), icon: BackIcon, onClick: () => onRollback(place) }]),
          ...(place.files.length === 0
            ? []
            : [
                { label: get("restore"), icon: RestoreIcon, onClick: () => onRestore(place) },
                { label: get("forGood"), icon: DeleteIcon, onClick: () => ask(place) },
              ]),
        ]}
      />
      {place.files.length > 1 &&
        place.files.slice(0, FILES_SHOWN).map(({ path, sizeBytes }) => (
          <Row
            key={path}
            image={<div style={{ width: 12 }} />}
            label={path}
            description={formatBytes(sizeBytes, language)}
            actions={[
              {
                label: get("restoreFile", { name: path }),
                icon: RestoreIcon,
                onClick: () => onRestore(place, path),
              },
            ]}
          />
        ))}
    </Fragment>
  ));
}

function describe(place: Kept, { get, language }: Texts): string {
  const { files, keptAt, sizeBytes, expiresInSeconds, previousFiles, previousBytes } = place;
  const [only] = files;
  const until = formatDate(Date.now() / 1000 + expiresInSeconds, language);
  return [
    formatDate(keptAt, language),
    files.length > 0 && get("keptOfYours", { count: files.length }),
    files.length === 1 && only?.path,
    files.length > 0 && formatBytes(sizeBytes, language),
    files.length > 0 && get("restorableUntil", { date: until }),
    previousFiles > 0 &&
      get("keptOfBuild", { count: previousFiles, size: formatBytes(previousBytes, language) }),
  ]
    .filter(Boolean)
    .join(" · ");
}
