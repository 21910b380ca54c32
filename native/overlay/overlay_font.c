#include "overlay/overlay_font.h"

/* The bytes of the font, so that the program never lacks one. */
__asm__(".section .rodata\n"
	".global overlay_font_data\n"
	".type overlay_font_data, @object\n"
	"overlay_font_data:\n"
	".incbin \"native/overlay/fonts/NotoSans-Bold.ttf\"\n"
	".global overlay_font_end\n"
	"overlay_font_end:\n"
	".byte 0\n"
	".previous\n");
