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
  /** Its value, beside the buttons. */
  value?: string;
  actions: RowAction[];
}

/** An item with a name, a line of description, and small buttons for its actions. */
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

/** What is to be typed elsewhere, letter by letter. */
export const Command = ({ children }: { children: string }) => (
  <div style={{ ...wrapped, margin: "4px 0", fontFamily: "monospace", fontSize: 13, color: "#fff" }}>
    {children}
  </div>
);

/** A line of text without an action; it can be focused with the controller so that it can be read. */
export function TextRow({ children }: { children: ReactNode }) {
  return (
    <Field focusable description={<div style={wrapped}>{children}</div>} bottomSeparator="none" />
  );
}
