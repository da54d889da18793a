/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * service: the running daemon as its threads see it: the current kit behind a
 * lock, the memory of deferrals that all kits share, the history, and how many
 * messages are under way. Process lifetime.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "daemon/parking.h"
#include "history/store.h"
#include "session/kit.h"
#include "session/outcome.h"
#include "setup/conf.h"

struct service;

/* Takes over the caller's reference to the kit; the log is borrowed. */
struct service *service_new(struct kit *kit, struct log *log);
void service_free(struct service *s);                   /* NULL is fine */

struct log *service_log(const struct service *s);
/* For milter.c: what was agreed with MTAs whose clients have gone. */
struct parking *service_parking(struct service *s);

/* A reference for a new connection; kit_drop() it. */
struct kit *service_kit(struct service *s);
/* New connections get this kit from now on. Takes over the reference. */
void service_swap(struct service *s, struct kit *kit);
/* How often each rule acted, to the log; a swap says it of the old policy. */
void service_tell_hits(struct service *s);

/* Messages under way, so that a stop can wait for them. False: we are about to
 * stop and begin no new one. */
bool service_message_begins(struct service *s);
void service_message_ends(struct service *s);
/* No new messages from now on; wait for those under way. False when some were
 * still there after this time. */
bool service_drain(struct service *s, int64_t milliseconds);

/* True the first time for this sort of news, then false for ever. */
enum service_news { NEWS_RIGHTS, NEWS_LEADSPC, NEWS_SYMLIST, NEWS_QUEUE_ID,
	NEWS_EDITS, NEWS_COUNT };
bool service_is_news(struct service *s, enum service_news news);

/* Records go to this store from now on; NULL: to none. Taken over; the one
 * before writes what it has and is closed. */
void service_set_store(struct service *s, struct store *store);
/* The current one, or NULL; for the thread that sets it. */
struct store *service_store(struct service *s);
/* Keep the record of an outcome that the MTA was told. Never waits. */
void service_keep(struct service *s, const struct outcome *o,
    enum edits_fate edits);
