import type { CSSProperties } from "react";

/** Steam's own colours, where its components do not provide them. */
export const colors = {
  accent: "#1a9fff",
  dim: "#8b929a",
  good: "#59bf40",
  bad: "#ffb82e",
  track: "rgba(255, 255, 255, 0.12)",
};

/** Digits of equal width, for numbers that change in place. */
export const steadyDigits: CSSProperties = { fontVariantNumeric: "tabular-nums" };

export const small: CSSProperties = {
  fontSize: 12,
  lineHeight: "18px",
  color: colors.dim,
  overflowWrap: "anywhere",
};

/** Breaks anywhere if needed, for paths and names without spaces. */
export const wrapped: CSSProperties = { overflowWrap: "anywhere" };

/** Always one line. */
export const oneLine: CSSProperties = {
  whiteSpace: "nowrap",
  overflow: "hidden",
  textOverflow: "ellipsis",
};
