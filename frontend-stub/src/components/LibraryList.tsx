import { ButtonItem, Field, PanelSectionRow } from "@decky/ui";

import { formatBytes } from "../format.js";
import type { Library } from "../ipc/methods.js";
import type { TextKey } from "../strings/table.js";
import type { Texts } from "../strings/text.js";
import { small, wrapped } from "./style.js";

interface LibraryListProps {
  libraries: Library[];
  texts: Texts;
  /** New games are to go there. */
  onUse: (library: Library) => void;
  /** A folder that is not in the list. */
  onChoose: () => void;
}

/** The folders and cards that games are on, and which of them new games go to. */
export function LibraryList({ libraries, texts, onUse, onChoose }: LibraryListProps) {
  const { get } = texts;
  return (
    <>
      {libraries.map((library) => (
        <PanelSectionRow key={`${library.place} ${library.id}`}>
          <Field
            focusable
            bottomSeparator="none"
            label={<div style={wrapped}>{library.name}</div>}
            description={<Description library={library} texts={texts} />}
          />
          {!library.isDefault && library.present && library.writable && (
            <ButtonItem layout="below" bottomSeparator="none" onClick={() => onUse(library)}>
              {get("useLibrary")}
            </ButtonItem>
          )}
        </PanelSectionRow>
      ))}
      <PanelSectionRow>
        <ButtonItem
          layout="below"
          bottomSeparator="none"
          description={get("chooseHint")}
          onClick={onChoose}
        >
          {get("chooseFolder")}
        </ButtonItem>
      </PanelSectionRow>
    </>
  );
}

function Description({ library, texts }: { library: Library; texts: Texts }) {
  const { get } = texts;
  const problem = problemOf(library);
  return (
    <>
      {library.isDefault && <div style={{ ...small, color: "#fff" }}>{get("libraryHere")}</div>}
      <div style={small}>{describe(library, texts)}</div>
      {problem && <div style={wrapped}>{get(problem)}</div>}
    </>
  );
}

function describe(library: Library, { get, language }: Texts): string {
  const { present, freeBytes, totalBytes, games, uploads, deletedGames } = library;
  return [
    present &&
      get("freeOf", {
        free: formatBytes(freeBytes, language),
        total: formatBytes(totalBytes, language),
      }),
    games > 0 && get("gamesHeld", { count: games }),
    uploads > 0 && get("transfersHeld", { count: uploads }),
    deletedGames > 0 && get("deletedHeld", { count: deletedGames }),
  ]
    .filter(Boolean)
    .join(" · ");
}

/** What is wrong, and the remedy; the agent's own sentence is English and is in the diagnostics. */
function problemOf({ state, writable, executable }: Library): TextKey | null {
  switch (state) {
    case "away":
      return "libraryAway";
    case "unreadable":
      return "libraryUnreadable";
    case "present":
    case "unused":
      return writable ? (executable ? null : "libraryNoExec") : "libraryReadOnly";
  }
}
