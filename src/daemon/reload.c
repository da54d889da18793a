/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/reload.h"

#include <string.h>

#include <systemd/sd-daemon.h>

#include "base/clock.h"

/* What a running daemon cannot change is said, not ignored. */
static void compare_fixed(struct daemon *d, const struct conf *fresh)
{
	if (strcmp(d->conf.socket, fresh->socket) != 0 ||
	    strcmp(d->conf.socket_owner, fresh->socket_owner) != 0 ||
	    strcmp(d->conf.socket_group, fresh->socket_group) != 0 ||
	    d->conf.socket_mode != fresh->socket_mode ||
	    strcmp(d->conf.user, fresh->user) != 0 ||
	    d->conf.log_target != fresh->log_target ||
	    d->conf.log_format != fresh->log_format ||
	    d->conf.drain_ms != fresh->drain_ms)
		log_say(d->log, LOG_LEVEL_WARNING, "socket, user, log and "
		    "limits.drain change with the next start, not with a "
		    "reload");
}

/* A new store for a new path; else what the old one is to keep. */
static bool reload_store(struct daemon *d, const struct conf *fresh,
    struct buf *problems)
{
	struct store *old = service_store(d->service), *store;
	struct store_limits limits = setup_store_limits(fresh);
	struct error err;

	if (old != NULL && strcmp(store_path(old), fresh->history) == 0) {
		store_set_limits(old, &limits);
		return true;
	}
	if (!setup_store(fresh, d->log, &store, &err)) {
		buf_addf(problems, "%s\n", err.text);
		return false;
	}
	service_set_store(d->service, store);
	return true;
}

static struct kit *fresh_kit(struct daemon *d, const struct conf *fresh,
    struct watch *watch, struct buf *problems)
{
	struct kit *before = service_kit(d->service);
	struct kit *kit = setup_kit(&(struct setup){
		.conf = fresh, .zone = d->options.zone, .log = d->log,
		.watch = watch, .before = before,
	}, problems);

	kit_drop(before);
	return kit;
}

void reload(struct daemon *d)
{
	struct watch *watch = watch_new();
	struct buf problems = { 0 };
	struct conf fresh;
	struct kit *kit = NULL;

	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_monotonic_us());
	if (conf_read(&fresh, daemon_conf_path(&d->options), &problems))
		kit = fresh_kit(d, &fresh, watch, &problems);
	if (kit != NULL && !reload_store(d, &fresh, &problems)) {
		kit_drop(kit);
		kit = NULL;
	}
	if (kit != NULL) {
		compare_fixed(d, &fresh);
		log_say(d->log, LOG_LEVEL_INFO, "reloaded: policy %s (%s), "
		    "%zu rules", policy_name(kit->policy),
		    policy_version(kit->policy),
		    policy_rule_count(kit->policy));
		service_swap(d->service, kit);
	} else {
		watch_join(watch, d->watch);
		log_say(d->log, LOG_LEVEL_ERROR,
		    "not reloaded, everything stays as it was:");
		daemon_say_lines(d->log, LOG_LEVEL_ERROR, &problems);
	}
	watch_free(d->watch);
	d->watch = watch;
	buf_free(&problems);
	conf_free(&fresh);
	sd_notify(0, "READY=1");
}

static void look_at_files(struct daemon *d)
{
	int64_t now = clock_monotonic_us();
	const char *changed;

	if (now - d->looked_us < LOOK_MS * 1000)
		return;
	d->looked_us = now;
	changed = watch_changed(d->watch);
	if (changed == NULL)
		return;
	log_say(d->log, LOG_LEVEL_INFO, "%s has changed: reloading", changed);
	reload(d);
}

/* Once a day what a list believes may be over. The start has said it already,
 * and so does a reload. */
static void look_at_days(struct daemon *d)
{
	int64_t now = (int64_t)clock_now(&(struct clock){ 0 });
	struct buf said = { 0 };
	struct kit *kit;

	if (now / 86400 == d->expired_day)
		return;
	if (d->expired_day != 0) {
		kit = service_kit(d->service);
		policy_expired(kit->policy, now, &said);
		kit_drop(kit);
		daemon_say_lines(d->log, LOG_LEVEL_WARNING, &said);
	}
	d->expired_day = now / 86400;
}

void reload_look(struct daemon *d)
{
	look_at_files(d);
	look_at_days(d);
}
