/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * unbound: against a real name server (NSD, on a loopback port, from a
 * directory of its own), a server that is silent, and octets no server sends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <unbound.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dns/inquiry.h"
#include "dns/unbound.h"
#include "dns/unbound_answer.h"

#define FOREVER (clock_monotonic_us() + 60 * (int64_t)1000000)
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X250 X50 X50 X50 X50 X50
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define SOA "@ 300 IN SOA ns.example.com. host.example.com. 1 7200 3600 " \
	"1209600 300\n@ 300 IN NS ns.example.com.\n"

static const struct {
	const char *zone, *text;
} zones[] = {
	{ "example.com",
	    SOA
	    "ns A 127.0.0.1\n"
	    "@ 120 TXT \"v=spf1 \" \"-all\"\n"
	    "@ TXT \"a\\\"b\\\\c\\000\\255\"\n"
	    "empty TXT \"\"\n"
	    "@ MX 20 b.Example.NET.\n"
	    "@ MX 10 a.example.net.\n"
	    "null MX 0 .\n"
	    "mail A 192.0.2.1\n"
	    "mail AAAA 2001:db8::1\n"
	    "www CNAME mail\n"
	    "www2 CNAME www\n"
	    "far CNAME a.example.net.\n"
	    "lost CNAME nowhere\n"
	    "odd PTR a\\.b\\032c.example.com.\n"
	    "a\\.b\\032c A 192.0.2.7\n"
	    "*.wild TXT \"wild\"\n"
	    "big TXT ( \"" X250 "\" \"" X250 "\" \"" X250 "\" \"" X250 "\"\n"
	    " \"" X250 "\" \"" X250 "\" \"" X250 "\" \"" X250 "\"\n"
	    " \"" X250 "\" \"" X250 "\" \"" X250 "\" \"" X250 "\" \"end\" )\n"
	},
	{ "example.net", SOA "a A 192.0.2.2\nb A 192.0.2.3\n" },
	{ "example.org", SOA "a.b.c TXT deep\n" },
	{ "10.in-addr.arpa", SOA "1.0.0 PTR mail.example.com.\n" },
	{ "example.test", SOA "@ TXT \"tested\"\n" },
};

#define ZONES (sizeof(zones) / sizeof(zones[0]))

struct scene {
	char dir[64];
	pid_t nsd;
	unsigned port;
	char server[32];                /* address@port */
	char server6[32];
};

/* --- the name server --- */

static void path_in(const struct scene *s, const char *name, char out[128])
{
	snprintf(out, 128, "%s/%s", s->dir, name);
}

static void write_file(const struct scene *s, const char *name,
    const char *text)
{
	char path[128];

	path_in(s, name, path);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int loopback_socket(unsigned *port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	*port = ntohs(sin.sin_port);
	return fd;
}

static bool have_ipv6(void)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool ok = fd >= 0 &&
	    bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static void write_config(struct scene *s)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text),
	    "server:\n"
	    "	ip-address: 127.0.0.1@%u\n"
	    "	username: \"\"\n"
	    "	chroot: \"\"\n"
	    "	database: \"\"\n"
	    "	zonesdir: \"%s\"\n"
	    "	pidfile: \"%s/pid\"\n"
	    "	xfrdfile: \"%s/xfrd\"\n"
	    "	zonelistfile: \"%s/list\"\n"
	    "	logfile: \"%s/log\"\n"
	    "	server-count: 1\n"
	    "	rrl-ratelimit: 0\n"
	    "remote-control:\n"
	    "	control-enable: no\n",
	    s->port, s->dir, s->dir, s->dir, s->dir, s->dir);

	if (have_ipv6())
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "server:\n	ip-address: ::1@%u\n", s->port);
	for (size_t i = 0; i < ZONES; i++) {
		char zone[16384];

		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "zone:\n	name: \"%s\"\n	zonefile: \"%s\"\n",
		    zones[i].zone, zones[i].zone);
		snprintf(zone, sizeof(zone), "$ORIGIN %s.\n$TTL 600\n%s",
		    zones[i].zone, zones[i].text);
		write_file(s, zones[i].zone, zone);
	}
	write_file(s, "nsd.conf", text);
}

