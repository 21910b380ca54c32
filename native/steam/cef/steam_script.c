#include "steam/cef/steam_script.h"

/* Read by the assembler, whose folder is the repository's. */
__asm__(".section .rodata\n"
	".global steam_script\n"
	".type steam_script, %object\n"
	"steam_script:\n"
	".incbin \"native/steam/cef/steam_script.js\"\n"
	".byte 0\n"
	".size steam_script, . - steam_script\n"
	".previous\n");
