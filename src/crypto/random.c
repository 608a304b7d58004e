#include "troth/crypto/random.h"

#include "troth/crypto/secret.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#define BLOCK 1024
#define SMALL 128 /* More than this goes to the kernel directly. */

static _Thread_local struct {
	uint8_t bytes[BLOCK];
	size_t left;      /* The last `left` bytes are still good. */
	unsigned of_fork; /* The value of `forks` when the block was filled. */
} block;

static atomic_uint forks;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void count_fork(void)
{
	atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
}

static void watch_forks(void)
{
	int rc = pthread_atfork(NULL, NULL, count_fork);

	assert(rc == 0);
}

static void ask_kernel(uint8_t *out, size_t len)
{
	while (len > 0) {
		ssize_t got = getrandom(out, len, 0);

		if (got < 0) {
			assert(errno == EINTR);
			continue;
		}
		out += got;
		len -= (size_t)got;
	}
}

void troth_random(void *out, size_t len)
{
	unsigned now = atomic_load_explicit(&forks, memory_order_relaxed);

	if (len == 0)
		return;
	if (len > SMALL) {
		ask_kernel(out, len);
		return;
	}
	if (block.left < len || block.of_fork != now) {
		pthread_once(&once, watch_forks);
		ask_kernel(block.bytes, BLOCK);
		block.left = BLOCK;
		block.of_fork = now;
	}

	uint8_t *from = block.bytes + BLOCK - block.left;
	memcpy(out, from, len);
	troth_wipe(from, len);
	block.left -= len;
}
