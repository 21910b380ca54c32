/* The life of a change, over Steam's real files, a process that is called steam, and a plugin. */
#include "steam/steam.h"

#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/strvec.h"
#include "core/worker.h"
#include "core/xalloc.h"
#include "steam/change/shortcuts.h"
#include "steam/change/steam_change.h"
#include "steam/change/steam_driver.h"
#include "steam/steam_ui.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <stdarg.h>

#define ROOT ".local/share/Steam"
#define ME "39734274"
#define SIBLING "39734273"
#define CONFIG ROOT "/userdata/" ME "/config"
#define SHORTCUTS CONFIG "/shortcuts.vdf"
#define WAITS "Steam is running but cannot be reached; the shortcut appears when Steam restarts"

static struct steam_home home;
static struct loop *loop;
static struct worker *worker;
static struct steam *steam;
static pid_t client; /* 0: Steam does not run */
static struct shortcut_list list;
static struct error err;

/* A game-mode plugin. Its requests are in log, as "put 0 2900000000 Doom". */
static struct plugin {
	bool attached;
	bool silent;		 /* never answers */
	enum error_kind refuse;	 /* what it answers with; NONE: done */
	const char *refuse_only; /* what has that in log; the rest is done. NULL: all */
	const char *only;	 /* account; the others get CONFLICT; NULL: all */
	uint32_t next_id;	 /* of a new shortcut */
	struct strvec log;
} plugin;

struct request {
	steam_ui_done *done; /* NULL: forgotten */
	void *user;
	uint32_t app_id;
	enum error_kind refuse;
	struct request *next;
};
static struct request *requests;

static bool plugin_attached(void *owner)
{
	return plugin.attached;
}

static void unlink_request(const struct request *request)
{
	struct request **link = &requests;

	while (*link != request) {
		link = &(*link)->next;
	}
	*link = request->next;
}

static void plugin_answer(void *user)
{
	struct request *request = user;
	steam_ui_done *done = request->done;
	struct error refusal;
	char text[32];
	cJSON *result;

	unlink_request(request);
	if (done == NULL) {
		free(request);
		return;
	}
	error_set(&refusal, request->refuse, "the plugin refuses");
	snprintf(text, sizeof(text), "{\"appId\":%u}", request->app_id);
	result = json_parse(text, strlen(text), NULL);
	if (request->refuse != ERROR_NONE) {
		done(request->user, NULL, &refusal);
	} else {
		done(request->user, result, NULL);
	}
	json_free(result);
	free(request);
}

static void change_finish(struct steam_change *change)
{
	steam_change_finish(change);
}

static bool plugin_refuses(void)
{
	return plugin.refuse_only == NULL ||
	       strstr(plugin.log.items[plugin.log.count - 1], plugin.refuse_only) != NULL;
}

static void plugin_request(void *owner, const char *method, const char *params, int64_t wait_ms,
	steam_ui_done *done, void *user)
{
	AUTO(change_finish) struct steam_change change = { 0 };
	struct request *request = xcalloc(1, sizeof(*request));

	*request = (struct request){ .done = done, .user = user, .next = requests };
	requests = request;
	if (!plugin.attached) {
		request->refuse = ERROR_CONFLICT;
	} else if (strcmp(method, "steam.apply") == 0) {
		ck_assert_msg(
			json_read_text(&change, steam_change_fields, params, strlen(params), &err),
			"%s", err.message);
		strvec_push_take(&plugin.log,
			xasprintf("%s %u %u %s", change.action, change.app_id,
				change.reported_app_id,
				change.icon != NULL && *change.icon != '\0' ? change.icon
									    : change.name));
		request->app_id = change.app_id != 0 ? change.app_id : plugin.next_id;
		request->refuse = plugin.only != NULL && strcmp(plugin.only, change.account_id) != 0
					  ? ERROR_CONFLICT
				  : plugin_refuses() ? plugin.refuse
						     : ERROR_NONE;
	} else {
		strvec_push(&plugin.log, method);
		request->refuse = plugin.refuse;
	}
	if (!plugin.silent) {
		loop_defer(loop, plugin_answer, request);
	}
}

static void plugin_forget(void *owner, void *user)
{
	for (struct request *request = requests; request != NULL; request = request->next) {
		if (request->user == user) {
			request->done = NULL;
		}
	}
}

