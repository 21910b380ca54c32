import type { CSSProperties } from "react";

/** Steam's own colours, where its components do not bring them along. */
export const colors = {
  accent: "#1a9fff",
  dim: "#8b929a",
  good: "#59bf40",
  bad: "#ffb82e",
  track: "rgba(255, 255, 255, 0.12)",
};

/** Digits that change in place. */
export const steadyDigits: CSSProperties = { fontVariantNumeric: "tabular-nums" };

export const small: CSSProperties = {
  fontSize: 12,
  lineHeight: "18px",
  color: colors.dim,
  overflowWrap: "anywhere",
};

/** Broken where it must be, as a path or a name without spaces. */
export const wrapped: CSSProperties = { overflowWrap: "anywhere" };

/** One line, whatever is in it. */
export const oneLine: CSSProperties = {
  whiteSpace: "nowrap",
  overflow: "hidden",
  textOverflow: "ellipsis",
};
