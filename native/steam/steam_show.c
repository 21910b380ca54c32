#include "steam/steam_show.h"

#include "core/error.h"
#include "core/xalloc.h"
#include "steam/change/steam_driver.h"
#include "steam/steam_answers.h"
#include "steam/steam_drivers.h"

#include <stdlib.h>

struct showing {
	const struct steam_drivers *drivers;
	size_t next; /* to be asked; its number */
	struct steam_answers *answers;
	struct steam_artwork_shown image; /* its texts are owned */
	steam_done *done;
	void *user;
};

static void answer_take(struct showing *showing, const struct error *err)
{
	const struct steam_outcome outcome = {
		.app_id = showing->image.app_id,
		.account_id = showing->image.account_id,
	};

	steam_answers_give(
		showing->answers, err == NULL ? &outcome : NULL, err, showing->done, showing->user);
	free((char *)showing->image.account_id);
	free((char *)showing->image.type);
	free((char *)showing->image.path);
	free(showing);
}

static void on_shown(void *user, uint32_t app_id, const struct error *err);

static void ask_next(struct showing *showing)
{
	while (showing->next < STEAM_DRIVER_COUNT) {
		struct steam_driver *driver = showing->drivers->items[showing->next++];

		if (driver != NULL && driver->ops->show_artwork != NULL) {
			driver->ops->show_artwork(driver, &showing->image, on_shown, showing);
			return;
		}
	}
	answer_take(showing, NULL);
}

static void on_shown(void *user, uint32_t app_id, const struct error *err)
{
	struct showing *showing = user;

	if (err != NULL && steam_drivers_is_refusal(err)) {
		ask_next(showing);
	} else {
		answer_take(showing, err);
	}
}

void steam_show_start(const struct steam_drivers *drivers, struct steam_answers *answers,
	const struct steam_artwork_shown *image, steam_done *done, void *user)
{
	struct showing *showing = xcalloc(1, sizeof(*showing));

	*showing = (struct showing){
		.drivers = drivers,
		.answers = answers,
		.image = *image,
		.done = done,
		.user = user,
	};
	showing->image.account_id = xstrdup(image->account_id);
	showing->image.type = xstrdup(image->type);
	showing->image.path = xstrdup(image->path);
	ask_next(showing);
}
