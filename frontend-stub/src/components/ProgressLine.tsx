import { colors } from "./style.js";

interface ProgressLineProps {
  percent: number;
  label: string;
  /** Nothing is moving at the moment. */
  isDimmed?: boolean;
  /** How long the animation to the next value takes. */
  seconds?: number;
}

/** A thin bar like that of Steam's downloads. */
export function ProgressLine({
  percent,
  label,
  isDimmed = false,
  seconds = 0.5,
}: ProgressLineProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      style={{
        height: 4,
        width: "100%",
        borderRadius: 2,
        background: colors.track,
        overflow: "hidden",
      }}
    >
      <div
        style={{
          height: "100%",
          width: `${percent}%`,
          borderRadius: 2,
          background: isDimmed ? colors.dim : colors.accent,
          transition: `width ${seconds}s linear`,
        }}
      />
    </div>
  );
}
