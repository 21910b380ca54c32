/*
 * Prints what is on the screen of $DISPLAY as a PPM: all of it in one moment, as one request asks
 * for it, and as a compositor has painted it.
 *
 * With "wallpaper": gives the screen one instead, plain grey. The server does not show it; a
 * compositor does, once it paints.
 */
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int set_wallpaper(Display *display)
{
	const Window root = DefaultRootWindow(display);
	const int screen = DefaultScreen(display);
	const unsigned width = (unsigned)DisplayWidth(display, screen),
		       height = (unsigned)DisplayHeight(display, screen);
	const Pixmap pixmap = XCreatePixmap(
		display, root, width, height, (unsigned)DefaultDepth(display, screen));
	const GC gc = DefaultGC(display, screen);

	XSetForeground(display, gc, 0x505050);
	XFillRectangle(display, pixmap, gc, 0, 0, width, height);
	XChangeProperty(display, root, XInternAtom(display, "_XROOTPMAP_ID", False), XA_PIXMAP, 32,
		PropModeReplace, (const unsigned char *)&pixmap, 1);
	XSetCloseDownMode(display, RetainPermanent); /* the pixmap outlives us */
	XCloseDisplay(display);
	return 0;
}

int main(int argc, char **argv)
{
	Display *display = XOpenDisplay(NULL);
	unsigned char *row;
	unsigned width, height;
	XImage *image;

	if (display == NULL) {
		fprintf(stderr, "screen_picture: no display\n");
		return 1;
	}
	if (argc > 1 && strcmp(argv[1], "wallpaper") == 0) {
		return set_wallpaper(display);
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
