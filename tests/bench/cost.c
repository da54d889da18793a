/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench/cost.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool cost_pids_add(struct cost_pids *all, const char *text)
{
	if (all->count == COST_PIDS_MAX)
		return false;
	all->pids[all->count++] = (pid_t)atol(text);
	return true;
}

/* Of a file of lines "Name: number". */
struct wanted {
	const char *name;
	long *sum;
};

static void add_lines(const char *path, const struct wanted *wanted)
{
	char line[256];
	FILE *f = fopen(path, "r");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		for (const struct wanted *w = wanted; w->name != NULL; w++) {
			size_t n = strlen(w->name);

			if (strncmp(line, w->name, n) == 0 && line[n] == ':')
				*w->sum += atol(line + n + 1);
		}
	if (f != NULL)
		fclose(f);
}

static void add_memory(pid_t pid, struct cost *c)
{
	const struct wanted status[] = { { "VmHWM", &c->peak_kb },
		{ "VmRSS", &c->rss_kb }, { "Threads", &c->threads }, { 0 } };
	const struct wanted rollup[] = { { "Pss", &c->pss_kb }, { 0 } };
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/status", (long)pid);
	add_lines(path, status);
	snprintf(path, sizeof(path), "/proc/%ld/smaps_rollup", (long)pid);
	add_lines(path, rollup);
}

/* Each entry of a folder in /proc/PID: a thread, a descriptor. */
static void add_folder(pid_t pid, const char *name, struct cost *c,
    void (*add)(const char *path, struct cost *c))
{
	char folder[64], path[400];
	const struct dirent *e;
	DIR *d;

	snprintf(folder, sizeof(folder), "/proc/%ld/%s", (long)pid, name);
	d = opendir(folder);
	while (d != NULL && (e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		if (e->d_name[0] != '.')
			add(path, c);
	}
	if (d != NULL)
		closedir(d);
}

static void add_thread(const char *path, struct cost *c)
{
	const struct wanted status[] = {
		{ "voluntary_ctxt_switches", &c->waits }, { 0 } };
	char file[440];

	snprintf(file, sizeof(file), "%s/status", path);
	add_lines(file, status);
}

static void add_fd(const char *path, struct cost *c)
{
	(void)path;
	c->fds++;
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

static double seconds_of(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct cost cost_now(const struct cost_pids *of)
{
	struct cost c = { 0 };

	for (size_t i = 0; i < of->count; i++) {
		clockid_t id;

		if (clock_getcpuclockid(of->pids[i], &id) == 0)
			c.cpu_s += seconds_of(id);
		add_ticks(of->pids[i], &c);
		add_memory(of->pids[i], &c);
		add_folder(of->pids[i], "task", &c, add_thread);
		add_folder(of->pids[i], "fd", &c, add_fd);
	}
	return c;
}

double cost_own_cpu_s(void)
{
	return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}
