import { DialogButton, DialogHeader, Focusable, ModalRoot, TextField } from "@decky/ui";
import { useState } from "react";

import { explain } from "../refusal.js";
import type { Texts } from "../strings/text.js";
import { colors, small } from "./style.js";

interface EditDialogProps {
  title: string;
  help: string;
  text: string;
  isNumber: boolean;
  texts: Texts;
  /** Rejects with a sentence that says what is wrong. */
  onSave: (text: string) => Promise<unknown>;
  /** Given by Steam. */
  closeModal?: () => void;
}

/** A one-line input; stays open until the input is accepted. */
export function EditDialog({
  title,
  help,
  text,
  isNumber,
  texts,
  onSave,
  closeModal,
}: EditDialogProps) {
  const [typed, setTyped] = useState(text);
  const [problem, setProblem] = useState("");
  const save = () =>
    onSave(typed).then(
      () => closeModal?.(),
      (error: unknown) => setProblem(explain(error, texts)),
    );
  return (
    <ModalRoot onCancel={closeModal} onEscKeypress={closeModal} closeModal={closeModal}>
      <DialogHeader>{title}</DialogHeader>
      <TextField
        focusOnMount
        mustBeNumeric={isNumber}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div
        role="alert"
        style={{
          ...small,
          minHeight: 36,
          margin: "8px 0",
          color: problem ? colors.bad : colors.dim,
        }}
      >
        {problem || help}
      </div>
      <Focusable flow-children="horizontal" style={{ display: "flex", gap: 12 }}>
        <DialogButton onClick={() => void save()}>{texts.get("save")}</DialogButton>
        <DialogButton onClick={() => closeModal?.()}>{texts.get("cancel")}</DialogButton>
      </Focusable>
    </ModalRoot>
  );
}
