import { useEffect, useState } from "react";

import type { Choices } from "../components/SettingList.js";
import { compatTools } from "../steam/compatTools.js";
import type { CompatTool } from "../steam/compatTools.js";
import { languageNames } from "../strings/languages.js";
import { useTexts } from "./useSession.js";

/** By setting: what there is to choose from. */
export function useChoices(): Partial<Record<string, Choices>> {
  const { get } = useTexts();
  const [tools, setTools] = useState<CompatTool[]>([]);
  useEffect(() => {
    let isWanted = true;
    void compatTools().then((found) => isWanted && setTools(found));
    return () => {
      isWanted = false;
    };
  }, []);
  const chosenTools = tools.map(({ name, label }) => ({ value: name, label }));
  const languages = Object.entries(languageNames).map(([value, label]) => ({ value, label }));
  return {
    "steam.compatTool": {
      list: chosenTools.length > 0 ? [{ value: "", label: get("none") }, ...chosenTools] : [],
      isOpen: true,
    },
    "overlay.language": {
      list: [{ value: "", label: get("sessionLanguage") }, ...languages],
      isOpen: false,
    },
  };
}
