/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup/socket_name.h"

#include <stdio.h>
#include <string.h>

#include "base/slice.h"

static bool parse_path(const char *path, struct socket_name *out,
    struct error *err)
{
	if (path[0] != '/')
		return error_set(err, "a socket's path starts with /: %s", path);
	if (strlen(path) >= sizeof(out->path))
		return error_set(err, "a socket's path has at most %zu octets",
		    sizeof(out->path) - 1);
	out->is_path = true;
	strcpy(out->path, path);
	snprintf(out->libmilter, sizeof(out->libmilter), "local:%s", path);
	snprintf(out->postfix, sizeof(out->postfix), "unix:%s", path);
	return true;
}

static bool parse_inet(const char *text, const char *family,
    struct socket_name *out, struct error *err)
{
	struct slice host = slice_of(text), port = slice_cut(&host, '@');
	unsigned long long n;

	if (!slice_number(port, &n) || n == 0 || n > 65535)
		return error_set(err, "\"%s:%s\": a port from 1 to 65535 comes "
		    "first, as in %s:8890@127.0.0.1", family, text, family);
	if (host.len == 0 || host.len >= sizeof(out->host))
		return error_set(err, "\"%s:%s\": say which address to listen "
		    "on, as in %s:%llu@127.0.0.1", family, text, family, n);
	memcpy(out->host, host.data, host.len);
	out->host[host.len] = '\0';
	out->port = (unsigned)n;
	snprintf(out->libmilter, sizeof(out->libmilter), "%s:%u@%s", family,
	    out->port, out->host);
	snprintf(out->postfix, sizeof(out->postfix), "inet:%s%s%s:%u",
	    strchr(out->host, ':') != NULL ? "[" : "", out->host,
	    strchr(out->host, ':') != NULL ? "]" : "", out->port);
	return true;
}

bool socket_name_parse(const char *text, struct socket_name *out,
    struct error *err)
{
	struct slice rest = slice_of(text), scheme;

	*out = (struct socket_name){ 0 };
	if (text[0] == '/')
		return parse_path(text, out, err);
	scheme = slice_cut(&rest, ':');
	if (rest.data == NULL)
		return error_set(err, "\"%s\" is no socket: unix:/path or "
		    "inet:PORT@HOST", text);
	if (slice_is(scheme, "unix") || slice_is(scheme, "local"))
		return parse_path(rest.data, out, err);
	if (slice_is(scheme, "inet"))
		return parse_inet(rest.data, "inet", out, err);
	if (slice_is(scheme, "inet6"))
		return parse_inet(rest.data, "inet6", out, err);
	return error_set(err, "\"%.*s\" is no kind of socket: unix, local, inet "
	    "or inet6", (int)scheme.len, scheme.data);
}
