/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * How long does it take to write, and to decide anew, a history of so many
 * messages? Figures for people; nothing here is a test.
 *
 * usage: bench_replay DATABASE ROWS [POLICY]
 * The database is made if it is not there, decided by the policy, and left
 * for `assay replay`.
 */
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../unit/history_sample.h"
#include "base/clock.h"
#include "history/reader.h"
#include "history/restore.h"
#include "history/store.h"

#define BATCH 5000

static double cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* Records are made first, so that what is measured is the writer. */
static double write_batch(struct kit *k, struct store *s, long from, long n)
{
	static struct record *batch[BATCH];
	double began;
	unsigned long before = store_counts(s).written;

	for (long i = 0; i < n; i++) {
		batch[i] = sample_record(k, &samples[(size_t)(from + i) %
		    SAMPLES]);
		batch[i]->time = (int64_t)time(NULL);
	}
	began = cpu_seconds();
	for (long i = 0; i < n; i++)
		sample_must(store_keep(s, batch[i]));
	while (store_counts(s).written < before + (unsigned long)n)
		usleep(1000);
	return cpu_seconds() - began;
}

static struct policy *load(const char *path)
{
	struct policy_report report = { 0 };
	struct policy *p = path == NULL ? sample_load(sample_policy) :
	    policy_load(path, NULL, &report);

	fputs(buf_text(&report.text), stderr);
	policy_report_free(&report);
	sample_must(p != NULL);
	return p;
}

static void write_all(const char *path, long rows, const char *policy)
{
	const struct store_limits limits = { 30, (int64_t)1 << 40, 2 * BATCH };
	struct kit *k = sample_kit(sample_policy);
	struct error err;
	struct store *s = store_open(path, &limits, NULL, &err);
	double writing = 0, whole = cpu_seconds();

	policy_free(k->policy);
	k->policy = load(policy);
	if (s == NULL) {
		fprintf(stderr, "%s\n", err.text);
		exit(1);
	}
	for (long i = 0; i < rows; i += BATCH)
		writing += write_batch(k, s, i, rows - i < BATCH ? rows - i :
		    BATCH);
	store_close(s);
	whole = cpu_seconds() - whole;
	printf("%ld rows written: %.1f us CPU each, of %.1f us with the "
	    "message and its record\n", rows, writing * 1e6 / (double)rows,
	    whole * 1e6 / (double)rows);
	kit_drop(k);
}

static double decide_all(struct reader *r, const struct policy *p, long *rows)
{
	const struct history_query all = { .since = 0 };
	struct arena *mem = arena_new(65536);
	int64_t began = clock_monotonic_us();
	const struct record *row;
	struct error err;

	sample_must(reader_ask(r, &all, &err));
	while ((row = reader_next(r, &err)) != NULL) {
		struct restored x;
		struct verdict v;

		sample_must(restore(row, mem, &x, &err));
		restored_decide(&x, p, mem, &v, NULL);
		arena_reset(mem);
		++*rows;
	}
	arena_free(mem);
	return (double)(clock_monotonic_us() - began) / 1e6;
}

int main(int argc, char **argv)
{
	struct policy *p;
	struct reader *r;
	struct error err;
	double seconds;
	long rows = 0;

	if (argc < 3) {
		fputs("usage: bench_replay DATABASE ROWS [POLICY]\n", stderr);
		return 64;
	}
	if (access(argv[1], F_OK) != 0)
		write_all(argv[1], atol(argv[2]), argv[3]);
	p = load(argv[3]);
	r = reader_open(argv[1], &err);
	sample_must(r != NULL);
	seconds = decide_all(r, p, &rows);
	printf("%ld rows decided anew in %.2f s, %.1f us each\n", rows,
	    seconds, seconds * 1e6 / (double)rows);
	reader_close(r);
	policy_free(p);
	return 0;
}
