#pragma once

#include <SDL.h>
#include <check.h>
#include <stdbool.h>
#include <string.h>

/*
 * What tests of the overlay check in a drawing in ARGB8888. In the header, as each test is one
 * file.
 */

static inline SDL_Surface *surface_create(int width, int height)
{
	SDL_Surface *surface =
		SDL_CreateRGBSurfaceWithFormat(0, width, height, 32, SDL_PIXELFORMAT_ARGB8888);

	ck_assert_ptr_nonnull(surface);
	return surface;
}

static inline Uint32 surface_at(const SDL_Surface *surface, int x, int y)
{
	return ((const Uint32 *)(const void *)((const char *)surface->pixels +
					       y * surface->pitch))[x];
}

static inline bool surfaces_equal(const SDL_Surface *one, const SDL_Surface *other)
{
	if (one->w != other->w || one->h != other->h) {
		return false;
	}
	for (int y = 0; y < one->h; y++) {
		if (memcmp((const char *)one->pixels + y * one->pitch,
			    (const char *)other->pixels + y * other->pitch,
			    (size_t)one->w * 4) != 0) {
			return false;
		}
	}
	return true;
}
