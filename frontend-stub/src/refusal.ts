import { IPC_CONFLICT, IPC_NO_ANSWER, IPC_NO_SPACE, IPC_NOT_FOUND, IpcError, sentenceOf } from "./ipc/methods.js";
import type { TextKey } from "./strings/table.js";
import type { Texts } from "./strings/text.js";

/** The kinds of errors. */
const kinds: Record<number, TextKey> = {
  [IPC_NOT_FOUND]: "gone",
  [IPC_CONFLICT]: "notNow",
  [IPC_NO_SPACE]: "noSpace",
  [IPC_NO_ANSWER]: "noAnswer",
};

/** What kind of failure it is, in the user's language. */
export const kindOf = (error: unknown, { get }: Texts): string =>
  get((error instanceof IpcError ? kinds[error.code] : undefined) ?? "failed");

/** The refusal in the user's language if its reason has a text, else the agent's English sentence. */
export function explain(error: unknown, texts: Texts): string {
  if (error instanceof IpcError && error.data) {
    const { reason = "", ...values } = error.data;
    const key =
      reason === "setting_not_allowed" ? `allowed.${values.key ?? ""}` : `refused.${reason}`;
    return texts.find(key, values) ?? error.message;
  }
  return sentenceOf(error);
}
