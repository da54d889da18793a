/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "setup/conf.h"
#include "setup/socket_name.h"

static char path[] = "/tmp/assay-conf-XXXXXX";

static bool read_text(const char *text, struct conf *c, struct buf *problems)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	return conf_read(c, path, problems);
}

static void one_line_is_enough(void **state)
{
	struct buf problems = { 0 };
	struct conf c;

	(void)state;
	assert_true(read_text("authserv-id = \"MX.Example.ORG\"\n", &c,
	    &problems));
	assert_string_equal(c.authserv_id, "mx.example.org");
	assert_string_equal(c.socket, "unix:/run/assay/assay.sock");
	assert_int_equal(c.socket_mode, 0660);
	assert_int_equal(c.query_ms, 5000);
	assert_int_equal(c.budget_ms, 20000);
	assert_int_equal(c.cache_octets, 4 << 20);
	assert_int_equal(c.local_networks.count, 0);
	assert_int_equal(c.log_format, LOG_FORMAT_LOGFMT);
	assert_int_equal(problems.len, 0);
	conf_free(&c);
}

static void no_file_is_a_configuration(void **state)
{
	struct buf problems = { 0 };
	struct conf c;

	(void)state;
	assert_true(conf_read(&c, NULL, &problems));
	assert_non_null(c.authserv_id);
	conf_free(&c);
	buf_free(&problems);
}

static void every_type_is_read(void **state)
{
	struct buf problems = { 0 };
	struct conf c;

	(void)state;
	if (!read_text("# a comment\n"
	    "authserv-id = mx.example.org\n"
	    "socket = \"inet:8890@127.0.0.1\"\n"
	    "socket-mode = 0600\n"
	    "local-networks = { \"192.0.2.0/24\", \"2001:db8::/32\" }\n"
	    "trusted-relays = \"198.51.100.1\"\n"
	    "log { target = none format = json }\n"
	    "resolver {\n"
	    "  servers = { \"127.0.0.1@5300\", \"::1\" }\n"
	    "  timeout = 250ms\n  budget = 2m\n  cache-size = 1M\n"
	    "  dnssec = on\n}\n"
	    "spf { engine = both void-lookups = 5 }\n", &c, &problems))
		fail_msg("%s", buf_text(&problems));
	assert_string_equal(c.socket, "inet:8890@127.0.0.1");
	assert_int_equal(c.socket_mode, 0600);
	assert_int_equal(c.local_networks.count, 2);
	assert_string_equal(c.trusted_relays.items[0], "198.51.100.1");
	assert_int_equal(c.log_target, LOG_TARGET_NONE);
	assert_int_equal(c.log_format, LOG_FORMAT_JSON);
	assert_int_equal(c.servers.count, 2);
	assert_string_equal(c.servers.items[0], "127.0.0.1@5300");
	assert_int_equal(c.query_ms, 250);
	assert_int_equal(c.budget_ms, 120000);
	assert_true(c.dnssec);
	assert_int_equal(c.spf_engine, ENGINE_BOTH);
	assert_int_equal(c.void_lookups, 5);
	conf_free(&c);
}

static const struct {
	const char *label, *text;
	int line;
	const char *says;               /* must stand in the problem */
} wrong[] = {
	{ "unknown key", "\nauthservid = x\n", 2, "did you mean authserv-id?" },
	{ "unknown key in a section", "log {\n target = none\n fromat = json\n}",
	    3, "\"fromat\" in section log; did you mean format?" },
	{ "unknown section", "resolvr {\n}\n", 1, "did you mean resolver?" },
	{ "nothing near", "qqqqqq = 1\n", 1, "unknown key \"qqqqqq\"" },
	{ "word", "log { format = jsn }\n", 1, "did you mean json?" },
	{ "number", "spf { void-lookups = many }\n", 1, "no number" },
	{ "too large", "spf { void-lookups = 11 }\n", 1, "not between 0 and 10" },
	{ "duration", "resolver {\n\ttimeout = 5 parsecs\n}\n", 2, "" },
	{ "duration without unit", "resolver { timeout = 5 }\n", 1,
	    "no duration" },
	{ "overflow", "resolver { cache-size = 99999999999999999999G }", 1,
	    "no size" },
	{ "network", "local-networks = { \"192.0.2.1/24\" }\n", 1,
	    "local-networks" },
	{ "second item", "trusted-relays = {\n \"192.0.2.1\",\n \"mx\" }\n", 3,
	    "trusted-relays" },
	{ "server", "resolver { servers = { \"ns1\" } }\n", 1, "no address" },
	{ "server port", "resolver { servers = { \"192.0.2.1@dns\" } }\n", 1,
	    "no port" },
	{ "socket", "socket = \"tcp:1234\"\n", 1, "no kind of socket" },
	{ "socket turned round", "socket = \"inet:127.0.0.1:8890\"\n", 1,
	    "a port from 1 to 65535 comes first" },
	{ "socket path", "socket = \"unix:run/x.sock\"\n", 1, "starts with /" },
	{ "mode", "socket-mode = 0999\n", 1, "no mode" },
	{ "authserv-id", "authserv-id = \"a b\"\n", 1, "no domain name" },
	{ "domain", "local-domains = { \"example..org\" }\n", 1,
	    "no domain name" },
	{ "syntax", "socket \"x\"\n", 1, "" },
	{ "empty name", "\n\"\" = yes\n", 2, "a key without a name" },
	{ "unset name", "${} = yes\n", 1, "a key without a name" },
	{ "open brace", "log {\n", 3, "section log is not closed" },
	{ "open quote", "socket = \"unix:/x\n", 0, "" },
	{ "yes or no", "resolver { dnssec = maybe }\n", 1, "neither yes nor no" },
};

