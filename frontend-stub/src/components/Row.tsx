import { DialogButton, Field, Focusable } from "@decky/ui";
import type { ComponentType, ReactNode } from "react";

import { oneLine, small, wrapped } from "./style.js";

export interface RowAction {
  label: string;
  icon: ComponentType<{ label?: string }>;
  onClick: () => void;
}

interface RowProps {
  label: ReactNode;
  description?: ReactNode;
  /** What it is set to, beside the buttons. */
  value?: string;
  actions: RowAction[];
}

/** Something with a name, a line about it, and what can be done with it as small buttons. */
export function Row({ label, description, value, actions }: RowProps) {
  const named = (
    <>
      <div style={wrapped}>{label}</div>
      <div style={small}>{description}</div>
    </>
  );
  return (
    <Field label={named} childrenLayout="inline" inlineWrap="keep-inline">
      <Focusable
        flow-children="horizontal"
        style={{ display: "flex", gap: 8, alignItems: "center", minWidth: 0, maxWidth: 480 }}
      >
        {value && <div style={{ ...oneLine, minWidth: 0, marginRight: 8 }}>{value}</div>}
        {actions.map(({ label: name, icon: Icon, onClick }) => (
          <DialogButton
            key={name}
            onClick={onClick}
            onOKActionDescription={name}
            style={{ width: 40, minWidth: 40, flex: "none", padding: "10px 11px", fontSize: 18 }}
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
  return (
    <Field focusable description={<div style={wrapped}>{children}</div>} bottomSeparator="none" />
  );
}
