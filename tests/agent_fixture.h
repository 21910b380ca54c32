#pragma once

#include "proto/proto_envelope.h"
#include "proto/proto_upload.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct lws_loop;
struct strbuf;
struct ws_conn;
struct ws_server;

/*
 * A minimal Agent on a real socket, for the tests of push/. By default it behaves like any Agent,
 * with one game; a test scripts the rest.
 */
#define AGENT_FIXTURE_CODE "123456"
#define AGENT_FIXTURE_KEY "good-key"
#define AGENT_FIXTURE_CHUNK_BYTES 4096

struct agent_fixture {
	struct loop *loop;
	struct lws_loop *lws_loop;
	struct ws_server *server;
	struct ws_conn *conn; /* the newest; NULL: none */
	/*
	 * Optional, called before anything is answered. true: already answered, or not to be
	 * answered.
	 */
	bool (*script)(struct agent_fixture *agent, const struct envelope *request);
	bool (*chunk_script)(
		struct agent_fixture *agent, const struct upload_chunk *header, size_t length);
	const char *resume_from; /* JSON of what is held; NULL: nothing */
	bool forgets_key;	 /* pairs again each time */
	/* Counts of what was received. */
	unsigned connections;
	unsigned inits;
	unsigned chunks;
	unsigned completes;
	int64_t bytes;
	char id[64]; /* of the last request, for an answer that comes later */
};

/* Makes the loops, too. */
void agent_fixture_start(struct agent_fixture *agent);
/* Whatever else is on the loops goes first. */
void agent_fixture_stop(struct agent_fixture *agent);
uint16_t agent_fixture_port(const struct agent_fixture *agent);
/* The Agent stops listening. */
void agent_fixture_leave(struct agent_fixture *agent);

/* payload: JSON, or NULL for none. */
void agent_fixture_reply(
	struct agent_fixture *agent, const char *id, const char *type, const char *payload);
void agent_fixture_refuse(
	struct agent_fixture *agent, const char *id, int code, const char *message);

/* Runs the loops until a callback has made condition true and stopped them. */
#define AGENT_FIXTURE_RUN_UNTIL(agent, condition)                                                  \
	do {                                                                                       \
		while (!(condition)) {                                                             \
			lws_loop_run((agent)->lws_loop);                                           \
		}                                                                                  \
	} while (0)
