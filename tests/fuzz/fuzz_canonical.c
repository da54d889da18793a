/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Bodies and fields in the form in which they are signed: the same octets
 * whatever the pieces, and those of a slow and simple reading of RFC 6376 3.4.
 * The first octets say how long the pieces are.
 */
#include "base/buf.h"
#include "fuzz.h"
#include "mail/canon.h"
#include "mail/canonical.h"

static void collect(void *arg, const void *bytes, size_t n)
{
	need(n > 0, "no empty run");
	buf_add(arg, bytes, n);
}

static void feed_crlf(void *s, struct slice piece)
{
	crlf_feed(s, piece.data, piece.len);
}

static void feed_body(void *b, struct slice piece)
{
	canonical_body_feed(b, piece.data, piece.len);
}

/* Pieces of 1 to 8 octets by `sizes`, each a copy of its own; 0: all in one. */
static void in_pieces(struct arena *mem, struct slice all, unsigned sizes,
    void (*feed)(void *arg, struct slice piece), void *arg)
{
	if (sizes == 0) {
		feed(arg, fuzz_copy(mem, all));
		return;
	}
	while (all.len > 0) {
		struct slice piece = slice_sub(all, 0, 1 + (sizes & 7));

		feed(arg, fuzz_copy(mem, piece));
		all = slice_sub(all, piece.len, all.len);
		sizes = sizes >> 3 | (sizes & 7) << 5;
	}
}

static void whole_lines(struct arena *mem, struct slice raw, unsigned sizes,
    struct buf *out)
{
	struct crlf_stream s = { .sink = collect, .arg = out };

	in_pieces(mem, raw, sizes, feed_crlf, &s);
	crlf_end(&s);
	for (size_t i = 0; i < out->len; i++) {
		if (out->data[i] == '\r')
			need(i + 1 < out->len && out->data[i + 1] == '\n',
			    "no bare CR");
		if (out->data[i] == '\n')
			need(i > 0 && out->data[i - 1] == '\r', "no bare LF");
	}
	need(out->len == 0 || out->data[out->len - 1] == '\n',
	    "a body ends with its last line");
}

/* Runs of WSP to one SP; those at the end, and if wanted at the front, go. */
static void add_squeezed(struct buf *out, struct slice line, bool front)
{
	bool blank = false, any = !front;

	for (size_t i = 0; i < line.len; i++) {
		char c = line.data[i];

		if (c == ' ' || c == '\t') {
			blank = true;
			continue;
		}
		if (blank && any)
			buf_addc(out, ' ');
		blank = false;
		any = true;
		buf_addc(out, c);
	}
}

static void slow_body(struct slice text, enum canonical_form form,
    struct buf *out)
{
	size_t keep = 0;                /* up to the last line that counts */

	while (text.len > 0) {
		struct slice line = slice_cut(&text, '\n');
		size_t before = out->len;

		line.len--;             /* its CR */
		if (form == CANONICAL_RELAXED)
			add_squeezed(out, line, false);
		else
			buf_add(out, line.data, line.len);
		if (out->len > before)
			keep = out->len + 2;
		buf_adds(out, "\r\n");
	}
	out->len = keep;
	if (keep == 0 && form == CANONICAL_SIMPLE)
		buf_adds(out, "\r\n");
}

static void check_body(struct arena *mem, struct slice text, unsigned sizes,
    enum canonical_form form)
{
	struct buf fast = { 0 }, slow = { 0 };
	struct canonical_body b = {
		.form = form, .out = { collect, &fast },
	};

	in_pieces(mem, text, sizes, feed_body, &b);
	canonical_body_end(&b);
	slow_body(text, form, &slow);
	need(slice_equal(buf_slice(&fast), buf_slice(&slow)),
	    "a body is canonical");
	buf_free(&fast);
	buf_free(&slow);
}

/* The value with all folds taken out. */
static struct slice flat(struct arena *mem, struct slice value)
{
	char *text = arena_alloc(mem, value.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++)
		if (value.data[i] != '\r' && value.data[i] != '\n')
			text[len++] = value.data[i];
	return (struct slice){ text, len };
}

static void slow_field(struct arena *mem, struct slice value,
    enum canonical_form form, struct buf *out)
{
	if (form == CANONICAL_RELAXED) {
		buf_adds(out, "subject:");
		add_squeezed(out, flat(mem, value), true);
		return;
	}
	buf_adds(out, "Subject \t:");
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] == '\n' &&
		    (i == 0 || value.data[i - 1] != '\r'))
			buf_addc(out, '\r');
		buf_addc(out, value.data[i]);
	}
}

/* Cut anywhere but inside a CRLF. */
static void check_field(struct arena *mem, struct slice value, size_t cut,
    enum canonical_form form)
{
	struct buf fast = { 0 }, slow = { 0 };
	const struct canonical_sink out = { collect, &fast };
	struct slice before, after;

	if (cut > 0 && cut < value.len && value.data[cut - 1] == '\r')
		cut--;
	before = fuzz_copy(mem, slice_sub(value, 0, cut));
	after = fuzz_copy(mem, slice_sub(value, cut, value.len));
	canonical_field(&out, form, SLICE("Subject \t"), before, after);
	slow_field(mem, value, form, &slow);
	need(slice_equal(buf_slice(&fast), buf_slice(&slow)),
	    "a field is canonical");
	buf_free(&fast);
	buf_free(&slow);
}

/* What no caller hands on: a CR that is no line end. */
static bool has_bare_cr(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.data[i] == '\r' &&
		    (i + 1 == s.len || s.data[i + 1] != '\n'))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice raw = fuzz_slice(data, size);
	unsigned sizes = fuzz_octet(&raw);
	struct buf once = { 0 }, pieces = { 0 };

	whole_lines(mem, raw, 0, &once);
	whole_lines(mem, raw, sizes, &pieces);
	need(slice_equal(buf_slice(&once), buf_slice(&pieces)),
	    "the same line ends whatever the pieces");
	for (enum canonical_form form = CANONICAL_SIMPLE;
	    form <= CANONICAL_RELAXED; form++) {
		check_body(mem, buf_slice(&once), 0, form);
		check_body(mem, buf_slice(&once), sizes, form);
		if (!has_bare_cr(raw))
			check_field(mem, raw, sizes, form);
	}
	buf_free(&once);
	buf_free(&pieces);
	return 0;
}
