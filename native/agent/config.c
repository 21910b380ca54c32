#include "agent/config.h"

#include "agent/config_keys.h"
#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/fatal.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONFIG_VERSION 1
#define CONFIG_FILE_BYTES (1024 * 1024)

static size_t member_bytes(enum json_type type)
{
	switch (type) {
	case JSON_STRING:
		return sizeof(char *);
	case JSON_INT64:
		return sizeof(int64_t);
	case JSON_BOOL:
		return sizeof(bool);
	case JSON_STRINGS:
		return sizeof(struct strvec);
	case JSON_SECRET:
	case JSON_DIGITS:
	case JSON_UINT32:
	case JSON_DOUBLE:
	case JSON_TAGS:
	case JSON_OBJECT:
	case JSON_ARRAY:
	case JSON_MAP:
	case JSON_RAW:
	case JSON_TREE:
		break;
	}
	abort(); /* no setting has that type */
}

/* Takes the key's value from object, which contains it; nothing changes unless it is allowed. */
static bool take_value(
	struct config *config, const struct config_key *key, const cJSON *object, struct error *err)
{
	const struct json_field fields[] = { key->field, JSON_FIELDS_END };
	const cJSON *value = json_member(object, key->field.key);
	char *member = (char *)config + key->field.offset;
	struct config scratch = { 0 };
	const char *read = (char *)&scratch + key->field.offset;

	if (value == NULL || !json_read(&scratch, fields, object, NULL) ||
		(key->is_allowed != NULL && !key->is_allowed(read))) {
		AUTO(strbuf_finish) struct strbuf given = { 0 };

		json_print(value, &given);
		json_finish(&scratch, fields);
		error_set(err, ERROR_INVALID, "'%s' must be %s, not %.200s", key->field.key,
			key->allowed, strbuf_text(&given));
		return error_explain(err, "setting_not_allowed", "key", key->field.key, NULL);
	}
	json_finish(config, fields);
	memcpy(member, read, member_bytes(key->field.type));
	return true;
}

static void append_default(struct strbuf *json, const struct config_key *key)
{
	char host[256] = "";

	if (key->default_json != NULL) {
		strbuf_append_text(json, key->default_json);
		return;
	}
	gethostname(host, sizeof(host) - 1);
	utf8_make_printable(host);
	host[utf8_cut(host, strlen(host), CONFIG_NAME_BYTES)] = '\0';
	json_write_string(json, *host != '\0' ? host : "CapyDeck");
}

static void set_defaults(struct config *config)
{
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		AUTO(strbuf_finish) struct strbuf json = { 0 };
		AUTO(json_free_ptr) cJSON *object = NULL;

		strbuf_appendf(&json, "{\"%s\":", config_keys[i].field.key);
		append_default(&json, &config_keys[i]);
		strbuf_append_char(&json, '}');
		object = json_parse(json.data, json.length, NULL);
		if (!take_value(config, &config_keys[i], object, NULL)) {
			fatal("out of memory for the default settings"); /* or one is wrong */
		}
	}
}

static void append_sentence(struct strbuf *notice, const char *sentence)
{
	if (notice->length > 0) {
		strbuf_append_text(notice, "; ");
	}
	strbuf_append_text(notice, sentence);
}

static void read_version(struct config *config, const cJSON *value, struct strbuf *notice)
{
	static const struct json_field fields[] = {
		JSON_FIELD(struct config, version, "version", JSON_INT64, 0),
		JSON_FIELDS_END,
	};

	json_read(config, fields, value, NULL);
	if (config->version < CONFIG_VERSION) {
		config->version = CONFIG_VERSION;
	}
	if (config->version > CONFIG_VERSION) {
		AUTO(free_ptr)
		char *sentence = xasprintf("'%s' was written by a newer version of this program "
					   "(%lld); unknown settings are ignored",
			config->path, (long long)config->version);

		append_sentence(notice, sentence);
	}
}

