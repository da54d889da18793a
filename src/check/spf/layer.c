/* SPDX-License-Identifier: BSD-2-Clause */
#include "check/spf/layer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/spf/rewrite.h"

static const char not_taught[] = "a question we did not teach it";

/* A name that spf_rewrite() made, or one of ours below. */
struct token {
	char kind;
	size_t scene, index;
};

static bool read_token(const struct spf_layer *lib, const char *name,
    struct token *t)
{
	char *end;

	t->kind = name[0];
	if (t->kind == '\0' || !ascii_digit(name[1]))
		return false;
	t->scene = t->index = strtoul(name + 1, &end, 10);
	if (t->kind == 'p')
		return t->index < lib->name_count;
	if (end[0] != '.' || !ascii_digit(end[1]) || t->scene >= lib->count)
		return false;
	t->index = strtoul(end + 1, NULL, 10);
	if (t->kind == 't')
		return t->index < lib->scenes[t->scene].record.count;
	return true;
}

/* The evaluation is over for us; the library learns of trouble. */
static void stop(struct spf_layer *lib, enum spf_step step)
{
	lib->stopped = true;
	lib->code = step == SPF_TEMPERROR ? AUTH_TEMPERROR : AUTH_PERMERROR;
}

/* --- get_spf: which record comes next --- */

/*
 * What include or redirect lead to. NO: an include that no name can be made
 * for, which does not match (RFC 8616 4); for a redirect that is a permerror.
 */
static enum spf_step next_domain(struct spf_layer *lib, const struct token *t,
    const char **domain)
{
	struct spf_scene *from = &lib->scenes[t->scene];
	bool include = t->kind == 't';
	enum spf_step step = spf_count_term(lib->walk);

	if (include)
		from->announced = &from->record.directives[t->index];
	if (step == SPF_YES)
		step = spf_target(lib->walk, from->domain, include ?
		    from->announced->domain : from->record.redirect, domain);
	if (step != SPF_NO || include)
		return step;
	lib->walk->reason = "redirect: no name can be made of the local-part";
	return SPF_PERMERROR;
}

static SPF_errcode_t compile(struct spf_layer *lib, SPF_server_t *server,
    SPF_response_t *response, const char *text, SPF_record_t **out)
{
	SPF_errcode_t err = SPF_record_compile(server, response, out, text);

	if (err != SPF_E_SUCCESS)
		lib->unfit = "a record that it does not take";
	return err;
}

/* No record: none at the top, a permerror below it (5.2, 6.1). */
static void no_record(struct spf_layer *lib, bool include)
{
	struct spf_walk *w = lib->walk;

	if (lib->count == 0) {
		lib->code = AUTH_NONE;
		return;
	}
	w->reason = arena_printf(w->mem, "%s: %s",
	    include ? "include" : "redirect", w->reason);
}

static SPF_errcode_t open_scene(struct spf_layer *lib, SPF_server_t *server,
    SPF_response_t *response, const char *domain, bool include,
    SPF_record_t **out)
{
	struct spf_scene *s = &lib->scenes[lib->count];
	struct buf text = { 0 };
	SPF_errcode_t err = SPF_E_DNS_ERROR;
	enum spf_step step;

	assert(lib->count < SPF_SCENES);
	*s = (struct spf_scene){ .domain = domain };
	step = spf_fetch(lib->walk, domain, &s->record);
	if (step != SPF_YES) {
		stop(lib, step);
		if (step == SPF_NO)
			no_record(lib, include);
		return SPF_E_DNS_ERROR;
	}
	lib->unfit = spf_rewrite(lib->walk, domain, &s->record, lib->count++,
	    &text);
	if (lib->unfit == NULL)
		err = compile(lib, server, response, buf_text(&text), out);
	buf_free(&text);
	return err;
}

SPF_errcode_t spf_layer_record(SPF_server_t *server, SPF_request_t *request,
    SPF_response_t *response, SPF_record_t **out)
{
	struct spf_layer *lib = server->resolver->hook;
	const char *domain = lib->walk->question->domain;
	enum spf_step step = SPF_YES;
	struct token t = { 0 };

	*out = NULL;
	if (lib->stopped || lib->unfit != NULL)
		return SPF_E_DNS_ERROR;
	if (lib->count > 0) {
		if (!read_token(lib, request->cur_dom, &t) ||
		    (t.kind != 't' && t.kind != 'r')) {
			lib->unfit = not_taught;
			return SPF_E_DNS_ERROR;
		}
		step = next_domain(lib, &t, &domain);
	}
	if (step == SPF_NO)
		return compile(lib, server, response, "v=spf1 ?all", out);
	if (step != SPF_YES) {
		stop(lib, step);
		return SPF_E_DNS_ERROR;
	}
	if (t.kind == 'r' && t.scene == lib->top)
		lib->top = lib->count;
	return open_scene(lib, server, response, domain, t.kind == 't', out);
}