static pid_t run_nsd(const struct scene *s, const char *binary)
{
	char conf[128];
	pid_t pid;

	path_in(s, "nsd.conf", conf);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		/* A test that dies does not leave it behind. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		execl(binary, "nsd", "-d", "-c", conf, (char *)NULL);
		_exit(127);
	}
	return pid;
}

/* Ask for example.com SOA until something comes back. */
static bool is_up(const struct scene *s)
{
	static const char query[] = "\0\1\0\0\0\1\0\0\0\0\0\0"
	    "\7example\3com\0\0\6\0\1";
	unsigned any = 0;
	int fd = loopback_socket(&any);
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)s->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	bool up = false;

	for (int i = 0; i < 100 && !up; i++) {
		char reply[512];
		struct pollfd p = { .fd = fd, .events = POLLIN };

		sendto(fd, query, sizeof(query) - 1, 0,
		    (struct sockaddr *)&to, sizeof(to));
		up = poll(&p, 1, 100) > 0 &&
		    recv(fd, reply, sizeof(reply), 0) > 0;
		if (!up)
			usleep(20000);
	}
	close(fd);
	return up;
}

static void choose_port(struct scene *s)
{
	s->port = 0;
	close(loopback_socket(&s->port));
	snprintf(s->server, sizeof(s->server), "127.0.0.1@%u", s->port);
	snprintf(s->server6, sizeof(s->server6), "::1@%u", s->port);
}

static void stop_nsd(struct scene *s)
{
	if (s->nsd <= 0)
		return;
	kill(s->nsd, SIGTERM);
	waitpid(s->nsd, NULL, 0);
	s->nsd = 0;
}

static int start_scene(void **state)
{
	static const char *const binaries[] = {
		"/usr/sbin/nsd", "/usr/local/sbin/nsd", "/sbin/nsd",
	};
	struct scene *s = xcalloc(1, sizeof(*s));
	const char *binary = NULL;

	*state = s;
	choose_port(s);
	for (size_t i = 0; binary == NULL &&
	    i < sizeof(binaries) / sizeof(binaries[0]); i++)
		if (access(binaries[i], X_OK) == 0)
			binary = binaries[i];
	snprintf(s->dir, sizeof(s->dir), "/tmp/test_unbound.XXXXXX");
	if (mkdtemp(s->dir) == NULL)
		return -1;
	if (binary == NULL)
		return 0;
	/* The port may be taken between our look and the server's. */
	for (int i = 0; i < 3; i++) {
		choose_port(s);
		write_config(s);
		s->nsd = run_nsd(s, binary);
		if (is_up(s))
			return 0;
		stop_nsd(s);
	}
	fprintf(stderr, "nsd does not answer\n");
	return -1;
}

static int end_scene(void **state)
{
	static const char *const files[] = {
		"nsd.conf", "pid", "xfrd", "list", "log", "resolv.conf",
		"resolv.new", "anchor",
	};
	struct scene *s = *state;
	char path[128];

	stop_nsd(s);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		path_in(s, files[i], path);
		unlink(path);
	}
	for (size_t i = 0; i < ZONES; i++) {
		path_in(s, zones[i].zone, path);
		unlink(path);
	}
	rmdir(s->dir);
	free(s);
	return 0;
}

static struct scene *need_nsd(void **state)
{
	struct scene *s = *state;

	if (s->nsd <= 0)
		skip();
	return s;
}

/* --- asking --- */

static struct resolver *open_resolver(const struct unbound_options *o)
{
	struct error err = { "" };
	struct resolver *r = unbound_resolver(o, NULL, &err);

	if (r == NULL)
		fail_msg("%s", err.text);
	return r;
}

static struct resolver *open_server(const char *server, bool private_zones)
{
	return open_resolver(&(struct unbound_options){
		.servers = &server, .server_count = 1,
		.cache_octets = 3000000, .private_zones = private_zones,
	});
}

static enum dns_status ask(struct resolver *r, const char *name,
    enum dns_type type)
{
	struct dns_ticket *t = resolver_start(r, name, type);
	enum dns_status status = ticket_wait(t, FOREVER)->status;

	ticket_drop(t);
	return status;
}

