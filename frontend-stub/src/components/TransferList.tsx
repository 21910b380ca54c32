import { ButtonItem, Field, PanelSectionRow } from "@decky/ui";

import {
  formatBytes,
  formatDate,
  formatPercent,
  formatSpeed,
  formatTimeLeft,
  percentOf,
} from "../format.js";
import type { Upload } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { confirm } from "./confirm.js";
import { ProgressLine } from "./ProgressLine.js";
import { oneLine, small, steadyDigits } from "./style.js";

interface TransferListProps {
  uploads: Upload[];
  texts: Texts;
  onDiscard: (upload: Upload) => void;
}

export function TransferList({ uploads, texts, onDiscard }: TransferListProps) {
  const ask = (upload: Upload) =>
    confirm({
      title: texts.get("cancelTitle", { name: upload.gameName }),
      text: texts.get("cancelText", { size: formatBytes(upload.transferredBytes, texts.language) }),
      yes: texts.get("discard"),
      no: texts.get("keep"),
      onYes: () => onDiscard(upload),
    });
  return uploads.map((upload) => (
    <TransferCard
      key={upload.uploadId}
      upload={upload}
      texts={texts}
      onDiscard={() => ask(upload)}
    />
  ));
}

interface TransferCardProps {
  upload: Upload;
  texts: Texts;
  onDiscard: () => void;
}

function TransferCard({ upload, texts, onDiscard }: TransferCardProps) {
  const isPaused = upload.state === "paused";
  const percent = percentOf(upload.transferredBytes, upload.totalBytes);
  return (
    <>
      <PanelSectionRow>
        <Field
          focusable
          label={<div style={oneLine}>{upload.gameName}</div>}
          childrenLayout="below"
          childrenContainerWidth="max"
          bottomSeparator="none"
        >
          <div style={{ width: "100%" }}>
            <div style={{ margin: "2px 0 6px" }}>
              <ProgressLine percent={percent} label={upload.gameName} isDimmed={isPaused} />
            </div>
            <TwoEnds
              left={amountOf(upload, texts)}
              right={formatPercent(percent, texts.language)}
            />
            {isPaused ? (
              <div style={small}>{pauseOf(upload, texts)}</div>
            ) : (
              <TwoEnds {...paceOf(upload, texts)} />
            )}
          </div>
        </Field>
      </PanelSectionRow>
      <PanelSectionRow>
        <ButtonItem
          layout="below"
          bottomSeparator="none"
          disabled={upload.state === "completing"}
          onClick={onDiscard}
        >
          {texts.get(isPaused ? "discard" : "cancelTransfer")}
        </ButtonItem>
      </PanelSectionRow>
    </>
  );
}

function TwoEnds({ left, right }: { left: string; right: string }) {
  return (
    <div
      style={{
        ...small,
        ...steadyDigits,
        display: "flex",
        justifyContent: "space-between",
        minHeight: 18,
      }}
    >
      <span style={oneLine}>{left}</span>
      <span style={{ whiteSpace: "nowrap" }}>{right}</span>
    </div>
  );
}

const amountOf = ({ transferredBytes, totalBytes }: Upload, { get, language }: Texts): string =>
  get("amount", {
    done: formatBytes(transferredBytes, language),
    total: formatBytes(totalBytes, language),
  });

function paceOf(upload: Upload, { get, language }: Texts): { left: string; right: string } {
  const { state, bytesPerSecond, totalBytes, transferredBytes } = upload;
  if (state === "completing") {
    return { left: get("installing"), right: "" };
  }
  return {
    left: formatSpeed(bytesPerSecond, language) || get("waiting"),
    right: formatTimeLeft(totalBytes - transferredBytes, bytesPerSecond),
  };
}

function pauseOf({ expiresInSeconds, problem }: Upload, { get, language }: Texts): string {
  if (problem) {
    return `${get("paused")}. ${get("uploadAway")}`;
  }
  const until = Date.now() / 1000 + expiresInSeconds;
  const kept = expiresInSeconds < 0 ? "" : get("keptUntil", { date: formatDate(until, language) });
  return `${get("paused")}. ${get("resumeHint")} ${kept}`;
}
