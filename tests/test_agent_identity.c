#include "agent/agent_identity.h"

#include "suite.h"

#include <check.h>

#define DEBIAN "PRETTY_NAME=\"Debian GNU/Linux 12\"\nNAME=\"Debian\"\nID=debian\n"
#define STEAMOS "NAME=\"SteamOS\"\nID=steamos\nID_LIKE=arch\n"
#define CHIMERAOS "NAME=\"ChimeraOS\"\nID=\"chimeraos\"\n"

/* What the kernel gives ends in a line feed. */
static const struct {
	const char *os_release;
	const char *product_name;
	const char *board_name;
	const char *platform;
} cases[] = {
	{ STEAMOS, "Jupiter\n", "Jupiter\n", "steamdeck" },
	{ STEAMOS, "Galileo\n", "Galileo\n", "steamdeck" },
	{ STEAMOS, "", "", "steamdeck" },
	{ CHIMERAOS, "Jupiter\n", "Jupiter\n", "chimeraos" },
	{ DEBIAN, "ROG Ally RC71L_RC71L\n", "RC71L\n", "rogally" },
	{ STEAMOS, "83E1\n", "LNVNB161216\n", "legiongologo" },
	{ DEBIAN, "Standard PC\n", "", "linux" },
	{ "ID_LIKE=steamos\n", "", "", "linux" },
	{ "", "", "", "linux" },
};

START_TEST(platform_is_known)
{
	ck_assert_str_eq(agent_identity_platform(cases[_i].os_release, cases[_i].product_name,
				 cases[_i].board_name),
		cases[_i].platform);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("platform");

	tcase_add_loop_test(tcase, platform_is_known, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	return run_tcase(tcase);
}
