/* Whatever a page answers: an id and no error, or an error of a kind that callers know. */
#include "steam/cef/cef_message.h"

#include "core/error.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t app_id = 0;
	struct error err = { 0 };
	enum cef_message message = cef_message_read((const char *)data, size, 7, &app_id, &err);

	assert((message == CEF_MESSAGE_FAILED) == (err.kind != ERROR_NONE));
	assert(message == CEF_MESSAGE_DONE || app_id == 0);
	assert(err.kind == ERROR_NONE || err.kind == ERROR_CONFLICT ||
		err.kind == ERROR_NOT_FOUND || err.kind == ERROR_IO);
	return 0;
}
