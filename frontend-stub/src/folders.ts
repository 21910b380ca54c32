import { FileSelectionType, openFilePicker } from "@decky/api";

/** Lets the user choose a folder, from there on; null: nothing was chosen. */
export async function chooseFolder(start: string): Promise<string | null> {
  try {
    const { path } = await openFilePicker(FileSelectionType.FOLDER, start, false, true);
    return path;
  } catch {
    return null; // it rejects when it is closed
  }
}
