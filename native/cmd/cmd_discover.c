#include "cmd/cmd.h"

#include "cmd/cmd_options.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strbuf.h"
#include "core/tcp_socket.h"
#include "push/agent_finder.h"
#include "terminal/text_table.h"

#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#define WAIT_DEFAULT_S 3
#define WAIT_MAX_S 300

static const char help[] =
	"Usage: capydeck discover [options]\n"
	"\n"
	"Lists the Decks on the network that take games: name, id, address, platform and version.\n"
	"'capydeck push --to' takes the name, the id or the address.\n"
	"\n"
	"Options:\n"
	"  --wait SECONDS  how long to wait for answers, 1 to 300; default 3\n"
	"  --json          one JSON object with all of them\n"
	"  --help          print this text\n"
	"\n"
	"Exit codes: 0 if at least one was found, 1 if none was, 2 for an invalid command line, 130\n"
	"if interrupted.\n";

static const struct json_field found_agent_fields[] = {
	JSON_FIELD(struct found_agent, id, "id", JSON_STRING, 0),
	JSON_FIELD(struct found_agent, name, "name", JSON_STRING, 0),
	JSON_FIELD(struct found_agent, host, "host", JSON_STRING, 0),
	JSON_FIELD(struct found_agent, address, "address", JSON_STRING, 0),
	JSON_FIELD(struct found_agent, port, "port", JSON_UINT32, 0),
	JSON_FIELD(struct found_agent, platform, "platform", JSON_STRING, 0),
	JSON_FIELD(struct found_agent, version, "version", JSON_STRING, 0),
	JSON_FIELDS_END,
};

struct found_agents {
	struct found_agent *agents;
	size_t agents_count;
};

static const struct json_field found_agents_fields[] = {
	JSON_FIELD_ARRAY(struct found_agents, agents, "agents", found_agent_fields, 0),
	JSON_FIELDS_END,
};

struct discover_command {
	struct loop *loop;
	bool is_interrupted;
	struct error err; /* why the search failed */
};

static void on_finished(void *user, const struct error *err)
{
	struct discover_command *command = user;

	if (err != NULL) {
		command->err = *err;
	}
	loop_stop(command->loop);
}

static void on_signal(void *user, int signal_number)
{
	struct discover_command *command = user;

	command->is_interrupted = true;
	loop_stop(command->loop);
}

static void print_json(const struct found_agent *agents, size_t count)
{
	AUTO(strbuf_finish) struct strbuf text = { 0 };
	const struct found_agents found = {
		.agents = (struct found_agent *)agents,
		.agents_count = count,
	};

	json_write(&text, found_agents_fields, &found);
	puts(text.data);
}

static const char *or_dash(const char *text)
{
	return text[0] != '\0' ? text : "-";
}

static void print_table(const struct found_agent *agents, size_t count)
{
	static const char *const head[] = { "NAME", "ID", "ADDRESS", "PLATFORM", "VERSION", NULL };
	AUTO(text_table_finish) struct text_table table = { 0 };

	text_table_row(&table, head);
	for (size_t i = 0; i < count; i++) {
		const struct found_agent *agent = &agents[i];
		AUTO(free_ptr)
		char *address = tcp_socket_host_port(agent->address, (uint16_t)agent->port);
		const char *const row[] = { or_dash(agent->name), agent->id, address,
			or_dash(agent->platform), or_dash(agent->version), NULL };

		text_table_row(&table, row);
	}
	text_table_print(&table);
}

static int list_agents(int64_t wait_ms, bool as_json)
{
	struct discover_command command = { .loop = loop_create() };
	struct agent_finder *finder =
		agent_finder_create(command.loop, NULL, wait_ms, on_finished, &command);
	const struct found_agent *agents;
	size_t count;

	loop_on_signal(command.loop, SIGINT, on_signal, &command);
	loop_on_signal(command.loop, SIGTERM, on_signal, &command);
	loop_run(command.loop);
	if (command.is_interrupted) {
		agent_finder_destroy(finder);
		loop_destroy(command.loop);
		return CMD_INTERRUPTED;
	}
	agents = agent_finder_agents(finder, &count);
	if (as_json) {
		print_json(agents, count);
	} else if (count > 0) {
		print_table(agents, count);
	}
	agent_finder_destroy(finder);
	loop_destroy(command.loop);
	if (count > 0) {
		return CMD_OK;
	}
	if (command.err.kind != ERROR_NONE) {
		return cmd_failed("discover", "%s", command.err.message);
	}
	return cmd_failed("discover",
		"no Deck answered; check that CapyDeck is running there, that this is the same "
		"network, and that the firewall allows UDP 5353; an address works without it: "
		"capydeck push --to HOST");
}

int cmd_discover(int argc, char **argv)
{
	int64_t wait_s = WAIT_DEFAULT_S;
	bool as_json = false;
	const struct cmd_option options[] = {
		{ "json", .flag = &as_json },
		{ "wait", .number = &wait_s, .low = 1, .high = WAIT_MAX_S },
		{ .name = NULL },
	};
	int code = cmd_options_read("discover", help, options, argc, argv);

	if (code >= 0) {
		return code;
	}
	if (optind != argc) {
		return cmd_usage("discover", "unexpected argument '%s'", argv[optind]);
	}
	return list_agents(wait_s * 1000, as_json);
}
