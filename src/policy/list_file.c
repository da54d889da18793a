/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>

#include "base/utf8.h"
#include "policy/list.h"

/* Words a later version knows. To read past them would be to ignore an
 * expiry date, so they are refused until then. */
static const char *const reserved[] = { "owner=", "until=", "why=" };

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct slice first_word(struct slice line)
{
	size_t n = 0;

	while (n < line.len && !blank(line.data[n]))
		n++;
	return slice_sub(line, 0, n);
}

static void complain_more(const struct source *file, struct slice more,
    struct policy_report *report)
{
	size_t at = (size_t)(more.data - file->text.data);

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (slice_starts_nocase(more, reserved[i])) {
			report_error(report, file, at,
			    "\"%s\" comes in a later version", reserved[i]);
			return;
		}
	report_error(report, file, at, "one entry a line");
}

static void read_entry(struct list *l, const struct source *file,
    struct slice line, struct policy_report *report)
{
	struct slice entry = first_word(line);
	struct slice more = slice_trim(slice_sub(line, entry.len, SIZE_MAX));
	size_t at = (size_t)(entry.data - file->text.data);
	struct error err;

	if (!utf8_valid(entry))
		report_error(report, file, at, "not UTF-8");
	else if (!list_add(l, entry, &err))
		report_error(report, file, at, "%s", err.text);
	if (more.len > 0)
		complain_more(file, more, report);
}

void list_read(struct list *l, const struct source *file,
    struct policy_report *report)
{
	struct slice rest = file->text;

	if (rest.len >= 3 && slice_is(slice_sub(rest, 0, 3), "\xef\xbb\xbf"))
		rest = slice_sub(rest, 3, SIZE_MAX);
	while (rest.data != NULL && rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');

		for (size_t i = 0; i < line.len; i++)
			if (line.data[i] == '#' &&
			    (i == 0 || blank(line.data[i - 1])))
				line.len = i;
		line = slice_trim(line);
		if (line.len > 0)
			read_entry(l, file, line, report);
	}
}
