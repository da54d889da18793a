/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * load: plays messages to milters as an MTA does, several sessions at a time,
 * and says what it cost: latency here, CPU and memory of the milters from the
 * kernel. Several milters form a chain as in Postfix: each command goes to one
 * after the other, then the whole message to each, with the fields that those
 * before it have added.
 *
 * Closed loop: a session begins its next message when the last one is answered.
 * Open loop (-r): messages come at a rate, and their time counts from when
 * they were due, so that a filter that stands still is not spared.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "bench/letters.h"
#include "bench/wire.h"

#define MILTERS_MAX 4
#define PIDS_MAX 16
#define SESSIONS_MAX 1024
#define CHUNK 65535                     /* of a body, as Postfix and Sendmail */

struct options {
	const char *milters[MILTERS_MAX];
	size_t milter_count;
	pid_t pids[PIDS_MAX];
	size_t pid_count;
	const char *list;
	size_t sessions, per_session, warm, messages;
	double rate;                    /* a second; 0: closed loop */
	bool bare;
	const char *word;               /* counted in what the milters add */
};

struct sample {
	int64_t whole_us, eom_us;
};

/* One run: what the sessions share. */
struct run {
	const struct options *o;
	const struct letters *letters;
	size_t total;
	int64_t began_us;
	struct sample *samples;
	atomic_size_t next, accepted, refused, broken, found;
};

/* One session: a connection to each milter. */
struct session {
	struct run *run;
	struct wire wires[MILTERS_MAX];
	const struct letter *letter;
	struct letter_field *fields;    /* with what was added */
	size_t count, room, added;
	char queue_id[24];
	int64_t eom_us;
};

static void usage(void)
{
	fputs("usage: load -m MILTER... -l LIST [-p PID...] [-s SESSIONS] "
	    "[-k MESSAGES-A-SESSION] [-n MESSAGES] [-w WARM-UP] [-r RATE] "
	    "[-g WORD] [-b]\n", stderr);
	exit(64);
}

static struct options read_options(int argc, char **argv)
{
	struct options o = { .sessions = 1, .per_session = 1, .messages = 100 };
	int c;

	while ((c = getopt(argc, argv, "m:p:l:s:k:n:w:r:g:b")) != -1) {
		if (c == 'm' && o.milter_count < MILTERS_MAX)
			o.milters[o.milter_count++] = optarg;
		else if (c == 'p' && o.pid_count < PIDS_MAX)
			o.pids[o.pid_count++] = (pid_t)atol(optarg);
		else if (c == 'l')
			o.list = optarg;
		else if (c == 's')
			o.sessions = (size_t)atol(optarg);
		else if (c == 'k')
			o.per_session = (size_t)atol(optarg);
		else if (c == 'n')
			o.messages = (size_t)atol(optarg);
		else if (c == 'w')
			o.warm = (size_t)atol(optarg);
		else if (c == 'r')
			o.rate = atof(optarg);
		else if (c == 'g')
			o.word = optarg;
		else if (c == 'b')
			o.bare = true;
		else
			usage();
	}
	if (o.milter_count == 0 || o.list == NULL || o.sessions == 0 ||
	    o.sessions > SESSIONS_MAX || o.per_session == 0)
		usage();
	return o;
}

/* --- one message --- */

static bool goes_on(enum wire_answer a)
{
	return a == WIRE_CONTINUE;
}

static enum wire_answer say_text(struct wire *w, enum wire_command c,
    const char *text)
{
	return wire_say(w, c, text, strlen(text) + 1);
}

static enum wire_answer say_connect(struct wire *w, const struct letter *l)
{
	struct buf b = { 0 };
	const uint16_t port = htons(40000);
	enum wire_answer a;

	wire_macros(w, WIRE_CONNECT, (const char *const[]){
	    "j", "mx.example.org", "{daemon_name}", "bench",
	    "{client_addr}", l->client, "{client_name}", l->name,
	    "{client_ptr}", l->name, "v", "Postfix 3.7.11", NULL });
	buf_add(&b, l->name, strlen(l->name) + 1);
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
	char text[160];
	const char *name = c == WIRE_MAIL ? "{mail_addr}" : "{rcpt_addr}";

	wire_macros(w, c, (const char *const[]){ "i", s->queue_id, name, path,
	    NULL });
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
		a = wire_say(w, WIRE_HEADER, b.data, b.len);
	}
	buf_free(&b);
	return goes_on(a) ? wire_say(w, WIRE_EOH, "", 0) : a;
}

