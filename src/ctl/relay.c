#include "troth/ctl/relay.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK (64 << 10)

/* One direction of a connection: what was read and not yet written. */
struct flow {
	uint8_t bytes[CHUNK];
	size_t at, len;
};

struct pair {
	int fd[2];           /* The gateway's end and central's; -1: free. */
	struct flow flow[2]; /* From fd[0] to fd[1], and back. */
};

struct troth_relay {
	int listener, wake;
	uint16_t port, target;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stop, cut, idle; /* Asked, and done: under the lock. */
	bool pulled;          /* The thread's own: what it has seen of cut. */
	struct pair pairs[TROTH_RELAY_PAIRS_MAX];
};

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void close_pair(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->fd[i] >= 0)
			(void)close(p->fd[i]);
		p->fd[i] = -1;
		p->flow[i].at = p->flow[i].len = 0;
	}
}

static void accept_one(struct troth_relay *r)
{
	struct sockaddr_in to = loopback(r->target);
	int one = 1, fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
	int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pair *free_pair = NULL;

	for (size_t i = 0; i < TROTH_RELAY_PAIRS_MAX; i++)
		if (r->pairs[i].fd[0] < 0)
			free_pair = &r->pairs[i];
	if (fd < 0 || peer < 0 || r->pulled || free_pair == NULL ||
	    connect(peer, (struct sockaddr *)&to, sizeof(to)) != 0) {
		if (fd >= 0)
			(void)close(fd);
		if (peer >= 0)
			(void)close(peer);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	free_pair->fd[0] = fd;
	free_pair->fd[1] = peer;
}

/* Moves what can be moved without waiting; false when the connection has ended. */
static bool carry(int from, int to, struct flow *f, short can)
{
	ssize_t n;

	if (f->at == f->len && (can & (POLLIN | POLLHUP | POLLERR)) != 0) {
		n = recv(from, f->bytes, sizeof(f->bytes), MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return false;
		f->at = 0;
		f->len = n > 0 ? (size_t)n : 0;
	}
	if (f->at < f->len) {
		n = send(to, f->bytes + f->at, f->len - f->at,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		f->at += n > 0 ? (size_t)n : 0;
	}
	return true;
}

#define FDS_MAX (2 + 2 * TROTH_RELAY_PAIRS_MAX)

/* What to wait for: reading where there is room, writing where something waits. */
static void fill(const struct troth_relay *r, struct pollfd fds[FDS_MAX])
{
	fds[0] = (struct pollfd){ .fd = r->wake, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = r->listener, .events = POLLIN };
	for (size_t i = 0; i < TROTH_RELAY_PAIRS_MAX; i++) {
		const struct pair *p = &r->pairs[i];

		for (int side = 0; side < 2; side++) {
			const struct flow *in = &p->flow[side], *out = &p->flow[!side];
			short events = (short)((in->at == in->len ? POLLIN : 0) |
					       (out->at < out->len ? POLLOUT : 0));

			fds[2 + 2 * i + (size_t)side] = (struct pollfd){
				.fd = p->fd[side], .events = events
			};
		}
	}
}

static void serve(struct troth_relay *r, const struct pollfd fds[FDS_MAX])
{
	for (size_t i = 0; i < TROTH_RELAY_PAIRS_MAX; i++) {
		struct pair *p = &r->pairs[i];

		if (p->fd[0] >= 0 &&
		    (!carry(p->fd[0], p->fd[1], &p->flow[0], fds[2 + 2 * i].revents) ||
		     !carry(p->fd[1], p->fd[0], &p->flow[1], fds[3 + 2 * i].revents)))
			close_pair(p);
	}
	if ((fds[1].revents & POLLIN) != 0)
		accept_one(r);
}

/* Does what was asked from outside; false: the end. */
static bool obey(struct troth_relay *r)
{
	bool stop;

	(void)pthread_mutex_lock(&r->lock);
	stop = r->stop;
	r->pulled = r->cut;
	for (size_t i = 0; (r->pulled || stop) && i < TROTH_RELAY_PAIRS_MAX; i++)
		close_pair(&r->pairs[i]);
	r->idle = true;
	(void)pthread_cond_broadcast(&r->changed);
	(void)pthread_mutex_unlock(&r->lock);
	return !stop;
}

static void *run(void *arg)
{
	struct troth_relay *r = arg;
	struct pollfd fds[FDS_MAX];
	uint64_t count;

	for (;;) {
		fill(r, fds);
		if (poll(fds, FDS_MAX, -1) < 0 && errno != EINTR)
			return NULL;
		if ((fds[0].revents & POLLIN) != 0) {
			(void)!read(r->wake, &count, sizeof(count));
			if (!obey(r))
				return NULL;
			continue;
		}
		serve(r, fds);
	}
}

/* Changes a flag and waits until the thread has seen it. */
static void ask(struct troth_relay *r, bool *flag, bool value)
{
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&r->lock);
	*flag = value;
	r->idle = false;
	(void)!write(r->wake, &one, sizeof(one));
	while (!r->idle)
		(void)pthread_cond_wait(&r->changed, &r->lock);
	(void)pthread_mutex_unlock(&r->lock);
}

enum troth_err troth_relay_open(struct troth_relay **out, uint16_t target,
				struct troth_why *why)
{
	struct troth_relay *r = calloc(1, sizeof(*r));
	struct sockaddr_in at = loopback(0);
	socklen_t len = sizeof(at);

	*out = NULL;
	if (r == NULL)
		return troth_fail(why, TROTH_ERR_MEMORY, "no memory for a relay");
	for (size_t i = 0; i < TROTH_RELAY_PAIRS_MAX; i++)
		r->pairs[i].fd[0] = r->pairs[i].fd[1] = -1;
	r->target = target;
	r->wake = eventfd(0, EFD_CLOEXEC);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->changed, NULL);
	if (r->wake < 0 || r->listener < 0 ||
	    bind(r->listener, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    listen(r->listener, TROTH_RELAY_PAIRS_MAX) != 0 ||
	    getsockname(r->listener, (struct sockaddr *)&at, &len) != 0 ||
	    pthread_create(&r->thread, NULL, run, r) != 0) {
		enum troth_err err = troth_fail(why, TROTH_ERR_IO, "a relay: %s",
						strerror(errno));

		if (r->wake >= 0)
			(void)close(r->wake);
		if (r->listener >= 0)
			(void)close(r->listener);
		free(r);
		return err;
	}
	r->port = ntohs(at.sin_port);
	*out = r;
	return TROTH_OK;
}

void troth_relay_close(struct troth_relay *r)
{
	if (r == NULL)
		return;
	ask(r, &r->stop, true);
	(void)pthread_join(r->thread, NULL);
	(void)close(r->listener);
	(void)close(r->wake);
	(void)pthread_mutex_destroy(&r->lock);
	(void)pthread_cond_destroy(&r->changed);
	free(r);
}

uint16_t troth_relay_port(const struct troth_relay *r)
{
	return r->port;
}

void troth_relay_cut(struct troth_relay *r)
{
	ask(r, &r->cut, true);
}

void troth_relay_heal(struct troth_relay *r)
{
	ask(r, &r->cut, false);
}
