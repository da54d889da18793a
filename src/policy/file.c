/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_look file_look(const char *path)
{
	struct file_look l = { 0 };
	struct stat st;

	if (stat(path, &st) != 0)
		return l;
	l.device = st.st_dev;
	l.inode = st.st_ino;
	l.octets = st.st_size;
	l.changed_s = st.st_ctim.tv_sec;
	l.changed_ns = st.st_ctim.tv_nsec;
	l.modified_s = st.st_mtim.tv_sec;
	l.modified_ns = st.st_mtim.tv_nsec;
	return l;
}

bool file_looks_same(const struct file_look *a, const struct file_look *b)
{
	return a->device == b->device && a->inode == b->inode &&
	    a->octets == b->octets && a->changed_s == b->changed_s &&
	    a->changed_ns == b->changed_ns &&
	    a->modified_s == b->modified_s &&
	    a->modified_ns == b->modified_ns;
}

static bool read_all(int fd, size_t max, struct buf *out)
{
	char block[8192];

	for (;;) {
		ssize_t n = read(fd, block, sizeof(block));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			return true;
		buf_add(out, block, (size_t)n);
		if (out->len > max) {
			errno = EFBIG;
			return false;
		}
	}
}

bool file_read(const char *path, size_t max, struct buf *out,
    struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool ok;

	if (fd < 0)
		return error_set(err, "cannot read %s: %s", path,
		    strerror(errno));
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, "cannot read %s: not a regular file",
		    path);
	}
	ok = read_all(fd, max, out);
	if (!ok)
		error_set(err, "cannot read %s: %s", path, strerror(errno));
	close(fd);
	return ok;
}
