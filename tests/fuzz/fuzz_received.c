/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * Received fields, and the addresses in them.
 */
#include "fuzz.h"
#include "mail/ip.h"
#include "mail/received.h"

static void check_word(const char *word)
{
	need(word == NULL || strpbrk(word, " \t\r\n()") == NULL,
	    "a name is one word");
}

static void check_ip(const struct ip *ip)
{
	char text[IP_TEXT_MAX], reverse[IP_REVERSE_MAX];
	struct ip again;

	need(ip->family == IP_V4 || ip->family == IP_V6, "it has a family");
	need(ip_parse(slice_of(ip_text(ip, text)), &again) &&
	    ip_equal(ip, &again), "an address reads as it is written");
	need(fuzz_is_house_form(ip_reverse_name(ip, reverse)),
	    "its reverse name can be asked for");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *mem = fuzz_arena();
	struct slice value = fuzz_copy(mem, fuzz_slice(data, size));
	struct received r;
	struct network n;
	struct error err = { "" };
	struct ip ip;

	if (ip_parse(value, &ip))
		check_ip(&ip);
	if (network_parse(value, &n, &err))
		need(network_contains(&n, &n.base), "a network has its base");
	else
		need(err.text[0] != '\0', "what is no network has a reason");
	if (!received_read(mem, value, &r))
		return 0;
	check_ip(&r.client);
	check_word(r.helo);
	check_word(r.name);
	return 0;
}
