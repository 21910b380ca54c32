#include "control/control_ui.h"

#include "control/control_methods.h"
#include "control/ui_link.h"
#include "core/base64.h"
#include "core/cleanup.h"
#include "core/strbuf.h"
#include "proto/proto_ipc.h"

bool control_ui_attach(const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_ui params = { 0 };
	bool ok = json_read(&params, ipc_ui_fields, call->params, err);

	if (ok) {
		ui_link_attach(call->ui, call->conn, params.name);
		strbuf_append_text(result, "{}");
	}
	json_finish(&params, ipc_ui_fields);
	return ok;
}

bool control_ui_detach(const struct control_call *call, struct strbuf *result, struct error *err)
{
	ui_link_detach(call->ui, call->conn);
	strbuf_append_text(result, "{}");
	return true;
}

bool control_ui_read_file(const struct control_call *call, struct strbuf *result, struct error *err)
{
	struct ipc_file_request params = { 0 };
	struct ipc_file_part part = { 0 };
	AUTO(strbuf_finish) struct strbuf data = { 0 };
	AUTO(strbuf_finish) struct strbuf text = { 0 };

	if (!json_read(&params, ipc_file_request_fields, call->params, err) ||
		!ui_link_read_file(call->ui, call->conn, params.file, params.offset, &data,
			&part.bytes, err)) {
		return false;
	}
	base64_encode(&text, data.data, data.length);
	part.data = text.data;
	json_write(result, ipc_file_part_fields, &part);
	return true;
}
