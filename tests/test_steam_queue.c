#include "steam/steam_queue.h"

#include "core/error.h"
#include "core/state_file.h"
#include "steam/change/shortcuts.h"
#include "steam_home.h"
#include "suite.h"

#include <check.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SUITE_ALONE /* replaces functions of the C library */

#define ME "39734274"
#define SIBLING "39734273"

static struct steam_home home;
static struct steam_queue *queue;
static struct error err;

static bool folders_cannot_be_synced;

int fsync(int fd)
{
	struct stat stat;

	if (folders_cannot_be_synced && fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode)) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

static void open_queue(void)
{
	char *notice;

	queue = steam_queue_create(home.path, &notice);
	ck_assert_ptr_null(notice);
}

/* As after a crash: only what is on disk counts. */
static void reopen(void)
{
	steam_queue_destroy(queue);
	open_queue();
}

static void setup(void)
{
	steam_home_init(&home);
	open_queue();
}

static void teardown(void)
{
	steam_queue_destroy(queue);
	steam_home_finish(&home);
}

static struct steam_change put_of(const char *account_id, const char *name, uint32_t reported)
{
	return (struct steam_change){
		.action = (char *)STEAM_CHANGE_PUT,
		.account_id = (char *)account_id,
		.reported_app_id = reported,
		.name = (char *)name,
		.exe = (char *)"/games/game",
		.start_dir = (char *)"/games",
	};
}

static struct steam_change remove_of(const char *account_id, uint32_t app_id)
{
	return (struct steam_change){
		.action = (char *)STEAM_CHANGE_REMOVE,
		.account_id = (char *)account_id,
		.app_id = app_id,
	};
}

static int64_t add(struct steam_change change)
{
	int64_t number = 0;

	ck_assert_msg(steam_queue_add(queue, &change, &number, &err), "%s", err.message);
	ck_assert_int_gt(number, 0);
	return number;
}

static void ck_add_fails(struct steam_change change, enum error_kind kind)
{
	size_t count = steam_queue_count(queue);
	int64_t number = 0;

	ck_assert(!steam_queue_add(queue, &change, &number, &err));
	ck_assert_int_eq(err.kind, kind);
	ck_assert_int_eq(number, 0);
	ck_assert_uint_eq(steam_queue_count(queue), count);
}

static void settle_put(const char *account_id, uint32_t reported, uint32_t actual)
{
	steam_queue_settle(queue, add(put_of(account_id, "Doom", reported)), actual);
}

/* From here on the file cannot be replaced. */
static void spoil_disk(void)
{
	unlink(steam_home_path(&home, "steam.json"));
	steam_home_mkdir(&home, "steam.json/in-the-way");
}

static void mend_disk(void)
{
	rmdir(steam_home_path(&home, "steam.json/in-the-way"));
	rmdir(steam_home_path(&home, "steam.json"));
}

START_TEST(test_changes_survive_in_their_order)
{
	struct steam_change first = put_of(ME, "Doom „ä“", 0x90000001);
	const struct steam_queued *queued;
	int64_t numbers[3];

	first.any_name = true;
	first.launch_options = (char *)"-fast";
	first.compat_tool = (char *)"proton_experimental";
	strvec_push(&first.tags, "a");
	strvec_push(&first.tags, "b");
	numbers[0] = add(first);
	strvec_finish(&first.tags);
	numbers[1] = add(remove_of(SIBLING, 0x90000002));
	numbers[2] = add((struct steam_change){ .action = (char *)STEAM_CHANGE_SET_ICON,
		.account_id = (char *)ME,
		.app_id = 0x90000001,
		.icon = (char *)"/grid/2415919105_icon.png" });
	ck_assert_int_lt(numbers[0], numbers[1]);
	ck_assert_int_lt(numbers[1], numbers[2]);

	reopen();
	ck_assert_uint_eq(steam_queue_count(queue), 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(steam_queue_at(queue, i)->number, numbers[i]);
	}
	ck_assert_ptr_null(steam_queue_at(queue, 3));
	queued = steam_queue_at(queue, 0);
	ck_assert_str_eq(queued->change.action, STEAM_CHANGE_PUT);
	ck_assert_str_eq(queued->change.account_id, ME);
	ck_assert_uint_eq(queued->change.reported_app_id, 0x90000001);
	ck_assert_str_eq(queued->change.name, "Doom „ä“");
	ck_assert(queued->change.any_name);
	ck_assert_str_eq(queued->change.launch_options, "-fast");
	ck_assert_str_eq(queued->change.compat_tool, "proton_experimental");
	ck_assert_uint_eq(queued->change.tags.count, 2);
	ck_assert_str_eq(steam_queue_at(queue, 2)->change.icon, "/grid/2415919105_icon.png");
	/* NULL launch options mean something else than none. */
	ck_assert_ptr_null(steam_queue_at(queue, 1)->change.launch_options);
	ck_assert_int_gt(add(remove_of(ME, 1)), numbers[2]);
}
END_TEST

