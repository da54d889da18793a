/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * socket_name: "unix:/path", "local:/path", a bare "/path", "inet:PORT@HOST"
 * and "inet6:PORT@HOST", the notation of libmilter.
 */
#include <stdbool.h>

#include "base/error.h"

struct socket_name {
	bool is_path;
	char path[108];                 /* what fits into sockaddr_un */
	char libmilter[300];            /* as smfi_setconn() wants it */
	char postfix[300];              /* as smtpd_milters wants it */
	char host[254];
	unsigned port;
};

bool socket_name_parse(const char *text, struct socket_name *out,
    struct error *err);
