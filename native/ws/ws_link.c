#include "ws/ws_link.h"

#include "core/strbuf.h"
#include "core/tcp_socket.h"
#include "ws/lws_loop.h"
#include "ws/ws_output.h"

#include <assert.h>
#include <libwebsockets.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static_assert(STRBUF_HEADROOM >= LWS_PRE, "lws_write() puts the frame's header before the bytes");

#define HTTP_STATUS_UPGRADE_REQUIRED 426
/* libwebsockets keeps the name of this kind of frame to itself. */
#define WRITE_CLOSE ((enum lws_write_protocol)4)
#define CLOSE_REASON_MAX_BYTES 123 /* RFC 6455 §5.5 */

/* --- The request --- */

static int refuse(struct lws *wsi, unsigned status)
{
	lws_return_http_status(wsi, status, NULL);
	return -1;
}

/* lws would accept the drafts before RFC 6455, and a request that names no version. */
static bool is_version_spoken(struct lws *wsi)
{
	char version[4];

	return lws_hdr_copy(wsi, version, sizeof(version), WSI_TOKEN_VERSION) > 0 &&
	       strcmp(version, "13") == 0;
}

/* 0, an HTTP status, or WS_LINK_DROP. */
static unsigned admit(const struct ws_link *link, struct lws *wsi)
{
	char path[128], origin[256];
	struct ws_request request = { .path = path };

	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) <= 0) {
		path[0] = '\0';
	}
	if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) > 0) {
		request.origin = origin;
		if (lws_hdr_copy(wsi, origin, sizeof(origin), WSI_TOKEN_ORIGIN) <= 0) {
			origin[0] = '\0';
		}
	}
	return link->events->admit(link->user, &request);
}

static int on_confirm_upgrade(const struct ws_link *link, struct lws *wsi)
{
	char protocol[16];
	unsigned status;

	/*
	 * lws also asks after it has refused an unknown protocol by itself, with the headers gone
	 * and its argument dangling. h2c would escape flow control.
	 */
	if (lws_hdr_copy(wsi, protocol, sizeof(protocol), WSI_TOKEN_UPGRADE) <= 0 ||
		strcasecmp(protocol, "websocket") != 0) {
		return -1;
	}
	status = admit(link, wsi);
	if (status == WS_LINK_DROP) {
		return -1;
	}
	if (status == 0 && !is_version_spoken(wsi)) {
		status = HTTP_STATUS_UPGRADE_REQUIRED;
	}
	return status == 0 ? 0 : refuse(wsi, status);
}

static int on_plain_http(const struct ws_link *link, struct lws *wsi)
{
	unsigned status = admit(link, wsi);

	if (status == WS_LINK_DROP) {
		return -1;
	}
	return refuse(wsi, status == 0 ? HTTP_STATUS_UPGRADE_REQUIRED : status);
}

/* --- Callbacks of lws --- */

static int on_opened(struct ws_link *link, struct lws *wsi)
{
	link->wsi = wsi;
	return link->events->opened(link->user) ? 0 : -1;
}

static int on_receive(const struct ws_link *link, struct lws *wsi, const char *data, size_t length)
{
	link->events->received(link->user, lws_frame_is_binary(wsi) != 0,
		lws_is_final_fragment(wsi) != 0, lws_remaining_packet_payload(wsi), data, length);
	return 0;
}

/* The code and reason in a close frame's payload. */
static void tell_close(void (*tell)(void *user, unsigned code, const char *reason, size_t length),
	void *user, const unsigned char *data, size_t length)
{
	tell(user, (unsigned)data[0] << 8 | data[1], (const char *)data + 2, length - 2);
}

static int on_peer_close(const struct ws_link *link, const unsigned char *data, size_t length)
{
	if (length < 2) {
		link->events->peer_closed(link->user, LWS_CLOSE_STATUS_NO_STATUS, "", 0);
	} else {
		tell_close(link->events->peer_closed, link->user, data, length);
	}
	return 0;
}

static int on_writeable(struct ws_link *link)
{
	return link->events->writeable(link->user) ? 0 : -1;
}

/* lws may have ended it for a violation of the protocol, and put why into its own close frame. */
static void on_closed(const struct ws_link *link, struct lws *wsi, bool is_client)
{
	static const char broken[] = "protocol error";
	int length = lws_get_close_length(wsi);

	if (length >= 2 && is_client) {
		/* That frame has been masked where it stands: neither code nor text is left. */
		link->events->failed(
			link->user, LWS_CLOSE_STATUS_PROTOCOL_ERR, broken, strlen(broken));
	} else if (length >= 2) {
		tell_close(link->events->failed, link->user, lws_get_close_payload(wsi),
			(size_t)length);
	}
}

static void on_gone(struct ws_link *link)
{
	/* lws runs its own timers before it waits: its wait must not delay the end. */
	lws_cancel_service(lws_loop_context(link->lws_loop));
	link->wsi = NULL;
	link->events->gone(link->user);
}