static void mistakes_have_a_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct buf problems = { 0 };
		struct conf c;
		char place[64];
		const char *text;

		if (read_text(wrong[i].text, &c, &problems))
			fail_msg("%s: was accepted", wrong[i].label);
		text = buf_text(&problems);
		snprintf(place, sizeof(place), "%s:%d: ", path, wrong[i].line);
		if (wrong[i].line > 0 &&
		    strncmp(text, place, strlen(place)) != 0)
			fail_msg("%s: %s", wrong[i].label, text);
		if (text[0] == '\0' || strstr(text, wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].label, text);
		conf_free(&c);
		buf_free(&problems);
	}
}

static void a_missing_file_is_said(void **state)
{
	struct buf problems = { 0 };
	struct conf c;

	(void)state;
	assert_false(conf_read(&c, "/nonexistent/assay.conf", &problems));
	assert_string_equal(buf_text(&problems),
	    "/nonexistent/assay.conf: No such file or directory\n");
	conf_free(&c);
	buf_free(&problems);
}

/* What `assay config` prints is a configuration, and the same one. */
static void print_reads_back(void **state)
{
	struct buf problems = { 0 }, first = { 0 }, second = { 0 };
	struct conf c, again;

	(void)state;
	assert_true(read_text("authserv-id = mx.example.org\n"
	    "local-domains = { \"example.org\", \".example.org\" }\n"
	    "policy = \"/x/a \\\"b\\\" \\$c.policy\"\n"
	    "resolver { timeout = 1500ms cache-size = 64K }\n", &c, &problems));
	assert_string_equal(c.policy, "/x/a \"b\" $c.policy");
	conf_print(&c, &first);
	if (!read_text(buf_text(&first), &again, &problems))
		fail_msg("%s", buf_text(&problems));
	conf_print(&again, &second);
	assert_string_equal(buf_text(&first), buf_text(&second));
	assert_non_null(strstr(buf_text(&first), "timeout = 1500ms"));
	conf_free(&c);
	conf_free(&again);
	buf_free(&first);
	buf_free(&second);
}

static void json_has_sections(void **state)
{
	struct buf problems = { 0 };
	struct json *j = json_new();
	struct conf c;
	char *text;

	(void)state;
	assert_true(conf_read(&c, NULL, &problems));
	conf_json(&c, j);
	text = json_finish(j, false);
	assert_non_null(strstr(text, "\"resolver\":{\"servers\":[]"));
	assert_non_null(strstr(text, "\"timeout\":\"5s\""));
	free(text);
	conf_free(&c);
}

static const struct {
	const char *text, *libmilter, *postfix;         /* NULL: refused */
} sockets[] = {
	{ "unix:/run/a.sock", "local:/run/a.sock", "unix:/run/a.sock" },
	{ "local:/run/a.sock", "local:/run/a.sock", "unix:/run/a.sock" },
	{ "/run/a.sock", "local:/run/a.sock", "unix:/run/a.sock" },
	{ "inet:8890@127.0.0.1", "inet:8890@127.0.0.1", "inet:127.0.0.1:8890" },
	{ "inet6:8890@::1", "inet6:8890@::1", "inet:[::1]:8890" },
	{ "inet:8890", NULL, NULL },
	{ "inet:@127.0.0.1", NULL, NULL },
	{ "inet:0@127.0.0.1", NULL, NULL },
	{ "inet:65536@127.0.0.1", NULL, NULL },
	{ "unix:", NULL, NULL },
	{ "", NULL, NULL },
	{ "unix:/" "0123456789012345678901234567890123456789012345678901234567"
	    "89012345678901234567890123456789012345678901234567890", NULL, NULL },
};

static void sockets_are_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sockets) / sizeof(*sockets); i++) {
		struct socket_name n;
		struct error err = { .text = "" };
		bool good = socket_name_parse(sockets[i].text, &n, &err);

		if (good != (sockets[i].libmilter != NULL))
			fail_msg("\"%s\": %s", sockets[i].text, err.text);
		if (!good) {
			assert_true(err.text[0] != '\0');
			continue;
		}
		assert_string_equal(n.libmilter, sockets[i].libmilter);
		assert_string_equal(n.postfix, sockets[i].postfix);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_is_enough),
		cmocka_unit_test(no_file_is_a_configuration),
		cmocka_unit_test(every_type_is_read),
		cmocka_unit_test(mistakes_have_a_place),
		cmocka_unit_test(a_missing_file_is_said),
		cmocka_unit_test(print_reads_back),
		cmocka_unit_test(json_has_sections),
		cmocka_unit_test(sockets_are_named),
	};
	int fd = mkstemp(path), failed;

	if (fd < 0)
		return 1;
	close(fd);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
