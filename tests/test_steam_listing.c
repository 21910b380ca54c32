#include "steam/steam_listing.h"

#include "core/strbuf.h"
#include "steam/change/shortcuts.h"
#include "suite.h"

#include <check.h>

#define ME "39734274"
#define STEAM 4711
#define DOOM 0xA0000001u
#define QUAKE 0xA0000002u

static struct steam_listing listing;
static struct shortcuts saved; /* what Steam's file holds */
static int64_t saved_at_s;

static void teardown(void)
{
	steam_listing_finish(&listing);
	shortcuts_finish(&saved);
	saved_at_s = 0;
}

static struct steam_change put_of(const char *name)
{
	return (struct steam_change){
		.action = (char *)STEAM_CHANGE_PUT,
		.account_id = (char *)ME,
		.name = (char *)name,
		.exe = (char *)"/games/game",
		.start_dir = (char *)"/games",
	};
}

static struct steam_change remove_of(void)
{
	return (struct steam_change){
		.action = (char *)STEAM_CHANGE_REMOVE,
		.account_id = (char *)ME,
	};
}

static void make(struct steam_change change, uint32_t app_id)
{
	steam_listing_add_unsaved(&listing, STEAM, &change, app_id);
}

/* Steam saves: its file has it from now on. */
static void save(struct steam_change change, uint32_t app_id)
{
	change.app_id = app_id;
	ck_assert_uint_eq(steam_change_apply(&change, &saved), app_id);
}

/* The names, ids and icons that are shown: "Doom a0000001 /icon.png, …". */
static void ck_shows(pid_t pid, const char *account_id, const char *expected)
{
	struct shortcuts shown = { 0 };
	struct shortcut_list list = { 0 };
	struct strbuf bytes = { 0 }, text = { 0 };

	shortcuts_write(&saved, &bytes);
	ck_assert(shortcuts_parse(&shown, bytes.data, bytes.length, NULL));
	steam_listing_overlay(&listing,
		&(struct steam_listing_file){
			.account_id = account_id, .pid = pid, .saved_at_s = saved_at_s },
		&shown);
	shortcuts_list(&shown, &list);
	for (size_t i = 0; i < list.count; i++) {
		strbuf_appendf(&text, "%s%s %x %s", i > 0 ? ", " : "", list.items[i].name,
			list.items[i].app_id, list.items[i].icon);
	}
	ck_assert_str_eq(strbuf_text(&text), expected);
	shortcut_list_finish(&list);
	shortcuts_finish(&shown);
	strbuf_finish(&bytes);
	strbuf_finish(&text);
}

START_TEST(test_shown_until_the_file_has_it)
{
	make(put_of("Doom"), DOOM);
	ck_shows(STEAM, ME, "Doom a0000001 ");
	ck_shows(STEAM, "1", "");
	save(put_of("Doom"), DOOM);
	ck_shows(STEAM, ME, "Doom a0000001 ");
	ck_assert_uint_eq(listing.unsaved_count, 0);
	/* From here on the file alone counts, whatever the user makes of it. */
	save(put_of("Renamed"), DOOM);
	ck_shows(STEAM, ME, "Renamed a0000001 ");
}
END_TEST

START_TEST(test_what_the_user_has_undone_is_not_shown)
{
	make(put_of("Doom"), DOOM);
	saved_at_s = listing.unsaved[0].made_at_s + 5; /* perhaps begun before */
	ck_shows(STEAM, ME, "Doom a0000001 ");
	saved_at_s++;
	ck_shows(STEAM, "1", "");
	ck_assert_uint_eq(listing.unsaved_count, 1);
	ck_shows(STEAM, ME, "");
	ck_assert_uint_eq(listing.unsaved_count, 0);
}
END_TEST

START_TEST(test_the_last_change_of_an_entry_counts)
{
	struct steam_change icon = { .action = (char *)STEAM_CHANGE_SET_ICON,
		.account_id = (char *)ME,
		.icon = (char *)"/icon.png" };

	save(put_of("Doom"), DOOM);
	make(remove_of(), DOOM);
	ck_shows(STEAM, ME, "");
	make(put_of("Doom"), DOOM);
	make(icon, DOOM);
	make(put_of("Doom II"), DOOM);
	ck_shows(STEAM, ME, "Doom II a0000001 /icon.png");
	ck_assert_uint_eq(listing.unsaved_count, 2);
	save(put_of("Doom II"), DOOM);
	save(icon, DOOM);
	ck_shows(STEAM, ME, "Doom II a0000001 /icon.png");
	ck_assert_uint_eq(listing.unsaved_count, 0);
	make(icon, QUAKE); /* of an entry that the file never had */
	make(remove_of(), QUAKE);
	ck_shows(STEAM, ME, "Doom II a0000001 /icon.png");
	ck_assert_uint_eq(listing.unsaved_count, 0);
}
END_TEST

START_TEST(test_forgotten_with_its_steam)
{
	make(put_of("Doom"), DOOM);
	ck_shows(STEAM + 1, ME, "");
	make(put_of("Doom"), DOOM);
	ck_shows(0, ME, "");
	ck_shows(STEAM, ME, "");
	steam_listing_add_unsaved(&listing, 0, &(struct steam_change){ .action = NULL }, DOOM);
	ck_assert_uint_eq(listing.unsaved_count, 0);
}
END_TEST

START_TEST(test_limit)
{
	for (uint32_t i = 0; i <= STEAM_LISTING_UNSAVED_MAX; i++) {
		make(remove_of(), 0x90000000u + i);
	}
	ck_assert_uint_eq(listing.unsaved_count, STEAM_LISTING_UNSAVED_MAX);
	ck_assert_uint_eq(listing.unsaved[0].change.app_id, 0x90000001u);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("steam_listing");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, test_shown_until_the_file_has_it);
	tcase_add_test(tcase, test_what_the_user_has_undone_is_not_shown);
	tcase_add_test(tcase, test_the_last_change_of_an_entry_counts);
	tcase_add_test(tcase, test_forgotten_with_its_steam);
	tcase_add_test(tcase, test_limit);
	return run_tcase(tcase);
}
