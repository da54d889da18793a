/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/canon.h"

#include <stdint.h>
#include <string.h>

/* Sixteen octets, and what became of comparing them: all bits or none each. */
typedef unsigned char octets16 __attribute__((vector_size(16)));
typedef __typeof__((octets16){ 0 } == (octets16){ 0 }) answers16;

/* Is each CR followed by LF, and each LF led by CR? x[16] counts, too. */
static bool is_whole(const char *x)
{
	octets16 here, next;
	answers16 odd;
	uint64_t halves[2];

	memcpy(&here, x, sizeof(here));
	memcpy(&next, x + 1, sizeof(next));
	odd = (here == '\r') ^ (next == '\n');
	memcpy(halves, &odd, sizeof(halves));
	return (halves[0] | halves[1]) == 0;
}

/* From `i` on, where the next octet is that may have to be mended. */
static size_t skip_whole(const char *p, size_t i, size_t n)
{
	size_t from = i;

	if (i == n || p[i] == '\n')
		return i;
	while (n - i > sizeof(octets16) && is_whole(p + i))
		i += sizeof(octets16);
	/* The second half of a CRLF has been seen with the first. */
	return i > from && p[i] == '\n' ? i + 1 : i;
}

static void line_end(struct crlf_stream *s)
{
	s->sink(s->arg, "\r\n", 2);
	s->held_cr = false;
	s->open_line = false;
}

/* Whole runs go out in one piece: hashing octet by octet would be slow. The
 * end of a CRLF in the input goes out with the run it closes. */
void crlf_feed(struct crlf_stream *s, const void *bytes, size_t n)
{
	const char *p = bytes;
	size_t from = 0;                /* what has not gone out begins here */

	if (n == 0)
		return;
	if (s->held_cr) {
		line_end(s);
		from = p[0] == '\n';
	}
	for (size_t i = from; (i = skip_whole(p, i, n)) < n; i++) {
		if (p[i] != '\r' && p[i] != '\n')
			continue;
		if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n') {
			i++;
			continue;
		}
		if (i > from)
			s->sink(s->arg, p + from, i - from);
		from = i + 1;
		if (p[i] == '\r' && from == n)
			s->held_cr = true;      /* its LF may come yet */
		else
			line_end(s);
	}
	if (from < n) {
		s->sink(s->arg, p + from, n - from);
		s->open_line = p[n - 1] != '\n';
	}
}

void crlf_end(struct crlf_stream *s)
{
	if (s->held_cr || s->open_line)
		line_end(s);
}
