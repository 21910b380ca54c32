#include "wire.h"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL
#define READ_BYTES 65536
#define PACED_SLICE_BYTES 16384

enum opcode { OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };

/* Not zero: servers skip the unmasking of frames whose mask is. */
static const unsigned char mask[4] = { 0x37, 0xfa, 0x21, 0x3d };

void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void apply_mask(char *data, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		data[i] = (char)(data[i] ^ mask[i & 3]);
	}
}

void wire_mask_data(char *data, size_t length)
{
	apply_mask(data, length);
}

static void append_frame_header(struct strbuf *out, enum opcode opcode, size_t length)
{
	strbuf_append_char(out, (char)(0x80 | opcode));
	if (length < 126) {
		strbuf_append_char(out, (char)(0x80 | length));
	} else if (length < 65536) {
		uint16_t wire_length = htobe16((uint16_t)length);

		strbuf_append_char(out, (char)(0x80 | 126));
		strbuf_append(out, &wire_length, sizeof(wire_length));
	} else {
		uint64_t wire_length = htobe64(length);

		strbuf_append_char(out, (char)(0x80 | 127));
		strbuf_append(out, &wire_length, sizeof(wire_length));
	}
	strbuf_append(out, mask, sizeof(mask));
}

void wire_frame_chunk(struct wire_frame *frame, const char *header_json, const char *masked_data,
	size_t data_length)
{
	struct strbuf payload = { 0 };
	size_t header_length = strlen(header_json);
	size_t padded_length = (header_length + 3) & ~(size_t)3;
	uint32_t prefix = htobe32((uint32_t)padded_length);

	strbuf_append(&payload, &prefix, sizeof(prefix));
	strbuf_append(&payload, header_json, header_length);
	for (size_t i = header_length; i < padded_length; i++) {
		strbuf_append_char(&payload, ' ');
	}
	apply_mask(payload.data, payload.length);
	strbuf_reset(&frame->start);
	append_frame_header(&frame->start, OP_BINARY, payload.length + data_length);
	strbuf_append(&frame->start, payload.data, payload.length);
	strbuf_finish(&payload);
	frame->data = masked_data;
	frame->data_length = data_length;
}

void wire_frame_finish(struct wire_frame *frame)
{
	strbuf_finish(&frame->start);
}

static void send_all(struct wire *wire, struct iovec *parts, int count)
{
	while (count > 0) {
		ssize_t sent = writev(wire->fd, parts, count);

		if (sent < 0) {
			die("the agent hung up while it was sent a frame");
		}
		while (count > 0 && (size_t)sent >= parts->iov_len) {
			sent -= (ssize_t)parts->iov_len;
			parts++;
			count--;
		}
		if (count > 0) {
			parts->iov_base = (char *)parts->iov_base + sent;
			parts->iov_len -= (size_t)sent;
		}
	}
}

static void send_paced(struct wire *wire, const struct wire_frame *frame, int64_t pace)
{
	int64_t start_ns = now_ns();

	prctl(PR_SET_TIMERSLACK, 1); /* its default, 50 us, would be added to every frame */
	for (size_t at = 0; at < frame->data_length; at += PACED_SLICE_BYTES) {
		size_t left = frame->data_length - at;
		size_t slice = left < PACED_SLICE_BYTES ? left : PACED_SLICE_BYTES;
		struct iovec part = { (char *)frame->data + at, slice };
		int64_t due_ns = start_ns + (int64_t)(at + slice) * NS_PER_S / pace;
		struct timespec due = { due_ns / NS_PER_S, due_ns % NS_PER_S };

		/* On a real link a slice has been sent when its last bit has. */
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		send_all(wire, &part, 1);
	}
}

void wire_send_frame(struct wire *wire, const struct wire_frame *frame, int64_t pace)
{
	struct iovec parts[] = {
		{ frame->start.data, frame->start.length },
		{ (char *)frame->data, frame->data_length },
	};

	send_all(wire, parts, pace > 0 ? 1 : 2);
	if (pace > 0) {
		send_paced(wire, frame, pace);
	}
}

static void send_control(struct wire *wire, enum opcode opcode, const char *data, size_t length)
{
	struct strbuf out = { 0 };
	struct iovec part;

	append_frame_header(&out, opcode, length);
	size_t start = out.length;
	strbuf_append(&out, data, length);
	apply_mask(out.data + start, length);
	part = (struct iovec){ out.data, out.length };
	send_all(wire, &part, 1);
	strbuf_finish(&out);
}

void wire_send_text(struct wire *wire, const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	int length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0) {
		die("out of memory");
	}
	send_control(wire, OP_TEXT, text, (size_t)length);
	free(text);
}

/* Makes sure that so many bytes are there from `at` on. */
static void need(struct wire *wire, size_t length)
{
	while (wire->input.length - wire->at < length) {
		if (wire->at > 0) {
			memmove(wire->input.data, wire->input.data + wire->at,
				wire->input.length - wire->at);
			wire->input.length -= wire->at;
			wire->at = 0;
		}
		strbuf_reserve(&wire->input, wire->input.length + READ_BYTES);
		ssize_t got = recv(wire->fd, wire->input.data + wire->input.length, READ_BYTES, 0);

		if (got <= 0) {
			die("the agent hung up");
		}
		wire->input.length += (size_t)got;
	}
}

const char *wire_receive(struct wire *wire)
{
	for (;;) {
		need(wire, 2);
		unsigned opcode = (unsigned char)wire->input.data[wire->at] & 0x0f;
		size_t length = (unsigned char)wire->input.data[wire->at + 1];
		size_t header = length == 126 ? 4 : length == 127 ? 10 : 2;

		need(wire, header);
		if (length >= 126) {
			size_t digits = header - 2;

			length = 0;
			for (size_t i = 0; i < digits; i++) {
				length = length << 8 |
					 (unsigned char)wire->input.data[wire->at + 2 + i];
			}
		}
		need(wire, header + length);
		char *data = wire->input.data + wire->at + header;

		wire->at += header + length;
		if (opcode == OP_PING) {
			send_control(wire, OP_PONG, data, length);
		} else if (opcode == OP_CLOSE) {
			die("the agent closed the connection");
		} else if (opcode == OP_TEXT) {
			strbuf_reset(&wire->text);
			strbuf_append(&wire->text, data, length);
			return strbuf_text(&wire->text);
		}
	}
}

void wire_open(struct wire *wire, uint16_t port)
{
	static const char upgrade[] = "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n"
				      "Upgrade: websocket\r\nConnection: Upgrade\r\n"
				      "Sec-WebSocket-Version: 13\r\n"
				      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct iovec part = { (char *)upgrade, sizeof(upgrade) - 1 };
	const char *end;
	int on = 1;

	*wire = (struct wire){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(wire->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		die("nobody listens on port %u", port);
	}
	setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	send_all(wire, &part, 1);
	for (size_t want = 1;; want = wire->input.length + 1) {
		need(wire, want);
		end = memmem(wire->input.data, wire->input.length, "\r\n\r\n", 4);
		if (end != NULL) {
			break;
		}
	}
	if (memcmp(wire->input.data, "HTTP/1.1 101", 12) != 0) {
		die("the agent refused the connection: %.40s", wire->input.data);
	}
	wire->at = (size_t)(end + 4 - wire->input.data);
}

void wire_close(struct wire *wire)
{
	close(wire->fd);
	strbuf_finish(&wire->input);
	strbuf_finish(&wire->text);
}
