#include "tls.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Our chains have two certificates of some 600 bytes. */
#define CERT_LIST_MAX 16384

struct bus_tls {
	SSL_CTX *ctx;
	struct troth_trust *trust;
	bool server;
	unsigned refs;
};

static struct troth_time wall_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (struct troth_time){ (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 };
}

static enum troth_cert_use peer_use(const struct bus_tls *t)
{
	return t->server ? TROTH_CERT_CLIENT : TROTH_CERT_SERVER;
}

/* A server's peers are gateways; judging as SERVER lets only central through. */
static enum troth_err judge(const struct bus_tls *t, X509 *cert, STACK_OF(X509) * chain,
			    struct troth_identity *peer, struct troth_why *why)
{
	struct troth_cert_facts facts;
	enum troth_err err = troth_trust_judge(t->trust, cert, chain, peer_use(t),
					       wall_clock(), &facts, why);

	if (err != TROTH_OK)
		return err;
	if (t->server != (facts.identity.kind == TROTH_IDENTITY_GATEWAY))
		return troth_fail(why, TROTH_ERR_IDENTITY, "not a %s's certificate",
				  t->server ? "gateway" : "central");
	*peer = facts.identity;
	return TROTH_OK;
}

/* Adds to v->why whom the refused certificate names, if it names one of us. */
static void add_claim(const struct bus_tls *t, const X509 *cert, struct tls_verdict *v)
{
	char name[TROTH_IDENTITY_TEXT];
	struct troth_identity id;
	struct troth_why said = v->why;

	if (troth_identity_of_cert(&id, cert, troth_trust_domain(t->trust), NULL) !=
	    TROTH_OK)
		return;
	troth_identity_format(name, &id);
	(void)troth_fail(&v->why, TROTH_OK, "%s; claims to be %s", said.text, name);
}

/*
 * In place of OpenSSL's own verification, inside the handshake, so that a peer
 * we refuse is told by an alert. The good path verifies once; for a bad peer
 * OpenSSL's verdict alone is asked too, to tell a chain that does not hold from
 * a name that is not the right one.
 */
static int judge_peer(X509_STORE_CTX *store, void *arg)
{
	struct bus_tls *t = arg;
	const SSL *ssl = X509_STORE_CTX_get_ex_data(store,
						    SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_verdict *v = SSL_get_app_data(ssl);

	v->judged = true;
	if (judge(t, X509_STORE_CTX_get0_cert(store),
		  X509_STORE_CTX_get0_untrusted(store), &v->peer, &v->why) == TROTH_OK) {
		X509_STORE_CTX_set_error(store, X509_V_OK);
		return 1;
	}
	v->refused = true;
	if (X509_verify_cert(store) == 1) {
		v->event = TROTH_BUS_BAD_IDENTITY;
		X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	} else {
		v->event = TROTH_BUS_TLS_REFUSED;
		(void)troth_fail(
			&v->why, TROTH_OK, "%s (certificate %d of its chain)",
			X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)),
			X509_STORE_CTX_get_error_depth(store));
	}
	add_claim(t, X509_STORE_CTX_get0_cert(store), v);
	return 0;
}

static const char *openssl_words(void)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());

	return words != NULL ? words : "no reason given";
}

static enum troth_err set_up(SSL_CTX *ctx, struct bus_tls *t,
			     const struct troth_credential *own, struct troth_why *why)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION |
					 SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_max_cert_list(ctx, CERT_LIST_MAX);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, judge_peer, t);
	SSL_CTX_set1_cert_store(ctx, troth_trust_store(t->trust));
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    SSL_CTX_use_certificate(ctx, own->cert) != 1 ||
	    SSL_CTX_set1_chain(ctx, own->chain) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, own->key) != 1)
		return troth_fail(why, TROTH_ERR_IDENTITY, "tls.pem: %s",
				  openssl_words());
	return TROTH_OK;
}

/* Our own certificate, by the rules that the other side will apply. */
static enum troth_err judge_own(const struct bus_tls *t,
				const struct troth_credential *own, const char *dir,
				struct troth_why *why)
{
	struct troth_why inner;
	enum troth_err err = troth_trust_judge(t->trust, own->cert, own->chain,
					       t->server ? TROTH_CERT_SERVER
							 : TROTH_CERT_CLIENT,
					       wall_clock(), NULL, &inner);

