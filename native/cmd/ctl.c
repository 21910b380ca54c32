#include "cmd/ctl.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/strbuf.h"
#include "core/utf8.h"
#include "core/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

bool ctl_call(struct ctl *ctl, const char *method, const struct json_field *param_fields,
	const void *params, const struct json_field *fields, void *out, struct error *err)
{
	AUTO(strbuf_finish) struct strbuf result = { 0 };

	if (!ctl_session_call(&ctl->session, method, param_fields, params, &result, err)) {
		return false;
	}
	if (ctl->json) {
		puts(result.data);
		return true;
	}
	return fields == NULL || json_read_text(out, fields, result.data, result.length, err);
}

bool ctl_show(struct ctl *ctl, const struct ctl_view *view, struct error *err)
{
	AUTO(free_ptr) void *result = xcalloc(1, view->bytes);
	bool ok = ctl_call(ctl, view->method, NULL, NULL, view->fields, result, err);

	if (ok && !ctl->json) {
		view->print(result);
	}
	json_finish(result, view->fields);
	return ok;
}

bool ctl_fetch(struct ctl *ctl, const char *method, const struct json_field *fields, void *out,
	struct error *err)
{
	AUTO(strbuf_finish) struct strbuf result = { 0 };

	return ctl_session_call(&ctl->session, method, NULL, NULL, &result, err) &&
	       json_read_text(out, fields, result.data, result.length, err);
}

bool ctl_tell(struct ctl *ctl, const char *method, const struct json_field *fields,
	const void *params, const char *done, struct error *err)
{
	if (!ctl_call(ctl, method, fields, params, NULL, NULL, err)) {
		return false;
	}
	if (!ctl->json) {
		puts(done);
	}
	return true;
}

void ctl_say(const char *format, ...)
{
	AUTO(free_ptr) char *line = NULL;
	va_list values;
	int length;

	va_start(values, format);
	length = vasprintf(&line, format, values);
	va_end(values);
	if (length < 0) {
		line = NULL; /* undefined then */
		return;
	}
	utf8_make_printable(line);
	puts(line);
}

bool ctl_confirm(const struct ctl *ctl, const char *question, struct error *err)
{
	AUTO(free_ptr) char *printable = xstrdup(question);
	char answer[16] = "";

	if (ctl->yes || !isatty(STDIN_FILENO)) {
		return true;
	}
	utf8_make_printable(printable);
	fprintf(stderr, "%s [y/N] ", printable);
	fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) == NULL) {
		fputc('\n', stderr);
	}
	return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0 ||
	       error_set(err, ERROR_CANCELLED, "not confirmed, nothing was changed");
}
