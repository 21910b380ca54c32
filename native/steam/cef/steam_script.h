#pragma once

/*
 * steam_script.js as a string: a JavaScript function of one argument, to be called inside Steam.
 * What it takes and answers is described there.
 */
extern const char steam_script[];