static const struct {
	const char *label;
	const char *name;
	enum dns_type type;
	enum dns_status status;
	int rcode;
	bool alias;
	unsigned ttl_most;              /* 0: not looked at */
	const char *data[3];            /* in any order */
} cases[] = {
	{ "two strings", "example.com", DNS_TXT, DNS_FOUND, 0, false, 600,
	    { "v=spf1 -all", "a\"b\\c" } },
	{ "case and dot", "EXAMPLE.com.", DNS_TXT, DNS_FOUND, 0, false, 600,
	    { "v=spf1 -all", "a\"b\\c" } },
	{ "empty", "empty.example.com", DNS_TXT, DNS_FOUND, 0, false, 600,
	    { "" } },
	{ "mx", "example.com", DNS_MX, DNS_FOUND, 0, false, 600,
	    { "a.example.net", "b.example.net" } },
	{ "null mx", "null.example.com", DNS_MX, DNS_FOUND, 0, false, 600,
	    { "." } },
	{ "a", "mail.example.com", DNS_A, DNS_FOUND, 0, false, 600,
	    { "\xc0" } },
	{ "aaaa", "mail.example.com", DNS_AAAA, DNS_FOUND, 0, false, 600,
	    { " \1\r\xb8" } },
	{ "ns", "example.com", DNS_NS, DNS_FOUND, 0, false, 300,
	    { "ns.example.com" } },
	{ "soa", "example.com", DNS_SOA, DNS_FOUND, 0, false, 300,
	    { "ns.example.com" } },
	{ "odd name", "odd.example.com", DNS_PTR, DNS_FOUND, 0, false, 600,
	    { "a\\.b\\032c.example.com" } },
	{ "odd name asked", "a\\.b c.example.com", DNS_A, DNS_FOUND, 0, false,
	    600, { "\xc0" } },
	{ "wildcard", "x.wild.example.com", DNS_TXT, DNS_FOUND, 0, false, 600,
	    { "wild" } },
	{ "alias", "www.example.com", DNS_A, DNS_FOUND, 0, true, 600,
	    { "\xc0" } },
	{ "alias of an alias", "www2.example.com", DNS_A, DNS_FOUND, 0, true,
	    600, { "\xc0" } },
	{ "alias to another zone", "far.example.com", DNS_A, DNS_FOUND, 0,
	    true, 600, { "\xc0" } },
	{ "asked for the alias", "www.example.com", DNS_CNAME, DNS_FOUND, 0,
	    true, 600, { "mail.example.com" } },
	{ "alias, nodata", "www.example.com", DNS_TXT, DNS_NODATA, 0, true,
	    600, { NULL } },
	{ "alias to nothing", "lost.example.com", DNS_TXT, DNS_NXDOMAIN, 3,
	    true, 600, { NULL } },
	{ "nxdomain", "absent.example.com", DNS_A, DNS_NXDOMAIN, 3, false,
	    300, { NULL } },
	{ "nodata", "mail.example.com", DNS_TXT, DNS_NODATA, 0, false, 300,
	    { NULL } },
	{ "names below", "b.c.example.org", DNS_TXT, DNS_NODATA, 0, false,
	    300, { NULL } },
	{ "deep", "a.b.c.example.org", DNS_TXT, DNS_FOUND, 0, false, 600,
	    { "deep" } },
	{ "not served", "example.edu", DNS_A, DNS_FAILED, 2, false, 0,
	    { NULL } },
	{ "private reverse", "1.0.0.10.in-addr.arpa", DNS_PTR, DNS_FOUND, 0,
	    false, 600, { "mail.example.com" } },
	{ "test", "example.test", DNS_TXT, DNS_FOUND, 0, false, 600,
	    { "tested" } },
	{ "impossible", "a..example.com", DNS_A, DNS_REFUSED_HERE, -1, false,
	    0, { NULL } },
	{ "64 octets", L63 "a.example.com", DNS_A, DNS_REFUSED_HERE, -1,
	    false, 0, { NULL } },
	{ "63 octets", L63 ".example.com", DNS_A, DNS_NXDOMAIN, 3, false, 0,
	    { NULL } },
};

static bool has_record(const struct dns_answer *a, const char *data)
{
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->records[i].data, data) == 0)
			return true;
	return false;
}

