import { DialogButton, DialogHeader, Focusable, ModalRoot } from "@decky/ui";

import type { ShownCode } from "../state.js";
import type { Texts } from "../strings/text.js";
import { CodeCard } from "./CodeCard.js";
import { wrapped } from "./style.js";

interface PairingDialogProps {
  shown: ShownCode;
  texts: Texts;
  onReject: () => void;
  /** Given by Steam. */
  closeModal?: () => void;
}

/** Opens by itself. Closing it only hides it: a surprised user has not refused anything. */
export function PairingDialog({ shown, texts, onReject, closeModal }: PairingDialogProps) {
  const hide = () => closeModal?.();
  return (
    <ModalRoot onCancel={hide} onEscKeypress={hide} closeModal={hide}>
      <DialogHeader style={{ ...wrapped, textAlign: "center" }}>
        {texts.get("pairTitle", { name: shown.hubName })}
      </DialogHeader>
      <div style={{ margin: "8px 0 24px" }}>
        <CodeCard shown={shown} texts={texts} fontSize={72} />
      </div>
      <Focusable flow-children="horizontal" style={{ display: "flex", gap: 12 }}>
        <DialogButton onClick={hide}>{texts.get("hide")}</DialogButton>
        <DialogButton onClick={onReject}>{texts.get("reject")}</DialogButton>
      </Focusable>
    </ModalRoot>
  );
}
