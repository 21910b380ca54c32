#pragma once

#include <stddef.h>
#include <stdint.h>

/* All from the kernel's CSPRNG (getrandom); they abort if that fails. */
void random_bytes(void *out, size_t length);
uint32_t random_below(uint32_t limit); /* uniform in 0 … limit − 1 */
char *random_hex(size_t digits);       /* caller frees */
char *random_base64url(size_t bytes);  /* unpadded; caller frees */