static void check(size_t i, const struct dns_answer *a)
{
	size_t want = 0;

	if (a->status != cases[i].status)
		fail_msg("%s: %s", cases[i].label,
		    name_word(dns_status_names, (int)a->status));
	if (a->rcode != cases[i].rcode)
		fail_msg("%s: rcode %d", cases[i].label, a->rcode);
	if (a->alias != cases[i].alias)
		fail_msg("%s: alias %d", cases[i].label, a->alias);
	if (cases[i].ttl_most != 0 &&
	    (a->ttl == 0 || a->ttl > cases[i].ttl_most))
		fail_msg("%s: ttl %u", cases[i].label, (unsigned)a->ttl);
	for (; want < 3 && cases[i].data[want] != NULL; want++)
		if (!has_record(a, cases[i].data[want]))
			fail_msg("%s: %s is missing", cases[i].label,
			    cases[i].data[want]);
	if (a->count != want)
		fail_msg("%s: %zu records", cases[i].label, a->count);
	assert_false(a->secure);
}

static void ask_cases(const char *server)
{
	struct resolver *r = open_server(server, true);

	/* Twice: from the server, and from the cache. */
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		size_t row = i % (sizeof(cases) / sizeof(cases[0]));
		struct dns_ticket *t = resolver_start(r, cases[row].name,
		    cases[row].type);

		check(row, ticket_wait(t, FOREVER));
		ticket_drop(t);
	}
	resolver_drop(r);
}

static void test_answers(void **state)
{
	ask_cases(need_nsd(state)->server);
}

static void test_answers_over_ipv6(void **state)
{
	struct scene *s = need_nsd(state);

	if (!have_ipv6())
		skip();
	ask_cases(s->server6);
}

static void test_octets_are_exact(void **state)
{
	struct resolver *r = open_server(need_nsd(state)->server, false);
	struct dns_ticket *t = resolver_start(r, "mail.example.com", DNS_AAAA);
	const struct dns_answer *a = ticket_wait(t, FOREVER);

	assert_int_equal(a->records[0].len, 16);
	assert_memory_equal(a->records[0].data,
	    " \1\r\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	ticket_drop(t);
	t = resolver_start(r, "mail.example.com", DNS_A);
	a = ticket_wait(t, FOREVER);
	assert_int_equal(a->records[0].len, 4);
	assert_memory_equal(a->records[0].data, "\xc0\0\2\1", 4);
	ticket_drop(t);
	t = resolver_start(r, "example.com", DNS_TXT);
	a = ticket_wait(t, FOREVER);
	assert_int_equal(a->count, 2);
	assert_int_equal(a->records[0].len + a->records[1].len, 11 + 7);
	for (size_t i = 0; i < 2; i++)
		if (a->records[i].len == 7)
			assert_memory_equal(a->records[i].data,
			    "a\"b\\c\0\377", 8);
	ticket_drop(t);
	t = resolver_start(r, "example.com", DNS_MX);
	a = ticket_wait(t, FOREVER);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(a->records[i].preference,
		    a->records[i].data[0] == 'a' ? 10 : 20);
	ticket_drop(t);
	resolver_drop(r);
}

static void test_long_text_over_tcp(void **state)
{
	struct resolver *r = open_server(need_nsd(state)->server, false);
	struct dns_ticket *t = resolver_start(r, "big.example.com", DNS_TXT);
	const struct dns_answer *a = ticket_wait(t, FOREVER);

	assert_int_equal(a->status, DNS_FOUND);
	assert_int_equal(a->count, 1);
	assert_int_equal(a->records[0].len, 12 * 250 + 3);
	assert_string_equal(a->records[0].data + 12 * 250, "end");
	ticket_drop(t);
	resolver_drop(r);
}

/* libunbound answers these by itself unless told otherwise (RFC 6303, 6761). */
static void test_private_zones_are_off(void **state)
{
	struct resolver *r = open_server(need_nsd(state)->server, false);

	assert_int_equal(ask(r, "1.0.0.10.in-addr.arpa", DNS_PTR),
	    DNS_NXDOMAIN);
	assert_int_equal(ask(r, "example.test", DNS_TXT), DNS_NXDOMAIN);
	assert_int_equal(ask(r, "mail.example.com", DNS_A), DNS_FOUND);
	resolver_drop(r);
}

static void *ask_same(void *arg)
{
	struct resolver *r = arg;
	struct dns_ticket *tickets[50];
	size_t found = 0;

	for (int i = 0; i < 50; i++)
		tickets[i] = resolver_start(r, i % 2 == 0 ?
		    "example.com" : "far.example.com", i % 2 == 0 ?
		    DNS_TXT : DNS_A);
	for (int i = 0; i < 50; i++) {
		found += ticket_wait(tickets[i], FOREVER)->status == DNS_FOUND;
		ticket_drop(tickets[i]);
	}
	return (void *)found;
}

static void test_equal_questions_at_once(void **state)
{
	struct resolver *r = open_server(need_nsd(state)->server, false);
	pthread_t threads[8];

	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_same,
		    r), 0);
	for (size_t i = 0; i < 8; i++) {
		void *found;

		pthread_join(threads[i], &found);
		assert_int_equal((size_t)found, 50);
	}
	resolver_drop(r);
}

