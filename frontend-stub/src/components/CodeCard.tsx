import { formatCode } from "../format.js";
import { useNow } from "../hooks/useNow.js";
import type { ShownCode } from "../state.js";
import type { Texts } from "../strings/text.js";
import { ProgressLine } from "./ProgressLine.js";
import { colors, small, steadyDigits } from "./style.js";

interface CodeCardProps {
  shown: ShownCode;
  texts: Texts;
  fontSize: number;
}

/** How long a code is valid: protocol.md §3.2. */
const CODE_SECONDS = 60;
/** With less left, a code that is not typed yet had better be a new one. */
const HURRY_SECONDS = 10;

/** The six digits and how long they are valid, both readable from arm's length. */
export function CodeCard({ shown, texts, fontSize }: CodeCardProps) {
  const secondsLeft = Math.max(0, Math.ceil((shown.expiresAtMs - useNow()) / 1000));
  const percent = Math.min(100, (100 * secondsLeft) / CODE_SECONDS);
  return (
    <div style={{ width: "100%", textAlign: "center" }}>
      <div style={{ ...small, fontSize: 14 }}>{texts.get("pairHint")}</div>
      <div
        role="status"
        style={{
          ...steadyDigits,
          fontSize,
          lineHeight: 1.4,
          fontWeight: 700,
          letterSpacing: "0.06em",
          color: "#fff",
          whiteSpace: "nowrap",
        }}
      >
        {formatCode(shown.code)}
      </div>
      <ProgressLine percent={percent} label={texts.get("pairHint")} seconds={1} />
      <div
        style={{
          ...steadyDigits,
          marginTop: 8,
          fontSize: fontSize * 0.6,
          lineHeight: 1.3,
          fontWeight: 700,
          color: secondsLeft <= HURRY_SECONDS ? colors.bad : "#fff",
          whiteSpace: "nowrap",
        }}
      >
        {texts.get("secondsLeft", { count: secondsLeft })}
      </div>
    </div>
  );
}