static int64_t plugin_offer_file(void *owner, const char *path, int64_t *bytes, struct error *error)
{
	*bytes = 1;
	return 1;
}

static void plugin_withdraw_file(void *owner, int64_t number)
{
}

static const struct steam_ui ui = {
	.attached = plugin_attached,
	.request = plugin_request,
	.forget = plugin_forget,
	.offer_file = plugin_offer_file,
	.withdraw_file = plugin_withdraw_file,
};

static void attach(uint32_t next_id)
{
	plugin.attached = true;
	plugin.next_id = next_id;
	steam_ui_changed(steam);
}

/* The events of the queue. */
static struct {
	uint32_t reported, actual;
	unsigned id_count;
	unsigned changed_count;
	size_t awaited; /* stops the loop when that many changes wait */
} news;

static void on_app_id_changed(
	void *user, const char *account_id, uint32_t reported, uint32_t actual)
{
	ck_assert_str_eq(account_id, ME);
	news.reported = reported;
	news.actual = actual;
	news.id_count++;
}

static void on_queue_changed(void *user)
{
	news.changed_count++;
	if (steam_queued_count(steam) == news.awaited) {
		loop_stop(loop);
	}
}

static const struct steam_events events = {
	.app_id_changed = on_app_id_changed,
	.queue_changed = on_queue_changed,
};

static void await_queued(size_t count)
{
	news.awaited = count;
	while (steam_queued_count(steam) != count) {
		loop_run(loop);
	}
	news.awaited = SIZE_MAX;
	ck_assert_uint_eq(steam_queued_count(steam), count);
}

static void open_steam(void)
{
	char *notice;

	steam = steam_create(loop, worker,
		&(struct steam_options){ .home = home.path, .state_dir = home.path, .ui = &ui },
		&notice);
	ck_assert_ptr_null(notice);
	steam_set_events(steam, &events, NULL);
}

/* As after a crash: what is in memory is lost. */
static void reopen(void)
{
	steam_destroy(steam);
	open_steam();
}

static void start_client(void)
{
	client = steam_home_start_process("steam");
	steam_home_write_pid(&home, ".steam/steam.pid", client);
}

static void end_client(void)
{
	if (client != 0) {
		steam_home_end_process(client);
		client = 0;
	}
}

static void setup(void)
{
	struct strbuf text = { 0 };

	plugin = (struct plugin){ 0 };
	memset(&news, 0, sizeof(news));
	news.awaited = SIZE_MAX;
	steam_home_init(&home);
	ck_assert(atomic_file_read("tests/fixtures/vdf_text/loginusers.vdf", 4096, &text, NULL));
	steam_home_write(&home, ROOT "/config/loginusers.vdf", text.data, text.length);
	strbuf_finish(&text);
	loop = loop_create();
	worker = worker_create(loop, 4);
	open_steam();
}

static void teardown(void)
{
	steam_destroy(steam);
	worker_destroy(worker);
	loop_destroy(loop);
	while (requests != NULL) {
		struct request *request = requests;

		requests = request->next;
		free(request);
	}
	end_client();
	shortcut_list_finish(&list);
	strvec_finish(&plugin.log);
	steam_home_finish(&home);
}

/* One caller and its answer. */
struct answer {
	unsigned count;
	uint32_t app_id;
	char note[ERROR_MESSAGE_BYTES];
	struct error err;
};

static void answered(void *user, const struct steam_outcome *outcome, const struct error *error)
{
	struct answer *answer = user;

	answer->count++;
	ck_assert_uint_eq(answer->count, 1);
	ck_assert_int_ne(outcome == NULL, error == NULL);
	if (error != NULL) {
		answer->err = *error;
		ck_assert_str_ne(error->message, "");
	} else {
		answer->app_id = outcome->app_id;
		ck_assert_ptr_nonnull(outcome->account_id);
		snprintf(answer->note, sizeof(answer->note), "%s",
			outcome->note != NULL ? outcome->note : "");
	}
	loop_stop(loop);
}

static void await(const struct answer *answer)
{
	ck_assert_uint_eq(answer->count, 0);
	while (answer->count == 0) {
		loop_run(loop);
	}
}

static void begin_put(struct answer *answer, const char *user_id, uint32_t app_id, const char *name)
{
	char exe[64];

	snprintf(exe, sizeof(exe), "/games/%s", name);
	*answer = (struct answer){ 0 };
	steam_put_shortcut(steam,
		&(struct steam_shortcut_request){
			.user_id = user_id, .app_id = app_id, .name = name, .exe = exe },
		answered, answer);
}

