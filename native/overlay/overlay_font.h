#pragma once

/* fonts/NotoSans-Bold.ttf, inside the program: from overlay_font_data up to overlay_font_end. */
extern const unsigned char overlay_font_data[];
extern const unsigned char overlay_font_end[];
