#include "steam/cef/http_answer.h"

#include "core/error.h"

#include <ctype.h>
#include <string.h>

#define STATUS_LINE "HTTP/1.x 200"

static bool is_digit(char character)
{
	return character >= '0' && character <= '9';
}

static bool read_status(struct http_answer *answer, const char *line, size_t length)
{
	const char *digits = line + strlen("HTTP/1.x ");

	if (length < strlen(STATUS_LINE) || memcmp(line, "HTTP/1.", 7) != 0 || line[8] != ' ') {
		return false;
	}
	answer->status = 0;
	for (int i = 0; i < 3; i++) {
		if (!is_digit(digits[i])) {
			return false;
		}
		answer->status = answer->status * 10 + (unsigned)(digits[i] - '0');
	}
	return true;
}

/* The value of a line that is this field's, spaces around it left out; NULL: another's. */
static const char *field_value(const char *line, size_t length, const char *name, size_t *left)
{
	size_t name_length = strlen(name);

	if (length <= name_length || line[name_length] != ':' ||
		strncasecmp(line, name, name_length) != 0) {
		return NULL;
	}
	line += name_length + 1;
	length -= name_length + 1;
	while (length > 0 && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	while (length > 0 && isspace((unsigned char)line[length - 1])) {
		length--;
	}
	*left = length;
	return line;
}

static bool read_length(struct http_answer *answer, const char *digits, size_t count)
{
	if (count == 0 || count > 15 || answer->body_bytes >= 0) {
		return false;
	}
	answer->body_bytes = 0;
	for (size_t i = 0; i < count; i++) {
		if (!is_digit(digits[i])) {
			return false;
		}
		answer->body_bytes = answer->body_bytes * 10 + (digits[i] - '0');
	}
	return true;
}

static bool read_field(struct http_answer *answer, const char *line, size_t length)
{
	size_t value_length;
	const char *value = field_value(line, length, "Content-Length", &value_length);

	if (value != NULL) {
		return read_length(answer, value, value_length);
	}
	return field_value(line, length, "Transfer-Encoding", &value_length) == NULL;
}

static bool read_lines(struct http_answer *answer, const char *text, const char *end)
{
	const char *next;

	answer->body_bytes = -1;
	for (const char *line = text; line < end; line = next) {
		next = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
		if (!(line == text ? read_status(answer, line, (size_t)(next - line))
				   : read_field(answer, line, (size_t)(next - line)))) {
			return false;
		}
	}
	return true;
}

bool http_answer_read(
	struct http_answer *answer, const char *text, size_t length, struct error *err)
{
	const char *end = memmem(text, length, "\r\n\r\n", 4);

	if (end == NULL && length > HTTP_ANSWER_HEAD_MAX_BYTES) {
		return error_set(err, ERROR_TOO_LARGE,
			"an HTTP answer's head is longer than %d bytes",
			HTTP_ANSWER_HEAD_MAX_BYTES);
	}
	if (end == NULL) {
		return true;
	}
	if (!read_lines(answer, text, end + 2)) {
		return error_set(err, ERROR_INVALID, "what answers is no plain HTTP/1 server");
	}
	answer->head_bytes = (size_t)(end - text) + 4;
	return true;
}
