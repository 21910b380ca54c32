import { Field, PanelSectionRow } from "@decky/ui";

import { formatBytes } from "../format.js";
import type { Library } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { small, wrapped } from "./style.js";

interface LibraryListProps {
  libraries: Library[];
  texts: Texts;
}

/** The folders and cards that games are on: their room, what they hold, what is wrong with them. */
export function LibraryList({ libraries, texts }: LibraryListProps) {
  return libraries.map((library) => (
    <PanelSectionRow key={`${library.place} ${library.id}`}>
      <Field
        focusable
        bottomSeparator="none"
        label={<div style={wrapped}>{library.name}</div>}
        description={
          <>
            <div style={small}>{describe(library, texts)}</div>
            {library.problem && <div style={wrapped}>{library.problem}</div>}
          </>
        }
      />
    </PanelSectionRow>
  ));
}

function describe(library: Library, { get, language }: Texts): string {
  const { present, freeBytes, games, uploads, deletedGames } = library;
  return [
    stateOf(library, get),
    present && get("freeSpace", { size: formatBytes(freeBytes, language) }),
    games > 0 && get("gamesHeld", { count: games }),
    uploads > 0 && get("transfersHeld", { count: uploads }),
    deletedGames > 0 && get("deletedHeld", { count: deletedGames }),
  ]
    .filter(Boolean)
    .join(" · ");
}

function stateOf({ state, writable, executable }: Library, get: Texts["get"]): string {
  switch (state) {
    case "away":
      return get("libraryAway");
    case "unreadable":
      return get("libraryUnreadable");
    case "present":
    case "unused":
      return writable ? (executable ? "" : get("libraryNoExec")) : get("libraryReadOnly");
  }
}