START_TEST(test_an_empty_queue_has_no_file)
{
	int64_t number;

	ck_assert(!steam_home_exists(&home, "steam.json"));
	number = add(remove_of(ME, 0x90000001));
	ck_assert(steam_home_exists(&home, "steam.json"));
	steam_queue_settle(queue, number, 0x90000001);
	ck_assert(!steam_home_exists(&home, "steam.json"));
	ck_assert_uint_eq(steam_queue_count(queue), 0);
	steam_queue_settle(queue, number, 0x90000001);
	reopen();
	ck_assert_uint_eq(steam_queue_count(queue), 0);
}
END_TEST

START_TEST(test_several_are_taken_out_at_once)
{
	int64_t numbers[4];

	for (uint32_t i = 0; i < 4; i++) {
		numbers[i] = add(remove_of(ME, 0x90000000 + i));
	}
	numbers[1] = numbers[3];
	ck_assert(steam_queue_remove(queue, numbers, 2, &err));
	reopen();
	ck_assert_uint_eq(steam_queue_count(queue), 2);
	ck_assert_uint_eq(steam_queue_at(queue, 0)->change.app_id, 0x90000001);
	ck_assert_uint_eq(steam_queue_at(queue, 1)->change.app_id, 0x90000002);
}
END_TEST

START_TEST(test_another_id_is_remembered)
{
	settle_put(ME, 0x90000001, 0x90000001);
	ck_assert(!steam_home_exists(&home, "steam.json"));
	settle_put(ME, 0x90000001, 0xA0000001);
	reopen();
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0xA0000001);
	ck_assert_uint_eq(steam_queue_actual(queue, NULL, 0x90000001), 0xA0000001);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 7), 7);
	ck_assert_uint_eq(steam_queue_actual(queue, SIBLING, 0x90000001), 0x90000001);
	settle_put(SIBLING, 0x90000001, 0xB0000001);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0xA0000001);
	ck_assert_uint_eq(steam_queue_actual(queue, SIBLING, 0x90000001), 0xB0000001);
	ck_assert_uint_eq(steam_queue_actual(queue, NULL, 0x90000001), 0xB0000001);
}
END_TEST

START_TEST(test_ids_change_more_than_once)
{
	settle_put(ME, 0x90000001, 0xA0000001);
	settle_put(ME, 0xA0000001, 0xA0000002);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0xA0000002);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0xA0000001), 0xA0000002);
	/* The first id is an entry's own again. */
	settle_put(ME, 0x90000001, 0x90000001);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0x90000001);
	/* The entry is removed, and its aliases. */
	steam_queue_settle(queue, add(remove_of(ME, 0xA0000002)), 0xA0000002);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0xA0000001), 0xA0000001);
	ck_assert(!steam_home_exists(&home, "steam.json"));
}
END_TEST

START_TEST(test_an_id_told_anew_stands_for_itself)
{
	int64_t number;

	settle_put(ME, 0x90000001, 0xA0000001);
	number = add(put_of(ME, "Doom", 0x90000001));
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0x90000001);
	ck_assert_uint_eq(steam_queue_actual(queue, NULL, 0x90000001), 0x90000001);
	steam_queue_settle(queue, number, 0xA0000002);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0xA0000002);
}
END_TEST

