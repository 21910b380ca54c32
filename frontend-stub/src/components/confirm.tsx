import { ConfirmModal, showModal } from "@decky/ui";

interface Question {
  title: string;
  text: string;
  yes: string;
  no: string;
  onYes(): void;
}

/** Asks before something is lost. */
export function confirm({ title, text, yes, no, onYes }: Question): void {
  showModal(
    <ConfirmModal
      strTitle={title}
      strDescription={text}
      strOKButtonText={yes}
      strCancelButtonText={no}
      bDestructiveWarning
      onOK={onYes}
    />,
  );
}
