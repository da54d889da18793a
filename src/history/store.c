/* SPDX-License-Identifier: BSD-2-Clause */
#include "history/store.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "history/queue.h"
#include "history/remember.h"
#include "history/schema.h"
#include "history/writer.h"

/* Records of one transaction: with more, SQLite's cache of 2 MB spills. And how
 * long the first one waits for others. */
#define BATCH_RECORDS 200
#define GATHER_MS 100
/* After trouble; it is the disk's time, not ours. */
#define RETRY_MS 1000
#define PRUNE_MS 60000
/* Of deferrals, a restart that was none of ours may take so much. */
#define REMEMBER_MS 60000
/* Pieces removed between two batches, so that neither starves. */
#define PRUNE_PIECES 20
struct store {
	char *path;
	struct log *log;
	struct writer *writer;          /* the thread's alone */
	bool untidy;                    /* so is this: more has to go */
	struct remembered remembered;   /* and this */
	int64_t remembered_us;          /* and this: when, monotonic */
	pthread_t thread;

	pthread_mutex_t lock;           /* of everything below */
	pthread_cond_t wake;
	struct store_limits limits;
	struct deferrals *deferrals;    /* NULL: none to remember */
	struct queue queue;
	struct store_counts counts;
	bool stopping;
};

/* --- the thread --- */

static struct timespec in_ms(long ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

/* Until this time, or the end, or enough records for a batch. */
static void wait_for(struct store *s, const struct timespec *until,
    size_t enough)
{
	while (!s->stopping && s->queue.waiting < enough &&
	    pthread_cond_timedwait(&s->wake, &s->lock, until) == 0)
		;
}

/* Something to write, and a moment for more of it; or time to clean up. */
static void wait_for_work(struct store *s)
{
	struct timespec tidy = in_ms(s->untidy ? GATHER_MS : PRUNE_MS), gathered;

	wait_for(s, &tidy, 1);
	gathered = in_ms(GATHER_MS);
	if (s->queue.waiting > 0)
		wait_for(s, &gathered, BATCH_RECORDS);
}

static void nap(struct store *s)
{
	struct timespec until = in_ms(RETRY_MS);

	pthread_mutex_lock(&s->lock);
	wait_for(s, &until, SIZE_MAX);
	pthread_mutex_unlock(&s->lock);
}

static void say_trouble(struct store *s, const struct error *err)
{
	log_say_rarely(s->log, LOG_LEVEL_ERROR, "history %s: %s", s->path,
	    err->text);
}

static void drop_all(struct record **batch, size_t n)
{
	for (size_t i = 0; i < n; i++)
		record_drop(batch[i]);
}

/* False: the disk has to be waited for. */
static bool write_batch(struct store *s)
{
	struct record *batch[BATCH_RECORDS];
	struct error err;
	enum written written;
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = queue_look(&s->queue, batch, BATCH_RECORDS);
	pthread_mutex_unlock(&s->lock);
	if (n == 0)
		return true;
	written = writer_put(s->writer, batch, n, &err);
	if (written != WRITTEN_ALL)
		say_trouble(s, &err);
	if (written == WRITTEN_NOTHING_YET)
		return false;
	pthread_mutex_lock(&s->lock);
	queue_shift(&s->queue, n);
	if (written == WRITTEN_ALL)
		s->counts.written += n;
	else
		s->counts.lost += n;
	pthread_mutex_unlock(&s->lock);
	drop_all(batch, n);
	return true;
}

static void prune(struct store *s)
{
	struct store_limits limits;
	struct error err;

	pthread_mutex_lock(&s->lock);
	limits = s->limits;
	pthread_mutex_unlock(&s->lock);
	s->untidy = true;
	for (int i = 0; s->untidy && i < PRUNE_PIECES; i++) {
		int64_t before = (int64_t)time(NULL) -
		    (int64_t)limits.days * 86400;
		long gone = writer_prune(s->writer, before, limits.octets,
		    &s->untidy, &err);

		if (gone < 0) {
			say_trouble(s, &err);
			s->untidy = false;      /* another time */
			return;
		}
		pthread_mutex_lock(&s->lock);
		s->counts.expired += (unsigned long)gone;
		pthread_mutex_unlock(&s->lock);
	}
}

/* Now, or when it is time again. */
static void remember(struct store *s, bool due)
{
	int64_t now = clock_monotonic_us();
	struct deferrals *d;
	struct error err;

	pthread_mutex_lock(&s->lock);
	d = s->deferrals;
	pthread_mutex_unlock(&s->lock);
	if (d == NULL || (!due &&
	    now - s->remembered_us < (int64_t)REMEMBER_MS * 1000))
		return;
	s->remembered_us = now;
	if (!remember_write(&s->remembered, d, s->writer, &err))
		say_trouble(s, &err);
}

static bool is_done(struct store *s)
{
	bool done;

	pthread_mutex_lock(&s->lock);
	if (!s->stopping)
		wait_for_work(s);
	done = s->stopping && s->queue.waiting == 0;
	pthread_mutex_unlock(&s->lock);
	return done;
}

/* At the end there is nobody to wait for: one try. */
static void give_up(struct store *s)
{
	unsigned long lost;

	pthread_mutex_lock(&s->lock);
	lost = queue_clear(&s->queue);
	s->counts.lost += lost;
	pthread_mutex_unlock(&s->lock);
	log_say(s->log, LOG_LEVEL_ERROR, "history %s: %lu records could not be "
	    "written", s->path, lost);
}

static bool is_stopping(struct store *s)
{
	bool stopping;

	pthread_mutex_lock(&s->lock);
	stopping = s->stopping;
	pthread_mutex_unlock(&s->lock);
	return stopping;
}

static void *run(void *arg)
{
	struct store *s = arg;

	prune(s);
	while (!is_done(s)) {
		bool stopping = is_stopping(s);

		if (write_batch(s)) {
			if (!stopping)
				prune(s);
			remember(s, false);
		} else if (stopping) {
			give_up(s);
		} else {
			nap(s);
		}
	}
	remember(s, true);
	return NULL;
}

/* --- the front --- */

static void init_locks(struct store *s)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->wake, &attr);
	pthread_condattr_destroy(&attr);
}

