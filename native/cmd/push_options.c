#include "cmd/push_options.h"

#include "cmd/cmd.h"
#include "core/error.h"
#include "proto/proto_constants.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT_DEFAULT 8
#define IN_FLIGHT_MAX 64
#define CHUNK_BYTES_MIN 4096
#define CHUNK_BYTES_MAX (MAX_MESSAGE_BYTES - CHUNK_PREFIX_BYTES - CHUNK_HEADER_MAX_BYTES)
#define RETRY_DEFAULT_S 60
#define RETRY_MAX_S (24 * 60 * 60)

static const char help[] =
	"Usage: capydeck push DIR --to NAME|HOST[:PORT] [options]\n"
	"\n"
	"Sends the game in the folder DIR to a Deck and puts it into the Steam library there. "
	"The first\n"
	"time the Deck shows a six-digit code that is asked for here; after that the two know "
	"each other.\n"
	"\n"
	"Only what the Deck does not have yet is sent: files that have not changed since the last "
	"push\n"
	"stay where they are, and a push that was interrupted, by Ctrl-C too, goes on where it "
	"stopped\n"
	"when the same command is run again.\n"
	"\n"
	"Where to:\n"
	"  --to NAME|HOST[:PORT]  the Deck: its name or id as 'capydeck discover' lists them, or an\n"
	"                         address: deck.local, 192.168.1.20:9999, [fe80::1%eth0]:9999\n"
	"  --install-path PATH    the folder on the Deck that games go to; default: its own choice\n"
	"\n"
	"The game:\n"
	"  --name GAME            its name; default: the folder's\n"
	"  --exe PATH             what starts it, relative to DIR; default: the one program there\n"
	"  --exclude GLOB         leave out files and folders of that name or path; may be repeated\n"
	"\n"
	"The shortcut:\n"
	"  --launch-options TEXT  Steam's launch options\n"
	"  --tag TAG              a category in the library; may be repeated\n"
	"  --user ID              whose library: a SteamID64 or account id; default: whoever\n"
	"                         logged in last\n"
	"  --no-shortcut          send the files only\n"
	"\n"
	"Pairing:\n"
	"  --code CODE            the code, tried once; '-' reads it from standard input\n"
	"  --config-dir DIR       where this computer's id and keys are kept; default:\n"
	"                         $XDG_CONFIG_HOME/capydeck\n"
	"\n"
	"Sending:\n"
	"  --in-flight N          chunks under way at once, 1 to 64; default 8\n"
	"  --chunk-size BYTES     default: what the Deck asks for\n"
	"  --retry SECONDS        how long a broken connection is tried again; default 60\n"
	"\n"
	"Output:\n"
	"  --json                 one JSON object a line on standard output; the last one has \"ok\"\n"
	"  --quiet                nothing but errors\n"
	"  --help                 print this text\n"
	"\n"
	"Exit codes:\n"
	"  0    the game is installed\n"
	"  1    it failed for another reason than those below\n"
	"  2    the command line is wrong\n"
	"  3    pairing is needed: no code was given, or a wrong one\n"
	"  4    no such Deck on the network, or the connection was lost for good\n"
	"  5    the Deck refuses: connections are off, another computer is connected, locked out\n"
	"  6    there is not enough room on the Deck\n"
	"  130  interrupted; what was sent is kept\n";

enum push_option {
	OPTION_CHUNK_SIZE = 256,
	OPTION_CODE,
	OPTION_CONFIG_DIR,
	OPTION_EXCLUDE,
	OPTION_EXE,
	OPTION_HELP,
	OPTION_IN_FLIGHT,
	OPTION_INSTALL_PATH,
	OPTION_JSON,
	OPTION_LAUNCH_OPTIONS,
	OPTION_NAME,
	OPTION_NO_SHORTCUT,
	OPTION_QUIET,
	OPTION_RETRY,
	OPTION_TAG,
	OPTION_TO,
	OPTION_USER,
};

static const struct option long_options[] = {
	{ "chunk-size", required_argument, NULL, OPTION_CHUNK_SIZE },
	{ "code", required_argument, NULL, OPTION_CODE },
	{ "config-dir", required_argument, NULL, OPTION_CONFIG_DIR },
	{ "exclude", required_argument, NULL, OPTION_EXCLUDE },
	{ "exe", required_argument, NULL, OPTION_EXE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "in-flight", required_argument, NULL, OPTION_IN_FLIGHT },
	{ "install-path", required_argument, NULL, OPTION_INSTALL_PATH },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "launch-options", required_argument, NULL, OPTION_LAUNCH_OPTIONS },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "no-shortcut", no_argument, NULL, OPTION_NO_SHORTCUT },
	{ "quiet", no_argument, NULL, OPTION_QUIET },
	{ "retry", required_argument, NULL, OPTION_RETRY },
	{ "tag", required_argument, NULL, OPTION_TAG },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "user", required_argument, NULL, OPTION_USER },
	{ NULL, 0, NULL, 0 },
};