/* --- servers that do not do what they should --- */

static void test_silent_server(void **state)
{
	unsigned port = 0;
	int fd = loopback_socket(&port);
	char server[32];
	struct arena *mem = arena_new(0);

	(void)state;
	snprintf(server, sizeof(server), "127.0.0.1@%u", port);
	struct resolver *r = open_server(server, false);
	struct inquiry *q = inquiry_new(mem, r,
	    &(struct inquiry_limits){ .query_ms = 50, .budget_ms = 80 }, NULL);

	inquiry_prefetch(q, "c.example.com", DNS_TXT);
	assert_int_equal(inquiry_ask(q, "a.example.com", DNS_TXT)->status,
	    DNS_TIMEOUT);
	assert_false(inquiry_out_of_time(q));
	assert_int_equal(inquiry_ask(q, "b.example.com", DNS_TXT)->status,
	    DNS_TIMEOUT);
	assert_true(inquiry_out_of_time(q));
	struct dns_ticket *open = resolver_start(r, "d.example.com", DNS_A);

	arena_free(mem);
	resolver_drop(r);
	assert_int_equal(ticket_peek(open)->status, DNS_FAILED);
	ticket_drop(open);
	close(fd);
}

/* Nobody's patience ends, and still each ticket is answered. */
static void test_own_time_limit(void **state)
{
	unsigned port = 0;
	int fd = loopback_socket(&port);
	char text[32];
	const char *server = text;
	struct dns_ticket *t[20];

	(void)state;
	snprintf(text, sizeof(text), "127.0.0.1@%u", port);
	struct resolver *r = open_resolver(&(struct unbound_options){
		.servers = &server, .server_count = 1, .query_ms = 30,
	});

	for (int i = 0; i < 20; i++)
		t[i] = resolver_start(r, i % 3 == 0 ? "a.example.com" :
		    "b.example.com", DNS_TXT);
	for (int i = 0; i < 20; i++) {
		const struct dns_answer *a = ticket_wait(t[i], FOREVER);

		assert_int_equal(a->status, DNS_TIMEOUT);
		assert_ptr_equal(ticket_peek(t[i]), a);
		ticket_drop(t[i]);
	}
	resolver_drop(r);
	close(fd);
}

/* Contexts that libunbound has given, and not got back. */
static atomic_int made, alive;

struct ub_ctx *ub_ctx_create(void)
{
	void *at = dlsym(RTLD_NEXT, "ub_ctx_create");
	struct ub_ctx *(*create)(void);

	memcpy(&create, &at, sizeof(create));
	made++;
	alive++;
	return create();
}

void ub_ctx_delete(struct ub_ctx *ctx)
{
	void *at = dlsym(RTLD_NEXT, "ub_ctx_delete");
	void (*drop)(struct ub_ctx *);

	memcpy(&drop, &at, sizeof(drop));
	alive--;
	drop(ctx);
}

static struct resolver *open_silent(int *fd, unsigned query_ms)
{
	unsigned port = 0;
	char text[32];
	const char *server = text;

	*fd = loopback_socket(&port);
	snprintf(text, sizeof(text), "127.0.0.1@%u", port);
	return open_resolver(&(struct unbound_options){
		.servers = &server, .server_count = 1, .query_ms = query_ms,
	});
}

