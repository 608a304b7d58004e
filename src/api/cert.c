/*
 * cert - the API's certificate, as its files were when they were last read.
 *
 * libwebsockets keeps what it read at the start; what is read later is put into
 * each connection as its handshake begins.
 */
#include "sockets.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static int choose(SSL *ssl, void *arg)
{
	struct troth_server *s = arg;
	STACK_OF(X509) *chain = NULL;
	int ok = 1;

	(void)pthread_mutex_lock(&s->lock);
	if (s->cert != NULL)
		ok = SSL_CTX_get0_chain_certs(s->cert, &chain) == 1 &&
		     SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(s->cert),
					  SSL_CTX_get0_privatekey(s->cert), chain,
					  1) == 1;
	(void)pthread_mutex_unlock(&s->lock);
	return ok;
}

/* A daemon has no terminal: an encrypted key is refused, nobody is asked. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

void troth_cert_offer(struct troth_server *s, struct ssl_ctx_st *ctx)
{
	SSL_CTX_set_cert_cb(ctx, choose, s);
}

enum troth_err troth_api_reload(struct troth_api *api, struct troth_why *why)
{
	const struct troth_api_config *c = &api->config;
	struct troth_server *s = api->server;
	const char *bad = NULL;
	SSL_CTX *fresh, *old;

	if (c->cert_file == NULL)
		return TROTH_OK;
	fresh = SSL_CTX_new(TLS_server_method());
	if (fresh == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "api: no memory for TLS");
	SSL_CTX_set_default_passwd_cb(fresh, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(fresh, c->cert_file) != 1)
		bad = c->cert_file;
	else if (SSL_CTX_use_PrivateKey_file(fresh, c->key_file, SSL_FILETYPE_PEM) != 1)
		bad = c->key_file;
	ERR_clear_error();
	if (bad != NULL) {
		SSL_CTX_free(fresh);
		return troth_fail(why, TROTH_ERR_INPUT,
				  "%s: cannot be used, or is not of %s", bad,
				  bad == c->key_file ? c->cert_file : c->key_file);
	}
	(void)pthread_mutex_lock(&s->lock);
	old = s->cert;
	s->cert = fresh;
	(void)pthread_mutex_unlock(&s->lock);
	SSL_CTX_free(old);
	return TROTH_OK;
}

void troth_cert_fini(struct troth_server *s)
{
	SSL_CTX_free(s->cert);
	s->cert = NULL;
}
