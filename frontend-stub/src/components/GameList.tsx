import { formatBytes, formatDate } from "../format.js";
import type { Game, TrashedGame } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { confirm } from "./confirm.js";
import { GameImage } from "./GameImage.js";
import { DeleteIcon, PageIcon, PlayIcon, RestoreIcon } from "./Icons.js";
import { Row, TextRow } from "./Row.js";
import { wrapped } from "./style.js";

interface GameListProps {
  games: Game[];
  texts: Texts;
  /** In the panel. */
  isNarrow?: boolean;
  loadImage: (game: Game) => Promise<string>;
  onStart: (game: Game) => void;
  onOpen: (game: Game) => void;
  /** How long a deleted one can be restored; undefined: not known yet. */
  trashDays: number | undefined;
  onDelete: (game: Game) => void;
}

/** The agent's default. */
const TRASH_DAYS = 7;

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
  trashDays,
  onDelete,
}: GameListProps) {
  const { get, language } = texts;
  const ask = (game: Game) =>
    confirm({
      title: get("deleteTitle", { name: game.name }),
      text: get("deleteText", {
        days: texts.days(trashDays ?? TRASH_DAYS),
        size: formatBytes(game.sizeBytes, language),
      }),
      yes: get("deleteGame"),
      no: get("keep"),
      onYes: () => onDelete(game),
    });
  const describe = ({ sizeBytes, installedAt, appId, problem }: Game): string =>
    [
      formatBytes(sizeBytes, language),
      formatDate(installedAt, language),
      ...(appId === 0 ? [get("notInLibrary")] : []),
      ...(problem ? [get("cannotStart")] : []),
    ].join(" · ");
  if (games.length === 0) {
    return <TextRow>{get("noGames")}</TextRow>;
  }
  return games.map((game) => (
    <Row
      key={game.dir}
      image={<GameImage version={game.installedAt} load={() => loadImage(game)} />}
      label={game.name}
      description={
        <>
          {describe(game)}
          {game.problem && <div style={wrapped}>{game.problem}</div>}
        </>
      }
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
