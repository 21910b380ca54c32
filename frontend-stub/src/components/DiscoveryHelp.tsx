import { Field } from "@decky/ui";

import type { Check } from "../discovery.js";
import type { Texts } from "../strings/text.js";
import { BadIcon, GoodIcon, HintIcon } from "./Icons.js";
import { colors, wrapped } from "./style.js";

const icons = {
  good: { Icon: GoodIcon, color: colors.good },
  bad: { Icon: BadIcon, color: colors.bad },
  hint: { Icon: HintIcon, color: colors.dim },
};

export function DiscoveryHelp({ checks, texts }: { checks: Check[]; texts: Texts }) {
  return checks.map(({ state, text, values, detail }) => {
    const { Icon, color } = icons[state];
    return (
      <Field
        key={text}
        focusable
        icon={
          <div style={{ color, fontSize: 20 }}>
            <Icon />
          </div>
        }
        label={<div style={wrapped}>{texts.get(text, values)}</div>}
        description={
          detail && <div style={{ ...wrapped, whiteSpace: "pre-line" }}>{detail}</div>
        }
      />
    );
  });
}