/* For a value that is not allowed: present's, or the default, which is already set. */
static void refuse_value(struct config *config, const struct config_key *key,
	const struct config *present, const char *why, struct strbuf *notice)
{
	AUTO(strbuf_finish) struct strbuf value = { 0 };
	AUTO(free_ptr)
	char *sentence = xasprintf("'%s': %s; %s", config->path, why,
		present != NULL ? "it is unchanged" : "its default is used");

	append_sentence(notice, sentence);
	if (present != NULL && config_get(present, key->field.key, &value, NULL)) {
		config_set(config, key->field.key, strbuf_text(&value), NULL);
	}
}

/* present: NULL at the start. */
static void read_members(struct config *config, const cJSON *object, const struct config *present,
	struct strbuf *notice)
{
	AUTO(strbuf_finish) struct strbuf unknown = { 0 };
	struct error err;

	read_version(config, object, notice);
	for (const cJSON *item = json_first(object); item != NULL; item = json_next(item)) {
		const struct config_key *key = config_key_find(json_key(item));

		if (key == NULL && strcmp(json_key(item), "version") != 0) {
			if (unknown.length > 0) {
				strbuf_append_char(&unknown, ',');
			}
			json_write_string(&unknown, json_key(item));
			strbuf_append_char(&unknown, ':');
			json_print(item, &unknown);
		} else if (key != NULL && json_member(object, key->field.key) == item &&
			   !take_value(config, key, object, &err)) {
			refuse_value(config, key, present, err.message, notice);
		}
	}
	free(config->unknown_json);
	config->unknown_json = strbuf_detach(&unknown);
}

static void set_aside(const char *path, const char *reason, struct strbuf *notice)
{
	AUTO(free_ptr) char *kept_as = NULL;
	AUTO(free_ptr) char *sentence = NULL;
	struct error err;

	if (atomic_file_set_aside(path, &kept_as, &err)) {
		sentence = xasprintf("the settings cannot be read (%s); they are kept as '%s' and "
				     "the defaults are used",
			reason, kept_as);
	} else {
		sentence = xasprintf("the settings cannot be read (%s) and the defaults are used; "
				     "%s",
			reason, err.message);
	}
	append_sentence(notice, sentence);
}

void config_init(struct config *config, const char *path)
{
	*config = (struct config){
		.path = xstrdup(path),
		.version = CONFIG_VERSION,
		.unknown_json = xstrdup(""),
	};
	set_defaults(config);
}

/* The file's object, which the caller frees. Errors: as atomic_file_read()'s, INVALID. */
static cJSON *read_object(const char *path, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	AUTO(json_free_ptr) cJSON *object = NULL;

	if (!atomic_file_read(path, CONFIG_FILE_BYTES, &text, err)) {
		return NULL;
	}
	object = json_parse(strbuf_text(&text), text.length, err);
	if (object != NULL && !json_is_object(object)) {
		error_set(err, ERROR_INVALID, "'%s' does not contain a JSON object", path);
		return NULL;
	}
	return TAKE_PTR(object);
}

void config_load(struct config *config, const char *path, char **notice)
{
	AUTO(strbuf_finish) struct strbuf said = { 0 };
	AUTO(json_free_ptr) cJSON *object = NULL;
	struct error err = { 0 };

	config_init(config, path);
	object = read_object(path, &err);
	if (object != NULL) {
		read_members(config, object, NULL, &said);
	} else if (err.kind == ERROR_INVALID || err.kind == ERROR_TOO_LARGE) {
		set_aside(path, err.message, &said);
	} else if (err.kind != ERROR_NOT_FOUND) { /* it may be intact */
		AUTO(free_ptr)
		char *sentence = xasprintf("the settings cannot be read now (%s); until they can, "
					   "no Hub is served",
			err.message);

		config->is_unread = true;
		append_sentence(&said, sentence);
	}
	*notice = said.length > 0 ? strbuf_detach(&said) : NULL;
}

bool config_reload(
	struct config *config, const struct config *present, char **notice, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf said = { 0 };
	AUTO(json_free_ptr) cJSON *object = NULL;
	struct error why = { 0 };

	*config = (struct config){ 0 };
	object = read_object(present->path, &why);
	if (object == NULL && why.kind != ERROR_NOT_FOUND) {
		return error_set_because(err, &why,
			"the settings in '%s' cannot be read (%.300s); correct or remove the file",
			present->path, why.message);
	}
	config_init(config, present->path);
	if (object != NULL) {
		read_members(config, object, present, &said);
	}
	*notice = said.length > 0 ? strbuf_detach(&said) : NULL;
	return true;
}