static void begin_put_with_tool(struct answer *answer, const char *name)
{
	*answer = (struct answer){ 0 };
	steam_put_shortcut(steam,
		&(struct steam_shortcut_request){
			.name = name, .exe = "/games/game.exe", .compat_tool = "proton_x" },
		answered, answer);
}

/* Until the plugin was asked that often, and has answered. */
static void await_plugin(size_t count)
{
	while (plugin.log.count < count || requests != NULL) {
		loop_dispatch(loop);
	}
}

/* The put's outcome must be that note ("": done). */
static uint32_t put(const char *name, const char *note)
{
	struct answer answer;

	begin_put(&answer, NULL, 0, name);
	await(&answer);
	ck_assert_msg(answer.err.kind == ERROR_NONE, "%s", answer.err.message);
	ck_assert_str_eq(answer.note, note);
	return answer.app_id;
}

static struct answer remove_entry(uint32_t app_id)
{
	struct answer answer = { 0 };

	steam_remove_shortcut(steam, NULL, app_id, answered, &answer);
	await(&answer);
	return answer;
}

static struct answer set_icon(uint32_t app_id, const char *path)
{
	struct answer answer = { 0 };

	steam_set_icon(steam, NULL, app_id, path, answered, &answer);
	await(&answer);
	return answer;
}

/* The list is these names, in this order: "Doom,Quake". */
static void ck_list(const char *user_id, const char *names)
{
	struct strbuf text = { 0 };

	ck_assert_msg(steam_list_shortcuts(steam, user_id, &list, &err), "%s", err.message);
	for (size_t i = 0; i < list.count; i++) {
		strbuf_appendf(&text, "%s%s", i > 0 ? "," : "", list.items[i].name);
	}
	ck_assert_str_eq(strbuf_text(&text), names);
	strbuf_finish(&text);
}

static void ck_in_description(const char *part, bool expected)
{
	struct strbuf text = { 0 };

	steam_describe(steam, &text);
	ck_assert_msg((strstr(strbuf_text(&text), part) != NULL) == expected, "'%s' is %sin: %s",
		part, expected ? "not " : "", strbuf_text(&text));
	strbuf_finish(&text);
}

static void ck_describes(const char *part)
{
	ck_in_description(part, true);
}

static void ck_describes_not(const char *part)
{
	ck_in_description(part, false);
}

static void __attribute__((format(printf, 2, 3))) ck_log(size_t index, const char *format, ...)
{
	char expected[256];
	va_list args;

	va_start(args, format);
	vsnprintf(expected, sizeof(expected), format, args);
	va_end(args);
	ck_assert_uint_gt(plugin.log.count, index);
	ck_assert_str_eq(plugin.log.items[index], expected);
}

START_TEST(test_queued_until_steam_ends)
{
	uint32_t app_id;

	start_client();
	app_id = put("Doom", WAITS);
	ck_assert_uint_eq(app_id, shortcuts_app_id("/games/Doom", "Doom"));
	ck_assert(!steam_home_exists(&home, SHORTCUTS));
	ck_assert_uint_eq(steam_queued_count(steam), 1);
	ck_assert_uint_eq(news.changed_count, 1);
	ck_assert_str_eq(steam_driver_name(steam), "none");
	ck_describes("Steam is running");
	ck_describes("; 1 change waits");
	ck_list(NULL, "Doom");

	end_client();
	await_queued(0);
	ck_assert_str_eq(steam_driver_name(steam), "files");
	ck_assert(steam_home_exists(&home, SHORTCUTS));
	ck_assert(!steam_home_exists(&home, "steam.json"));
	ck_list(NULL, "Doom");
	ck_assert_uint_eq(list.items[0].app_id, app_id);
	ck_assert_uint_eq(news.id_count, 0);
}
END_TEST

START_TEST(test_queue_outlives_this_process)
{
	uint32_t app_id;

	start_client();
	app_id = put("Doom", WAITS);
	reopen();
	ck_assert_uint_eq(steam_queued_count(steam), 1);
	ck_list(NULL, "Doom");
	ck_assert_uint_eq(put("Doom", WAITS), app_id); /* one entry, twice */
	reopen();
	set_icon(app_id, "/icon.png");
	reopen();
	ck_assert_uint_eq(steam_queued_count(steam), 3);
	end_client();
	reopen();
	await_queued(0);
	ck_list(NULL, "Doom");
	ck_assert_uint_eq(list.items[0].app_id, app_id);
	ck_assert_str_eq(list.items[0].icon, "/icon.png");
}
END_TEST

