/*
 * The federation itself, tokens, and a simulated clock.
 */
#include "body.h"
#include "handlers.h"
#include "read.h"

#include "troth/crypto/identity.h"
#include "troth/crypto/secret.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct troth_in_field party_fields[] = {
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.party.party),
	TROTH_FIELD_WORD("role", u.party.role, troth_role_number),
	TROTH_FIELD_E("name", TROTH_IN_TEXT, u.party.name),
	TROTH_FIELD_E("operator", TROTH_IN_TEXT, u.party.operator_party),
};
const struct troth_in_table troth_in_party = { party_fields, TROTH_LEN(party_fields),
					       &troth_in_common };

#define PLAIN_FIELD(name, form, type, member)                                            \
	{                                                                                \
		(name), (form), 0, offsetof(type, member), sizeof(((type *)0)->member)   \
	}

#define FIELDS_SITE                                                                      \
	TROTH_FIELD_E("party", TROTH_IN_TEXT, u.site.party),                             \
		TROTH_FIELD_E("site", TROTH_IN_TEXT, u.site.site),                       \
		TROTH_FIELD_E("origin", TROTH_IN_TEXT, u.site.origin),                   \
		TROTH_FIELD_E("sign_key", TROTH_IN_HEX, u.site.key),                     \
		TROTH_FIELD_B("sign_cert", TROTH_IN_LINES, sign_cert)

static const struct troth_in_field site_fields[] = {
	FIELDS_SITE,
};
const struct troth_in_table troth_in_site = { site_fields, TROTH_LEN(site_fields),
					      &troth_in_common };

static const struct troth_in_field site_key_fields[] = {
	FIELDS_SITE,
	TROTH_FIELD_E("reason", TROTH_IN_TEXT, u.site.reason),
};
const struct troth_in_table troth_in_site_key = { site_key_fields,
						  TROTH_LEN(site_key_fields),
						  &troth_in_common };

static bool begin(struct troth_body *b, struct troth_call *c, enum troth_event_type type)
{
	if (!troth_body_at_central(c) || !troth_body_begin(b, c, 1))
		return false;
	b->e->type = type;
	b->e->subject_kind = TROTH_SUBJECT_FEDERATION;
	return true;
}

void troth_post_party(struct troth_call *c)
{
	struct troth_body b;

	if (begin(&b, c, TROTH_EVENT_PARTY_ADDED))
		(void)troth_body_read(&b);
}

/* "spiffe://DOMAIN/gw/PARTY/SITE" where the caller names party and site only. */
static void default_origin(struct troth_call *c, struct troth_event *e)
{
	const char *own = c->api->engine->origin;
	const char *domain_end = strncmp(own, "spiffe://", 9) == 0 ? strchr(own + 9, '/')
								   : NULL;

	if (e->u.site.origin[0] != '\0' || domain_end == NULL ||
	    e->u.site.party[0] == '\0' || e->u.site.site[0] == '\0')
		return;
	(void)snprintf(e->u.site.origin, sizeof(e->u.site.origin), "%.*s/gw/%s/%s",
		       (int)(domain_end - own < 100 ? domain_end - own : 100), own,
		       e->u.site.party, e->u.site.site);
}

/* Nobody is there to be asked for one: OpenSSL would ask at the terminal, and wait. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

/*
 * The Ed25519 key of a PEM certificate. Which node of `own`'s federation it names goes to
 * `names` (of TROTH_IDENTITY_TEXT bytes; empty: none): that is no proof, but a file that
 * was mixed up is found before the ledger has its key for good.
 */
static bool key_of_cert(const char *pem, uint8_t out[32], const char *own, char *names)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)
				 : NULL;
	EVP_PKEY *key = cert != NULL ? X509_get0_pubkey(cert) : NULL;
	struct troth_identity central, who;
	struct troth_why why;
	size_t len = 32;
	bool ok = key != NULL && EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 &&
		  EVP_PKEY_get_raw_public_key(key, out, &len) == 1 && len == 32;

	names[0] = '\0';
	if (ok && troth_identity_parse(&central, troth_span_str(own), &why) == TROTH_OK &&
	    troth_identity_of_cert(&who, cert, central.trust_domain, &why) == TROTH_OK)
		troth_identity_format(names, &who);
	X509_free(cert);
	(void)BIO_free(bio);
	return ok;
}