START_TEST(test_a_change_that_failed_leaves_no_id)
{
	steam_queue_settle(queue, add(put_of(ME, "Doom", 0x90000001)), 0);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0x90000001);
	ck_assert(!steam_home_exists(&home, "steam.json"));
}
END_TEST

START_TEST(test_what_cannot_be_written_is_not_there)
{
	int64_t number = add(remove_of(ME, 0x90000001));

	spoil_disk();
	ck_add_fails(remove_of(ME, 0x90000002), ERROR_IO);
	ck_assert(!steam_queue_remove(queue, &number, 1, &err));
	ck_assert_int_eq(err.kind, ERROR_IO);
	ck_assert_uint_eq(steam_queue_count(queue), 1);
	ck_assert_int_eq(steam_queue_at(queue, 0)->number, number);
	mend_disk();
	ck_assert_int_eq(add(remove_of(ME, 0x90000002)), number + 1);
}
END_TEST

/* What was answered, what is in memory and what is on the disk agree. */
START_TEST(test_what_cannot_be_made_durable_is_put_back)
{
	int64_t number = add(remove_of(ME, 0x90000001));

	folders_cannot_be_synced = true;
	ck_add_fails(remove_of(ME, 0x90000002), ERROR_IO);
	ck_assert(!steam_queue_remove(queue, &number, 1, &err)); /* the last one: the file goes */
	ck_assert_uint_eq(steam_queue_count(queue), 1);
	folders_cannot_be_synced = false;
	ck_assert(steam_queue_flush(queue));
	reopen();
	ck_assert_uint_eq(steam_queue_count(queue), 1);
	ck_assert_uint_eq(steam_queue_at(queue, 0)->change.app_id, 0x90000001);
}
END_TEST

START_TEST(test_what_was_made_goes_even_from_a_full_disk)
{
	int64_t number = add(put_of(ME, "Doom", 0x90000001));

	add(remove_of(ME, 0x90000002));
	spoil_disk();
	steam_queue_settle(queue, number, 0xA0000001);
	ck_assert_uint_eq(steam_queue_count(queue), 1);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0xA0000001);
	ck_assert(!steam_queue_flush(queue));
	mend_disk();
	ck_assert(steam_queue_flush(queue));
	reopen();
	ck_assert_uint_eq(steam_queue_count(queue), 1);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0x90000001), 0xA0000001);
}
END_TEST

START_TEST(test_limits)
{
	static char long_name[STEAM_QUEUE_CHANGE_MAX_BYTES];
	struct steam_change tagged = put_of(ME, "Doom", 1);

	memset(long_name, 'x', sizeof(long_name) - 1);
	ck_add_fails(put_of(ME, long_name, 0x90000001), ERROR_TOO_LARGE);
	ck_add_fails(put_of(ME, "", 0x90000001), ERROR_INVALID);
	for (int i = 0; i <= STEAM_CHANGE_TAGS_MAX; i++) {
		strvec_push(&tagged.tags, "tag");
	}
	ck_add_fails(tagged, ERROR_INVALID);
	strvec_finish(&tagged.tags);
	ck_assert(!steam_home_exists(&home, "steam.json"));
}
END_TEST

