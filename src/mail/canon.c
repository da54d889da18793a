/* SPDX-License-Identifier: BSD-2-Clause */
#include "mail/canon.h"

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
	for (size_t i = from; i < n; i++) {
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
