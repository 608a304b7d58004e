#include "certs_native.h"

#include "troth/base/err.h"
#include "troth/crypto/digest.h"
#include "troth/crypto/sign.h"

#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void show_name(BIO *out, const char *label, const X509_NAME *name)
{
	BIO_printf(out, "  %-9s ", label);
	X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253);
	BIO_puts(out, "\n");
}

static void show_time(BIO *out, const char *label, const ASN1_TIME *t)
{
	BIO_printf(out, "  %-9s ", label);
	if (t == NULL)
		BIO_puts(out, "none");
	else
		ASN1_TIME_print_ex(out, t, ASN1_DTFLGS_ISO8601);
	BIO_puts(out, "\n");
}

/* OpenSSL's own words for an extension, on one line where it has one. */
static void show_extension(BIO *out, const char *label, const X509 *cert, int nid)
{
	int at = X509_get_ext_by_NID(cert, nid, -1);

	if (at < 0)
		return;
	BIO_printf(out, "  %-9s ", label);
	X509V3_EXT_print(out, X509_get_ext(cert, at), 0, 0);
	BIO_puts(out, "\n");
}

static void show_cert(BIO *out, const char *file, X509 *cert)
{
	struct troth_digest id;
	char hex[2 * TROTH_DIGEST_LEN + 1];
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
	struct troth_span spki = troth_span(der, len > 0 ? (size_t)len : 0);

	troth_sha256(&id, &spki, 1);
	troth_hex(hex, id.b, sizeof(id.b));
	OPENSSL_free(der);
	BIO_printf(out, "%s: certificate\n", file);
	show_name(out, "subject", X509_get_subject_name(cert));
	show_name(out, "issuer", X509_get_issuer_name(cert));
	show_extension(out, "names", cert, NID_subject_alt_name);
	show_extension(out, "usage", cert, NID_ext_key_usage);
	show_time(out, "begins", X509_get0_notBefore(cert));
	show_time(out, "ends", X509_get0_notAfter(cert));
	BIO_printf(out, "  %-9s %s\n", "key", hex);
}

static void show_list(BIO *out, const char *file, X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);

	BIO_printf(out, "%s: revocation list\n", file);
	show_name(out, "issuer", X509_CRL_get_issuer(crl));
	show_time(out, "made", X509_CRL_get0_lastUpdate(crl));
	show_time(out, "ends", X509_CRL_get0_nextUpdate(crl));
	BIO_printf(out, "  %-9s %d\n", "revoked",
		   revoked == NULL ? 0 : sk_X509_REVOKED_num(revoked));
}

static int show_file(BIO *out, const char *path)
{
	struct stat st;
	STACK_OF(X509_INFO) *blocks = NULL;
	BIO *in = BIO_new_file(path, "re");
	int shown = 0;

	if (in == NULL || stat(path, &st) != 0) {
		fprintf(stderr, "troth certs: %s: %s\n", path, strerror(errno));
		goto out;
	}
	if (st.st_size > TROTH_PEM_MAX) {
		fprintf(stderr, "troth certs: %s: larger than %d bytes\n", path,
			TROTH_PEM_MAX);
		goto out;
	}
	blocks = PEM_X509_INFO_read_bio(in, NULL, NULL, NULL);
	for (int i = 0; i < sk_X509_INFO_num(blocks); i++) {
		X509_INFO *b = sk_X509_INFO_value(blocks, i);

		if (b->x509 != NULL)
			show_cert(out, path, b->x509);
		if (b->crl != NULL)
			show_list(out, path, b->crl);
		shown += b->x509 != NULL || b->crl != NULL;
	}
	if (shown == 0)
		fprintf(stderr, "troth certs: %s: no certificate or revocation list\n",
			path);
out:
	sk_X509_INFO_pop_free(blocks, X509_INFO_free);
	BIO_free(in);
	ERR_clear_error();
	return shown > 0 ? 0 : 2;
}

int troth_certs_show(const char *path)
{
	static const char *const files[] = { "root.pem", "issuing.pem", "crl.pem",
					     "tls.pem", "sign.pem" };
	BIO *out = BIO_new_fp(stdout, BIO_NOCLOSE);
	char file[PATH_MAX];
	struct stat st;
	int worst = 0;

	if (out == NULL)
		return 2;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		for (size_t i = 0; i < TROTH_LEN(files); i++) {
			snprintf(file, sizeof(file), "%.4000s/%s", path, files[i]);
			if (show_file(out, file) != 0)
				worst = 2;
		}
	} else {
		worst = show_file(out, path);
	}
	BIO_free(out);
	return worst;
}