static void site_event(struct troth_call *c, enum troth_event_type type)
{
	char names[TROTH_IDENTITY_TEXT] = "", problem[TROTH_IDENTITY_TEXT + 64];
	struct troth_body b;
	bool has_key, has_cert;

	if (!begin(&b, c, type) || !troth_body_read(&b))
		return;
	has_key = json_is_string(json_object_get(c->json, "sign_key"));
	has_cert = b.sign_cert[0] != '\0';
	if (has_key == has_cert) {
		troth_body_flaw(&b, "sign_key",
				"exactly one of sign_key and sign_cert is needed");
		return;
	}
	if (has_cert &&
	    !key_of_cert(b.sign_cert, b.e->u.site.key, c->api->engine->origin, names)) {
		troth_body_flaw(&b, "sign_cert",
				"must be a PEM certificate with an Ed25519 key");
		return;
	}
	default_origin(c, b.e);
	if (names[0] != '\0' && b.e->u.site.origin[0] != '\0' &&
	    strcmp(names, b.e->u.site.origin) != 0) {
		(void)snprintf(problem, sizeof(problem), "is that of %s", names);
		troth_body_flaw(&b, "sign_cert", problem);
		return;
	}
	if (type != TROTH_EVENT_SITE_ADDED)
		b.e->u.site.party[0] = b.e->u.site.site[0] = '\0';
}

void troth_post_site(struct troth_call *c)
{
	site_event(c, TROTH_EVENT_SITE_ADDED);
}

void troth_post_site_key(struct troth_call *c)
{
	site_event(c, TROTH_EVENT_SITE_KEY_ADDED);
}

void troth_post_site_revocation(struct troth_call *c)
{
	site_event(c, TROTH_EVENT_SITE_KEY_REVOKED);
}

/* ---- Reading them ---- */

void troth_get_parties(struct troth_call *c)
{
	struct troth_party p;
	unsigned limit, given = 0;
	struct troth_out o;

	if (!troth_read_limit(c, &limit) ||
	    !troth_read_after(c, p.party, sizeof(p.party)))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	while (given < limit && troth_query_next_party(c->t, p.party, &p)) {
		given++;
		troth_out_object(&o, NULL);
		troth_out_text(&o, "party", p.party);
		troth_out_text(&o, "role", troth_role_name(p.role));
		troth_out_text(&o, "name", p.name);
		troth_out_some_text(&o, "operator", p.operator_party);
		troth_out_end_object(&o);
	}
	troth_out_end_array(&o);
	if (given == limit)
		troth_read_next(c, &o, "after", p.party, 0);
	troth_out_end_object(&o);
}

void troth_get_sites(struct troth_call *c)
{
	struct troth_site s;
	unsigned limit, given = 0;
	struct troth_out o;

	if (!troth_read_limit(c, &limit) ||
	    !troth_read_after(c, s.origin, sizeof(s.origin)))
		return;
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	while (given < limit && troth_query_next_site(c->t, s.origin, &s)) {
		given++;
		troth_out_object(&o, NULL);
		troth_out_text(&o, "party", s.party);
		troth_out_text(&o, "site", s.site);
		troth_out_text(&o, "origin", s.origin);
		troth_out_array(&o, "keys");
		for (unsigned i = 0; i < s.key_count; i++) {
			troth_out_object(&o, NULL);
			troth_out_hex(&o, "sign_key", s.keys[i].key, 32);
			troth_out_bool(&o, "revoked", s.keys[i].revoked);
			troth_out_end_object(&o);
		}
		troth_out_end_array(&o);
		troth_out_end_object(&o);
	}
	troth_out_end_array(&o);
	if (given == limit)
		troth_read_next(c, &o, "after", s.origin, 0);
	troth_out_end_object(&o);
}

/* ---- Tokens ---- */

struct token_body {
	char name[TROTH_ACTOR_MAX + 1];
	char scopes[96];
};
static const struct troth_in_field token_fields[] = {
	PLAIN_FIELD("name", TROTH_IN_TEXT, struct token_body, name),
	PLAIN_FIELD("scopes", TROTH_IN_TEXT, struct token_body, scopes),
};
const struct troth_in_table troth_in_token = { token_fields, TROTH_LEN(token_fields),
					       NULL };

static const struct troth_in_field name_fields[] = {
	PLAIN_FIELD("name", TROTH_IN_TEXT, struct token_body, name),
};
const struct troth_in_table troth_in_name = { name_fields, TROTH_LEN(name_fields), NULL };

static bool read_token(struct troth_call *c, struct token_body *b)
{
	void *const bases[TROTH_IN_BASES] = { b };
	struct troth_in_flaw flaw;

	memset(b, 0, sizeof(*b));
	if (troth_in_read(c->route->body, c->json, bases, &flaw))
		return true;
	troth_call_problem(c, TROTH_PROBLEM_FIELD, flaw.field, flaw.problem);
	return false;
}

/*
 * Waits for the writer, which is rare enough here: nothing else on this thread
 * writes. The read transaction of this call stays open meanwhile.
 */