START_TEST(test_a_full_queue_and_many_aliases)
{
	struct strbuf text = { 0 };

	strbuf_append_text(&text, "{\"version\":1,\"changes\":[");
	for (int i = 1; i <= STEAM_QUEUE_CHANGES_MAX; i++) {
		strbuf_appendf(&text,
			"%s{\"number\":%d,\"change\":{\"action\":\"remove\",\"accountId\":"
			"\"1\",\"appId\":%d}}",
			i > 1 ? "," : "", i, i);
	}
	strbuf_append_text(&text, "],\"aliases\":[");
	for (int i = 1; i <= STEAM_QUEUE_ALIASES_MAX; i++) {
		strbuf_appendf(&text,
			"%s{\"accountId\":\"1\",\"reported\":%d,\"actual\":4294967295}",
			i > 1 ? "," : "", i);
	}
	strbuf_append_text(&text, "]}");
	steam_home_write(&home, "steam.json", text.data, text.length);
	strbuf_finish(&text);
	reopen();
	ck_assert_uint_eq(steam_queue_count(queue), STEAM_QUEUE_CHANGES_MAX);
	ck_add_fails(remove_of(ME, 1), ERROR_NO_SPACE);
	steam_queue_settle(queue, 1, 0);
	ck_assert_uint_eq(steam_queue_actual(queue, "1", 1), UINT32_MAX);
	settle_put("1", 1000000, 2000000);
	ck_assert_uint_eq(steam_queue_actual(queue, "1", 1), 1);
	ck_assert_uint_eq(steam_queue_actual(queue, "1", 2), UINT32_MAX);
	ck_assert_uint_eq(steam_queue_actual(queue, "1", 1000000), 2000000);
}
END_TEST

static const char *const damaged[] = {
	"",
	"[]",
	"{\"version\":1}",
	"{\"version\":2,\"changes\":[],\"aliases\":[]}",
	"{\"version\":1,\"changes\":[{\"number\":1}],\"aliases\":[]}",
	/* An unknown action, a put without an executable, numbers out of order. */
	"{\"version\":1,\"changes\":[{\"number\":1,\"change\":{\"action\":\"x\",\"accountId\":"
	"\"1\",\"appId\":1}}],\"aliases\":[]}",
	"{\"version\":1,\"changes\":[{\"number\":1,\"change\":{\"action\":\"put\",\"accountId\":"
	"\"1\",\"name\":\"a\"}}],\"aliases\":[]}",
	"{\"version\":1,\"changes\":[{\"number\":0,\"change\":{\"action\":\"remove\","
	"\"accountId\":\"1\",\"appId\":1}}],\"aliases\":[]}",
};

START_TEST(test_a_damaged_file_is_set_aside)
{
	char *notice;

	steam_queue_destroy(queue);
	steam_home_write_text(&home, "steam.json", damaged[_i]);
	queue = steam_queue_create(home.path, &notice);
	ck_assert_ptr_nonnull(notice);
	ck_assert_ptr_nonnull(strstr(notice, "steam.json.corrupt-"));
	free(notice);
	ck_assert_uint_eq(steam_queue_count(queue), 0);
	add(remove_of(ME, 1));
	reopen();
	ck_assert_uint_eq(steam_queue_count(queue), 1);
}
END_TEST

/* --- Files with invalid entries --- */

static const struct field {
	const char *key;
	const char *value;
} change_fields[] = {
	{ "action", NULL },
	{ "accountId", "\"39734274\"" },
	{ "appId", "2684354561" },
	{ "reportedAppId", "2684354561" },
	{ "name", "\"Doom\"" },
	{ "exe", "\"/games/doom\"" },
	{ "startDir", "\"/games\"" },
	{ "anyName", "true" },
	{ "launchOptions", "\"-x\"" },
	{ "tags", "[\"a\"]" },
	{ "compatTool", "\"proton\"" },
	{ "icon", "\"/icon.png\"" },
};

static const struct field alias_fields[] = {
	{ "accountId", "\"39734274\"" },
	{ "reported", "2684354561" },
	{ "actual", "2684354562" },
};

/* NULL: the field is missing. HUGE_TEXT: a string of a megabyte. */
#define HUGE_TEXT "huge"
static const char *const odd_values[] = { NULL, "null", "true", "0", "-1", "1.5", "1e300",
	"123456789012345678901234567890", "\"\"", "\"x\"", "[]", "[1]", "[null]", "{}", HUGE_TEXT };

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void append_value(struct strbuf *text, const char *value)
{
	if (strcmp(value, HUGE_TEXT) != 0) {
		strbuf_append_text(text, value);
		return;
	}
	strbuf_append_char(text, '"');
	for (int i = 0; i < 1024 * 1024 / 16; i++) {
		strbuf_append_text(text, "/123456789abcdef");
	}
	strbuf_append_char(text, '"');
}

