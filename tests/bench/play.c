/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/play.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define CHUNK 65535                     /* of a body, as Postfix and Sendmail */

static bool goes_on(enum wire_answer a)
{
	return a == WIRE_CONTINUE;
}

static enum wire_answer say_text(struct wire *w, enum wire_command c,
    const char *text)
{
	return wire_say(w, c, text, strlen(text) + 1);
}

/* The form with the message's number for "%n". */
static void fill_in(char *out, size_t room, const char *form, size_t n)
{
	const char *at = strstr(form, "%n");

	if (at == NULL)
		snprintf(out, room, "%s", form);
	else
		snprintf(out, room, "%.*s%zu%s", (int)(at - form), form, n,
		    at + 2);
}

/* Postfix has a queue id from DATA on: the first recipient comes before it. */
static void say_macros(const struct session *s, struct wire *w,
    enum wire_command c, const char *path)
{
	const char *id = c == WIRE_CONNECT || c == WIRE_HELO ||
	    c == WIRE_MAIL || c == WIRE_RCPT ? NULL : s->queue_id;

	wire_macros(w, c, (const char *const[]){
	    "i", id, "j", "mx.example.org", "_", s->name, "{daemon_name}",
	    "mx.example.org", "{daemon_addr}", "192.0.2.1", "v",
	    "Postfix 3.7.11", "{client_name}", s->name, "{mail_addr}", path,
	    "{mail_host}", "example.com", "{mail_mailer}", "smtp",
	    "{rcpt_addr}", path, "{rcpt_host}", "example.org", "{rcpt_mailer}",
	    "local", NULL });
}

static enum wire_answer say_connect(struct session *s, struct wire *w,
    const struct letter *l)
{
	struct buf b = { 0 };
	const uint16_t port = htons(40000);
	enum wire_answer a;

	say_macros(s, w, WIRE_CONNECT, NULL);
	buf_add(&b, s->name, strlen(s->name) + 1);
	buf_addc(&b, '4');
	buf_add(&b, &port, sizeof(port));
	buf_add(&b, l->client, strlen(l->client) + 1);
	a = wire_say(w, WIRE_CONNECT, b.data, b.len);
	buf_free(&b);
	return a;
}

static enum wire_answer say_path(struct session *s, struct wire *w,
    enum wire_command c, const char *path)
{
	char text[200];

	say_macros(s, w, c, path);
	snprintf(text, sizeof(text), "<%s>", path);
	return say_text(w, c, text);
}

static enum wire_answer say_header(struct session *s, struct wire *w)
{
	struct buf b = { 0 };
	enum wire_answer a = WIRE_CONTINUE;
	size_t blank = wire_keeps_blank(w) ? 0 : 1;

	for (size_t i = 0; i < s->count && goes_on(a); i++) {
		const struct letter_field *f = &s->fields[i];
		const char *value = f->value;

		value += blank != 0 && *value == ' ';
		buf_clear(&b);
		buf_add(&b, f->name, strlen(f->name) + 1);
		buf_add(&b, value, strlen(value) + 1);
		say_macros(s, w, WIRE_HEADER, NULL);
		a = wire_say(w, WIRE_HEADER, b.data, b.len);
	}
	buf_free(&b);
	if (!goes_on(a))
		return a;
	say_macros(s, w, WIRE_EOH, NULL);
	return wire_say(w, WIRE_EOH, "", 0);
}

static enum wire_answer say_body(struct session *s, struct wire *w,
    const char *body, size_t len)
{
	for (size_t at = 0; at < len; at += CHUNK) {
		size_t n = len - at;
		enum wire_answer a;

		say_macros(s, w, WIRE_BODY, NULL);
		a = wire_say(w, WIRE_BODY, body + at, n < CHUNK ? n : CHUNK);
		if (a == WIRE_SKIP)
			break;
		if (!goes_on(a))
			return a;
	}
	return WIRE_CONTINUE;
}

static void put_field(struct session *s, const struct wire_added *a,
    bool blank)
{
	struct letter_field f = { arena_strndup(s->mem, a->name,
	    strlen(a->name)), NULL };
	size_t n = strlen(a->value) + 2;

	if (s->count == s->room) {
		s->room *= 2;
		s->fields = xrealloc(s->fields, s->room, sizeof(f));
	}
	f.value = arena_alloc(s->mem, n);
	snprintf(f.value, n, "%s%s", blank ? "" : " ", a->value);
	if (a->on_top)
		memmove(s->fields + 1, s->fields, s->count * sizeof(f));
	s->fields[a->on_top ? 0 : s->count] = f;
	s->count++;
	s->found |= s->players->word != NULL &&
	    strstr(f.value, s->players->word) != NULL;
}

