/* SPDX-License-Identifier: BSD-2-Clause */

/*
 * nothing: the least a milter can do: add one field. What it costs is the price
 * of the conversation by libmilter, and so the floor for every filter that leaves
 * libmilter as it is.
 *
 * usage: nothing SOCKET [noreply]
 * noreply: answers nothing but the end of message, if the MTA agrees.
 */
#include <stdio.h>
#include <string.h>

#include <libmilter/mfapi.h>

static unsigned long unanswered;        /* wanted; set before the first call */

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions,
    unsigned long steps, unsigned long unused2, unsigned long unused3,
    unsigned long *want_actions, unsigned long *want_steps,
    unsigned long *want2, unsigned long *want3)
{
	(void)ctx;
	(void)actions;
	(void)unused2;
	(void)unused3;
	*want_actions = SMFIF_ADDHDRS;
	*want_steps = steps & (unanswered | SMFIP_HDR_LEADSPC |
	    SMFIP_NOUNKNOWN | SMFIP_NODATA);
	*want2 = 0;
	*want3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat answer(void)
{
	return unanswered != 0 ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)host;
	(void)address;
	return answer();
}

static sfsistat on_text(SMFICTX *ctx, char *text)
{
	(void)ctx;
	(void)text;
	return answer();
}

static sfsistat on_path(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return answer();
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return answer();
}

static sfsistat on_eoh(SMFICTX *ctx)
{
	(void)ctx;
	return answer();
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *bytes, size_t n)
{
	(void)ctx;
	(void)bytes;
	(void)n;
	return answer();
}

static sfsistat on_eom(SMFICTX *ctx)
{
	smfi_insheader(ctx, 0, (char *)"X-Nothing", (char *)" was done");
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	struct smfiDesc filter = {
		.xxfi_name = (char *)"nothing",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS,
		.xxfi_negotiate = on_negotiate,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_text,
		.xxfi_envfrom = on_path,
		.xxfi_envrcpt = on_path,
		.xxfi_header = on_header,
		.xxfi_eoh = on_eoh,
		.xxfi_body = on_body,
		.xxfi_eom = on_eom,
	};

	if (argc < 2) {
		fputs("usage: nothing SOCKET [noreply]\n", stderr);
		return 64;
	}
	if (argc > 2 && strcmp(argv[2], "noreply") == 0)
		unanswered = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL |
		    SMFIP_NR_RCPT | SMFIP_NR_HDR | SMFIP_NR_EOH |
		    SMFIP_NR_BODY;
	smfi_setmaxdatasize(1 << 20);
	return smfi_register(filter) == MI_SUCCESS &&
	    smfi_setconn(argv[1]) == MI_SUCCESS &&
	    smfi_main() == MI_SUCCESS ? 0 : 1;
}
