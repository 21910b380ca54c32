/* A journal's bytes: nothing after a damaged line is used, and nothing is read past the end. */
#include "upload/upload_journal.h"

#include "core/strbuf.h"

#include <stdlib.h>

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read must be what was written: the text up to there. */
static void rewrite(void *user, const struct upload_journal_record *record)
{
	switch (record->kind) {
	case UPLOAD_JOURNAL_RANGE:
		upload_journal_write_range(user, record->file, record->start, record->end);
		break;
	case UPLOAD_JOURNAL_STATE:
		upload_journal_write_state(user, &record->state);
		break;
	}
}

static void count(void *user, const struct upload_journal_record *record)
{
	(*(size_t *)user)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf text = { 0 };
	size_t lines = 0, again = 0;

	upload_journal_write_head(&text, DIGEST);
	if (upload_journal_parse((const char *)data, size, DIGEST, rewrite, &text)) {
		for (size_t i = 0; i < text.length; i++) {
			lines += text.data[i] == '\n';
		}
		if (!upload_journal_parse(text.data, text.length, DIGEST, count, &again) ||
			again + 1 != lines) {
			abort();
		}
	}
	strbuf_finish(&text);
	return 0;
}
