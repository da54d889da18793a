/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

const struct name log_target_names[] = {
	{ LOG_TARGET_STDERR, "stderr" },
	{ LOG_TARGET_SYSLOG, "syslog" },
	{ LOG_TARGET_NONE,   "none" },
	{ 0, NULL },
};

const struct name log_format_names[] = {
	{ LOG_FORMAT_LOGFMT, "logfmt" },
	{ LOG_FORMAT_JSON,   "json" },
	{ 0, NULL },
};

static const struct name level_names[] = {
	{ LOG_LEVEL_ERROR,   "error" },
	{ LOG_LEVEL_WARNING, "warning" },
	{ LOG_LEVEL_INFO,    "info" },
	{ LOG_LEVEL_DEBUG,   "debug" },
	{ 0, NULL },
};

static const int priorities[] = {
	[LOG_LEVEL_ERROR]   = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO]    = LOG_INFO,
	[LOG_LEVEL_DEBUG]   = LOG_DEBUG,
};

/* So that one long value does not push the others off the line's end. */
static const size_t value_max = 512;
static const size_t sentence_max = 4096;
static const int64_t rarely_us = 60 * 1000000LL;

/* One format string of log_say_rarely(); the program has few of them. */
struct rare {
	const char *fmt;        /* kept: a literal */
	enum log_level level;
	int64_t said;
	unsigned long left_out;
};

struct log {
	enum log_target target;
	enum log_format format;
	bool journal;           /* stderr ends in journald */
	char *ident;            /* openlog() keeps the pointer */
	pthread_mutex_t lock;   /* over stderr and the rows below */
	struct rare *rares;
	size_t rare_count;
};

struct log *log_open(enum log_target target, enum log_format format,
    const char *ident)
{
	struct log *l = xcalloc(1, sizeof(*l));
	const char *stream = getenv("JOURNAL_STREAM");

	l->target = target;
	l->format = format;
	l->journal = stream != NULL && *stream != '\0';
	if (ident != NULL)
		l->ident = xstrdup(ident);
	pthread_mutex_init(&l->lock, NULL);
	if (target == LOG_TARGET_SYSLOG)
		openlog(l->ident, LOG_PID, LOG_MAIL);
	return l;
}

static bool log_is_wanted(const struct log *l)
{
	return l != NULL && l->target != LOG_TARGET_NONE;
}

/* One write for one line, so that lines of two processes do not mix. A line
 * that cannot be written is lost: mail matters more. */
