import { ToggleField } from "@decky/ui";

import type { Setting, SettingValue } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { openDialog } from "./dialogs.js";
import { EditDialog } from "./EditDialog.js";
import { EditIcon } from "./Icons.js";
import { Row } from "./Row.js";

interface SettingListProps {
  settings: Setting[];
  texts: Texts;
  /** Rejects with a sentence that says what is wrong. */
  onChange: (key: string, value: SettingValue) => Promise<unknown>;
  /** As above, but the sentence is shown elsewhere. */
  onToggle: (key: string, value: boolean) => void;
}

export function SettingList({ settings, texts, onChange, onToggle }: SettingListProps) {
  return settings.map(({ key, value, help, restartNeeded }) => {
    const label = texts.setting(key);
    const description = sentences(help, restartNeeded && texts.get("nextStart"));
    if (typeof value === "boolean") {
      return (
        <ToggleField
          key={key}
          label={label}
          description={description}
          checked={value}
          onChange={(checked) => onToggle(key, checked)}
        />
      );
    }
    const edit = () =>
      openDialog(
        <EditDialog
          title={label}
          help={sentences(help, Array.isArray(value) && texts.get("listHint"))}
          text={asText(value)}
          isNumber={typeof value === "number"}
          texts={texts}
          onSave={(text) => onChange(key, asValue(text, value))}
        />,
      );
    return (
      <Row
        key={key}
        label={label}
        description={description}
        value={asText(value) || texts.get("none")}
        actions={[{ label: texts.get("change"), icon: EditIcon, onClick: edit }]}
      />
    );
  });
}

/** The agent's help is a line without capital letter and full stop. */
const sentences = (help: string, more: string | false): string =>
  `${help.charAt(0).toUpperCase()}${help.slice(1)}.${more ? ` ${more}` : ""}`;

const asText = (value: SettingValue): string =>
  Array.isArray(value) ? value.join(", ") : String(value);

/** The typed text as the setting's type; if it is not a number the agent will reject it. */
function asValue(text: string, before: SettingValue): SettingValue {
  if (Array.isArray(before)) {
    return text
      .split(",")
      .map((item) => item.trim())
      .filter(Boolean);
  }
  return typeof before === "number" && text.trim() !== "" && Number.isFinite(Number(text))
    ? Number(text)
    : text;
}
