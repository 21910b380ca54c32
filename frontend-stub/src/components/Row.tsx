import { DialogButton, Field, Focusable } from "@decky/ui";
import type { ComponentType, ReactNode } from "react";

import { oneLine, small, wrapped } from "./style.js";

export interface RowAction {
  label: string;
  icon: ComponentType<{ label?: string }>;
  onClick: () => void;
}

interface RowProps {
  image?: ReactNode;
  label: ReactNode;
  description?: ReactNode;
  /** Its value, beside the buttons. */
  value?: string;
  actions: RowAction[];
  /** The panel has no room for them beside the name. */
  actionsBelow?: boolean;
}

/** An item with a name, a line of description, and small buttons for its actions. */
export function Row({ image, label, description, value, actions, actionsBelow = false }: RowProps) {
  const named = (
    <div style={{ display: "flex", gap: 12, alignItems: "center" }}>
      {image}
      <div style={{ minWidth: 0 }}>
        <div style={wrapped}>{label}</div>
        <div style={small}>{description}</div>
      </div>
    </div>
  );
  return (
    <Field
      label={named}
      childrenLayout={actionsBelow ? "below" : "inline"}
      inlineWrap={actionsBelow ? "shift-children-below" : "keep-inline"}
    >
      <Focusable
        flow-children="horizontal"
        style={{
          display: "flex",
          gap: 8,
          alignItems: "center",
          minWidth: 0,
          maxWidth: 480,
          marginTop: actionsBelow ? 8 : 0,
        }}
      >
        {value && <div style={{ ...oneLine, minWidth: 0, marginRight: 8 }}>{value}</div>}
        {actions.map(({ label: name, icon: Icon, onClick }) => (
          <DialogButton
            key={name}
            onClick={onClick}
            onOKActionDescription={name}
            style={{
              width: 40,
              minWidth: 40,
              flex: actionsBelow ? 1 : "none",
              padding: "10px 11px",
              fontSize: 18,
              display: "grid",
              placeItems: "center",
            }}
          >
            <Icon label={name} />
          </DialogButton>
        ))}
      </Focusable>
    </Field>
  );
}

/** What is to be typed elsewhere, letter by letter. */
export const Command = ({ children }: { children: ReactNode }) => (
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