static bool is_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static bool complain(int *exit_code, const char *option, const char *value, const char *wanted)
{
	*exit_code = cmd_usage("push", "%s '%s': %s", option, value, wanted);
	return false;
}

static bool read_number(
	const char *option, int64_t low, int64_t high, int64_t *number, int *exit_code)
{
	int64_t value = is_digits(optarg) && strlen(optarg) <= 9 ? strtoll(optarg, NULL, 10) : -1;

	if (value < low || value > high) {
		*exit_code = cmd_usage("push", "%s '%s': give a number from %lld to %lld", option,
			optarg, (long long)low, (long long)high);
		return false;
	}
	*number = value;
	return true;
}

static bool read_code(struct push_options *options, int *exit_code)
{
	if (strcmp(optarg, "-") == 0) {
		options->code_from_input = true;
		return true;
	}
	if (!is_digits(optarg) || strlen(optarg) != PAIRING_CODE_DIGITS) {
		/* The value is a secret, or nearly one. */
		*exit_code = cmd_usage("push",
			"--code takes the %d digits that the Deck shows, "
			"or '-'",
			PAIRING_CODE_DIGITS);
		return false;
	}
	options->code = optarg;
	return true;
}

static bool read_option(struct push_options *options, int option, int *exit_code)
{
	int64_t number = 0;

	switch (option) {
	case OPTION_CHUNK_SIZE:
		return read_number("--chunk-size", CHUNK_BYTES_MIN, CHUNK_BYTES_MAX,
			&options->chunk_size_bytes, exit_code);
	case OPTION_CODE:
		return read_code(options, exit_code);
	case OPTION_CONFIG_DIR:
		options->config_dir = optarg;
		return true;
	case OPTION_EXCLUDE:
		strvec_push(&options->excludes, optarg);
		return true;
	case OPTION_EXE:
		options->exe = optarg;
		return true;
	case OPTION_HELP:
		fputs(help, stdout);
		*exit_code = CMD_OK;
		return false;
	case OPTION_IN_FLIGHT:
		if (!read_number("--in-flight", 1, IN_FLIGHT_MAX, &number, exit_code)) {
			return false;
		}
		options->in_flight_count = (unsigned)number;
		return true;
	case OPTION_INSTALL_PATH:
		options->install_path = optarg;
		return true;
	case OPTION_JSON:
		options->mode = PUSH_REPORT_JSON;
		return true;
	case OPTION_LAUNCH_OPTIONS:
		options->launch_options = optarg;
		return true;
	case OPTION_NAME:
		options->name = optarg;
		return true;
	case OPTION_NO_SHORTCUT:
		options->wants_shortcut = false;
		return true;
	case OPTION_QUIET:
		options->mode = PUSH_REPORT_QUIET;
		return true;
	case OPTION_RETRY:
		if (!read_number("--retry", 0, RETRY_MAX_S, &number, exit_code)) {
			return false;
		}
		options->retry_ms = number * 1000;
		return true;
	case OPTION_TAG:
		strvec_push(&options->tags, optarg);
		return true;
	case OPTION_TO:
		options->to = optarg;
		return true;
	case OPTION_USER:
		options->user_id = optarg;
		return is_digits(optarg) ||
		       complain(exit_code, "--user", optarg,
			       "give a SteamID64 (76561198012345678) or an account id in digits");
	default:
		*exit_code = cmd_usage("push", NULL);
		return false;
	}
}

static bool check(struct push_options *options, int argc, char **argv, int *exit_code)
{
	struct error err = { 0 };

	if (optind + 1 != argc) {
		*exit_code = cmd_usage("push", "give one folder, the game's");
		return false;
	}
	options->dir = argv[optind];
	if (options->to == NULL) {
		*exit_code = cmd_usage("push", "say where to with --to; 'capydeck discover' lists "
					       "the Decks there are");
		return false;
	}
	if (options->to[0] == '\0' ||
		!hub_address_parse(&options->address, options->to, &options->is_address, &err)) {
		return complain(exit_code, "--to", options->to,
			err.kind != ERROR_NONE ? err.message : "give a name or an address");
	}
	return true;
}

bool push_options_parse(struct push_options *options, int argc, char **argv, int *exit_code)
{
	int option;

	*options = (struct push_options){
		.install_path = "",
		.wants_shortcut = true,
		.in_flight_count = IN_FLIGHT_DEFAULT,
		.retry_ms = RETRY_DEFAULT_S * 1000,
		.mode = PUSH_REPORT_HUMAN,
	};
	while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (!read_option(options, option, exit_code)) {
			return false;
		}
	}
	return check(options, argc, argv, exit_code);
}

void push_options_finish(struct push_options *options)
{
	hub_address_finish(&options->address);
	strvec_finish(&options->tags);
	strvec_finish(&options->excludes);
}
