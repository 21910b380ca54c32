export interface CompatTool {
  /** Steam's name for it: "proton_experimental". */
  name: string;
  /** "Proton Experimental" */
  label: string;
}

/** The tools that Steam would run a Windows game with; none if it does not say. */
export async function compatTools(): Promise<CompatTool[]> {
  try {
    const tools = await SteamClient.Apps.GetAvailableCompatTools(0);
    return tools.map(({ strToolName, strDisplayName }) => ({
      name: strToolName,
      label: strDisplayName || strToolName,
    }));
  } catch {
    return [];
  }
}

/** Of Steam's own interface: a global of the page that plugins run in. */
declare const SteamClient: {
  Apps: {
    GetAvailableCompatTools(
      appId: number,
    ): Promise<{ strToolName: string; strDisplayName: string }[]>;
  };
};
