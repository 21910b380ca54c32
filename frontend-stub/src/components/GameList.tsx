import { formatBytes, formatDate } from "../format.js";
import type { Game, TrashedGame } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { confirm } from "./confirm.js";
import { GameImage } from "./GameImage.js";
import { DeleteIcon, PageIcon, PlayIcon, RestoreIcon } from "./Icons.js";
import { Row, TextRow } from "./Row.js";

interface GameListProps {
  games: Game[];
  texts: Texts;
  /** In the panel. */
  isNarrow?: boolean;
  loadImage: (game: Game) => Promise<string>;
  onStart: (game: Game) => void;
  onOpen: (game: Game) => void;
  onDelete: (game: Game) => void;
}

/** The newest first. */
export const newestFirst = (games: Game[]): Game[] =>
  [...games].sort((a, b) => b.installedAt - a.installedAt);

export function GameList({
  games,
  texts,
  isNarrow = false,
  loadImage,
  onStart,
  onOpen,
  onDelete,
}: GameListProps) {
  const { get, language } = texts;
  const ask = (game: Game) =>
    confirm({
      title: get("deleteTitle", { name: game.name }),
      text: get("deleteText"),
      yes: get("deleteGame"),
      no: get("keep"),
      onYes: () => onDelete(game),
    });
  const describe = ({ sizeBytes, installedAt, appId }: Game): string =>
    [
      formatBytes(sizeBytes, language),
      formatDate(installedAt, language),
      ...(appId === 0 ? [get("notInLibrary")] : []),
    ].join(" · ");
  if (games.length === 0) {
    return <TextRow>{get("noGames")}</TextRow>;
  }
  return games.map((game) => (
    <Row
      key={game.dir}
      image={<GameImage version={game.installedAt} load={() => loadImage(game)} />}
      label={game.name}
      description={describe(game)}
      actionsBelow={isNarrow}
      actions={[
        ...(game.appId === 0
          ? []
          : [
              { label: get("startGame"), icon: PlayIcon, onClick: () => onStart(game) },
              { label: get("openPage"), icon: PageIcon, onClick: () => onOpen(game) },
            ]),
        { label: get("deleteGame"), icon: DeleteIcon, onClick: () => ask(game) },
      ]}
    />
  ));
}

interface TrashListProps {
  games: TrashedGame[];
  texts: Texts;
  onRestore: (game: TrashedGame) => void;
  onDiscard: (game: TrashedGame) => void;
}

export function TrashList({ games, texts, onRestore, onDiscard }: TrashListProps) {
  const { get, language } = texts;
  const ask = (game: TrashedGame) =>
    confirm({
      title: get("forGoodTitle", { name: game.name }),
      text: get("forGoodText", { size: formatBytes(game.sizeBytes, language) }),
      yes: get("forGood"),
      no: get("keep"),
      onYes: () => onDiscard(game),
    });
  const describe = ({ sizeBytes, expiresInSeconds }: TrashedGame): string => {
    const date = formatDate(Date.now() / 1000 + expiresInSeconds, language);
    return `${formatBytes(sizeBytes, language)} · ${get("restorableUntil", { date })}`;
  };
  if (games.length === 0) {
    return <TextRow>{get("noTrash")}</TextRow>;
  }
  return games.map((game) => (
    <Row
      key={game.id}
      label={game.name}
      description={describe(game)}
      actions={[
        { label: get("restore"), icon: RestoreIcon, onClick: () => onRestore(game) },
        { label: get("forGood"), icon: DeleteIcon, onClick: () => ask(game) },
      ]}
    />
  ));
}