static int on_event(
	struct lws *wsi, enum lws_callback_reasons reason, void *session, void *in, size_t length)
{
	struct ws_link *link = lws_get_opaque_user_data(wsi);

	if (link == NULL) {
		return 0; /* about the vhost, or a socket still being created */
	}
	switch ((int)reason) {
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return on_confirm_upgrade(link, wsi);
	case LWS_CALLBACK_HTTP:
		return on_plain_http(link, wsi);
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
		link->http_status = lws_http_client_http_response(wsi);
		return 0;
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		return on_opened(link, wsi);
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return on_receive(link, wsi, in, length);
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return on_writeable(link);
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		return on_peer_close(link, in, length);
	case LWS_CALLBACK_CLOSED:
	case LWS_CALLBACK_CLIENT_CLOSED:
		on_closed(link, wsi, reason == LWS_CALLBACK_CLIENT_CLOSED);
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		link->events->failed(link->user, 0, in, in != NULL ? length : 0);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		on_gone(link);
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

/* --- Opening --- */

void ws_link_init(struct ws_link *link, struct lws_loop *lws_loop,
	const struct ws_link_events *events, void *user)
{
	*link = (struct ws_link){
		.lws_loop = lws_loop,
		.events = events,
		.user = user,
		.is_reading = true,
	};
}

bool ws_link_adopt_take(struct ws_link *link, int fd)
{
	lws_adopt_desc_t adoption = {
		.vh = lws_loop_vhost(link->lws_loop, protocols),
		.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
		.fd = { .sockfd = fd },
		.opaque = link,
	};

	if (adoption.vh == NULL) {
		close(fd);
		return false;
	}
	link->wsi = lws_adopt_descriptor_vhost_via_info(&adoption);
	return link->wsi != NULL;
}

bool ws_link_connect(struct ws_link *link, const char *host, uint16_t port, const char *path,
	const char *host_header)
{
	struct lws_client_connect_info info = {
		.context = lws_loop_context(link->lws_loop),
		.vhost = lws_loop_vhost(link->lws_loop, protocols),
		.address = host,
		.port = port,
		.path = path,
		.host = host_header,
		.local_protocol_name = protocols[0].name,
		.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
		.opaque_user_data = link,
		.pwsi = &link->wsi,
	};

	return info.vhost != NULL && lws_client_connect_via_info(&info) != NULL;
}

/* --- Interface --- */

int ws_link_fd(const struct ws_link *link)
{
	return lws_get_socket_fd(link->wsi);
}

void ws_link_want_write(const struct ws_link *link)
{
	lws_callback_on_writable(link->wsi);
}

void ws_link_read(struct ws_link *link, bool on)
{
	if (link->is_reading != on) {
		link->is_reading = on;
		lws_rx_flow_control(link->wsi, on);
	}
}

void ws_link_kill(const struct ws_link *link)
{
	/* The one way to end a socket whose output is stuck. */
	lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

void ws_link_say_goodbye(const struct ws_link *link, unsigned code, const char *reason)
{
	unsigned char frame[LWS_PRE + 2 + CLOSE_REASON_MAX_BYTES];
	size_t length = strnlen(reason, CLOSE_REASON_MAX_BYTES);

	if (link->wsi == NULL || lws_partial_buffered(link->wsi)) {
		return;
	}
	frame[LWS_PRE] = (unsigned char)(code >> 8);
	frame[LWS_PRE + 1] = (unsigned char)code;
	memcpy(frame + LWS_PRE + 2, reason, length);
	lws_write(link->wsi, frame + LWS_PRE, length + 2, WRITE_CLOSE);
}

bool ws_link_ping(const struct ws_link *link)
{
	unsigned char buffer[LWS_PRE + 1];

	return lws_write(link->wsi, buffer + LWS_PRE, 0, LWS_WRITE_PING) >= 0;
}

bool ws_link_write(struct ws_link *link, struct ws_frame *frame)
{
	size_t length = frame->data.length;
	int written;

	strbuf_reserve(&frame->data, 1); /* lws wants an address even for no bytes */
	written = lws_write(link->wsi, (unsigned char *)frame->data.data, length,
		frame->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT);
	strbuf_finish(&frame->data);
	if (written >= 0 && lws_partial_buffered(link->wsi)) {
		link->leaving_bytes = length;
	}
	return written >= 0;
}

bool ws_link_is_full(const struct ws_link *link)
{
	return lws_partial_buffered(link->wsi);
}

void ws_link_cork(const struct ws_link *link, bool corked)
{
	tcp_socket_cork(ws_link_fd(link), corked);
}

void ws_link_close(const struct ws_link *link, unsigned code, const char *reason)
{
	/* lws drops the close frame if output is still buffered; here there is none. */
	lws_close_reason(
		link->wsi, (enum lws_close_status)code, (unsigned char *)reason, strlen(reason));
}