static struct dns_ticket *start_nth(struct resolver *r, int n)
{
	char name[32];

	snprintf(name, sizeof(name), "n%d.example.com", n);
	return resolver_start(r, name, DNS_TXT);
}

/* What nobody answers libunbound keeps for minutes; it must not pile up. */
static void test_unanswered_are_dropped(void **state)
{
	struct resolver *r;
	int fd, before;

	(void)state;
	made = alive = 0;
	r = open_silent(&fd, 20);
	for (int i = 0; i < 3500; i += 50) {
		struct dns_ticket *t[50];

		for (int k = 0; k < 50; k++)
			t[k] = start_nth(r, i + k);
		for (int k = 0; k < 50; k++) {
			assert_int_equal(ticket_wait(t[k], FOREVER)->status,
			    DNS_TIMEOUT);
			ticket_drop(t[k]);
		}
	}
	before = made;
	assert_true(before >= 4);
	assert_true(alive <= 2);
	resolver_drop(r);
	assert_int_equal(made, before);
	assert_int_equal(alive, 0);
	close(fd);
}

static void test_too_many_at_once(void **state)
{
	enum { MOST = 4000, ALL = MOST + 100 };
	struct dns_ticket **t = xcalloc(ALL, sizeof(*t));
	struct resolver *r;
	int fd;

	(void)state;
	r = open_silent(&fd, 60000);
	for (int i = 0; i < ALL; i++)
		t[i] = start_nth(r, i);
	for (int i = MOST; i < ALL; i++)
		assert_int_equal(ticket_peek(t[i])->status, DNS_FAILED);
	for (int i = 0; i < MOST; i++)
		assert_null(ticket_peek(t[i]));
	for (int i = 0; i < ALL; i++)
		ticket_drop(t[i]);
	free(t);
	resolver_drop(r);
	close(fd);
}

static void test_no_server(void **state)
{
	unsigned port = 0;
	char server[32];

	(void)state;
	close(loopback_socket(&port));  /* nobody there */
	snprintf(server, sizeof(server), "127.0.0.1@%u", port);
	struct resolver *r = open_server(server, false);
	enum dns_status status = ask(r, "example.com", DNS_A);

	assert_true(status == DNS_FAILED || status == DNS_TIMEOUT);
	resolver_drop(r);
}

static void test_settings_that_are_wrong(void **state)
{
	static const struct {
		const char *server, *error;
	} wrong[] = {
		{ "foo", "resolver: \"foo\" is no address" },
		{ "", "resolver: \"\" is no address" },
		{ "192.0.2.1@", "is no address" },
		{ "192.0.2.1@0", "is no address" },
		{ "192.0.2.1@65536", "is no address" },
		{ "192.0.2.1@53@53", "is no address" },
		{ "192.0.2.256", "is no address" },
		{ "192.0.2.1#tls", "is no address" },
		{ "192.0.2.1%1", "is no address" },
		{ "[2001:db8::1]", "is no address" },
		{ "2001:db8::1::2", "is no address" },
		{ "fe80::1%nosuchinterface", "is no address" },
		{ "localhost", "is no address" },
		{ " 192.0.2.1", "is no address" },
	};
	static const char *const right[] = {
		"192.0.2.1", "192.0.2.1@5353", "2001:db8::1@53", "2001:db8::1",
		"fe80::1%1@53",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct error err = { "" };
		struct resolver *r = unbound_resolver(
		    &(struct unbound_options){
			.servers = &wrong[i].server, .server_count = 1,
		    }, NULL, &err);

		resolver_drop(r);
		if (r != NULL || strstr(err.text, wrong[i].error) == NULL)
			fail_msg("\"%s\": \"%s\"", wrong[i].server, err.text);
	}
	resolver_drop(open_resolver(&(struct unbound_options){
		.servers = right,
		.server_count = sizeof(right) / sizeof(right[0]),
	}));
}

