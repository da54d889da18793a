/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * assay.conf. What was read is printed, and that must read as the same.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "setup/conf.h"

/* conf_read() wants a path. */
static bool read_text(struct slice text, struct conf *c, struct buf *problems)
{
	int fd = memfd_create("assay.conf", MFD_CLOEXEC);
	char path[40];
	bool good;

	if (fd < 0 || write(fd, text.data, text.len) != (ssize_t)text.len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	good = conf_read(c, path, problems);
	close(fd);
	return good;
}

static void check_again(struct conf *c)
{
	struct buf first = { 0 }, second = { 0 }, problems = { 0 };
	struct conf again;

	conf_print(c, &first);
	if (!read_text(buf_slice(&first), &again, &problems)) {
		fprintf(stderr, "%s\n%s\n", buf_text(&first),
		    buf_text(&problems));
		need(false, "what was printed can be read");
	}
	conf_print(&again, &second);
	need(slice_equal(buf_slice(&first), buf_slice(&second)),
	    "and is the same");
	conf_free(&again);
	buf_free(&first);
	buf_free(&second);
	buf_free(&problems);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf problems = { 0 };
	struct conf c;

	if (read_text(fuzz_slice(data, size), &c, &problems)) {
		need(c.authserv_id != NULL && fuzz_is_house_form(c.authserv_id),
		    "there is always a name");
		check_again(&c);
	} else {
		need(problems.len > 0 &&
		    problems.data[problems.len - 1] == '\n',
		    "what is wrong is said");
	}
	conf_free(&c);
	buf_free(&problems);
	return 0;
}
