import { DialogButton, Field, Focusable } from "@decky/ui";
import type { ComponentType, ReactNode } from "react";

export interface RowAction {
  label: string;
  icon: ComponentType<{ label?: string }>;
  onClick(): void;
}

interface RowProps {
  label: ReactNode;
  description?: ReactNode;
  actions: RowAction[];
}

/** Something with a name, a line about it, and what can be done with it as small buttons. */
export function Row({ label, description, actions }: RowProps) {
  return (
    <Field label={label} description={description} childrenLayout="inline" inlineWrap="keep-inline">
      <Focusable flow-children="horizontal" style={{ display: "flex", gap: 8 }}>
        {actions.map(({ label: name, icon: Icon, onClick }) => (
          <DialogButton
            key={name}
            onClick={onClick}
            onOKActionDescription={name}
            style={{ width: 40, minWidth: 40, height: 36, padding: "0 11px", fontSize: 18 }}
          >
            <Icon label={name} />
          </DialogButton>
        ))}
      </Focusable>
    </Field>
  );
}

/** A line that says something and leads nowhere; the controller reaches it so that it can be read. */
export function TextRow({ children }: { children: ReactNode }) {
  return <Field focusable description={children} bottomSeparator="none" />;
}