static void write_stderr(struct log *l, struct slice line)
{
	pthread_mutex_lock(&l->lock);
	while (line.len > 0) {
		ssize_t n = write(STDERR_FILENO, line.data, line.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		line = slice_sub(line, (size_t)n, line.len);
	}
	pthread_mutex_unlock(&l->lock);
}

/* text is one line without its end, all of it escaped. */
static void emit(struct log *l, enum log_level level, const struct buf *text)
{
	int priority = priorities[level];

	if (l->target == LOG_TARGET_SYSLOG) {
		syslog(priority, "%s", buf_text(text));
		return;
	}
	struct buf line = { 0 };

	if (l->journal)
		buf_addf(&line, "<%d>", priority);
	buf_add(&line, buf_text(text), text->len);
	buf_addc(&line, '\n');
	write_stderr(l, buf_slice(&line));
	buf_free(&line);
}

/* What would end a line, move a cursor, or show text in another order. */
static bool unprintable(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||
	    c == 0x061c || (c >= 0x200e && c <= 0x200f) ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Both formats read \", \\ and \uXXXX the same way inside quotes. */
static void add_quoted(struct buf *out, struct slice value, size_t max,
    enum log_format format)
{
	size_t whole = value.len;

	buf_addc(out, '"');
	while (value.len > 0) {
		if (whole - value.len >= max) {
			buf_adds(out, "...");
			break;
		}
		struct slice at = value;
		uint32_t c = utf8_take(&value);

		if (c == UTF8_BAD && format == LOG_FORMAT_JSON)
			buf_adds(out, UTF8_REPLACEMENT);
		else if (c == UTF8_BAD)
			buf_addf(out, "\\x%02x", (unsigned char)*at.data);
		else if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", (char)c);
		else if (unprintable(c))
			buf_addf(out, "\\u%04x", (unsigned)c);
		else
			buf_add(out, at.data, at.len - value.len);
	}
	buf_addc(out, '"');
}

/* May it stand in a logfmt line as it is? */
static bool is_bare(struct slice value)
{
	if (value.len == 0 || value.len > value_max)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		char c = value.data[i];

		if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return true;
}

/* The member or pair "key", up to where its value begins. */
static void add_key(struct buf *out, const char *key, enum log_format format)
{
	if (format == LOG_FORMAT_JSON) {
		buf_adds(out, out->len == 0 ? "{" : ",");
		add_quoted(out, slice_of(key), value_max, format);
		buf_addc(out, ':');
	} else {
		if (out->len > 0)
			buf_addc(out, ' ');
		buf_adds(out, key);
		buf_addc(out, '=');
	}
}

static void say(struct log *l, enum log_level level, struct slice sentence)
{
	struct buf text = { 0 };

	add_key(&text, "level", l->format);
	if (l->format == LOG_FORMAT_JSON)
		buf_addf(&text, "\"%s\"", name_word(level_names, (int)level));
	else
		buf_adds(&text, name_word(level_names, (int)level));
	add_key(&text, "msg", l->format);
	add_quoted(&text, sentence, sentence_max, l->format);
	if (l->format == LOG_FORMAT_JSON)
		buf_addc(&text, '}');
	emit(l, level, &text);
	buf_free(&text);
}

static void say_formatted(struct log *l, enum log_level level,
    unsigned long left_out, const char *fmt, va_list args)
{
	struct buf sentence = { 0 };
	char text[4096];
	int n = vsnprintf(text, sizeof(text), fmt, args);

	buf_adds(&sentence, n < 0 ? fmt : text);
	if (n >= (int)sizeof(text))
		buf_adds(&sentence, "...");
	if (left_out > 0)
		buf_addf(&sentence, " (and %lu more like it)", left_out);
	say(l, level, buf_slice(&sentence));
	buf_free(&sentence);
}

void log_say(struct log *l, enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	if (!log_is_wanted(l))
		return;
	va_start(args, fmt);
	say_formatted(l, level, 0, fmt, args);
	va_end(args);
	errno = saved;
}

static struct rare *rare_row(struct log *l, const char *fmt)
{
	for (size_t i = 0; i < l->rare_count; i++) {
		if (strcmp(l->rares[i].fmt, fmt) == 0)
			return &l->rares[i];
	}
	l->rares = xrealloc(l->rares, l->rare_count + 1, sizeof(*l->rares));
	struct rare *r = &l->rares[l->rare_count++];

	*r = (struct rare){ .fmt = fmt,
		.said = clock_monotonic_us() - rarely_us };
	return r;
}

void log_say_rarely(struct log *l, enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	unsigned long left_out = 0;
	va_list args;

	if (!log_is_wanted(l))
		return;
	pthread_mutex_lock(&l->lock);
	struct rare *r = rare_row(l, fmt);
	int64_t now = clock_monotonic_us();
	bool due = now - r->said >= rarely_us;

	r->level = level;
	if (due) {
		left_out = r->left_out;
		r->left_out = 0;
		r->said = now;
	} else {
		r->left_out++;
	}
	pthread_mutex_unlock(&l->lock);

	if (due) {
		va_start(args, fmt);
		say_formatted(l, level, left_out, fmt, args);
		va_end(args);
	}
	errno = saved;
}

void log_free(struct log *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->rare_count; i++) {
		const struct rare *r = &l->rares[i];

		if (r->left_out > 0)
			log_say(l, r->level, "left out %lu more like: %s",
			    r->left_out, r->fmt);
	}
	if (l->target == LOG_TARGET_SYSLOG)
		closelog();
	pthread_mutex_destroy(&l->lock);
	free(l->rares);
	free(l->ident);
	free(l);
}

void log_line_begin(struct log_line *line, const struct log *l,
    const char *lead)
{
	*line = (struct log_line){
		.format = l == NULL ? LOG_FORMAT_LOGFMT : l->format,
	};
	if (lead == NULL)
		return;
	if (line->format == LOG_FORMAT_JSON)
		log_line_text(line, "queue_id", lead);
	else if (is_bare(slice_of(lead)))
		buf_adds(&line->text, lead);
	else
		add_quoted(&line->text, slice_of(lead), value_max,
		    line->format);
}

void log_line_text(struct log_line *line, const char *key, const char *value)
{
	struct slice v = slice_of(value);

	if (value == NULL)
		return;
	add_key(&line->text, key, line->format);
	if (line->format == LOG_FORMAT_LOGFMT && is_bare(v))
		buf_add(&line->text, v.data, v.len);
	else
		add_quoted(&line->text, v, value_max, line->format);
}

void log_line_number(struct log_line *line, const char *key, int64_t value)
{
	add_key(&line->text, key, line->format);
	buf_add_number(&line->text, value);
}

void log_line_end(struct log_line *line, struct log *l)
{
	int saved = errno;

	if (line->format == LOG_FORMAT_JSON)
		buf_adds(&line->text, line->text.len == 0 ? "{}" : "}");
	if (log_is_wanted(l))
		emit(l, LOG_LEVEL_INFO, &line->text);
	buf_free(&line->text);
	errno = saved;
}