/* An object of the fields, of which the one at `odd` has another value. */
static void append_object(struct strbuf *text, const struct field *fields, size_t count,
	const char *action, size_t odd, const char *odd_value)
{
	const char *separator = "{";

	for (size_t i = 0; i < count; i++) {
		const char *value = i == odd		      ? odd_value
				    : fields[i].value != NULL ? fields[i].value
							      : action;

		if (value != NULL) {
			strbuf_appendf(text, "%s\"%s\":", separator, fields[i].key);
			append_value(text, value);
			separator = ",";
		}
	}
	strbuf_append_char(text, '}');
}

/* Every entry kept must be valid. */
static void use_everything(void)
{
	struct shortcuts list = { 0 };
	const struct steam_queued *queued;
	int64_t before = 0;

	for (size_t i = 0; (queued = steam_queue_at(queue, i)) != NULL; i++) {
		ck_assert_int_gt(queued->number, before);
		before = queued->number;
		ck_assert(steam_change_check(&queued->change, &err));
		steam_change_apply(&queued->change, &list);
	}
	shortcuts_finish(&list);
	ck_assert_uint_eq(steam_queue_actual(queue, ME, 0), 0);
}

static const char *const actions[] = { "\"put\"", "\"remove\"", "\"set_icon\"" };

/* As many entries as there are odd values, each with one of them in one field. */
static void append_odd_entries(struct strbuf *text, int kind, size_t odd)
{
	for (size_t i = 0; i < COUNT(odd_values); i++) {
		if ((size_t)kind < COUNT(actions)) {
			strbuf_appendf(text, "{\"number\":%zu,\"change\":", i + 2);
			append_object(text, change_fields, COUNT(change_fields), actions[kind], odd,
				odd_values[i]);
			strbuf_append_text(text, "},");
		} else {
			append_object(
				text, alias_fields, COUNT(alias_fields), NULL, odd, odd_values[i]);
			strbuf_append_char(text, ',');
		}
	}
}

/* _i: the kind of change, and behind those the aliases. */
START_TEST(test_entries_that_do_not_fit_cost_no_others)
{
	static const char good[] = "{\"number\":%d,\"change\":{\"action\":\"remove\","
				   "\"accountId\":\"1\",\"appId\":%d}}";
	bool of_change = (size_t)_i < COUNT(actions);

	for (size_t odd = 0; odd < (of_change ? COUNT(change_fields) : COUNT(alias_fields));
		odd++) {
		struct strbuf text = { 0 };
		char *notice;
		size_t count;

		strbuf_append_text(&text, "{\"version\":1,\"changes\":[");
		strbuf_appendf(&text, good, 1, 11);
		strbuf_append_char(&text, ',');
		if (of_change) {
			append_odd_entries(&text, _i, odd);
		}
		strbuf_appendf(&text, good, 99, 33);
		strbuf_append_text(&text, "],\"aliases\":[");
		if (!of_change) {
			append_odd_entries(&text, _i, odd);
		}
		strbuf_append_text(&text, "{\"accountId\":\"1\",\"reported\":44,\"actual\":55}]}");
		steam_queue_destroy(queue);
		steam_home_write(&home, "steam.json", text.data, text.length);
		strbuf_finish(&text);
		queue = steam_queue_create(home.path, &notice);
		ck_assert_ptr_nonnull(notice);
		free(notice);
		count = steam_queue_count(queue);
		ck_assert_uint_ge(count, 2);
		ck_assert_uint_eq(steam_queue_at(queue, 0)->change.app_id, 11);
		ck_assert_uint_eq(steam_queue_at(queue, count - 1)->change.app_id, 33);
		ck_assert_uint_eq(steam_queue_actual(queue, "1", 44), 55);
		use_everything();
	}
}
END_TEST