static void free_store(struct store *s)
{
	writer_close(s->writer);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	queue_clear(&s->queue);
	free(s->path);
	free(s);
}

/* Signals are for others. */
static bool start(struct store *s)
{
	sigset_t all, before;
	bool good;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	good = pthread_create(&s->thread, NULL, run, s) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return good;
}

struct store *store_open(const char *path, const struct store_limits *limits,
    struct log *log, struct error *err)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->path = xstrdup(path);
	s->log = log;
	s->limits = *limits;
	s->remembered_us = -(int64_t)REMEMBER_MS * 1000;
	init_locks(s);
	s->writer = writer_open(path, err);
	if (s->writer == NULL)
		goto fail;
	if (start(s))
		return s;
	error_set(err, "%s: cannot start a thread", path);
fail:
	free_store(s);
	return NULL;
}

/* What nobody else would tell. */
static void say_counts(struct store *s)
{
	if (s->counts.left_out + s->counts.lost > 0)
		log_say(s->log, LOG_LEVEL_WARNING, "history %s: %lu records "
		    "written, %lu left out, %lu lost", s->path,
		    s->counts.written, s->counts.left_out, s->counts.lost);
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	say_counts(s);
	free_store(s);
}

bool store_keep(struct store *s, struct record *r)
{
	bool kept;

	if (r == NULL)
		return false;
	pthread_mutex_lock(&s->lock);
	kept = !s->stopping && queue_push(&s->queue, r, s->limits.queue);
	if (!kept)
		s->counts.left_out++;
	else if (s->queue.waiting == 1 || s->queue.waiting == BATCH_RECORDS)
		pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	if (kept)
		return true;
	record_drop(r);
	log_say_rarely(s->log, LOG_LEVEL_WARNING, "history %s: its queue is "
	    "full, messages are left out", s->path);
	return false;
}

bool store_remember(struct store *s, struct deferrals *d, struct error *err)
{
	bool good = remember_read(s->path, d, time(NULL), err);

	pthread_mutex_lock(&s->lock);
	s->deferrals = d;
	pthread_mutex_unlock(&s->lock);
	return good;
}

const char *store_path(const struct store *s)
{
	return s->path;
}

void store_set_limits(struct store *s, const struct store_limits *limits)
{
	pthread_mutex_lock(&s->lock);
	s->limits = *limits;
	pthread_mutex_unlock(&s->lock);
}

struct store_counts store_counts(struct store *s)
{
	struct store_counts counts;

	pthread_mutex_lock(&s->lock);
	counts = s->counts;
	pthread_mutex_unlock(&s->lock);
	return counts;
}

static bool folder_is_writable(const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? xstrdup(".") :
	    xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
	bool good = access(folder, W_OK | X_OK) == 0 ||
	    error_set(err, "%s: cannot be made: the folder is not there, or "
	    "not writable", path);

	free(folder);
	return good;
}

bool store_check(const char *path, struct error *err)
{
	if (access(path, F_OK) != 0)
		return folder_is_writable(path, err);
	return schema_check(path, err);
}
