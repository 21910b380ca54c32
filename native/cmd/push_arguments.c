#include "cmd/push_arguments.h"

#include "cmd/cmd.h"
#include "cmd/cmd_options.h"
#include "core/error.h"
#include "proto/pairing_code.h"

#include <getopt.h>
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
	"time the Deck shows a six-digit code to be entered here; after that the two are "
	"paired.\n"
	"\n"
	"Only what the Deck does not have yet is sent: files that have not changed since the last "
	"push\n"
	"stay where they are, and a push that was interrupted, also with Ctrl-C, continues where "
	"it stopped\n"
	"when the same command is run again.\n"
	"\n"
	"Where to:\n"
	"  --to NAME|HOST[:PORT]  the Deck: its name or id as 'capydeck discover' lists them, or an\n"
	"                         address: deck.local, 192.168.1.20:9999, [fe80::1%eth0]:9999\n"
	"  --install-path PATH    the folder on the Deck for games; default: its own choice\n"
	"\n"
	"The game:\n"
	"  --name GAME            its name; default: the folder's\n"
	"  --exe PATH             the program to start, relative to DIR; default: the only one there\n"
	"  --exclude PATTERN      leave out files and folders, by the rules of gitignore(5); may be\n"
	"                         repeated. The file .capydeckignore in DIR has such patterns, too\n"
	"\n"
	"What was changed on the Deck, saves and settings for example, stays unless the file changed here,\n"
	"too; then the Deck's is kept there ('capydeck ctl games kept'), as is the previous build:\n"
	"  -n, --dry-run          only say what would be sent, replaced, kept and removed\n"
	"  --overwrite[=GLOB]     replace also what was changed or deleted on the Deck alone: all files,\n"
	"                         or those that fit; the Deck's are kept. May be repeated\n"
	"\n"
	"The shortcut:\n"
	"  --launch-options TEXT  Steam's launch options\n"
	"  --tag TAG              a category in the library; may be repeated\n"
	"  --user ID              the account: a SteamID64 or account id; default: the last\n"
	"                         one that logged in\n"
	"  --no-shortcut          send the files only\n"
	"\n"
	"Pairing:\n"
	"  --code CODE            the code, tried once; '-' reads it from standard input\n"
	"  --config-dir DIR       where this computer's id and keys are kept; default:\n"
	"                         $XDG_CONFIG_HOME/capydeck\n"
	"\n"
	"Sending:\n"
	"  --in-flight N          chunks in flight at once, 1 to 64; default 8\n"
	"  --chunk-size BYTES     default: as requested by the Deck\n"
	"  --retry SECONDS        how long to retry a broken connection; default 60\n"
	"\n"
	"Output:\n"
	"  --json                 one JSON object per line on standard output; the last has \"ok\"\n"
	"  -v, --verbose          name the files that are replaced, kept and removed\n"
	"  --quiet                print errors only\n"
	"  --help                 print this text\n"
	"\n"
	"Exit codes:\n"
	"  0    the game is installed\n"
	"  1    it failed for a reason not listed below\n"
	"  2    the command line is invalid\n"
	"  3    pairing is needed: no code was given, or a wrong one\n"
	"  4    no such Deck on the network, or the connection was lost and not restored\n"
	"  5    the Deck refused: connections are off, another computer is connected, locked out\n"
	"  6    there is not enough space on the Deck\n"
	"  7    the game is installed, but without a shortcut in Steam; the Deck's message says why\n"
	"  8    the game is installed; Steam gets the shortcut by itself when it ends or restarts\n"
	"  130  interrupted; what was sent is kept\n";

static bool is_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* −1: it is fine. */
static int check_code(struct push_arguments *arguments, const char *code)
{
	if (code == NULL) {
		return -1;
	}
	arguments->code_from_input = strcmp(code, "-") == 0;
	if (arguments->code_from_input) {
		return -1;
	}
	/* The value is a secret, or nearly one. */
	return pairing_code_read(arguments->code, code)
		       ? -1
		       : cmd_usage("push",
				 "--code: expected the %d digits that the Deck shows, or '-'",
				 PAIRING_CODE_DIGITS);
}

static int check_address(struct push_arguments *arguments)
{
	struct error err = { 0 };

	if (arguments->push.to == NULL) {
		return cmd_usage(
			"push", "missing --to; 'capydeck discover' lists the Decks on the network");
	}
	if (*arguments->push.to == '\0') {
		return cmd_usage("push", "--to '': expected a name or an address");
	}
	return push_check_target(arguments->push.to, &err)
		       ? -1
		       : cmd_usage("push", "--to '%s': %s", arguments->push.to, err.message);
}

static int check_arguments(
	struct push_arguments *arguments, const char *pairing_code, int argc, char **argv)
{
	int code = check_code(arguments, pairing_code);

	if (code >= 0) {
		return code;
	}
	if (arguments->push.user_id != NULL && !is_digits(arguments->push.user_id)) {
		return cmd_usage("push",
			"--user '%s': expected a SteamID64 (76561198012345678) or an account id in digits",
			arguments->push.user_id);
	}
	if (optind + 1 != argc) {
		return cmd_usage("push", "expected one folder, that of the game");
	}
	arguments->push.dir = argv[optind];
	return check_address(arguments);
}

int push_arguments_read(struct push_arguments *arguments, int argc, char **argv)
{
	int64_t retry_s = RETRY_DEFAULT_S;
	bool no_shortcut = false, json = false, quiet = false;
	const char *pairing_code = NULL;
	const struct cmd_option rows[] = {
		{ "to", .text = &arguments->push.to },
		{ "install-path", .text = &arguments->push.install_path },
		{ "name", .text = &arguments->push.name },
		{ "exe", .text = &arguments->push.exe },
		{ "exclude", .list = &arguments->push.excludes },
		{ "launch-options", .text = &arguments->push.launch_options },
		{ "tag", .list = &arguments->push.tags },
		{ "user", .text = &arguments->push.user_id },
		{ "no-shortcut", .flag = &no_shortcut },
		{ "code", .text = &pairing_code },
		{ "config-dir", .text = &arguments->push.config_dir },
		{ "in-flight", .number = &arguments->push.in_flight_count, 1, IN_FLIGHT_MAX },
		{ "chunk-size", .number = &arguments->push.chunk_size_bytes, CHUNK_BYTES_MIN,
			CHUNK_BYTES_MAX },
		{ "retry", .number = &retry_s, 0, RETRY_MAX_S },
		{ "dry-run", .flag = &arguments->push.dry_run, .letter = 'n' },
		{ "overwrite", .list = &arguments->push.overwrite, .optional = "*" },
		{ "verbose", .flag = &arguments->verbose, .letter = 'v' },
		{ "json", .flag = &json },
		{ "quiet", .flag = &quiet },
		{ .name = NULL },
	};
	int code;

	*arguments = (struct push_arguments){
		.push = { .install_path = "", .in_flight_count = IN_FLIGHT_DEFAULT },
	};
	code = cmd_options_read("push", help, rows, argc, argv);
	arguments->push.wants_shortcut = !no_shortcut;
	arguments->push.retry_ms = retry_s * 1000;
	arguments->mode = json ? PUSH_REPORT_JSON : quiet ? PUSH_REPORT_QUIET : PUSH_REPORT_HUMAN;
	return code >= 0 ? code : check_arguments(arguments, pairing_code, argc, argv);
}

void push_arguments_finish(struct push_arguments *arguments)
{
	strvec_finish(&arguments->push.tags);
	strvec_finish(&arguments->push.excludes);
	strvec_finish(&arguments->push.overwrite);
}
