#pragma once

#include "core/strbuf.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The sender's end of a WebSocket for measuring: a blocking socket and frames that were masked
 * beforehand, so that what is measured is the agent and not its client. Every failure ends the
 * program with a sentence on stderr.
 */
struct wire {
	int fd;
	struct strbuf input;
	size_t at;	    /* where in input the next frame starts */
	struct strbuf text; /* the message last received */
};

/* A frame ready to be sent: the start of its own, the data shared among many. */
struct wire_frame {
	struct strbuf start; /* frame header, and the masked bytes in front of the data */
	const char *data;    /* masked by wire_mask_data() */
	size_t data_length;
};

void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
int64_t now_ns(void); /* monotonic */

void wire_open(struct wire *wire, uint16_t port);
void wire_close(struct wire *wire);
void wire_send_text(struct wire *wire, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* pace: bytes a second at most, 0: no limit. */
void wire_send_frame(struct wire *wire, const struct wire_frame *frame, int64_t pace);
/* The next text message; pings are answered on the way. Valid until the next call. */
const char *wire_receive(struct wire *wire);

/* Masks data in place, once, for use in any number of frames. */
void wire_mask_data(char *data, size_t length);
/*
 * One upload chunk: length prefix, JSON header, data. The header is padded with blanks so that the
 * data always meets the mask in the same phase.
 */
void wire_frame_chunk(struct wire_frame *frame, const char *header_json, const char *masked_data,
	size_t data_length);
void wire_frame_finish(struct wire_frame *frame);