void troth_post_token(struct troth_call *c)
{
	char text[TROTH_TOKEN_TEXT];
	struct token_body b;
	struct troth_why why;
	enum troth_err err;
	const char *problem;
	struct troth_out o;

	if (!read_token(c, &b))
		return;
	err = troth_api_make_token(c->api->engine->kv, b.name, b.scopes,
				   troth_call_now(c), text, &why);
	if (err == TROTH_ERR_INPUT) { /* "scopes: ..." or "name: ..." */
		problem = strstr(why.text, ": ");
		troth_call_problem(c, TROTH_PROBLEM_FIELD,
				   why.text[0] == 's' ? "scopes" : "name",
				   problem != NULL ? problem + 2 : why.text);
		return;
	}
	if (err != TROTH_OK) {
		troth_call_problem(c,
				   err == TROTH_ERR_FULL ? TROTH_PROBLEM_NO_ROOM
							 : TROTH_PROBLEM_STORE,
				   NULL, why.text);
		return;
	}
	o = troth_call_reply(c, 201);
	troth_out_text(&o, "name", b.name);
	troth_scopes_out(&o, "scopes", troth_scopes_parse(b.scopes));
	troth_out_text(&o, "token", text);
	troth_out_end_object(&o);
	troth_wipe(text, sizeof(text));
}

/* The first `max` of the tokens whose names come behind `after`, by name. */
static unsigned by_name(struct troth_txn *t, const char *after, struct troth_caller *out,
			unsigned max)
{
	struct troth_caller found;
	unsigned n = 0;

	for (bool more = troth_token_next(t, NULL, &found); more;
	     more = troth_token_next(t, &found.id, &found)) {
		unsigned at = n;

		while (at > 0 && strcmp(out[at - 1].name, found.name) > 0)
			at--;
		if (at == max || strcmp(found.name, after) <= 0)
			continue;
		n += n < max;
		memmove(&out[at + 1], &out[at], (n - at - 1) * sizeof(*out));
		out[at] = found;
	}
	return n;
}

void troth_get_tokens(struct troth_call *c)
{
	char after[TROTH_ACTOR_MAX + 1];
	struct troth_caller *found;
	struct troth_out o;
	unsigned limit, n;

	if (!troth_read_limit(c, &limit) || !troth_read_after(c, after, sizeof(after)))
		return;
	found = calloc(limit + 1, sizeof(*found)); /* One more tells of another page. */
	if (found == NULL)
		return;
	n = by_name(c->t, after, found, limit + 1);
	o = troth_call_reply(c, 200);
	troth_out_array(&o, "items");
	for (unsigned i = 0; i < n && i < limit; i++) {
		troth_out_object(&o, NULL);
		troth_out_text(&o, "name", found[i].name);
		troth_scopes_out(&o, "scopes", found[i].scopes);
		troth_out_time(&o, "created", found[i].created);
		troth_out_end_object(&o);
	}
	troth_out_end_array(&o);
	if (n > limit)
		troth_read_next(c, &o, "after", found[limit - 1].name, 0);
	troth_out_end_object(&o);
	free(found);
}

void troth_post_token_revocation(struct troth_call *c)
{
	struct token_body b;
	struct troth_txn t;
	struct troth_why why;
	struct troth_out o;
	enum troth_err err, revoked;

	if (!read_token(c, &b))
		return;
	troth_txn_begin(&t, c->api->engine->kv, TROTH_TXN_WRITE);
	revoked = troth_token_revoke(&t, b.name);
	err = troth_txn_commit(&t, &why);
	if (err != TROTH_OK) {
		troth_call_problem(c,
				   err == TROTH_ERR_FULL ? TROTH_PROBLEM_NO_ROOM
							 : TROTH_PROBLEM_STORE,
				   NULL, why.text);
		return;
	}
	if (revoked == TROTH_ERR_NOTFOUND) {
		troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, "name", "has no token");
		return;
	}
	if (revoked != TROTH_OK) {
		troth_call_problem(c, TROTH_PROBLEM_FIELD, "name",
				   "is the only manager: make another first");
		return;
	}
	o = troth_call_reply(c, 200);
	troth_out_text(&o, "name", b.name);
	troth_out_end_object(&o);
}

/* ---- The clock ---- */

struct clock_body {
	struct troth_time now;
};
static const struct troth_in_field clock_fields[] = {
	PLAIN_FIELD("now", TROTH_IN_TIME, struct clock_body, now),
};
const struct troth_in_table troth_in_clock = { clock_fields, TROTH_LEN(clock_fields),
					       NULL };

void troth_post_clock(struct troth_call *c)
{
	const struct troth_engine *engine = c->api->engine;
	struct clock_body b = { { 0 } };
	void *const bases[TROTH_IN_BASES] = { &b };
	struct troth_time before = troth_call_now(c);
	struct troth_in_flaw flaw;
	struct troth_out o;

	if (!engine->set_clock(engine->ctx, before)) {
		troth_call_problem(c, TROTH_PROBLEM_NOT_FOUND, NULL,
				   "the clock of this node is not simulated");
		return;
	}
	if (!troth_in_read(c->route->body, c->json, bases, &flaw)) {
		troth_call_problem(c, TROTH_PROBLEM_FIELD, flaw.field, flaw.problem);
		return;
	}
	if (!engine->set_clock(engine->ctx, b.now)) {
		troth_call_problem(c, TROTH_PROBLEM_FIELD, "now",
				   "must not be before the present time");
		return;
	}
	o = troth_call_reply(c, 200);
	troth_out_time(&o, "now", b.now);
	troth_out_end_object(&o);
}
