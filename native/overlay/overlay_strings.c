#include "overlay/overlay_strings.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "core/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define LOCALE_CONF_MAX_BYTES (16 * 1024)

/* clang-format off */
static const struct overlay_strings table[] = {
	/* The first row is for every language that is missing. */
	{
		"en",
		"Pair with %s?",
		"Enter this code on your PC",
		"%d s",
		"Not you? Dismiss it in quick access, under CapyDeck",
		"Not you? Click here to dismiss",
	},
	{
		"de",
		"Mit %s koppeln?",
		"Gib diesen Code am PC ein",
		"%d s",
		"Nicht du? Im Schnellzugriff unter CapyDeck abweisen",
		"Nicht du? Zum Abweisen hier klicken",
	},
	{
		"es",
		"¿Vincular con %s?",
		"Introduce este código en el PC",
		"%d s",
		"¿No eres tú? Recházalo: menú de acceso rápido, CapyDeck",
		"¿No eres tú? Haz clic aquí para rechazarlo",
	},
	{
		"fr",
		"Associer avec %s ?",
		"Saisissez ce code sur le PC",
		"%d s",
		"Pas vous ? Refusez-le : menu d’accès rapide, CapyDeck",
		"Pas vous ? Cliquez ici pour refuser",
	},
	{
		"ja",
		"%s とペアリングしますか？",
		"このコードを PC に入力してください",
		"残り %d 秒",
		"心当たりがない場合は、クイックアクセスの CapyDeck で閉じてください",
		"心当たりがない場合は、ここをクリックして閉じてください",
	},
	{
		"pt",
		"Parear com %s?",
		"Digite este código no PC",
		"%d s",
		"Não é você? Recuse no menu de acesso rápido, em CapyDeck",
		"Não é você? Clique aqui para recusar",
	},
	{
		"zh",
		"与 %s 配对？",
		"请在电脑上输入此代码",
		"剩余 %d 秒",
		"不是您本人？请在快捷菜单的 CapyDeck 中关闭",
		"不是您本人？点击此处关闭",
	},
};
/* clang-format on */

#define COUNT (sizeof(table) / sizeof(table[0]))

const struct overlay_strings *overlay_strings_for(const char *locale)
{
	for (size_t i = 0; locale != NULL && i < COUNT; i++) {
		size_t length = strlen(table[i].language);

		if (strncmp(locale, table[i].language, length) == 0 &&
			(locale[length] == '\0' || strchr("_-.@", locale[length]) != NULL)) {
			return &table[i];
		}
	}
	return &table[0];
}

const struct overlay_strings *overlay_strings_at(unsigned index)
{
	return index < COUNT ? &table[index] : NULL;
}

/* --- Choosing the language --- */

static const char *const locale_variables[] = { "LC_ALL", "LC_MESSAGES", "LANG" };

/* The value of a line NAME=value or NAME="value"; NULL: missing. Source: locale.conf(5). */
static char *read_variable(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = text; *line != '\0'; line += *line == '\n') {
		const char *value = line + length + 1;

		if (strncmp(line, name, length) == 0 && line[length] == '=') {
			value += *value == '"' || *value == '\'';
			return xasprintf("%.*s", (int)strcspn(value, "\"'\r\n"), value);
		}
		line += strcspn(line, "\n");
	}
	return NULL;
}

char *overlay_strings_locale(const char *wanted, const char *locale_conf)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	char *value = NULL;

	if (wanted != NULL && *wanted != '\0') {
		return xstrdup(wanted);
	}
	for (size_t i = 0; i < sizeof(locale_variables) / sizeof(locale_variables[0]); i++) {
		const char *given = getenv(locale_variables[i]);

		if (given != NULL && *given != '\0') {
			return xstrdup(given);
		}
	}
	if (atomic_file_read(locale_conf, LOCALE_CONF_MAX_BYTES, &text, NULL)) {
		for (size_t i = 0;
			i < sizeof(locale_variables) / sizeof(locale_variables[0]) && value == NULL;
			i++) {
			value = read_variable(strbuf_text(&text), locale_variables[i]);
		}
	}
	return value;
}
