/*
 * Prints what is on the screen of $DISPLAY as a PPM: all of it in one moment, as one request asks
 * for it, and as a compositor has painted it.
 */
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
	Display *display = XOpenDisplay(NULL);
	unsigned char *row;
	unsigned width, height;
	XImage *image;

	if (display == NULL) {
		fprintf(stderr, "screen_picture: no display\n");
		return 1;
	}
	width = (unsigned)DisplayWidth(display, DefaultScreen(display));
	height = (unsigned)DisplayHeight(display, DefaultScreen(display));
	image = XGetImage(
		display, DefaultRootWindow(display), 0, 0, width, height, AllPlanes, ZPixmap);
	if (image == NULL || image->bits_per_pixel != 32) {
		fprintf(stderr, "screen_picture: not a screen with 32 bits a pixel\n");
		return 1;
	}
	printf("P6 %u %u 255\n", width, height);
	row = malloc(3 * (size_t)width);
	for (size_t y = 0; y < height; y++) {
		const uint32_t *pixels =
			(const uint32_t *)(const void *)(image->data +
							 y * (size_t)image->bytes_per_line);

		for (size_t x = 0; x < width; x++) {
			row[3 * x] = (unsigned char)(pixels[x] >> 16);
			row[3 * x + 1] = (unsigned char)(pixels[x] >> 8);
			row[3 * x + 2] = (unsigned char)pixels[x];
		}
		fwrite(row, 3, width, stdout);
	}
	free(row);
	XDestroyImage(image);
	XCloseDisplay(display);
	return 0;
}