START_TEST(test_made_in_their_order)
{
	uint32_t quake;

	start_client();
	put("Doom", WAITS);
	quake = put("Quake", WAITS);
	ck_assert_str_eq(set_icon(quake, "/one.png").note,
		"Steam is running but cannot be reached; the icon appears when Steam restarts");
	put("Hexen", WAITS);
	set_icon(quake, "/two.png");
	ck_list(NULL, "Doom,Quake,Hexen");
	end_client();
	await_queued(0);
	ck_list(NULL, "Doom,Quake,Hexen");
	ck_assert_str_eq(list.items[1].icon, "/two.png");
}
END_TEST

START_TEST(test_entry_made_by_hand_is_adopted)
{
	struct answer answer = { 0 };
	uint32_t app_id = put("Doom", "");

	start_client();
	steam_put_shortcut(steam,
		&(struct steam_shortcut_request){
			.name = "Doom II", .exe = "/games/Doom", .any_name = true },
		answered, &answer);
	await(&answer);
	ck_assert_str_eq(answer.note, WAITS);
	ck_assert_uint_eq(answer.app_id, app_id);
	ck_list(NULL, "Doom II");
	end_client();
	await_queued(0);
	ck_list(NULL, "Doom II");
	ck_assert_uint_eq(list.items[0].app_id, app_id);
}
END_TEST

START_TEST(test_removing_what_was_never_made_leaves_nothing)
{
	struct answer answer;
	uint32_t app_id;

	start_client();
	app_id = put("Doom", WAITS);
	put("Quake", WAITS);
	set_icon(app_id, "/icon.png");
	answer = remove_entry(app_id);
	ck_assert_int_eq(answer.err.kind, ERROR_NONE);
	ck_assert_str_eq(answer.note, "");
	ck_assert_uint_eq(answer.app_id, app_id);
	ck_assert_uint_eq(steam_queued_count(steam), 1);
	ck_list(NULL, "Quake");
	ck_assert_int_eq(remove_entry(app_id).err.kind, ERROR_NOT_FOUND);
	ck_assert_int_eq(set_icon(app_id, "/icon.png").err.kind, ERROR_NOT_FOUND);
	reopen();
	end_client();
	await_queued(0);
	ck_list(NULL, "Quake");
}
END_TEST