static enum wire_answer say_body(const struct letter *l, struct wire *w)
{
	for (size_t at = 0; at < l->body_len; at += CHUNK) {
		size_t n = l->body_len - at;
		enum wire_answer a = wire_say(w, WIRE_BODY, l->body + at,
		    n < CHUNK ? n : CHUNK);

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
	struct letter_field f = { xstrdup(a->name), NULL };
	size_t n = strlen(a->value) + 2;

	if (s->count == s->room) {
		s->room = s->room == 0 ? 64 : 2 * s->room;
		s->fields = xrealloc(s->fields, s->room, sizeof(f));
	}
	f.value = xcalloc(n, 1);
	snprintf(f.value, n, "%s%s", blank ? "" : " ", a->value);
	memmove(s->fields + a->on_top, s->fields, a->on_top ? s->count *
	    sizeof(f) : 0);
	s->fields[a->on_top ? 0 : s->count] = f;
	s->count++;
	s->added++;
}

static enum wire_answer say_message(struct session *s, struct wire *w)
{
	enum wire_answer a = say_header(s, w);

	if (goes_on(a))
		a = say_body(s->letter, w);
	if (!goes_on(a))
		return a;
	wire_macros(w, WIRE_EOM, (const char *const[]){ "i", s->queue_id,
	    NULL });
	s->eom_us -= clock_monotonic_us();
	a = wire_say(w, WIRE_EOM, "", 0);
	s->eom_us += clock_monotonic_us();
	for (size_t i = 0; i < w->added_count; i++)
		put_field(s, &w->added[i], wire_keeps_blank(w));
	return a;
}

/* The letter's own fields are borrowed, the added ones are not. */
static void begin_letter(struct session *s, size_t n)
{
	const struct letters *all = s->run->letters;

	s->letter = &all->items[n % all->count];
	s->count = s->added = 0;
	s->eom_us = 0;
	if (s->room < s->letter->count + 64) {
		s->room = s->letter->count + 64;
		s->fields = xrealloc(s->fields, s->room, sizeof(*s->fields));
	}
	memcpy(s->fields, s->letter->fields,
	    s->letter->count * sizeof(*s->fields));
	s->count = s->letter->count;
	snprintf(s->queue_id, sizeof(s->queue_id), "4F%08zX", n);
}

static bool is_borrowed(const struct session *s, const struct letter_field *f)
{
	for (size_t i = 0; i < s->letter->count; i++)
		if (s->letter->fields[i].value == f->value)
			return true;
	return false;
}

static void end_letter(struct session *s)
{
	const char *word = s->run->o->word;
	bool found = false;

	for (size_t i = 0; i < s->count && s->added > 0; i++) {
		struct letter_field *f = &s->fields[i];

		if (is_borrowed(s, f))
			continue;
		found |= word != NULL && strstr(f->value, word) != NULL;
		free(f->name);
		free(f->value);
	}
	s->run->found += found;
}

static enum wire_answer play_letter(struct session *s)
{
	const struct options *o = s->run->o;
	const struct letter *l = s->letter;
	enum wire_answer a = WIRE_CONTINUE;

	for (size_t i = 0; i < o->milter_count && goes_on(a); i++)
		a = say_path(s, &s->wires[i], WIRE_MAIL, l->sender);
	for (size_t i = 0; i < o->milter_count && goes_on(a); i++)
		a = say_path(s, &s->wires[i], WIRE_RCPT, l->rcpt);
	for (size_t i = 0; i < o->milter_count && goes_on(a); i++)
		a = wire_say(&s->wires[i], WIRE_DATA, "", 0);
	for (size_t i = 0; i < o->milter_count && goes_on(a); i++) {
		a = say_message(s, &s->wires[i]);
		if (a == WIRE_ACCEPT)
			a = WIRE_CONTINUE;
	}
	return a;
}

/* --- sessions --- */

static bool open_session(struct session *s)
{
	const struct options *o = s->run->o;
	bool good = true;

	for (size_t i = 0; i < o->milter_count && good; i++)
		good = wire_open(&s->wires[i], o->milters[i], o->bare);
	for (size_t i = 0; i < o->milter_count && good; i++)
		good = goes_on(say_connect(&s->wires[i], s->letter));
	for (size_t i = 0; i < o->milter_count && good; i++)
		good = goes_on(say_text(&s->wires[i], WIRE_HELO,
		    s->letter->name));
	return good;
}

static void close_session(struct session *s)
{
	for (size_t i = 0; i < s->run->o->milter_count; i++)
		wire_close(&s->wires[i]);
}

static void sleep_until(int64_t when_us)
{
	int64_t left = when_us - clock_monotonic_us();

	if (left > 0)
		usleep((useconds_t)left);
}

static void play_one(struct session *s, size_t n, bool opens)
{
	struct run *r = s->run;
	int64_t began = clock_monotonic_us();
	enum wire_answer a = WIRE_BROKEN;

	if (r->o->rate > 0) {
		int64_t due = r->began_us + (int64_t)((double)n * 1e6 /
		    r->o->rate);

		sleep_until(due);
		began = due;
	}
	begin_letter(s, n);
	if (!opens || open_session(s))
		a = play_letter(s);
	r->samples[n].whole_us = clock_monotonic_us() - began;
	r->samples[n].eom_us = s->eom_us;
	if (a == WIRE_BROKEN)
		r->broken++;
	else if (goes_on(a))
		r->accepted++;
	else
		r->refused++;
	end_letter(s);
	if (a == WIRE_BROKEN) {
		close_session(s);       /* and the rest of it is broken, too */
		usleep(10000);
	}
}

static void *run_session(void *arg)
{
	struct session s = { .run = arg };
	size_t n;

	for (size_t i = 0; i < MILTERS_MAX; i++)
		s.wires[i].fd = -1;
	for (size_t k = 0; (n = s.run->next++) < s.run->total; k++) {
		bool opens = k % s.run->o->per_session == 0;

		if (opens)
			close_session(&s);
		play_one(&s, n, opens);
	}
	close_session(&s);
	free(s.fields);
	return NULL;
}

static void run_all(struct run *r)
{
	pthread_t threads[SESSIONS_MAX];

	r->samples = xcalloc(r->total + 1, sizeof(*r->samples));
	r->began_us = clock_monotonic_us();
	for (size_t i = 0; i < r->o->sessions; i++)
		if (pthread_create(&threads[i], NULL, run_session, r) != 0)
			abort();
	for (size_t i = 0; i < r->o->sessions; i++)
		pthread_join(threads[i], NULL);
}

/* --- the report --- */

struct cost {
	double cpu_s;                   /* exact */
	double user_s, system_s;        /* in ticks */
	long peak_kb, now_kb;
};

static void add_memory(pid_t pid, struct cost *c)
{
	char path[64], line[256];
	long kb;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "VmHWM: %ld", &kb) == 1)
			c->peak_kb += kb;
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			c->now_kb += kb;
	}
	if (f != NULL)
		fclose(f);
}

