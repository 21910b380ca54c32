#include "steam/cef/cef_target.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/xalloc.h"

#include <string.h>

#define PATH_MAX_BYTES 256

/* The best first. */
static const char *const titles[] = { "SharedJSContext", "Steam Shared Context presented by Valve™",
	"SP" };

/* It goes into a request's first line. */
static bool is_path_safe(const char *path)
{
	size_t length = strlen(path);

	for (const char *at = path; *at != '\0'; at++) {
		if (*at <= ' ' || *at > '~') {
			return false;
		}
	}
	return length <= PATH_MAX_BYTES && strncmp(path, "/devtools/", strlen("/devtools/")) == 0;
}

static const char *path_of(const cJSON *target)
{
	const char *url = json_string(json_member(target, "webSocketDebuggerUrl"));
	const char *path;

	if (url == NULL || strncmp(url, "ws://", strlen("ws://")) != 0) {
		return NULL;
	}
	path = strchr(url + strlen("ws://"), '/');
	return path != NULL && is_path_safe(path) ? path : NULL;
}

static const char *find_path(const cJSON *list, const char *title)
{
	for (const cJSON *target = json_first(list); target != NULL; target = json_next(target)) {
		const char *its_title = json_string(json_member(target, "title"));
		const char *path = path_of(target);

		if (its_title != NULL && strcmp(its_title, title) == 0 && path != NULL) {
			return path;
		}
	}
	return NULL;
}

char *cef_target_path(const char *list, size_t length, struct error *err)
{
	AUTO(json_free_ptr) cJSON *root = json_parse(list, length, NULL);

	if (root == NULL || !json_is_array(root)) {
		error_set(err, ERROR_INVALID, "what answers is no browser's debugger");
		return NULL;
	}
	for (size_t i = 0; i < sizeof(titles) / sizeof(*titles); i++) {
		const char *path = find_path(root, titles[i]);

		if (path != NULL) {
			return xstrdup(path);
		}
	}
	error_set(err, ERROR_NOT_FOUND,
		"no page there is called SharedJSContext; either Steam is only starting, or another "
		"program has the port");
	return NULL;
}
