import { ConfirmModal } from "@decky/ui";

import { openDialog } from "./dialogs.js";
import { wrapped } from "./style.js";

interface Question {
  title: string;
  text: string;
  yes: string;
  no: string;
  onYes: () => void;
}

/** Asks before something is lost. */
export function confirm({ title, text, yes, no, onYes }: Question): void {
  openDialog(
    <ConfirmModal
      strTitle={<div style={wrapped}>{title}</div>}
      strDescription={text}
      strOKButtonText={yes}
      strCancelButtonText={no}
      bDestructiveWarning
      onOK={onYes}
    />,
  );
}
