#pragma once

/*
 * The overlay's texts in all its languages: one row per language in overlay_strings.c, which a
 * translator can edit without knowing C.
 */
struct overlay_strings {
	const char *language;	  /* ISO 639-1, "zh" for Simplified Chinese */
	const char *pair_with;	  /* "%s" once: the Hub's name */
	const char *type_code;	  /* where to type the code */
	const char *seconds_left; /* "%d" once */
	const char *dismiss_game; /* how to dismiss it in Game Mode */
	const char *dismiss_desktop;
};

/*
 * The row for a locale such as "de_AT.UTF-8", "pt-BR" or "zh_CN"; English if it is missing, unknown
 * or NULL. Never NULL.
 */
const struct overlay_strings *overlay_strings_for(const char *locale);
/* To walk the table; NULL past the end. */
const struct overlay_strings *overlay_strings_at(unsigned index);

/*
 * The locale to use: wanted, unless it is NULL or ""; else LC_ALL, LC_MESSAGES or LANG, from the
 * environment or, since a system service may have none of them, from the system's locale.conf.
 * NULL: not known. Caller frees.
 */
char *overlay_strings_locale(const char *wanted, const char *locale_conf);
