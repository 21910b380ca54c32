import { useMemo } from "react";

import type { ShownCode } from "../components/CodeCard.js";
import type { Pairing } from "../ipc/methods.js";
import { useKnown, useSession } from "./useSession.js";

export const shownCode = ({ code, hubName, expiresInSeconds }: Pairing): ShownCode => ({
  code,
  hubName,
  expiresAtMs: Date.now() + expiresInSeconds * 1000,
});

/** The code that is to be typed on the PC, if there is one. */
export function useShownCode(): ShownCode | null {
  const { value: pairing, error } = useKnown(useSession().state.pairing);
  const shown = useMemo(() => (pairing?.active ? shownCode(pairing) : null), [pairing]);
  return error ? null : shown;
}
