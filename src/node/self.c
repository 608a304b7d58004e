#include "troth/node/self.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static const char *kind_name(enum troth_identity_kind kind)
{
	return kind == TROTH_IDENTITY_CENTRAL ? "central" : "a gateway";
}

/* `why` with the file before it, unless the file is named in it already. */
static enum troth_err in_file(struct troth_why *why, enum troth_err err, const char *path,
			      const struct troth_why *said)
{
	if (strstr(said->text, path) != NULL)
		return troth_fail(why, err, "%s", said->text);
	return troth_fail(why, err, "%s: %s", path, said->text);
}

/* Loads <dir>/<name>.pem and .key and judges the certificate for `use`. */
static enum troth_err load_leaf(struct troth_cert_facts *facts, const char *dir,
				const char *name, const struct troth_trust *trust,
				enum troth_identity_kind kind, enum troth_cert_use use,
				struct troth_time now, struct troth_why *why)
{
	struct troth_credential leaf = { 0 };
	struct troth_identity id;
	struct troth_why said = { "" };
	enum troth_err err;
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s.pem", dir, name);
	err = troth_credential_load(&leaf, dir, name, why);
	if (err != TROTH_OK)
		goto out;
	err = troth_identity_of_cert(&id, leaf.cert, troth_trust_domain(trust), &said);
	if (err != TROTH_OK) {
		err = in_file(why, err, path, &said);
		goto out;
	}
	/* Before its key usage is judged, which differs too but tells less. */
	if (id.kind != kind) {
		err = troth_fail(why, TROTH_ERR_IDENTITY,
				 "%s: is the certificate of %s, but this program is %s",
				 path, kind_name(id.kind), kind_name(kind));
		goto out;
	}
	err = troth_trust_judge(trust, leaf.cert, leaf.chain, use, now, facts, &said);
	if (err != TROTH_OK)
		err = in_file(why, err, path, &said);
out:
	troth_credential_fini(&leaf);
	return err;
}

static enum troth_err load_key(struct troth_self *self, const char *dir,
			       const struct troth_cert_facts *facts,
			       struct troth_why *why)
{
	uint8_t public_key[TROTH_PUBLIC_KEY_LEN];
	char path[PATH_MAX];
	enum troth_err err;

	(void)snprintf(path, sizeof(path), "%s/sign.key", dir);
	err = troth_sign_key_load(&self->key, path, why);
	if (err != TROTH_OK)
		return err;
	troth_sign_key_public(self->key, public_key);
	if (memcmp(public_key, facts->public_key, sizeof(public_key)) != 0)
		return troth_fail(why, TROTH_ERR_IDENTITY,
				  "%s: is not the key of sign.pem", path);
	return TROTH_OK;
}

enum troth_err troth_self_load(struct troth_self *self, const char *certs_dir,
			       const char *trust_domain, enum troth_identity_kind kind,
			       struct troth_time now, struct troth_why *why)
{
	struct troth_self new = { 0 };
	struct troth_trust *trust = NULL;
	struct troth_cert_facts tls, sign;
	enum troth_err err;

	*self = (struct troth_self){ 0 };
	err = troth_trust_open(&trust, certs_dir, trust_domain, why);
	if (err != TROTH_OK)
		goto out;
	new.lists_end = troth_trust_lists_end(trust);
	if (new.lists_end.ms <= now.ms) {
		err = troth_fail(
			why, TROTH_ERR_IDENTITY,
			"%s/crl.pem: a revocation list has ended; fetch a new one",
			certs_dir);
		goto out;
	}
	err = load_leaf(&tls, certs_dir, "tls", trust, kind,
			kind == TROTH_IDENTITY_CENTRAL ? TROTH_CERT_SERVER
						       : TROTH_CERT_CLIENT,
			now, why);
	if (err == TROTH_OK)
		err = load_leaf(&sign, certs_dir, "sign", trust, kind, TROTH_CERT_SIGN,
				now, why);
	if (err != TROTH_OK)
		goto out;
	if (!troth_identity_eq(&tls.identity, &sign.identity)) {
		err = troth_fail(why, TROTH_ERR_IDENTITY,
				 "%s: tls.pem and sign.pem are of different nodes",
				 certs_dir);
		goto out;
	}
	err = load_key(&new, certs_dir, &sign, why);
	if (err != TROTH_OK)
		goto out;
	new.identity = tls.identity;
	troth_identity_format(new.origin, &new.identity);
	new.tls_end = tls.not_after;
	new.sign_end = sign.not_after;
	*self = new;
	new = (struct troth_self){ 0 };
out:
	troth_self_fini(&new);
	troth_trust_close(trust);
	return err;
}

void troth_self_fini(struct troth_self *self)
{
	troth_sign_key_free(self->key);
	*self = (struct troth_self){ 0 };
}
