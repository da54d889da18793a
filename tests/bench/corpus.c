/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * corpus: writes the messages of the benchmark, signed, and the zone in which
 * everything about them can be found. The same numbers give the same corpus,
 * but for keys and times.
 *
 * usage: corpus FOLDER DOMAINS
 * Writes zone (the lines of a root zone), and per size a list and a folder of
 * messages. All pass SPF, DKIM, DMARC and iprev, but for those of the set
 * "soak", of which every second one has something wrong with it.
 */
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#include "unit/dkim_signer.h"

#define KEYS 10

struct corpus {
	const char *folder;
	int domains;
	EVP_PKEY *keys[KEYS];
	uint64_t chance;
};

static uint64_t chance(struct corpus *c, uint64_t below)
{
	c->chance = c->chance * 6364136223846793005u + 1442695040888963407u;
	return (c->chance >> 33) % below;
}

static FILE *open_file(const struct corpus *c, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", c->folder, name);
	f = fopen(path, "wb");
	if (f == NULL) {
		perror(path);
		exit(1);
	}
	return f;
}

/* --- the zone --- */

/* Directly, three includes deep, and by way of an MX: what domains publish. */
static void put_spf(FILE *f, int i)
{
	switch (i % 3) {
	case 0:
		fprintf(f, "d%d.example.com. TXT \"v=spf1 ip4:10.9.8.0/24 "
		    "ip4:198.51.100.%d -all\"\n", i, i + 1);
		break;
	case 1:
		fprintf(f, "d%d.example.com. TXT \"v=spf1 include:_spf.d%d."
		    "example.net ~all\"\n", i, i);
		fprintf(f, "_spf.d%d.example.net. TXT \"v=spf1 include:_one."
		    "d%d.example.net include:_two.d%d.example.net ~all\"\n", i,
		    i, i);
		fprintf(f, "_one.d%d.example.net. TXT \"v=spf1 ip4:10.0.0.0/8 "
		    "~all\"\n", i);
		fprintf(f, "_two.d%d.example.net. TXT \"v=spf1 "
		    "ip4:198.51.100.%d ~all\"\n", i, i + 1);
		break;
	default:
		fprintf(f, "d%d.example.com. TXT \"v=spf1 mx -all\"\n", i);
	}
}

static void put_domain(FILE *f, struct corpus *c, int i)
{
	struct buf zone = { 0 };
	char *info = signer_info(c->keys[i % KEYS]);
	char name[128], record[1024];

	fprintf(f, "d%d.example.com. MX 10 mail.d%d.example.com.\n", i, i);
	fprintf(f, "d%d.example.com. A 10.1.1.1\n", i);
	fprintf(f, "mail.d%d.example.com. A 198.51.100.%d\n", i, i + 1);
	fprintf(f, "mail.d%d.example.com. TXT \"v=spf1 a -all\"\n", i);
	fprintf(f, "%d.100.51.198.in-addr.arpa. PTR mail.d%d.example.com.\n",
	    i + 1, i);
	fprintf(f, "_dmarc.d%d.example.com. TXT \"v=DMARC1; p=reject; "
	    "rua=mailto:dmarc@d%d.example.com\"\n", i, i);
	put_spf(f, i);
	snprintf(name, sizeof(name), "s1._domainkey.d%d.example.com.", i);
	snprintf(record, sizeof(record), "v=DKIM1; k=rsa; p=%s", info);
	signer_publish(&zone, name, record);
	fputs(buf_text(&zone), f);
	buf_free(&zone);
	free(info);
}

/* --- messages --- */

/* Text of 74 columns, or the base64 of a picture: half of each. */
static void put_body(struct corpus *c, struct buf *b, size_t size)
{
	static const char *const words[] = { "the", "quarterly", "figures",
		"for", "your", "meeting", "with", "our", "partner", "are",
		"attached", "please", "let", "me", "know", "whether", "this",
		"works", "on", "Thursday", "regards" };
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
	    "opqrstuvwxyz0123456789+/";
	size_t text = size / 2, column = 0;

	while (b->len < text) {
		const char *w = words[chance(c, sizeof(words) /
		    sizeof(*words))];

		if (column + strlen(w) >= 74) {
			buf_adds(b, "\r\n");
			column = 0;
		}
		buf_adds(b, column > 0 ? " " : "");
		buf_adds(b, w);
		column += strlen(w) + 1;
	}
	buf_adds(b, "\r\n\r\n");
	for (column = 0; b->len + 2 < size; column++) {
		if (column == 76) {
			buf_adds(b, "\r\n");
			column = 0;
		}
		buf_addc(b, base64[chance(c, 64)]);
	}
	buf_adds(b, "\r\n");
}

