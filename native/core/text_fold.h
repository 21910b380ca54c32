#pragma once

#include <locale.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text as people compare it: without regard to case and to the form of Unicode (NFC, NFD). The
 * process's locale makes no difference.
 */
struct text_fold {
	locale_t locale; /* (locale_t)0: letters of ASCII have a case, others do not */
};

/* One character is folded to at most so many codes. */
#define TEXT_FOLD_MAX 4

void text_fold_init(struct text_fold *fold);
void text_fold_finish(struct text_fold *fold);
/*
 * Folds the character at text, of which length bytes (at least 1) are left. Sets codes and
 * *codes_count, and returns its length in bytes. A byte that is not UTF-8 is a character of its
 * own, unlike any other.
 */
size_t text_fold_next(const struct text_fold *fold, const char *text, size_t length,
	uint32_t codes[TEXT_FOLD_MAX], size_t *codes_count);