START_TEST(test_odd_numbers)
{
	static const char *const numbers[] = { "0", "-1", "null", "\"1\"", "1e300", "1", "7" };
	/* Only the last two are any; that another has the first of them is no harm. */
	bool fits = _i >= 5;
	struct strbuf text = { 0 };
	char *notice;

	strbuf_appendf(&text,
		"{\"version\":1,\"aliases\":[],\"changes\":["
		"{\"number\":1,\"change\":{\"action\":\"remove\",\"accountId\":\"1\",\"appId\":11}},"
		"{\"number\":%s,\"change\":{\"action\":\"remove\",\"accountId\":\"1\",\"appId\":22}},"
		"{\"number\":3,\"change\":{\"action\":\"remove\",\"accountId\":\"1\",\"appId\":33}}]}",
		numbers[_i]);
	steam_queue_destroy(queue);
	steam_home_write(&home, "steam.json", text.data, text.length);
	strbuf_finish(&text);
	queue = steam_queue_create(home.path, &notice);
	ck_assert_uint_eq(steam_queue_count(queue), fits ? 3 : 2);
	ck_assert_int_eq(notice != NULL, !fits);
	free(notice);
	use_everything();
	steam_queue_settle(queue, steam_queue_at(queue, 0)->number, 0);
	ck_assert_uint_eq(steam_queue_count(queue), fits ? 2 : 1);
	ck_assert_int_gt(add(remove_of(ME, 1)), steam_queue_at(queue, fits ? 1 : 0)->number);
}
END_TEST

/* A file that cannot be read now is neither lost nor replaced, and is used once it can. */
START_TEST(test_a_file_that_cannot_be_read_now)
{
	const char *path = steam_home_path(&home, "steam.json");
	char *notice, *aside;

	add(remove_of(ME, 1));
	steam_queue_destroy(queue);
	ck_assert_int_gt(asprintf(&aside, "%s/aside", home.path), 0);
	ck_assert_int_eq(rename(path, aside), 0);
	path = steam_home_path(&home, "steam.json");
	ck_assert_int_eq(mkdir(path, 0700), 0); /* like a file whose disk does not respond */
	queue = steam_queue_create(home.path, &notice);
	ck_assert_ptr_null(notice);
	ck_assert(!state_link_ready(steam_queue_link(queue), NULL));
	ck_assert(!steam_queue_remove(queue, NULL, 0, NULL));
	ck_add_fails(remove_of(ME, 2), ERROR_IO);
	ck_assert(!steam_queue_flush(queue));
	path = steam_home_path(&home, "steam.json");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rename(aside, path), 0);
	free(aside);
	ck_assert(steam_queue_flush(queue));
	ck_assert_uint_eq(steam_queue_count(queue), 1);
	add(remove_of(ME, 2));
	reopen();
	ck_assert_uint_eq(steam_queue_count(queue), 2);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_queue");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_changes_survive_in_their_order);
	tcase_add_test(tcase, test_an_empty_queue_has_no_file);
	tcase_add_test(tcase, test_several_are_taken_out_at_once);
	tcase_add_test(tcase, test_another_id_is_remembered);
	tcase_add_test(tcase, test_ids_change_more_than_once);
	tcase_add_test(tcase, test_an_id_told_anew_stands_for_itself);
	tcase_add_test(tcase, test_a_change_that_failed_leaves_no_id);
	tcase_add_test(tcase, test_what_cannot_be_written_is_not_there);
	tcase_add_test(tcase, test_what_cannot_be_made_durable_is_put_back);
	tcase_add_test(tcase, test_what_was_made_goes_even_from_a_full_disk);
	tcase_add_test(tcase, test_limits);
	tcase_add_test(tcase, test_a_full_queue_and_many_aliases);
	tcase_add_loop_test(tcase, test_a_damaged_file_is_set_aside, 0,
		(int)(sizeof(damaged) / sizeof(*damaged)));
	tcase_add_loop_test(tcase, test_entries_that_do_not_fit_cost_no_others, 0, 4);
	tcase_add_loop_test(tcase, test_odd_numbers, 0, 7);
	tcase_add_test(tcase, test_a_file_that_cannot_be_read_now);
	return run_tcase(tcase);
}
