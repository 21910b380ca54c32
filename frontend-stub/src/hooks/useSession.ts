import { createContext, useContext, useMemo, useSyncExternalStore } from "react";

import { actionsOf } from "../actions.js";
import type { Actions } from "../actions.js";
import type { Known, Pulled } from "../ipc/pulled.js";
import type { Helper } from "../ipc/relay.js";
import type { Session } from "../session.js";
import type { Texts } from "../strings/text.js";

export const SessionContext = createContext<Session | null>(null);

/** Whether the component is visible; nothing is requested while it is not. */
export const VisibleContext = createContext(true);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) {
    throw new Error("no SessionContext found");
  }
  return session;
}

export function useHelper(): Helper {
  const session = useSession();
  return useSyncExternalStore(session.watch, () => session.helper);
}

export function useTexts(): Texts {
  const session = useSession();
  return useSyncExternalStore(session.watch, () => session.texts);
}

const watchNothing = () => () => {};
const nothing = { value: undefined, error: undefined };

/** A part of the agent's state, kept up to date while visible; undefined while no agent is running. */
export function useKnown<T>(part: Pulled<T>): Known<T> {
  const isVisible = useContext(VisibleContext);
  const known = useSyncExternalStore(isVisible ? part.watch : watchNothing, part.get);
  return useHelper().state === "running" ? known : nothing;
}

export function useActions(): Actions {
  const session = useSession();
  return useMemo(() => actionsOf(session), [session]);
}

/** How long deleted games are kept; undefined: not known yet. */
export function useTrashDays(): number | undefined {
  const { value: settings } = useKnown(useSession().state.settings);
  const value = settings?.find(({ key }) => key === "games.trashDays")?.value;
  return typeof value === "number" ? value : undefined;
}