START_TEST(test_removing_what_was_made)
{
	uint32_t app_id = put("Doom", "");

	start_client();
	ck_assert_str_eq(remove_entry(app_id).note,
		"Steam is running but cannot be reached; the shortcut disappears when Steam "
		"restarts");
	ck_list(NULL, "");
	ck_assert_int_eq(remove_entry(app_id).err.kind, ERROR_NOT_FOUND);
	/* It may come back before it has gone. */
	ck_assert_uint_eq(put("Doom", WAITS), app_id);
	ck_list(NULL, "Doom");
	end_client();
	await_queued(0);
	ck_list(NULL, "Doom");
	ck_assert_int_eq(remove_entry(app_id).err.kind, ERROR_NONE);
	ck_list(NULL, "");
	ck_assert_int_eq(remove_entry(7).err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_removal_makes_no_file)
{
	uint32_t app_id = put("Doom", "");

	start_client();
	remove_entry(app_id);
	/* The account leaves this machine. */
	ck_assert_int_eq(unlink(steam_home_path(&home, SHORTCUTS)), 0);
	ck_assert_int_eq(unlink(steam_home_path(&home, SHORTCUTS ".capydeck-own")), 0);
	ck_assert_int_eq(rmdir(steam_home_path(&home, CONFIG)), 0);
	end_client();
	await_queued(0);
	ck_assert(!steam_home_exists(&home, CONFIG));
}
END_TEST

START_TEST(test_plugin_makes_it_at_once)
{
	start_client();
	attach(0xA0000001);
	ck_assert_str_eq(steam_driver_name(steam), "ui");
	ck_assert_uint_eq(put("Doom", ""), 0xA0000001);
	ck_log(0, "put 0 %u Doom", shortcuts_app_id("/games/Doom", "Doom"));
	ck_assert(!steam_home_exists(&home, SHORTCUTS));
	ck_assert_uint_eq(steam_queued_count(steam), 0);
	/* Steam has not saved yet; a second push must find it all the same. */
	ck_list(NULL, "Doom");
	ck_assert_uint_eq(list.items[0].app_id, 0xA0000001);
	plugin.next_id = 0xA0000002;
	ck_assert_uint_eq(put("Doom", ""), 0xA0000001);
	ck_log(1, "put %u %u Doom", 0xA0000001, 0xA0000001);
	ck_assert_int_eq(remove_entry(0xA0000001).err.kind, ERROR_NONE);
	ck_log(2, "remove %u 0 ", 0xA0000001);
	ck_list(NULL, "");
	put("Quake", "");
	ck_list(NULL, "Quake");
	/* A Steam that has ended has saved what it had. */
	end_client();
	ck_list(NULL, "");
}
END_TEST

START_TEST(test_another_id_than_was_told)
{
	static const char png[] = "\x89PNG\r\n\x1a\nrest";
	uint32_t told;
	char name[160], icon[200];

	start_client();
	told = put("Doom", WAITS);
	snprintf(name, sizeof(name), CONFIG "/grid/%u_icon.png", told);
	steam_home_write(&home, name, png, sizeof(png));
	snprintf(icon, sizeof(icon), "%s/%s", home.path, name);
	set_icon(told, icon);
	snprintf(name, sizeof(name), CONFIG "/grid/%up.png", told);
	steam_home_write(&home, name, png, sizeof(png));

	attach(0xA0000001);
	await_queued(0);
	ck_assert_uint_eq(news.id_count, 1);
	ck_assert_uint_eq(news.reported, told);
	ck_assert_uint_eq(news.actual, 0xA0000001);
	ck_assert_uint_eq(steam_actual_app_id(steam, told), 0xA0000001);
	ck_assert_uint_eq(steam_actual_app_id(steam, 5), 5);
	ck_assert(!steam_home_exists(&home, name));
	ck_assert(steam_home_exists(&home, CONFIG "/grid/2684354561p.png"));
	ck_log(1, "set_icon %u 0 %s/" CONFIG "/grid/2684354561_icon.png", 0xA0000001, home.path);

	reopen(); /* both ids are understood from now on */
	ck_assert_uint_eq(steam_actual_app_id(steam, told), 0xA0000001);
	ck_assert_uint_eq(put("Quake", ""), 0xA0000001); /* as the plugin says */
}
END_TEST

START_TEST(test_both_ids_are_understood)
{
	struct answer answer;
	uint32_t told;

	start_client();
	told = put("Doom", WAITS);
	attach(0xA0000001);
	await_queued(0);
	begin_put(&answer, NULL, told, "Doom II");
	await(&answer);
	ck_assert_uint_eq(answer.app_id, 0xA0000001);
	ck_log(1, "put %u %u Doom II", 0xA0000001, 0xA0000001);
	answer = remove_entry(told);
	ck_assert_int_eq(answer.err.kind, ERROR_NONE);
	ck_assert_uint_eq(answer.app_id, 0xA0000001);
	ck_assert_uint_eq(steam_actual_app_id(steam, told), told); /* nothing left to stand for */
}
END_TEST

START_TEST(test_one_account_does_not_hold_up_another)
{
	struct answer mine, theirs;

	start_client();
	plugin.only = ME;
	attach(0xA0000001);
	begin_put(&theirs, SIBLING, 0, "Quake");
	begin_put(&mine, ME, 0, "Doom");
	await(&mine);
	while (theirs.count == 0) {
		loop_run(loop);
	}
	ck_assert_str_eq(mine.note, "");
	ck_assert_str_eq(theirs.note, WAITS);
	ck_assert_uint_eq(steam_queued_count(steam), 1);
	ck_list(SIBLING, "Quake");
	ck_list(ME, "Doom");
	plugin.attached = false;
	end_client();
	await_queued(0);
	ck_list(SIBLING, "Quake");
	ck_assert(steam_home_exists(&home, ROOT "/userdata/" SIBLING "/config/shortcuts.vdf"));
	ck_assert(!steam_home_exists(&home, SHORTCUTS));
}
END_TEST

START_TEST(test_next_driver_after_a_silence)
{
	plugin.refuse = ERROR_TIMEOUT;
	attach(0xA0000001);
	ck_assert_uint_eq(put("Doom", ""), shortcuts_app_id("/games/Doom", "Doom"));
	ck_assert_uint_eq(plugin.log.count, 1);
	ck_list(NULL, "Doom");
}
END_TEST

START_TEST(test_what_steam_refuses_is_not_kept)
{
	struct answer answer;

	start_client();
	plugin.refuse = ERROR_INVALID;
	attach(0xA0000001);
	begin_put(&answer, NULL, 0, "Doom");
	await(&answer);
	ck_assert_int_eq(answer.err.kind, ERROR_INVALID);
	await_queued(0);
	ck_list(NULL, "");

	/* Once it was promised, its loss is reported. */
	plugin.attached = false;
	put("Doom", WAITS);
	put("Quake", WAITS);
	plugin.refuse = ERROR_INVALID;
	attach(0xA0000001);
	await_queued(0);
	ck_describes("a queued change of 'Quake' has failed: the plugin refuses");
	ck_assert_uint_eq(news.id_count, 0);
}
END_TEST

START_TEST(test_what_steam_does_not_take_holds_up_nothing_else)
{
	uint32_t doom, quake;

	start_client();
	doom = put("Doom", WAITS);
	plugin.refuse = ERROR_IO;
	plugin.refuse_only = "Doom";
	attach(0xA0000001);
	await_plugin(1);
	quake = put("Quake", "");
	ck_assert_uint_eq(quake, 0xA0000001);
	ck_assert_uint_eq(steam_queued_count(steam), 1);
	ck_list(NULL, "Quake,Doom");
	ck_describes("; a change of 'Doom' has not been made yet: the plugin refuses");

	/* Changes of one entry stay in order. */
	remove_entry(doom);
	ck_assert_uint_eq(steam_queued_count(steam), 0);
	plugin.refuse = ERROR_NONE;
	plugin.next_id = 0xA0000002;
	put("Doom", "");
}
END_TEST

START_TEST(test_removal_that_steam_does_not_take)
{
	struct answer answer;

	uint32_t doom = put("Doom", "");

	start_client();
	remove_entry(doom);
	plugin.refuse = ERROR_IO;
	plugin.refuse_only = "remove";
	attach(0xA0000001);
	await_plugin(1);
	loop_dispatch(loop);
	ck_describes("; a change of 'Doom' has not been made yet: the plugin refuses");

	/* It might adopt the one to be removed, so it comes after that. */
	begin_put(&answer, NULL, 0, "Doom");
	for (int i = 0; i < 20; i++) {
		loop_dispatch(loop);
	}
	ck_assert_uint_eq(plugin.log.count, 1);
	plugin.attached = false;
	end_client();
	await(&answer);
	ck_assert_uint_eq(steam_queued_count(steam), 0);
	ck_list(NULL, "Doom");
	ck_describes("its files are written"); /* and no problem is left */
	ck_describes_not("Doom");
}
END_TEST

START_TEST(test_icon_that_steam_does_not_take)
{
	struct answer answer = { 0 };
	uint32_t doom = put("Doom", "");

	start_client();
	plugin.refuse = ERROR_IO;
	plugin.refuse_only = "set_icon";
	attach(0xA0000001);
	steam_set_icon(steam, NULL, doom, "/icon.png", answered, &answer);
	await(&answer);
	ck_assert_str_eq(answer.note, "the plugin refuses; the icon appears when Steam restarts");
	ck_describes("; a change of 'Doom' has not been made yet: the plugin refuses");
	put("Doom", "");
	put("Quake", "");
	plugin.attached = false;
	end_client();
	await_queued(0);
	ck_assert(steam_list_shortcuts(steam, NULL, &list, &err));
	ck_assert_str_eq(list.items[0].icon, "/icon.png");
}
END_TEST

START_TEST(test_without_its_tool)
{
	static const char damaged[] = "\"InstallConfigStore\" {";
	struct answer answer;

	steam_home_write_text(&home, ROOT "/config/config.vdf", damaged);
	begin_put_with_tool(&answer, "Doom");
	await(&answer);
	ck_assert_int_eq(answer.err.kind, ERROR_NONE);
	ck_assert_ptr_nonnull(strstr(answer.note, "'proton_x' was not set"));
	ck_assert_ptr_nonnull(strstr(answer.note, "is damaged"));
	ck_list(NULL, "Doom");

	/* No caller is left to be told. */
	start_client();
	begin_put_with_tool(&answer, "Quake");
	await(&answer);
	ck_assert_str_eq(answer.note, WAITS);
	end_client();
	await_queued(0);
	ck_describes("a queued change of 'Quake' was made only in part: the "
		     "compatibility tool 'proton_x' was not set");
}
END_TEST

START_TEST(test_id_that_is_no_shortcuts)
{
	static const uint32_t wrong[] = { 0, 440 };
	struct answer answer;

	start_client();
	attach(wrong[_i]);
	begin_put(&answer, NULL, 0, "Doom");
	await(&answer);
	ck_assert_int_eq(answer.err.kind, ERROR_IO);
	ck_assert_uint_eq(news.id_count, 0);
	ck_list(NULL, "");
}
END_TEST

START_TEST(test_damage_is_waited_for)
{
	struct strbuf text = { 0 };

	put("Doom", "");
	steam_home_read(&home, SHORTCUTS, &text);
	start_client();
	put("Quake", WAITS);
	steam_home_write_text(&home, SHORTCUTS, "damaged");
	ck_assert(!steam_list_shortcuts(steam, NULL, &list, &err));
	end_client();
	reopen();
	for (unsigned before = news.changed_count; news.changed_count == before;) {
		loop_dispatch(loop); /* until it was tried */
	}
	ck_assert_uint_eq(steam_queued_count(steam), 1);
	ck_describes("; a change of 'Quake' has not been made yet: '");
	ck_describes("is damaged");
	steam_home_write(&home, SHORTCUTS, text.data, text.length);
	strbuf_finish(&text);
	put("Hexen", ""); /* which retries what waits */
	await_queued(0);
	ck_list(NULL, "Doom,Quake,Hexen");
}
END_TEST

START_TEST(test_full_disk_leaves_things_as_they_were)
{
	struct answer answer;

	start_client();
	steam_home_mkdir(&home, "steam.json/in-the-way");
	begin_put(&answer, NULL, 0, "Doom");
	await(&answer);
	ck_assert_int_eq(answer.err.kind, ERROR_IO);
	ck_assert_uint_eq(steam_queued_count(steam), 0);
	ck_list(NULL, "");
	end_client();
	rmdir(steam_home_path(&home, "steam.json/in-the-way"));
	rmdir(steam_home_path(&home, "steam.json"));

	/* Steam's own file cannot be replaced. */
	put("Doom", "");
	ck_assert_int_eq(unlink(steam_home_path(&home, SHORTCUTS ".capydeck-own")), 0);
	steam_home_mkdir(&home, SHORTCUTS ".capydeck-own/in-the-way");
	begin_put(&answer, NULL, 0, "Quake");
	await(&answer);
	ck_assert_int_eq(answer.err.kind, ERROR_IO);
	ck_assert_uint_eq(steam_queued_count(steam), 0);
	ck_list(NULL, "Doom");
	ck_assert(!steam_home_exists(&home, "steam.json"));
}
END_TEST

START_TEST(test_damaged_queue_is_told)
{
	char *notice;

	steam_destroy(steam);
	steam_home_write_text(&home, "steam.json", "{");
	steam = steam_create(loop, worker,
		&(struct steam_options){ .home = home.path, .state_dir = home.path, .ui = &ui },
		&notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, "steam.json.corrupt-"));
	free(notice);
	put("Doom", "");
}
END_TEST

