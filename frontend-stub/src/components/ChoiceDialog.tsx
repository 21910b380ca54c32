import { DialogButton, DialogHeader, Focusable, ModalRoot } from "@decky/ui";
import { useState } from "react";

import { explain } from "../refusal.js";
import type { Texts } from "../strings/text.js";
import { colors, small, wrapped } from "./style.js";

export interface Choice {
  value: string;
  label: string;
}

interface ChoiceDialogProps {
  title: string;
  help: string;
  choices: Choice[];
  chosen: string;
  texts: Texts;
  /** Rejects when the value is refused. */
  onChoose: (value: string) => Promise<unknown>;
  /** For a value that is not in the list. */
  onOther?: (() => void) | undefined;
  /** Given by Steam. */
  closeModal?: () => void;
}

/** One of a list; stays open until the choice is accepted. */
export function ChoiceDialog({
  title,
  help,
  choices,
  chosen,
  texts,
  onChoose,
  onOther,
  closeModal,
}: ChoiceDialogProps) {
  const [problem, setProblem] = useState("");
  const close = () => closeModal?.();
  const choose = (value: string) =>
    void onChoose(value).then(close, (error: unknown) => setProblem(explain(error, texts)));
  const other = () => {
    close();
    onOther?.();
  };
  return (
    <ModalRoot onCancel={close} onEscKeypress={close} closeModal={close}>
      <DialogHeader>{title}</DialogHeader>
      <div role="alert" style={{ ...small, margin: "8px 0", color: problem ? colors.bad : colors.dim }}>
        {problem || help}
      </div>
      <Focusable
        style={{ display: "grid", gap: 8, maxHeight: 420, overflowY: "auto", padding: 4 }}
      >
        {choices.map(({ value, label }) => (
          <DialogButton key={value} onClick={() => choose(value)} style={{ textAlign: "left" }}>
            <span style={wrapped}>
              {value === chosen ? "● " : "○ "}
              {label}
            </span>
          </DialogButton>
        ))}
        {onOther && <DialogButton onClick={other}>{texts.get("other")}</DialogButton>}
        <DialogButton onClick={close}>{texts.get("cancel")}</DialogButton>
      </Focusable>
    </ModalRoot>
  );
}