static void test_trust_anchor(void **state)
{
	struct scene *s = *state;
	char path[128];
	const char *server = s->server;
	struct error err = { "" };
	struct unbound_options o = {
		.servers = &server, .server_count = 1, .dnssec = true,
		.trust_anchor = path,
	};

	path_in(s, "anchor", path);
	assert_null(unbound_resolver(&o, NULL, &err));
	assert_non_null(strstr(err.text, "No such file"));
	write_file(s, "anchor", "this is no anchor at all (\n");
	assert_null(unbound_resolver(&o, NULL, &err));
	assert_non_null(strstr(err.text, "trust anchor"));
	if (s->nsd <= 0)
		return;
	/* An anchor our server has no signatures for: everything is bogus. */
	write_file(s, "anchor", "example.com. IN DS 20326 8 2 E06D44B80B8F1D39"
	    "A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n");
	struct resolver *r = open_resolver(&o);

	assert_int_equal(ask(r, "mail.example.com", DNS_A), DNS_BOGUS);
	assert_int_equal(ask(r, "a.example.net", DNS_A), DNS_FOUND);
	resolver_drop(r);
}

/* --- resolv.conf --- */

static void replace_resolv_conf(const struct scene *s, const char *text)
{
	char from[128], to[128];

	write_file(s, "resolv.new", text);
	path_in(s, "resolv.new", from);
	path_in(s, "resolv.conf", to);
	assert_int_equal(rename(from, to), 0);
}

static void test_resolv_conf_changes(void **state)
{
	struct scene *s = need_nsd(state);
	unsigned silent = 0;
	int fd = loopback_socket(&silent);
	char path[128], text[256];

	path_in(s, "resolv.conf", path);
	snprintf(text, sizeof(text), "# first\nnameserver 127.0.0.1@%u\n",
	    silent);
	replace_resolv_conf(s, text);
	struct resolver *r = open_resolver(&(struct unbound_options){
		.resolv_conf = path, .query_ms = 1500,
	});
	struct dns_ticket *old = resolver_start(r, "example.com", DNS_TXT);

	snprintf(text, sizeof(text), "search example.com\nnameservers x\n"
	    "nameserver what is this\noptions edns0\n"
	    "nameserver\t%s ; ours\n", s->server);
	replace_resolv_conf(s, text);
	/* It is looked at once a second, with a question. */
	enum dns_status status = DNS_TIMEOUT;

	for (int i = 0; i < 20 && status != DNS_FOUND; i++) {
		struct dns_ticket *t = resolver_start(r, "example.com",
		    DNS_TXT);

		status = ticket_wait(t, clock_monotonic_us() + 300000)->status;
		ticket_drop(t);
	}
	assert_int_equal(status, DNS_FOUND);
	assert_int_equal(ticket_wait(old, FOREVER)->status, DNS_TIMEOUT);
	ticket_drop(old);
	/* The file goes: the servers stay. */
	unlink(path);
	usleep(1100000);
	assert_int_equal(ask(r, "far.example.com", DNS_A), DNS_FOUND);
	resolver_drop(r);
	close(fd);
}

static void test_resolv_conf_is_missing(void **state)
{
	struct scene *s = *state;
	struct error err = { "" };
	char path[128];

	path_in(s, "no such", path);
	assert_null(unbound_resolver(&(struct unbound_options){
		.resolv_conf = path,
	}, NULL, &err));
	assert_non_null(strstr(err.text, "no such: No such file"));
	replace_resolv_conf(s, "");
	path_in(s, "resolv.conf", path);
	resolver_drop(open_resolver(&(struct unbound_options){
		.resolv_conf = path,
	}));
}

/* --- octets that no honest library hands over --- */

#define OCTETS(literal) literal, sizeof(literal) - 1