START_TEST(test_destroy_answers_each_once)
{
	struct answer answers[4] = { 0 };

	start_client();
	plugin.silent = true;
	attach(0xA0000001);
	begin_put(&answers[0], NULL, 0, "Doom");
	begin_put(&answers[1], NULL, 0, "Quake");
	begin_put(&answers[2], NULL, 0, "");
	steam_show_artwork(steam,
		&(struct steam_artwork_shown){
			.account_id = ME, .app_id = 1, .type = "grid", .path = "/p.png" },
		answered, &answers[3]);
	if (_i > 0) {
		loop_dispatch(loop);
		loop_dispatch(loop);
	}
	steam_destroy(steam);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(answers[i].count, 1);
		ck_assert_int_eq(answers[i].err.kind, i == 2 ? ERROR_INVALID : ERROR_CANCELLED);
	}
	plugin.attached = plugin.silent = false;
	end_client();
	open_steam();
	ck_assert_uint_eq(steam_queued_count(steam), 2);
	await_queued(0);
	ck_list(NULL, "Doom,Quake");
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(answers[i].count, 1);
	}
}
END_TEST

START_TEST(test_destroy_while_files_are_written)
{
	struct answer answer;

	begin_put(&answer, NULL, 0, "Doom");
	loop_dispatch(loop);
	steam_destroy(steam);
	ck_assert_uint_eq(answer.count, 1);
	ck_assert_int_eq(answer.err.kind, ERROR_CANCELLED);
	open_steam();
	await_queued(0);
	worker_drain(worker);
	ck_list(NULL, "Doom");
}
END_TEST