/* --- lookup: what a name of ours stands for --- */

static void *put(SPF_dns_rr_t *rr, size_t len)
{
	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, len) != SPF_E_SUCCESS)
		abort();
	rr->herrno = NETDB_SUCCESS;
	return rr->rr[rr->num_rr++];
}

static void put_addresses(SPF_dns_rr_t *rr, const struct dns_answer *a)
{
	size_t size = rr->rr_type == ns_t_aaaa ? 16 : 4;

	for (size_t i = 0; i < a->count; i++)
		if (a->records[i].len == size)
			memcpy(put(rr, size), a->records[i].data, size);
}

static enum spf_step look_up_mx(struct spf_layer *lib, struct spf_scene *s,
    const char *target, SPF_dns_rr_t *rr)
{
	char name[64];
	enum spf_step step = spf_ask_mx(lib->walk, target, &s->hosts);

	for (size_t i = 0; step == SPF_YES && i < s->hosts->count; i++) {
		size_t len = (size_t)snprintf(name, sizeof(name), "h%zu.%zu.x",
		    (size_t)(s - lib->scenes), i);

		memcpy(put(rr, len + 1), name, len + 1);
	}
	return step;
}

/* Names of the client, each behind a label of ours. */
static enum spf_step look_up_ptr(struct spf_layer *lib, SPF_dns_rr_t *rr)
{
	enum spf_step step = spf_ask_ptr(lib->walk, &lib->names,
	    &lib->name_count);

	for (size_t i = 0; step == SPF_YES && i < lib->name_count; i++) {
		const char *name = lib->names->records[i].data;
		size_t room = strlen(name) + 24;

		snprintf(put(rr, room), room, "p%zu.%s", i, name);
	}
	return step;
}

static void look_up_name(struct spf_layer *lib, size_t i, SPF_dns_rr_t *rr)
{
	const struct ip *client = &lib->walk->question->client;
	size_t size = client->family == IP_V6 ? 16 : 4;

	if (spf_validates(lib->walk, lib->names->records[i].data))
		memcpy(put(rr, size), client->octets, size);
}

static enum spf_step look_up_directive(struct spf_layer *lib,
    struct spf_scene *s, size_t i, SPF_dns_rr_t *rr)
{
	const struct spf_directive *d = &s->record.directives[i];
	const struct dns_answer *a;
	const char *target;
	enum spf_step step;

	s->announced = d;
	if (!spf_mechanism_asks(d->mechanism))
		return SPF_NO;
	step = spf_count_term(lib->walk);
	if (step == SPF_YES)
		step = spf_target(lib->walk, s->domain, d->domain, &target);
	if (step != SPF_YES || d->mechanism == SPF_PTR)
		return step;
	if (d->mechanism == SPF_MX)
		return look_up_mx(lib, s, target, rr);
	step = spf_ask_target(lib->walk, target, d->mechanism == SPF_A ?
	    spf_address_type(lib->walk) : DNS_A, &a);
	if (step == SPF_YES)
		put_addresses(rr, a);
	return step;
}

static enum spf_step look_up(struct spf_layer *lib, const char *name,
    SPF_dns_rr_t *rr)
{
	const struct dns_answer *a;
	struct spf_scene *s;
	struct token t;
	enum spf_step step;

	if (rr->rr_type == ns_t_ptr)
		return look_up_ptr(lib, rr);
	if (!read_token(lib, name, &t)) {
		lib->unfit = not_taught;
		return SPF_PERMERROR;
	}
	s = &lib->scenes[t.scene < lib->count ? t.scene : 0];
	switch (t.kind) {
	case 't':
		return look_up_directive(lib, s, t.index, rr);
	case 'h':
		assert(s->hosts != NULL && t.index < s->hosts->count);
		step = spf_ask(lib->walk, s->hosts->records[t.index].data,
		    spf_address_type(lib->walk), &a);
		if (step == SPF_YES)
			put_addresses(rr, a);
		return step;
	default:
		look_up_name(lib, t.index, rr);
		return SPF_YES;
	}
}

SPF_dns_rr_t *spf_layer_lookup(SPF_dns_server_t *layer, const char *name,
    ns_type type, int should_cache)
{
	struct spf_layer *lib = layer->hook;
	SPF_dns_rr_t *rr = SPF_dns_rr_new_init(layer, name, type, 0,
	    HOST_NOT_FOUND);
	enum spf_step step;

	(void)should_cache;             /* the resolver caches for everyone */
	if (rr == NULL)
		abort();
	if (!lib->stopped && lib->unfit == NULL) {
		step = look_up(lib, name, rr);
		if (step == SPF_TEMPERROR || step == SPF_PERMERROR)
			stop(lib, step);
	}
	if (lib->stopped || lib->unfit != NULL)
		rr->herrno = TRY_AGAIN;
	return rr;
}
