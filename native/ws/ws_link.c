#include "ws/ws_link.h"

#include <assert.h>
#include <libwebsockets.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static_assert(STRBUF_HEADROOM >= LWS_PRE, "lws_write() puts the frame's header before the bytes");
static_assert(WS_REASON_BYTES > 123, "a close frame's longest reason fits");

#define HTTP_STATUS_UPGRADE_REQUIRED 426

static int refuse(struct lws *wsi, unsigned status)
{
	lws_return_http_status(wsi, status, NULL);
	return -1;
}

/* lws would take the drafts before RFC 6455, and a request that names none. */
static bool is_version_spoken(struct lws *wsi)
{
	char version[4];

	return lws_hdr_copy(wsi, version, sizeof(version), WSI_TOKEN_VERSION) > 0 &&
	       strcmp(version, "13") == 0;
}

static int on_confirm_upgrade(struct ws_conn *conn, struct lws *wsi)
{
	char protocol[16];
	unsigned status;

	/*
	 * lws also asks after it has refused an unknown protocol by itself, with the headers gone
	 * and its argument dangling. h2c would escape flow control.
	 */
	if (lws_hdr_copy(wsi, protocol, sizeof(protocol), WSI_TOKEN_UPGRADE) <= 0 ||
		strcasecmp(protocol, "websocket") != 0 || conn->killed || conn->side == NULL) {
		return -1;
	}
	status = conn->side->admit(conn->side_user, wsi);
	if (status == 0 && !is_version_spoken(wsi)) {
		status = HTTP_STATUS_UPGRADE_REQUIRED;
	}
	return status == 0 ? 0 : refuse(wsi, status);
}

static int on_plain_http(struct ws_conn *conn, struct lws *wsi)
{
	unsigned status;

	if (conn->killed || conn->side == NULL) {
		return -1;
	}
	status = conn->side->admit(conn->side_user, wsi);
	return refuse(wsi, status == 0 ? HTTP_STATUS_UPGRADE_REQUIRED : status);
}

static int on_receive(struct ws_conn *conn, struct lws *wsi, const char *data, size_t length)
{
	ws_conn_on_receive(conn, lws_frame_is_binary(wsi) != 0, lws_is_final_fragment(wsi) != 0,
		lws_remaining_packet_payload(wsi), data, length);
	return 0;
}

static int on_peer_close(struct ws_conn *conn, const unsigned char *data, size_t length)
{
	if (length < 2) {
		ws_conn_on_peer_close(conn, LWS_CLOSE_STATUS_NO_STATUS, "", 0);
	} else {
		ws_conn_on_peer_close(
			conn, (unsigned)data[0] << 8 | data[1], (const char *)data + 2, length - 2);
	}
	return 0;
}

static bool write_ping(struct ws_conn *conn)
{
	unsigned char buffer[LWS_PRE + 1];

	conn->ping_due = false;
	return lws_write(conn->wsi, buffer + LWS_PRE, 0, LWS_WRITE_PING) >= 0;
}

static bool write_frame(struct ws_conn *conn, struct ws_frame *frame)
{
	size_t length = frame->data.length;
	int written;

	strbuf_reserve(&frame->data, 1); /* lws wants an address for no bytes, too */
	written = lws_write(conn->wsi, (unsigned char *)frame->data.data, length,
		frame->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
	strbuf_finish(&frame->data);
	if (written >= 0 && lws_partial_buffered(conn->wsi)) {
		conn->leaving_bytes = length;
	}
	return written >= 0;
}

/*
 * What lws could not send at once it keeps, so stop then. Every segment costs both sides more than
 * a small frame itself: the answers to eight small chunks travel in one.
 */
static bool write_queued(struct ws_conn *conn, struct lws *wsi, bool *progress)
{
	bool several = ws_output_count(&conn->output) > 1, ok = true;
	struct ws_frame frame;

	if (several) {
		tcp_socket_cork(lws_get_socket_fd(wsi), true);
	}
	while (ok && !lws_partial_buffered(wsi) && ws_output_pop(&conn->output, &frame)) {
		ok = write_frame(conn, &frame);
		*progress |= ok;
	}
	if (several) {
		tcp_socket_cork(lws_get_socket_fd(wsi), false);
	}
	return ok;
}

/* Called while lws holds nothing back. */
static int on_writeable(struct ws_conn *conn, struct lws *wsi)
{
	bool progress = conn->leaving_bytes > 0;

	conn->leaving_bytes = 0;
	/* lws calls on even while it waits for the answer to a close frame. */
	if (conn->killed || conn->peer_closing || conn->close_frame) {
		return 0;
	}
	if (conn->ping_due && !conn->closing && !write_ping(conn)) {
		return -1;
	}
	if (!write_queued(conn, wsi, &progress)) {
		return -1;
	}
	if (conn->closing && ws_output_empty(&conn->output) && !lws_partial_buffered(wsi)) {
		conn->close_frame = true;
		ws_clock_written(&conn->clock, conn, true, true); /* lws times the rest */
		/* lws drops the close frame where output is still buffered; here is none. */
		lws_close_reason(wsi, (enum lws_close_status)conn->code,
			(unsigned char *)conn->reason, strlen(conn->reason));
		return -1;
	}
	ws_conn_on_written(conn, progress);
	return 0;
}

/* lws ended it for a violation of the protocol, and put why into its own close frame. */
static void note_own_close(struct ws_conn *conn, struct lws *wsi)
{
	const unsigned char *data = lws_get_close_payload(wsi);
	int length = lws_get_close_length(wsi);

	if (conn->code == 0 && length >= 2) {
		conn->code = (unsigned)data[0] << 8 | data[1];
		snprintf(conn->reason, sizeof(conn->reason), "%.*s", length - 2, data + 2);
	}
}

static void note_failure(struct ws_conn *conn, const char *text, size_t length)
{
	if (conn->reason[0] == '\0' && text != NULL) {
		snprintf(conn->reason, sizeof(conn->reason), "%.*s", (int)length, text);
	}
}

static int on_event(
	struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t length)
{
	struct ws_conn *conn = lws_get_opaque_user_data(wsi);

	if (conn == NULL) {
		return 0; /* about the vhost, or a socket that is only being made */
	}
	switch ((int)reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return on_confirm_upgrade(conn, wsi);
	case LWS_CALLBACK_HTTP:
		return on_plain_http(conn, wsi);
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
		conn->http_status = lws_http_client_http_response(wsi);
		return 0;
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		if (conn->killed) {
			return -1;
		}
		conn->wsi = wsi;
		ws_conn_on_opened(conn);
		return 0;
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return on_receive(conn, wsi, in, length);
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return on_writeable(conn, wsi);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		return on_peer_close(conn, in, length);
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_CLIENT_CLOSED:
		note_own_close(conn, wsi);
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		note_failure(conn, in, length);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		ws_conn_on_gone(conn);
		return 0;
	case LWS_CALLBACK_RAW_ADOPT: /* a CONNECT request: lws would pass raw bytes */
	case LWS_CALLBACK_RAW_RX:
		return -1;
	}
	return 0;
}

static const struct lws_protocols protocols[] = {
	{
		.name = "capydeck",
		.callback = on_event,
		.rx_buffer_size = LWS_LOOP_READ_BYTES,
		/* A frame goes to the kernel whole: lws copies what it has to hold back. */
		.tx_packet_size = INT_MAX / 2,
	},
	{ 0 },
};

const struct lws_protocols *ws_link_protocols(void)
{
	return protocols;
}
