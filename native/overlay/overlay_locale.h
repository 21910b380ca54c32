#pragma once

/*
 * The locale to speak: wanted, unless it is NULL or ""; else LC_ALL, LC_MESSAGES or LANG, first
 * from the environment, then, as a system service may have none of them, from the system's
 * locale.conf. NULL: nothing says. Caller frees.
 */
char *overlay_locale(const char *wanted, const char *locale_conf);