START_TEST(test_artwork_is_shown_by_who_can)
{
	const struct steam_artwork_shown image = {
		.account_id = ME, .app_id = 0xA0000001, .type = "grid", .path = "/p.png"
	};
	struct answer answer = { 0 };

	steam_show_artwork(steam, &image, answered, &answer);
	await(&answer);
	ck_assert_int_eq(answer.err.kind, ERROR_NONE);
	ck_assert_uint_eq(answer.app_id, 0xA0000001);
	attach(0xA0000001);
	answer = (struct answer){ 0 };
	steam_show_artwork(steam, &image, answered, &answer);
	await(&answer);
	ck_log(0, "steam.show_artwork");
	plugin.refuse = ERROR_NOT_FOUND;
	answer = (struct answer){ 0 };
	steam_show_artwork(steam, &image, answered, &answer);
	await(&answer);
	ck_assert_int_eq(answer.err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(test_caller_does_not_wait_for_a_slow_steam)
{
	uint32_t told;

	start_client();
	plugin.silent = true;
	attach(0xA0000001);
	told = put(
		"Doom", "Steam has not answered yet; the shortcut appears once Steam has answered");
	ck_assert_uint_eq(told, shortcuts_app_id("/games/Doom", "Doom"));
	ck_assert_uint_eq(steam_queued_count(steam), 1);
	loop_defer(loop, plugin_answer, requests);
	await_queued(0);
	ck_assert_uint_eq(steam_actual_app_id(steam, told), 0xA0000001);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("steam");
	TCase *tcase = tcase_create("steam");
	TCase *slow = tcase_create("slow");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_queued_until_steam_ends);
	tcase_add_test(tcase, test_queue_outlives_this_process);
	tcase_add_test(tcase, test_made_in_their_order);
	tcase_add_test(tcase, test_entry_made_by_hand_is_adopted);
	tcase_add_test(tcase, test_removing_what_was_never_made_leaves_nothing);
	tcase_add_test(tcase, test_removing_what_was_made);
	tcase_add_test(tcase, test_removal_makes_no_file);
	tcase_add_test(tcase, test_plugin_makes_it_at_once);
	tcase_add_test(tcase, test_another_id_than_was_told);
	tcase_add_test(tcase, test_both_ids_are_understood);
	tcase_add_test(tcase, test_one_account_does_not_hold_up_another);
	tcase_add_test(tcase, test_next_driver_after_a_silence);
	tcase_add_test(tcase, test_what_steam_refuses_is_not_kept);
	tcase_add_test(tcase, test_what_steam_does_not_take_holds_up_nothing_else);
	tcase_add_test(tcase, test_removal_that_steam_does_not_take);
	tcase_add_test(tcase, test_icon_that_steam_does_not_take);
	tcase_add_test(tcase, test_without_its_tool);
	tcase_add_loop_test(tcase, test_id_that_is_no_shortcuts, 0, 2);
	tcase_add_test(tcase, test_damage_is_waited_for);
	tcase_add_test(tcase, test_full_disk_leaves_things_as_they_were);
	tcase_add_test(tcase, test_damaged_queue_is_told);
	tcase_add_loop_test(tcase, test_destroy_answers_each_once, 0, 2);
	tcase_add_test(tcase, test_destroy_while_files_are_written);
	tcase_add_test(tcase, test_artwork_is_shown_by_who_can);
	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(slow, setup, teardown);
	tcase_set_timeout(slow, 60);
	tcase_add_test(slow, test_caller_does_not_wait_for_a_slow_steam);
	suite_add_tcase(suite, slow);
	return run_suite(suite);
}
