/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * setup: files on disk become a kit, whole or not at all.
 */
#include "base/buf.h"
#include "base/log.h"
#include "history/store.h"
#include "session/kit.h"
#include "setup/conf.h"
#include "setup/watch.h"

/* What a kit is made from. All but conf may be NULL. */
struct setup {
	const struct conf *conf;        /* what is needed of it is copied */
	const char *zone;       /* answer the DNS from this file, not the net */
	struct log *log;                /* the kit borrows it */
	/* Every file that a policy was read from, or that could not be read, is
	 * added, whatever comes of it. */
	struct watch *watch;
	/* The kit in use: its resolver, with all that it has learned, goes on
	 * serving the new one if that would be made from the same settings. */
	const struct kit *before;
};

/*
 * Everything is opened, read and checked: policy, lists, expectations,
 * resolver, libraries. NULL when anything is wrong; `problems` then says what,
 * a line each, a policy's with place and caret. The caller has the one
 * reference.
 */
struct kit *setup_kit(const struct setup *s, struct buf *problems);

/* The policy at `path`, with the lists that the configuration adds; NULL: the
 * report says why. */
struct policy *setup_policy(const struct conf *conf, const char *path,
    struct policy_report *report);

/*
 * The history that the configuration names. False: it is wrong, and err says
 * why. True and NULL: there is none, because the configuration says so, or
 * because it names none and the usual folder is not there (said in the log).
 */
bool setup_store(const struct conf *conf, struct log *log, struct store **out,
    struct error *err);
/* Would it work? Nothing is made or changed. */
bool setup_store_check(const struct conf *conf, struct error *err);
struct store_limits setup_store_limits(const struct conf *conf);

/* Only the resolver, for single methods of the tool. */
struct resolver *setup_resolver(const struct conf *conf, const char *zone,
    struct log *log, struct error *err);

/* What a kit's checks are told. */
struct check_options setup_check_options(const struct conf *conf);
struct inquiry_limits setup_dns_limits(const struct conf *conf);