static void add_ticks(pid_t pid, struct cost *c)
{
	char path[64], text[1024] = "";
	unsigned long user = 0, system = 0;
	const char *after;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return;
	/* The program's name may hold anything; its bracket ends it. */
	if (fgets(text, sizeof(text), f) != NULL &&
	    (after = strrchr(text, ')')) != NULL)
		sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
		    "%*u %lu %lu", &user, &system);
	fclose(f);
	c->user_s += (double)user / (double)sysconf(_SC_CLK_TCK);
	c->system_s += (double)system / (double)sysconf(_SC_CLK_TCK);
}

static struct cost cost_now(const struct options *o)
{
	struct cost c = { 0 };

	for (size_t i = 0; i < o->pid_count; i++) {
		struct timespec t = { 0 };
		clockid_t id;

		if (clock_getcpuclockid(o->pids[i], &id) == 0)
			clock_gettime(id, &t);
		c.cpu_s += (double)t.tv_sec + (double)t.tv_nsec / 1e9;
		add_ticks(o->pids[i], &c);
		add_memory(o->pids[i], &c);
	}
	return c;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void report_times(const char *name, const struct run *r, bool whole)
{
	static const int percents[] = { 50, 90, 95, 99 };
	int64_t *all = xcalloc(r->total + 1, sizeof(*all));

	for (size_t i = 0; i < r->total; i++)
		all[i] = whole ? r->samples[i].whole_us :
		    r->samples[i].eom_us;
	qsort(all, r->total, sizeof(*all), compare);
	printf(", \"%s\": {", name);
	for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++)
		printf("\"p%d\": %.3f, ", percents[i], (double)all[(r->total -
		    1) * (size_t)percents[i] / 100] / 1000);
	printf("\"max\": %.3f}", (double)all[r->total - 1] / 1000);
	free(all);
}

static void report(const struct run *r, struct cost before, struct cost after,
    int64_t took_us)
{
	double n = (double)r->total;

	printf("{\"messages\": %zu, \"accepted\": %zu, \"refused\": %zu, "
	    "\"broken\": %zu, \"found\": %zu", r->total, (size_t)r->accepted,
	    (size_t)r->refused, (size_t)r->broken, (size_t)r->found);
	printf(", \"per_second\": %.1f, \"cpu_ms\": %.4f, \"user_ms\": %.4f, "
	    "\"system_ms\": %.4f", n * 1e6 / (double)took_us,
	    (after.cpu_s - before.cpu_s) * 1000 / n,
	    (after.user_s - before.user_s) * 1000 / n,
	    (after.system_s - before.system_s) * 1000 / n);
	printf(", \"peak_kb\": %ld, \"now_kb\": %ld", after.peak_kb,
	    after.now_kb);
	report_times("transaction_ms", r, true);
	report_times("eom_ms", r, false);
	puts("}");
}

int main(int argc, char **argv)
{
	struct options o = read_options(argc, argv);
	struct letters letters = { 0 };
	struct error err = { "" };
	struct run warm = { .o = &o, .letters = &letters, .total = o.warm };
	struct run run = { .o = &o, .letters = &letters, .total = o.messages };
	struct cost before;
	int64_t began;

	if (!letters_read(o.list, &letters, &err)) {
		fprintf(stderr, "load: %s\n", err.text);
		return 1;
	}
	if (warm.total > 0)
		run_all(&warm);
	before = cost_now(&o);
	began = clock_monotonic_us();
	run_all(&run);
	began = clock_monotonic_us() - began;
	report(&run, before, cost_now(&o), began);
	return 0;
}