static const struct {
	const char *label;
	enum dns_type type;
	const char *rdata;
	int len;
	const char *text;               /* NULL: the answer must be a failure */
} rdatas[] = {
	{ "txt", DNS_TXT, OCTETS("\1a\0\2bc"), "abc" },
	{ "txt, cut", DNS_TXT, OCTETS("\1a\3bc"), NULL },
	{ "txt, nothing", DNS_TXT, OCTETS(""), NULL },
	{ "a, short", DNS_A, OCTETS("\1\2\3"), NULL },
	{ "a, long", DNS_A, OCTETS("\1\2\3\4\5"), NULL },
	{ "aaaa, short", DNS_AAAA, OCTETS("\1\2\3\4"), NULL },
	{ "ptr", DNS_PTR, OCTETS("\1A\2b.\0"), "a.b\\." },
	{ "ptr, NUL", DNS_PTR, OCTETS("\1\0\1b\0"), "\\000.b" },
	{ "ptr, cut", DNS_PTR, OCTETS("\1a\5b"), NULL },
	{ "ptr, no end", DNS_PTR, OCTETS("\1a"), NULL },
	{ "ptr, pointer", DNS_PTR, OCTETS("\1a\xc0\0"), NULL },
	{ "ptr, more", DNS_PTR, OCTETS("\1a\0\1"), NULL },
	{ "ptr, nothing", DNS_PTR, OCTETS(""), NULL },
	{ "mx", DNS_MX, OCTETS("\1\2\1a\0"), "a" },
	{ "mx, short", DNS_MX, OCTETS("\1\2"), NULL },
	{ "mx, cut", DNS_MX, OCTETS("\1\2\1"), NULL },
	{ "soa, short", DNS_SOA, OCTETS("\1a\0\1b\0" "1234567890"), NULL },
};

static void test_hostile_rdata(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rdatas) / sizeof(rdatas[0]); i++) {
		/* On the heap, exact, so that a step too far is seen. */
		size_t len = (size_t)rdatas[i].len;
		char *copy = xcalloc(len + (len == 0), 1);
		char *data[] = { copy, NULL };
		int lens[] = { rdatas[i].len };
		struct ub_result res = {
			.data = data, .len = lens, .havedata = 1,
		};

		memcpy(copy, rdatas[i].rdata, len);
		const struct dns_answer *a = unbound_answer(0, &res,
		    rdatas[i].type);

		if (rdatas[i].text == NULL ? a->status != DNS_FAILED :
		    a->status != DNS_FOUND ||
		    strcmp(a->records[0].data, rdatas[i].text) != 0)
			fail_msg("%s: %s", rdatas[i].label,
			    name_word(dns_status_names, (int)a->status));
		answer_drop(a);
		free(copy);
	}
}

/* A packet with a CNAME, cut everywhere and damaged everywhere. */
static void test_hostile_packet(void **state)
{
	static const char packet[] = "\0\0\x84\0\0\1\0\1\0\0\0\0"
	    "\1a\0\0\20\0\1"
	    "\xc0\x0c\0\5\0\1\0\0\0\5\0\3\1b\0";
	size_t len = sizeof(packet) - 1, aliases = 0;

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		char *copy = xcalloc(cut + (cut == 0), 1);
		struct ub_result res = {
			.rcode = 3, .nxdomain = 1, .answer_packet = copy,
			.answer_len = (int)cut,
		};

		memcpy(copy, packet, cut);
		for (size_t i = 0; i <= cut; i++) {
			const struct dns_answer *a = unbound_answer(0, &res,
			    DNS_TXT);

			aliases += a->alias;
			assert_int_equal(a->status, DNS_NXDOMAIN);
			answer_drop(a);
			if (i < cut)
				copy[i] = (char)0xff;
		}
		free(copy);
	}
	assert_true(aliases > 0);
	const struct dns_answer *none = unbound_answer(UB_SERVFAIL, NULL,
	    DNS_A);

	assert_int_equal(none->status, DNS_FAILED);
	assert_int_equal(none->rcode, -1);
	answer_drop(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_answers_over_ipv6),
		cmocka_unit_test(test_octets_are_exact),
		cmocka_unit_test(test_long_text_over_tcp),
		cmocka_unit_test(test_private_zones_are_off),
		cmocka_unit_test(test_equal_questions_at_once),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_own_time_limit),
		cmocka_unit_test(test_unanswered_are_dropped),
		cmocka_unit_test(test_too_many_at_once),
		cmocka_unit_test(test_no_server),
		cmocka_unit_test(test_settings_that_are_wrong),
		cmocka_unit_test(test_trust_anchor),
		cmocka_unit_test(test_resolv_conf_changes),
		cmocka_unit_test(test_resolv_conf_is_missing),
		cmocka_unit_test(test_hostile_rdata),
		cmocka_unit_test(test_hostile_packet),
	};

	return cmocka_run_group_tests(tests, start_scene, end_scene);
}
