#include "upload/upload_head.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "upload/upload_staging.h"

#define HEAD_VERSION 1
#define HEAD_MAX_BYTES (1024 * 1024)

static const struct json_field upload_head_fields[] = {
	JSON_FIELD(struct upload_head, version, "version", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, upload_id, "uploadId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, hub_id, "hubId", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, game_name, "gameName", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, dir, "dir", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(
		struct upload_head, manifest_digest, "manifestDigest", JSON_STRING, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, total_bytes, "totalBytes", JSON_INT64, JSON_REQUIRED),
	JSON_FIELD(struct upload_head, started_at_ms, "startedAt", JSON_INT64, JSON_REQUIRED),
	JSON_FIELDS_END,
};

bool upload_head_write(const struct upload_head *head, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	struct upload_head written = *head;

	written.version = HEAD_VERSION;
	json_write(&text, upload_head_fields, &written);
	return upload_staging_write(dir_fd, UPLOAD_STAGING_HEAD, &text, err);
}

bool upload_head_read(struct upload_head *head, int dir_fd, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (!upload_staging_read(dir_fd, UPLOAD_STAGING_HEAD, HEAD_MAX_BYTES, &text, err) ||
		!json_read_text(head, upload_head_fields, text.data, text.length, err)) {
		return false;
	}
	return head->version == HEAD_VERSION ||
	       error_set(err, ERROR_INVALID, "'%s' has a version that is not %d",
		       UPLOAD_STAGING_HEAD, HEAD_VERSION);
}

void upload_head_finish(struct upload_head *head)
{
	json_finish(head, upload_head_fields);
}
