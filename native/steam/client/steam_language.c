#include "steam/client/steam_language.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/paths.h"
#include "core/strbuf.h"
#include "core/xalloc.h"
#include "steam/vdf/vdf_text.h"

#include <string.h>

#define FILE_MAX_BYTES (4 * 1024 * 1024)

static const char *const places[] = {
	".steam/registry.vdf",
	".var/app/com.valvesoftware.Steam/.steam/registry.vdf",
};

static const char *const keys[] = { "Registry", "HKCU", "Software", "Valve", "Steam" };

/* Source: partner.steamgames.com/doc/store/localization/languages, "API language code". */
static const struct {
	const char *name;
	const char *locale;
} languages[] = {
	{ "arabic", "ar" },
	{ "brazilian", "pt_BR" },
	{ "bulgarian", "bg" },
	{ "czech", "cs" },
	{ "danish", "da" },
	{ "dutch", "nl" },
	{ "english", "en" },
	{ "finnish", "fi" },
	{ "french", "fr" },
	{ "german", "de" },
	{ "greek", "el" },
	{ "hungarian", "hu" },
	{ "indonesian", "id" },
	{ "italian", "it" },
	{ "japanese", "ja" },
	{ "koreana", "ko" },
	{ "latam", "es_419" },
	{ "norwegian", "no" },
	{ "polish", "pl" },
	{ "portuguese", "pt" },
	{ "romanian", "ro" },
	{ "russian", "ru" },
	{ "schinese", "zh_CN" },
	{ "spanish", "es" },
	{ "swedish", "sv" },
	{ "tchinese", "zh_TW" },
	{ "thai", "th" },
	{ "turkish", "tr" },
	{ "ukrainian", "uk" },
	{ "vietnamese", "vi" },
};

static const char *locale_of(const char *name)
{
	for (size_t i = 0; i < sizeof(languages) / sizeof(languages[0]); i++) {
		if (strcmp(name, languages[i].name) == 0) {
			return languages[i].locale;
		}
	}
	return NULL;
}

static char *read_language(const char *path)
{
	AUTO(strbuf_finish) struct strbuf source = { 0 };
	AUTO(vdf_text_finish) struct vdf_text file = { 0 };
	const struct vdf_text_node *map;

	if (!atomic_file_read(path, FILE_MAX_BYTES, &source, NULL) ||
		!vdf_text_parse(&file, strbuf_text(&source), source.length, NULL)) {
		return NULL;
	}
	map = &file.nodes[0];
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		map = vdf_text_child(&file, map, keys[i]);
	}
	return xstrdup_or_null(locale_of(vdf_text_value(&file, map, "language")));
}

char *steam_language(const char *home)
{
	char *found = NULL;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && found == NULL; i++) {
		AUTO(free_ptr) char *path = path_join(home, places[i]);

		found = read_language(path);
	}
	return found;
}