#define FIELDS 16

/* "$d" is the domain's number, "$n" the message's. */
static void expand(char out[400], const char *form, int i, uint64_t number)
{
	size_t len = 0;

	for (; *form != '\0' && len < 360; form++) {
		if (*form != '$') {
			out[len++] = *form;
			continue;
		}
		len += (size_t)snprintf(out + len, 24, "%llu", *++form == 'd' ?
		    (unsigned long long)i : (unsigned long long)number);
	}
	out[len] = '\0';
}

static void make_fields(int i, uint64_t number, char values[FIELDS][400],
    struct signer_field fields[FIELDS])
{
	static const char *const forms[FIELDS][2] = {
		{ "Received", " from [10.1.2.3] (unknown [10.1.2.3])\r\n\t"
		    "by mail.d$d.example.com (Postfix) with ESMTPSA id $n\r\n"
		    "\tfor <info@example.org>; Mon, 23 Nov 2026 08:00:00 +0000" },
		{ "Received", " from inner.d$d.example.com (localhost "
		    "[127.0.0.1])\r\n\tby scan.example.com (Postfix) with ESMTP "
		    "id $n;\r\n\tMon, 23 Nov 2026 08:00:01 +0000" },
		{ "From", " \"Ann Example\" <ann@d$d.example.com>" },
		{ "To", " \"The Office\" <info@example.org>" },
		{ "Subject", " Quarterly figures of d$d, and a question ($n)" },
		{ "Date", " Mon, 23 Nov 2026 08:00:00 +0000" },
		{ "Message-ID", " <$d.$n@mail.example.com>" },
		{ "MIME-Version", " 1.0" },
		{ "Content-Type", " text/plain; charset=utf-8" },
		{ "Content-Transfer-Encoding", " 7bit" },
		{ "Content-Language", " en-GB" },
		{ "User-Agent", " Example Mail 102.4 ($d; $n)" },
		{ "Reply-To", " ann@d$d.example.com" },
		{ "In-Reply-To", " <$d.$n.question@example.org>" },
		{ "References", " <$d.$n.first@example.org>\r\n "
		    "<second@example.org>" },
		{ "X-Priority", " 3 (Normal)" },
	};

	for (int k = 0; k < FIELDS; k++) {
		expand(values[k], forms[k][1], i, number);
		fields[k] = (struct signer_field){ forms[k][0], values[k] };
	}
}

#define FIELD_FROM 2

/*
 * What is wrong with a message. The domains that a fault invents: any name
 * below many.example.com is there; below dead.example.net, every question
 * fails. "%n" is filled in by who plays it (play.h), anew each time.
 */
struct fault {
	const char *name, *sender;      /* NULL: as it should be */
	const char *from;               /* after signing */
	bool unsigned_, altered;
};

static const struct fault no_fault = { 0 };

static char *sign(const struct corpus *c, int i,
    const struct signer_field *fields, const struct buf *body)
{
	char tags[256];

	snprintf(tags, sizeof(tags), "v=1; a=rsa-sha256; c=relaxed/relaxed; "
	    "d=d%d.example.com; s=s1;\r\n\tt=%lld;", i, (long long)time(NULL));
	return signer_sign(c->keys[i % KEYS], tags,
	    "from:to:subject:date:message-id:mime-version:content-type:"
	    "reply-to:in-reply-to:references", fields, FIELDS,
	    buf_slice(body), -1);
}

static void put_file(const struct corpus *c, const char *name,
    const char *signature, const struct signer_field *fields,
    const struct buf *body)
{
	FILE *f = open_file(c, name);

	if (signature != NULL)
		fprintf(f, "DKIM-Signature:%s\r\n", signature);
	for (int k = 0; k < FIELDS; k++)
		fprintf(f, "%s:%s\r\n", fields[k].name, fields[k].value);
	fputs("\r\n", f);
	fwrite(body->data, 1, body->len, f);
	fclose(f);
}

static void put_line(const struct corpus *c, FILE *list, const char *name,
    int i, const struct fault *wrong)
{
	fprintf(list, "198.51.100.%d ", i + 1);
	if (wrong->name != NULL)
		fprintf(list, "%s %s", wrong->name, wrong->sender);
	else
		fprintf(list, "mail.d%d.example.com ann@d%d.example.com", i, i);
	fprintf(list, " info@example.org %s/%s\n", c->folder, name);
}

