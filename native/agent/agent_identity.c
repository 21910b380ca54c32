#include "agent/agent_identity.h"

#include "core/atomic_file.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/paths.h"
#include "core/random.h"
#include "core/state_file.h"
#include "core/strbuf.h"
#include "core/strvec.h"
#include "proto/proto_constants.h"

#include <stdlib.h>
#include <string.h>

#define FILE_NAME "agent.json"
#define FILE_VERSION 1
#define FILE_MAX_BYTES 4096
#define SYSTEM_FILE_MAX_BYTES (64 * 1024)
#define ID_DIGITS 8

static const struct json_field identity_file_fields[] = {
	JSON_FIELD(struct identity_file, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct identity_file, id, "id", JSON_STRING, JSON_REQUIRED),
	JSON_FIELDS_END,
};

/* A device by a part of its DMI product or board name. */
static const struct {
	const char *part;
	const char *platform;
} devices[] = {
	{ "Jupiter", "steamdeck" }, /* Steam Deck LCD */
	{ "Galileo", "steamdeck" }, /* Steam Deck OLED */
	{ "83E1", "legiongologo" }, /* Legion Go */
	{ "83L3", "legiongologo" }, /* Legion Go S */
	{ "83N6", "legiongologo" }, /* Legion Go S */
	{ "83Q2", "legiongologo" }, /* Legion Go S */
	{ "83Q3", "legiongologo" }, /* Legion Go S */
	{ "83N0", "legiongologo" }, /* Legion Go 2 */
	{ "83N1", "legiongologo" }, /* Legion Go 2 */
	{ "ROG Ally", "rogally" },
	{ "ROG Xbox Ally", "rogally" },
	{ "RC71L", "rogally" },
	{ "RC72L", "rogally" },
};

static bool os_release_has_id(const char *os_release, const char *id)
{
	for (const char *line = os_release; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "ID=", 3) == 0) {
			const char *value = line + 3 + (line[3] == '"' || line[3] == '\'');
			size_t length = strcspn(value, "\"'\n");

			return length == strlen(id) && memcmp(value, id, length) == 0;
		}
	}
	return false;
}

const char *agent_identity_platform(
	const char *os_release, const char *product_name, const char *board_name)
{
	if (os_release_has_id(os_release, "chimeraos")) {
		return "chimeraos";
	}
	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (strstr(product_name, devices[i].part) != NULL ||
			strstr(board_name, devices[i].part) != NULL) {
			return devices[i].platform;
		}
	}
	return os_release_has_id(os_release, "steamos") ? "steamdeck" : "linux";
}

static const char *detect_platform(void)
{
	AUTO(strbuf_finish) struct strbuf os_release = { 0 };
	AUTO(strbuf_finish) struct strbuf product = { 0 };
	AUTO(strbuf_finish) struct strbuf board = { 0 };

	/* Any of them may be missing, e.g. in a container. */
	atomic_file_read("/etc/os-release", SYSTEM_FILE_MAX_BYTES, &os_release, NULL);
	atomic_file_read("/sys/class/dmi/id/product_name", SYSTEM_FILE_MAX_BYTES, &product, NULL);
	atomic_file_read("/sys/class/dmi/id/board_name", SYSTEM_FILE_MAX_BYTES, &board, NULL);
	return agent_identity_platform(
		strbuf_text(&os_release), strbuf_text(&product), strbuf_text(&board));
}

static bool check_file(const void *object, struct error *err)
{
	const struct identity_file *file = object;

	if (file->version != FILE_VERSION || strlen(file->id) != ID_DIGITS ||
		strspn(file->id, "0123456789abcdef") != ID_DIGITS) {
		return error_set(err, ERROR_INVALID, "'%s' is not an agent id of %d hex digits",
			file->id, ID_DIGITS);
	}
	return true;
}

static const struct state_file identity_state = {
	.what = "the agent's id",
	.loss = "Hubs see a new agent that they have to pair with",
	.max_bytes = FILE_MAX_BYTES,
	.fields = identity_file_fields,
	.object_bytes = sizeof(struct identity_file),
	.check = check_file,
};

void agent_identity_init(struct agent_identity *identity, const char *config_dir, char **notice)
{
	AUTO(free_ptr) char *path = path_join(config_dir, FILE_NAME);

	*identity = (struct agent_identity){
		.id = "", .platform = detect_platform(), .version = CAPYDECK_VERSION
	};
	state_link_init(&identity->link, &identity_state, path, &identity->file, NULL);
	*notice = state_link_take_notice(&identity->link);
}

bool agent_identity_ready(struct agent_identity *identity, struct error *err)
{
	struct identity_file *file = &identity->file;
	struct error why = { 0 };

	if (*identity->id != '\0') {
		return true;
	}
	if (!state_link_ready(&identity->link, err)) {
		return false;
	}
	if (file->id == NULL) {
		*file = (struct identity_file){ .version = FILE_VERSION,
			.id = random_hex(ID_DIGITS) };
		if (!state_link_write(&identity->link, &why)) {
			free(TAKE_PTR(file->id));
			return error_set_because(err, &why,
				"the agent's new id cannot be saved (%s); the agent keeps trying",
				why.message);
		}
	}
	identity->id = file->id;
	return true;
}

void agent_identity_finish(struct agent_identity *identity)
{
	if (identity->link.file != NULL) {
		json_finish(&identity->file, identity_file_fields);
	}
	state_link_finish(&identity->link);
	*identity = (struct agent_identity){ .id = NULL };
}

void agent_identity_capabilities(struct strvec *capabilities)
{
	static const char *const names[] = {
		PROTO_CAPABILITY_FILE_UPLOAD,
		PROTO_CAPABILITY_BINARY_UPLOAD,
		PROTO_CAPABILITY_UPLOAD_RESUME,
		PROTO_CAPABILITY_FILE_HASHES,
		PROTO_CAPABILITY_EMPTY_FOLDERS,
		PROTO_CAPABILITY_UPDATE_CHANGES,
		PROTO_CAPABILITY_STEAM_USERS,
		PROTO_CAPABILITY_STEAM_SHORTCUTS,
		PROTO_CAPABILITY_STEAM_RESTART,
		PROTO_CAPABILITY_GAME_DELETE,
		PROTO_CAPABILITY_ARTWORK,
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		strvec_push(capabilities, names[i]);
	}
}
