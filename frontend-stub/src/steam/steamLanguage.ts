/** Steam's name for its language ("german"); "" if unknown. */
export async function steamLanguage(): Promise<string> {
  try {
    return await SteamClient.Settings.GetCurrentLanguage();
  } catch {
    return "";
  }
}

/** Of Steam's own interface: a global of the page that plugins run in. */
declare const SteamClient: { Settings: { GetCurrentLanguage(): Promise<string> } };
