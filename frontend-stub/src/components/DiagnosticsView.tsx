import { ButtonItem, Field } from "@decky/ui";

import type { Diagnostics } from "../diagnostics.js";
import type { Texts } from "../strings/text.js";
import { small, wrapped } from "./style.js";

interface DiagnosticsViewProps {
  diagnostics: Diagnostics;
  log: string[];
  texts: Texts;
  onCopy: () => void;
}

/** Of the log, as much as a look needs; all of it is copied. */
const LINES_SHOWN = 30;

export function DiagnosticsView({ diagnostics, log, texts: { get }, onCopy }: DiagnosticsViewProps) {
  const { version, network, announced, steam, overlay, libraries, notices } = diagnostics;
  const rows: [string, string[]][] = [
    [get("diagVersion"), [version]],
    [get("diagNetwork"), network.length > 0 ? network : [get("noNetwork")]],
    [get("diagAnnounced"), [announced]],
    [get("libraries"), libraries],
    [get("steam"), [steam]],
    [get("diagOverlay"), [overlay]],
    ...(notices.length > 0 ? [[get("diagNotices"), notices] as [string, string[]]] : []),
  ];
  return (
    <>
      <ButtonItem layout="below" description={get("copyHint")} onClick={onCopy}>
        {get("copy")}
      </ButtonItem>
      {rows.map(([label, lines]) => (
        <Field
          key={label}
          focusable
          label={label}
          description={lines.map((line) => (
            <div key={line} style={wrapped}>
              {line}
            </div>
          ))}
        />
      ))}
      <Field
        focusable
        label={get("diagLog")}
        description={
          <div style={{ ...small, whiteSpace: "pre-wrap", fontFamily: "monospace" }}>
            {log.slice(-LINES_SHOWN).join("\n")}
          </div>
        }
      />
    </>
  );
}