void config_finish(struct config *config)
{
	if (config == NULL) {
		return;
	}
	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		json_finish(
			config, (struct json_field[]) { config_keys[i].field, JSON_FIELDS_END });
	}
	free(config->path);
	free(config->unknown_json);
	*config = (struct config){ 0 };
}

void config_write(const struct config *config, struct strbuf *json)
{
	struct json_field fields[CONFIG_KEY_COUNT + 1] = { 0 };

	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		fields[i] = config_keys[i].field;
	}
	json_write(json, fields, config);
}

bool config_save(const struct config *config, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf known = { 0 }, text = { 0 };

	config_write(config, &known);
	strbuf_appendf(&text, "{\"version\":%lld,", (long long)config->version);
	strbuf_append(&text, known.data + 1, known.length - 2);
	if (*config->unknown_json != '\0') {
		strbuf_appendf(&text, ",%s", config->unknown_json);
	}
	strbuf_append_text(&text, "}\n");
	return atomic_file_write(config->path, text.data, text.length, 0600, err);
}

static bool no_such_key(const char *name, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf list = { 0 };

	for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
		strbuf_appendf(&list, "%s%s", i > 0 ? ", " : "", config_keys[i].field.key);
	}
	return error_set(err, ERROR_NOT_FOUND, "unknown setting '%.64s'; known are: %s", name,
		strbuf_text(&list));
}

/* Is text, as typed, already JSON of the type? */
static bool is_typed_json(enum json_type type, const char *text)
{
	return (type != JSON_STRING || *text == '"') && (type != JSON_STRINGS || *text == '[');
}

static void append_typed(struct strbuf *json, enum json_type type, const char *text)
{
	bool is_list = type == JSON_STRINGS;

	if (is_typed_json(type, text)) {
		strbuf_append_text(json, text);
		return;
	}
	strbuf_append_text(json, is_list ? "[" : "");
	if (!is_list || *text != '\0') {
		json_write_string(json, text);
	}
	strbuf_append_text(json, is_list ? "]" : "");
}

bool config_set(struct config *config, const char *key, const char *value, struct error *err)
{
	const struct config_key *found = config_key_find(key);
	AUTO(strbuf_finish) struct strbuf json = { 0 }, object_json = { 0 };
	AUTO(json_free_ptr) cJSON *typed = NULL;
	AUTO(json_free_ptr) cJSON *object = NULL;
	struct error why = { 0 };

	if (found == NULL) {
		return no_such_key(key, err);
	}
	append_typed(&json, found->field.type, value);
	/* Parsed on its own first, so that a value cannot add members. */
	typed = json_parse(strbuf_text(&json), json.length, &why);
	if (typed != NULL && utf8_valid(value, strlen(value))) {
		strbuf_appendf(&object_json, "{\"%s\":%s}", key, strbuf_text(&json));
		object = json_parse(object_json.data, object_json.length, &why);
	}
	if (object == NULL && why.kind == ERROR_IO) {
		return error_set(err, ERROR_IO, "'%s' is unchanged: %s", key, why.message);
	}
	if (object == NULL) {
		error_set(err, ERROR_INVALID, "'%s' must be %s, not '%.200s'", key, found->allowed,
			value);
		return error_explain(err, "setting_not_allowed", "key", found->field.key, NULL);
	}
	return take_value(config, found, object, err);
}

bool config_get(
	const struct config *config, const char *key, struct strbuf *json, struct error *err)
{
	const struct config_key *found = config_key_find(key);
	AUTO(strbuf_finish) struct strbuf object = { 0 };
	size_t lead;

	if (found == NULL) {
		return no_such_key(key, err);
	}
	json_write(
		&object, (struct json_field[]) { found->field, JSON_FIELDS_END }, config);
	lead = strlen(found->field.key) + strlen("{\"\":");
	strbuf_append(json, object.data + lead, object.length - lead - 1);
	return true;
}

bool config_describe(unsigned index, const char **key, const char **help)
{
	if (index >= CONFIG_KEY_COUNT) {
		return false;
	}
	*key = config_keys[index].field.key;
	*help = config_keys[index].help;
	return true;
}
