/* SPDX-License-Identifier: BSD-2-Clause */
#include "tool/past.h"

#include <limits.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

struct reader *past_open(const struct tool *t, struct conf *conf, int *code)
{
	const char *path = tool_value(t, "--history");
	struct reader *r;
	struct error err;

	*code = EX_CONFIG;
	if (!tool_conf(t, conf))
		return NULL;
	if (path == NULL)
		path = conf->history;
	if (path[0] == '\0') {
		tool_failed(EX_CONFIG, "the configuration keeps no history "
		    "(history.path is empty)");
		return NULL;
	}
	*code = EX_NOINPUT;
	r = reader_open(path, &err);
	if (r == NULL)
		tool_failed(EX_NOINPUT, "history %s", err.text);
	return r;
}

static const struct name units[] = {
	{ 1, "s" }, { 60, "m" }, { 3600, "h" }, { 86400, "d" },
	{ 7 * 86400, "w" }, { 0, NULL },
};

/* A day begins at midnight UTC, as in reports. */
static bool read_date(const char *text, int64_t *out)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	int day = tm.tm_mday;

	if (end == NULL || *end != '\0' || tm.tm_year < 70)
		return false;
	*out = (int64_t)timegm(&tm);
	return tm.tm_mday == day;       /* 2026-02-31 is no date */
}

bool past_since(const struct tool *t, int64_t *out, struct error *err)
{
	const char *text = tool_value(t, "--since");
	size_t digits;
	unsigned long long n;
	const struct name *unit;

	*out = 0;
	if (text == NULL || read_date(text, out))
		return true;
	digits = strspn(text, "0123456789");
	unit = name_find(units, text + digits);
	if (unit == NULL || digits == 0 ||
	    !slice_number((struct slice){ text, digits }, &n) || n > INT_MAX)
		return error_set(err, "--since %s is neither a time (2h, 14d) "
		    "nor a date (2026-01-31)", text);
	*out = (int64_t)time(NULL) - (int64_t)n * unit->code;
	return true;
}

const char *past_time(int64_t t, char out[PAST_TIME_MAX])
{
	time_t when = (time_t)t;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL ||
	    strftime(out, PAST_TIME_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(out, PAST_TIME_MAX, "%lld", (long long)t);
	return out;
}

const char *past_clean(struct arena *mem, const char *text)
{
	char *copy;

	if (text == NULL)
		return "-";
	copy = arena_strdup(mem, text);
	for (char *s = copy; *s != '\0'; s++)
		if ((unsigned char)*s < 32 || *s == 127)
			*s = '?';
	return copy;
}
