/* SPDX-License-Identifier: BSD-2-Clause */
#include "policy/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
