import { showModal } from "@decky/ui";
import { cloneElement, useEffect } from "react";
import type { ReactElement } from "react";

interface ClosableProps {
  /** Given by Steam. */
  closeModal?: () => void;
}

const open = new Set<() => void>();

/** Shows a dialog. Returns a function that closes it, unless it is already closed. */
export function openDialog(dialog: ReactElement<ClosableProps>): () => void {
  const close = () => {
    if (open.delete(close)) {
      modal.Close();
    }
  };
  const modal = showModal(<Dialog content={dialog} onGone={() => open.delete(close)} />);
  open.add(close);
  return close;
}

/** None outlives the plugin. */
export function closeDialogs(): void {
  [...open].forEach((close) => close());
}

interface DialogProps extends ClosableProps {
  content: ReactElement<ClosableProps>;
  onGone: () => void;
}

function Dialog({ content, onGone, closeModal }: DialogProps) {
  useEffect(() => onGone, [onGone]);
  return cloneElement(content, { closeModal });
}
