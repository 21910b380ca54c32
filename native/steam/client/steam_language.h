#pragma once

/*
 * The language that the owner chose in Steam, as a locale such as "de" or "pt_BR": the client's
 * registry.vdf below home, the native one or the Flatpak's, has its name. NULL: none is to be
 * found. Caller frees.
 */
char *steam_language(const char *home);