static void put_message(struct corpus *c, FILE *list, const char *set, int n,
    int i, size_t size, const struct fault *wrong)
{
	char name[128], values[FIELDS][400];
	struct signer_field fields[FIELDS];
	struct buf body = { 0 };
	size_t head = 1450;             /* fields and signature, about */
	char *signature = NULL;

	make_fields(i, chance(c, 1000000000), values, fields);
	put_body(c, &body, size > head + 200 ? size - head : 200);
	if (!wrong->unsigned_)
		signature = sign(c, i, fields, &body);
	if (wrong->altered)
		body.data[0] ^= 1;
	if (wrong->from != NULL)
		fields[FIELD_FROM].value = wrong->from;
	snprintf(name, sizeof(name), "%s/%d.eml", set, n);
	put_file(c, name, signature, fields, &body);
	put_line(c, list, name, i, wrong);
	free(signature);
	buf_free(&body);
}

/* 60 % of 4 to 20 KB, 30 % of 75 KB, 10 % of 500 KB. */
static size_t mixed_size(struct corpus *c, int n)
{
	switch (n % 10) {
	case 3: case 5: case 8:
		return 75000;
	case 6:
		return 500000;
	default:
		return 4000 + chance(c, 16000);
	}
}

static void put_set(struct corpus *c, const char *set, int count, int domains,
    size_t size)
{
	char path[512];
	FILE *list;

	snprintf(path, sizeof(path), "%s/%s", c->folder, set);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s.list", set);
	list = open_file(c, path);
	for (int n = 0; n < count; n++)
		put_message(c, list, set, n, (n + n / 10) % domains,
		    size > 0 ? size : mixed_size(c, n), &no_fault);
	fclose(list);
}

/* Of ten messages five are as they should be. */
static void put_soak(struct corpus *c, int count)
{
	static const struct fault faults[10] = {
		[1] = { .altered = true },
		[3] = { .unsigned_ = true,
		    .from = " \"The Bank\" <ann@d1.example.com>" },
		[5] = { "mail.n%n.many.example.com", "ann@n%n.many.example.com",
		    " ann@n%n.many.example.com", .unsigned_ = true },
		[7] = { "mail.dead.example.net", "ann%n@n%n.dead.example.net",
		    " ann@n%n.dead.example.net", .unsigned_ = true },
		[9] = { .from = " ann@d1.example.com, bob@d2.example.com" },
	};
	char path[512];
	FILE *list;

	snprintf(path, sizeof(path), "%s/soak", c->folder);
	mkdir(path, 0755);
	list = open_file(c, "soak.list");
	for (int n = 0; n < count; n++)
		put_message(c, list, "soak", n, n / 2 % c->domains,
		    n % 50 == 20 ? 75000 : 2000 + chance(c, 2000),
		    &faults[n % 10]);
	fclose(list);
}

static void put_soak_zone(FILE *f)
{
	fputs("*.many.example.com. TXT \"v=spf1 ip4:198.51.100.0/24 -all\"\n"
	    "*.many.example.com. A 198.51.100.1\n"
	    "_dmarc.many.example.com. TXT \"v=DMARC1; p=quarantine\"\n", f);
}

int main(int argc, char **argv)
{
	struct corpus c = { .chance = 1 };
	FILE *zone;

	if (argc != 3 || (c.domains = atoi(argv[2])) < KEYS ||
	    c.domains > 250) {
		fputs("usage: corpus FOLDER DOMAINS (10 to 250)\n", stderr);
		return 64;
	}
	c.folder = argv[1];
	for (int i = 0; i < KEYS; i++)
		c.keys[i] = signer_rsa(2048);
	zone = open_file(&c, "zone");
	for (int i = 0; i < c.domains; i++)
		put_domain(zone, &c, i);
	put_soak_zone(zone);
	fclose(zone);
	put_set(&c, "2k", 30, KEYS, 2000);
	put_set(&c, "20k", 30, KEYS, 20000);
	put_set(&c, "75k", 20, KEYS, 75000);
	put_set(&c, "1m", 10, KEYS, 1000000);
	put_set(&c, "mix", 50, KEYS, 0);
	put_set(&c, "cold", c.domains, c.domains, 4000);
	put_soak(&c, 2 * c.domains);
	for (int i = 0; i < KEYS; i++)
		EVP_PKEY_free(c.keys[i]);
	return 0;
}
