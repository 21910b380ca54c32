import { ToggleField } from "@decky/ui";

import type { Setting, SettingValue } from "../ipc/methods.js";
import type { Texts } from "../strings/text.js";
import { ChoiceDialog } from "./ChoiceDialog.js";
import type { Choice } from "./ChoiceDialog.js";
import { openDialog } from "./dialogs.js";
import { EditDialog } from "./EditDialog.js";
import { EditIcon } from "./Icons.js";
import { Row } from "./Row.js";

export interface Choices {
  list: Choice[];
  /** Other values are allowed, too. */
  isOpen: boolean;
}

interface SettingListProps {
  settings: Setting[];
  /** By key: what can be chosen from. */
  choices: Partial<Record<string, Choices>>;
  texts: Texts;
  /** Rejects when the value is refused. */
  onChange: (key: string, value: SettingValue) => Promise<unknown>;
  /** As above, but the refusal is shown elsewhere. */
  onToggle: (key: string, value: boolean) => void;
  /** For a folder; shows refusals itself. */
  onChooseFolder: (key: string, value: string) => void;
}

/** A setting that is one folder. */
const FOLDER = "library.path";

export function SettingList({
  settings,
  choices,
  texts,
  onChange,
  onToggle,
  onChooseFolder,
}: SettingListProps) {
  return settings.map((setting) => {
    const { key, value } = setting;
    const label = texts.setting(key);
    const description = describe(setting, texts);
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
    const list = choices[key];
    const edit = () => openDialog(<Edit setting={setting} texts={texts} onChange={onChange} />);
    const change = () => {
      if (key === FOLDER && typeof value === "string") {
        onChooseFolder(key, value);
      } else if (list && list.list.length > 0) {
        openDialog(
          <ChoiceDialog
            title={label}
            help={description}
            choices={list.list}
            chosen={String(value)}
            texts={texts}
            onChoose={(chosen) => onChange(key, chosen)}
            onOther={list.isOpen ? edit : undefined}
          />,
        );
      } else {
        edit();
      }
    };
    return (
      <Row
        key={key}
        label={label}
        description={description}
        value={shown(value, list, texts)}
        actions={[{ label: texts.get("change"), icon: EditIcon, onClick: change }]}
      />
    );
  });
}

interface EditProps extends Pick<SettingListProps, "texts" | "onChange"> {
  setting: Setting;
  /** Given by Steam. */
  closeModal?: () => void;
}

function Edit({ setting, texts, onChange, closeModal }: EditProps) {
  const { key, value } = setting;
  return (
    <EditDialog
      title={texts.setting(key)}
      help={[describe(setting, texts), Array.isArray(value) && texts.get("listHint")]
        .filter(Boolean)
        .join(" ")}
      text={asText(value)}
      isNumber={typeof value === "number"}
      texts={texts}
      onSave={(text) => onChange(key, asValue(text, value))}
      closeModal={closeModal ?? (() => {})}
    />
  );
}

function describe({ key, help, restartNeeded }: Setting, texts: Texts): string {
  const translated = texts.find(`help.${key}`) ?? sentence(help);
  return restartNeeded ? `${translated} ${texts.get("nextStart")}` : translated;
}

/** The agent's own help is a line without capital letter and full stop. */
const sentence = (help: string): string => `${help.charAt(0).toUpperCase()}${help.slice(1)}.`;

function shown(value: SettingValue, choices: Choices | undefined, texts: Texts): string {
  const text = asText(value);
  const known = choices?.list.find((choice) => choice.value === text);
  return known?.label ?? (text || texts.get("none"));
}

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
