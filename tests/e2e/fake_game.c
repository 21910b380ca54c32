/*
 * A full-screen game for tests of what is drawn over one: a still picture, and a line on standard
 * output for everything a game must not notice of an overlay: "focus gained", "focus lost",
 * "key …", "click X,Y". The first line is "size WxH". Ends when its standard input does.
 * argv[1]: the colours, "cold" or "warm".
 */
#include <SDL.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TILE 32
#define FRAME_MS 20

static void paint(SDL_Surface *surface, bool warm)
{
	for (int y = 0; y < surface->h; y++) {
		Uint32 *row = (Uint32 *)((char *)surface->pixels + y * surface->pitch);

		for (int x = 0; x < surface->w; x++) {
			Uint8 level = (Uint8)(((x / TILE + y / TILE) & 1) != 0 ? 220 : 60);

			row[x] = SDL_MapRGB(surface->format, warm ? level : 20,
				(Uint8)(y * 255 / surface->h), warm ? 20 : level);
		}
	}
}

static void tell(const SDL_Event *event)
{
	if (event->type == SDL_WINDOWEVENT && event->window.event == SDL_WINDOWEVENT_FOCUS_GAINED) {
		puts("focus gained");
	} else if (event->type == SDL_WINDOWEVENT &&
		   event->window.event == SDL_WINDOWEVENT_FOCUS_LOST) {
		puts("focus lost");
	} else if (event->type == SDL_KEYDOWN) {
		printf("key %s\n", SDL_GetKeyName(event->key.keysym.sym));
	} else if (event->type == SDL_MOUSEBUTTONDOWN) {
		printf("click %d,%d\n", event->button.x, event->button.y);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	bool warm = argc > 1 && strcmp(argv[1], "warm") == 0;
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	SDL_Surface *surface = NULL;
	SDL_DisplayMode mode;
	Uint32 began_ms, wait_ms = FRAME_MS;
	SDL_Window *window;
	SDL_Event event;

	SDL_SetHint(SDL_HINT_VIDEODRIVER, "x11");
	SDL_SetHint(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0");
	if (SDL_Init(SDL_INIT_VIDEO) != 0 || SDL_GetDesktopDisplayMode(0, &mode) != 0) {
		fprintf(stderr, "fake_game: %s\n", SDL_GetError());
		return 1;
	}
	window = SDL_CreateWindow("fake game", 0, 0, mode.w, mode.h,
		SDL_WINDOW_FULLSCREEN_DESKTOP | SDL_WINDOW_BORDERLESS);
	printf("size %dx%d\n", mode.w, mode.h);
	fflush(stdout);
	while (poll(&input, 1, 0) == 0) {
		while (SDL_WaitEventTimeout(&event, (int)wait_ms)) {
			tell(&event);
		}
		began_ms = SDL_GetTicks();
		if (SDL_GetWindowSurface(window) != surface) {
			surface = SDL_GetWindowSurface(window);
			paint(surface, warm);
		}
		SDL_UpdateWindowSurface(window);
		/* Reading a large screen needs the processor as well. */
		wait_ms = SDL_max(FRAME_MS, 10 * (SDL_GetTicks() - began_ms));
	}
	SDL_Quit();
	return 0;
}
