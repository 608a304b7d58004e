#include "pem.h"

#include "troth/crypto/secret.h"
#include "troth/crypto/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum troth_err check_mode(int fd, const char *path, bool secret, size_t *size,
				 struct troth_why *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return troth_fail(why, TROTH_ERR_INPUT, "%s: not a file", path);
	if (secret && (st.st_mode & 077) != 0)
		return troth_fail(why, TROTH_ERR_IDENTITY,
				  "%s: mode %04o lets others at the private key; make it "
				  "0400",
				  path, (unsigned)st.st_mode & 07777);
	if (st.st_size > TROTH_PEM_MAX)
		return troth_fail(why, TROTH_ERR_LIMIT, "%s: larger than %d bytes", path,
				  TROTH_PEM_MAX);
	*size = (size_t)st.st_size;
	return TROTH_OK;
}

/* Reads up to `size` bytes: a file that grows meanwhile is cut, and then refused as PEM.
 */
static enum troth_err read_into(BIO *bio, int fd, const char *path, size_t size,
				struct troth_why *why)
{
	char chunk[4096];
	enum troth_err err = TROTH_OK;

	while (size > 0) {
		ssize_t got = read(fd, chunk,
				   size < sizeof(chunk) ? size : sizeof(chunk));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			err = troth_fail(why, TROTH_ERR_IO, "%s: %s", path,
					 strerror(errno));
		if (got <= 0)
			break;
		if (BIO_write(bio, chunk, (int)got) != got) {
			err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
			break;
		}
		size -= (size_t)got;
	}
	troth_wipe(chunk, sizeof(chunk));
	return err;
}

BIO *troth_pem_open(const char *path, bool secret, enum troth_err *err,
		    struct troth_why *why)
{
	BIO *bio = NULL;
	size_t size = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		*err = troth_fail(why,
				  errno == ENOENT ? TROTH_ERR_NOTFOUND : TROTH_ERR_IO,
				  "%s: %s", path, strerror(errno));
		return NULL;
	}
	*err = check_mode(fd, path, secret, &size, why);
	if (*err != TROTH_OK)
		goto out;
	bio = BIO_new(BIO_s_mem()); /* Wipes when it grows and when it is freed. */
	if (bio == NULL) {
		*err = troth_fail(why, TROTH_ERR_MEMORY, "%s: no memory", path);
		goto out;
	}
	*err = read_into(bio, fd, path, size, why);
out:
	if (*err != TROTH_OK) {
		BIO_free(bio);
		bio = NULL;
	}
	close(fd);
	return bio;
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

EVP_PKEY *troth_pem_key(const char *path, enum troth_err *err, struct troth_why *why)
{
	BIO *bio = troth_pem_open(path, true, err, why);

	if (bio == NULL)
		return NULL;

	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if (key == NULL)
		*err = troth_fail(why, TROTH_ERR_IDENTITY,
				  "%s: no unencrypted private key in PEM form", path);
	return key;
}
