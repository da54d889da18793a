/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * listen: the socket the MTA talks to, and the user we are afterwards.
 */
#include "base/error.h"
#include "base/log.h"
#include "setup/conf.h"

/*
 * Open conf->socket through libmilter. A socket file nobody answers on is
 * removed, a live one is an error: two daemons must not fight over it. Owner,
 * group and mode are set as configured.
 */
bool listen_open(const struct conf *conf, struct error *err);

/* Come as a client and hang up at once, so that a libmilter that waits for one
 * looks around. Waits for no answer but that to the host's name, if the socket
 * has one. */
void listen_knock(const struct conf *conf);

/* Remove our socket file again, at the end. */
void listen_close(const struct conf *conf);

/* Can listen_open() work? For `assayd -n`: names of user and groups exist, the
 * folder of the socket is there. */
bool listen_check(const struct conf *conf, struct error *err);

/* Become conf->user, for good. Nothing to do when it is empty. */
bool become_user(const struct conf *conf, struct error *err);
