/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((noreturn)) static void gone(void)
{
	fputs("out of memory\n", stderr);
	abort();
}

void *xcalloc(size_t count, size_t size)
{
	/* Nothing is still something: calloc(0) may answer NULL. */
	void *p = count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);

	if (p == NULL)
		gone();
	return p;
}

void *xrealloc(void *old, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		gone();
	/* realloc(p, 0) would free p and leave the caller holding it. */
	void *p = realloc(old, total == 0 ? 1 : total);

	if (p == NULL)
		gone();
	return p;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = n == 0 ? 0 : strnlen(s, n);
	char *copy = xrealloc(NULL, len + 1, 1);

	if (len > 0)
		memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}
