/* SPDX-License-Identifier: BSD-2-Clause */
#include "daemon/listen.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/milter.h"
#include "setup/socket_name.h"

static bool answers(const struct sockaddr *sa, socklen_t len, int flags)
{
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	bool live = fd >= 0 && connect(fd, sa, len) == 0;

	if (fd >= 0)
		close(fd);
	return live;
}

static bool path_answers(const char *path, int flags)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return answers((const struct sockaddr *)&un, sizeof(un), flags);
}

/* On any of the host's addresses. The result: false if it has none. */
static bool port_answers(const struct socket_name *name, int flags, bool *live,
    struct error *err)
{
	struct addrinfo hints = {
		.ai_flags = AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	char port[12];
	int why;

	*live = false;
	snprintf(port, sizeof(port), "%u", name->port);
	why = getaddrinfo(name->host, port, &hints, &found);
	if (why != 0)
		return error_set(err, "%s: %s", name->host, gai_strerror(why));
	for (struct addrinfo *a = found; a != NULL && !*live; a = a->ai_next)
		*live = answers(a->ai_addr, a->ai_addrlen, flags);
	freeaddrinfo(found);
	return true;
}

static bool clear_path(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ||
		    error_set(err, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, "%s is there and is no socket", path);
	if (path_answers(path, 0))
		return error_set(err, "%s is live: another assayd (or another "
		    "filter) is listening on it", path);
	if (unlink(path) != 0)
		return error_set(err, "cannot remove the stale socket %s: %s",
		    path, strerror(errno));
	return true;
}

static bool check_port(const struct socket_name *name, struct error *err)
{
	bool live;

	if (!port_answers(name, 0, &live, err))
		return false;
	return !live || error_set(err, "port %u of %s is live: another assayd "
	    "(or another program) is listening on it", name->port, name->host);
}

static bool find_user(const char *name, uid_t *uid, gid_t *gid,
    struct error *err)
{
	const struct passwd *p = getpwnam(name);

	if (p == NULL)
		return error_set(err, "there is no user \"%s\"", name);
	*uid = p->pw_uid;
	*gid = p->pw_gid;
	return true;
}

static bool find_group(const char *name, gid_t *gid, struct error *err)
{
	const struct group *g = getgrnam(name);

	if (g == NULL)
		return error_set(err, "there is no group \"%s\"", name);
	*gid = g->gr_gid;
	return true;
}

/* Whose the socket file is to be: as configured, else those of `user`. */
static bool find_owner(const struct conf *conf, uid_t *uid, gid_t *gid,
    struct error *err)
{
	gid_t ignored;

	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (conf->user[0] != '\0' && !find_user(conf->user, uid, gid, err))
		return false;
	if (conf->socket_owner[0] != '\0' &&
	    !find_user(conf->socket_owner, uid, &ignored, err))
		return false;
	return conf->socket_group[0] == '\0' ||
	    find_group(conf->socket_group, gid, err);
}

static bool hand_over(const struct conf *conf, const char *path,
    struct error *err)
{
	uid_t uid;
	gid_t gid;

	if (!find_owner(conf, &uid, &gid, err))
		return false;
	/* Not even as a formality: the unit's SystemCallFilter refuses it. */
	if ((uid != (uid_t)-1 || gid != (gid_t)-1) && chown(path, uid, gid) != 0)
		return error_set(err, "cannot give %s to its owner: %s", path,
		    strerror(errno));
	if (chmod(path, conf->socket_mode) != 0)
		return error_set(err, "%s: %s", path, strerror(errno));
	return true;
}

bool listen_open(const struct conf *conf, struct error *err)
{
	struct socket_name name;
	mode_t old;
	bool good;

	if (!socket_name_parse(conf->socket, &name, err))
		return false;
	if (name.is_path ? !clear_path(name.path, err) : !check_port(&name, err))
		return false;
	/* Nobody gets in before owner and mode are right. */
	old = umask(0177);
	good = milter_listen(name.libmilter, err);
	umask(old);
	return good && (!name.is_path || hand_over(conf, name.path, err));
}

void listen_knock(const struct conf *conf)
{
	struct socket_name name;
	bool live;

	if (!socket_name_parse(conf->socket, &name, NULL))
		return;
	if (name.is_path)
		path_answers(name.path, SOCK_NONBLOCK);
	else
		port_answers(&name, SOCK_NONBLOCK, &live, NULL);
}

void listen_close(const struct conf *conf)
{
	struct socket_name name;

	if (socket_name_parse(conf->socket, &name, NULL) && name.is_path)
		unlink(name.path);
}

static bool check_folder(const char *path, struct error *err)
{
	char folder[sizeof(((struct socket_name *)NULL)->path)];
	struct stat st;
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	slash[slash == folder ? 1 : 0] = '\0';
	if (stat(folder, &st) != 0)
		return error_set(err, "the folder of the socket, %s: %s", folder,
		    strerror(errno));
	return S_ISDIR(st.st_mode) ||
	    error_set(err, "%s is no folder for a socket", folder);
}

bool listen_check(const struct conf *conf, struct error *err)
{
	struct socket_name name;
	uid_t uid;
	gid_t gid;

	return socket_name_parse(conf->socket, &name, err) &&
	    find_owner(conf, &uid, &gid, err) &&
	    (!name.is_path || check_folder(name.path, err));
}

bool become_user(const struct conf *conf, struct error *err)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;

	if (conf->user[0] == '\0')
		return true;
	if (!find_user(conf->user, &uid, &gid, err))
		return false;
	if (uid == geteuid())
		return true;
	if (initgroups(conf->user, gid) != 0 || setgid(gid) != 0 ||
	    setuid(uid) != 0)
		return error_set(err, "cannot become user %s: %s", conf->user,
		    strerror(errno));
	if (uid != 0 && setuid(0) == 0)
		return error_set(err, "could become root again: giving up");
	return true;
}