static enum wire_answer say_message(struct session *s, struct wire *w,
    const struct letter *l)
{
	enum wire_answer a = say_header(s, w);

	if (goes_on(a))
		a = say_body(s, w, l->body, l->body_len);
	if (!goes_on(a))
		return a;
	say_macros(s, w, WIRE_EOM, NULL);
	s->eom_us -= clock_monotonic_us();
	a = wire_say(w, WIRE_EOM, "", 0);
	s->eom_us += clock_monotonic_us();
	for (size_t i = 0; i < w->added_count; i++)
		put_field(s, &w->added[i], wire_keeps_blank(w));
	/* The next of the chain is asked all the same. */
	return a == WIRE_ACCEPT ? WIRE_CONTINUE : a;
}

/* Fields are borrowed from the letter where it does not vary. */
static void begin_letter(struct session *s, const struct letter *l, size_t n)
{
	arena_reset(s->mem);
	s->eom_us = 0;
	s->found = false;
	if (s->room < l->count + 64) {
		s->room = l->count + 64;
		s->fields = xrealloc(s->fields, s->room, sizeof(*s->fields));
	}
	memcpy(s->fields, l->fields, l->count * sizeof(*s->fields));
	s->count = l->count;
	for (size_t i = 0; i < l->count && l->varies; i++) {
		size_t room = strlen(l->fields[i].value) + 24;
		char *value = arena_alloc(s->mem, room);

		fill_in(value, room, l->fields[i].value, n);
		s->fields[i].value = value;
	}
	fill_in(s->sender, sizeof(s->sender), l->sender, n);
	snprintf(s->queue_id, sizeof(s->queue_id), "4F%08zX", n);
}

/* To each milter of the chain: all that comes before the header. Postfix hands
 * the connection to another process then, and leaves nothing unsaid. */
static enum wire_answer say_envelope(struct session *s, const char *rcpt)
{
	size_t all = s->players->count;
	enum wire_answer a = WIRE_CONTINUE;

	for (size_t i = 0; i < all && goes_on(a); i++)
		a = say_path(s, &s->wires[i], WIRE_MAIL, s->sender);
	for (size_t i = 0; i < all && goes_on(a); i++)
		a = say_path(s, &s->wires[i], WIRE_RCPT, rcpt);
	for (size_t i = 0; i < all && goes_on(a); i++) {
		say_macros(s, &s->wires[i], WIRE_DATA, NULL);
		a = wire_say(&s->wires[i], WIRE_DATA, "", 0);
		if (!wire_push(&s->wires[i]))
			a = WIRE_BROKEN;
	}
	return a;
}

/* Whoever has not heard the end of this message yet hears that there is none.
 */
static void abort_from(struct session *s, size_t first)
{
	for (size_t i = first; i < s->players->count; i++)
		wire_abort(&s->wires[i]);
}

enum play_end session_play(struct session *s, const struct letter *l, size_t n)
{
	enum wire_answer a;
	size_t told = 0;

	begin_letter(s, l, n);
	a = say_envelope(s, l->rcpt);
	while (told < s->players->count && goes_on(a))
		a = say_message(s, &s->wires[told++], l);
	if (a == WIRE_BROKEN) {
		session_close(s);
		return PLAY_BROKEN;
	}
	abort_from(s, told);
	return goes_on(a) ? PLAY_ACCEPTED : PLAY_REFUSED;
}

void session_break_off(struct session *s, const struct letter *l, size_t n,
    bool hangs_up)
{
	begin_letter(s, l, n);
	if (goes_on(say_envelope(s, l->rcpt)) &&
	    goes_on(say_header(s, &s->wires[0])))
		say_body(s, &s->wires[0], l->body, l->body_len / 2);
	if (!hangs_up) {
		abort_from(s, 0);
		return;
	}
	for (size_t i = 0; i < s->players->count; i++)
		wire_hang_up(&s->wires[i]);
	session_close(s);
}

static bool say_helo(struct session *s, struct wire *w)
{
	say_macros(s, w, WIRE_HELO, NULL);
	return goes_on(say_text(w, WIRE_HELO, s->name));
}

bool session_open(struct session *s, const struct letter *l, size_t n)
{
	const struct players *p = s->players;
	bool good = true;

	if (s->mem == NULL)
		s->mem = arena_new(8192);
	fill_in(s->name, sizeof(s->name), l->name, n);
	for (size_t i = 0; i < p->count; i++)
		s->wires[i] = (struct wire){ .fd = -1 };
	s->open = true;
	for (size_t i = 0; i < p->count && good; i++)
		good = wire_open(&s->wires[i], p->milters[i], p->bare);
	for (size_t i = 0; i < p->count && good; i++)
		good = goes_on(say_connect(s, &s->wires[i], l));
	for (size_t i = 0; i < p->count && good; i++)
		good = say_helo(s, &s->wires[i]);
	if (!good)
		session_close(s);
	return good;
}

void session_close(struct session *s)
{
	for (size_t i = 0; i < s->players->count && s->open; i++)
		wire_close(&s->wires[i]);
	s->open = false;
}

void session_end(struct session *s)
{
	session_close(s);
	arena_free(s->mem);
	free(s->fields);
}