	if (err != TROTH_OK)
		return troth_fail(why, err, "%s/tls.pem does not stand: %s", dir,
				  inner.text);
	return TROTH_OK;
}

enum troth_err tls_open(struct bus_tls **out, const char *dir, const char *trust_domain,
			bool server, struct troth_why *why)
{
	struct bus_tls *t = calloc(1, sizeof(*t));
	struct troth_credential own = { 0 };
	enum troth_err err;

	*out = NULL;
	if (t == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", dir);
	t->server = server;
	t->refs = 1;
	err = troth_trust_open(&t->trust, dir, trust_domain, why);
	if (err != TROTH_OK)
		goto out;
	err = troth_credential_load(&own, dir, "tls", why);
	if (err != TROTH_OK)
		goto out;
	err = judge_own(t, &own, dir, why);
	if (err != TROTH_OK)
		goto out;
	t->ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	if (t->ctx == NULL) {
		err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", dir);
		goto out;
	}
	err = set_up(t->ctx, t, &own, why);
	if (err != TROTH_OK)
		goto out;

	*out = t;
	t = NULL;
out:
	ERR_clear_error();
	troth_credential_fini(&own);
	tls_unref(t);
	return err;
}

struct bus_tls *tls_ref(struct bus_tls *t)
{
	t->refs++;
	return t;
}

void tls_unref(struct bus_tls *t)
{
	if (t == NULL || --t->refs > 0)
		return;
	SSL_CTX_free(t->ctx);
	troth_trust_close(t->trust);
	free(t);
}

static int pipe_read(BIO *bio, char *data, int len)
{
	struct tls_pipe *p = BIO_get_data(bio);
	size_t n = (size_t)len < p->in.len ? (size_t)len : p->in.len;

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(data, p->in.data, n);
	p->in.data += n;
	p->in.len -= n;
	return (int)n;
}

static int pipe_write(BIO *bio, const char *data, int len)
{
	struct tls_pipe *p = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	troth_buf_put(&p->out, data, (size_t)len);
	return p->out.failed ? -1 : len;
}

static long pipe_ctrl(BIO *bio, int cmd, long larg, void *parg)
{
	(void)bio;
	(void)larg;
	(void)parg;
	return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *pipe_method;

/* For the life of the process, like OpenSSL's own. */
static void make_pipe_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "link");

	if (m != NULL && BIO_meth_set_read(m, pipe_read) == 1 &&
	    BIO_meth_set_write(m, pipe_write) == 1 &&
	    BIO_meth_set_ctrl(m, pipe_ctrl) == 1)
		pipe_method = m;
}

SSL *tls_new(struct bus_tls *t, struct tls_verdict *verdict, struct tls_pipe *pipe)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *bio;
	SSL *ssl;

	(void)pthread_once(&once, make_pipe_method);
	bio = pipe_method != NULL ? BIO_new(pipe_method) : NULL;
	ssl = SSL_new(t->ctx);
	if (bio == NULL || ssl == NULL || SSL_set_app_data(ssl, verdict) != 1) {
		BIO_free(bio);
		SSL_free(ssl);
		return NULL;
	}
	BIO_set_data(bio, pipe);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	if (t->server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

enum troth_err tls_rejudge(struct bus_tls *t, SSL *ssl, struct troth_why *why)
{
	struct troth_identity peer;
	X509 *cert = SSL_get0_peer_certificate(ssl);

	if (cert == NULL)
		return troth_fail(why, TROTH_ERR_IDENTITY, "no certificate");
	return judge(t, cert, SSL_get_peer_cert_chain(ssl), &peer, why);
}

enum troth_bus_event tls_failure(const struct tls_verdict *v, struct troth_why *why)
{
	enum troth_bus_event event = TROTH_BUS_TLS_REFUSED;
	int reason = ERR_GET_REASON(ERR_peek_last_error());

	if (v->refused) {
		event = v->event;
		*why = v->why;
	} else if (reason >= SSL_AD_REASON_OFFSET) {
		(void)troth_fail(why, TROTH_OK, "the peer refused us: %s",
				 openssl_words());
	} else {
		(void)troth_fail(why, TROTH_OK, "%s", openssl_words());
	}
	ERR_clear_error();
	return event;
}
