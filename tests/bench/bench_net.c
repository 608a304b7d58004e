/*
 * bench_net - what the bus carries between a server and a client in one process.
 *
 *   bench_net [seconds]     (2 for each case)
 *
 * Each reply makes its receiver ask again, so that a fixed number of requests is
 * outstanding. Answers have 32 bytes.
 */
#include "net_kit.h"

#include <malloc.h>
#include <sys/resource.h>

#define ANSWER_LEN 32

struct bench {
	struct troth_server *server;
	struct troth_client *client;
	size_t request_len;
	unsigned outstanding;
	uint64_t end_ms;
	uint64_t replies; /* On the client's thread. */
	bool up, over;    /* Under kit_lock. */
};

static void server_opened(void *ctx, uint64_t conn, const struct troth_identity *peer)
{
	(void)ctx;
	(void)conn;
	(void)peer;
}

static void server_asked(void *ctx, uint64_t conn, uint32_t request,
			 struct troth_span payload)
{
	struct bench *b = ctx;
	struct troth_buf answer = kit_payload(ANSWER_LEN, payload.data[0]);

	(void)!troth_server_reply(b->server, conn, request, &answer);
}

static void server_closed(void *ctx, uint64_t conn, const struct troth_bus_report *r)
{
	(void)ctx;
	(void)conn;
	(void)r;
}

static void server_event(void *ctx, const struct troth_bus_report *r)
{
	(void)ctx;
	(void)r;
}

static void ask(struct bench *b)
{
	struct troth_buf payload = kit_payload(b->request_len, 'q');
	uint32_t id;

	(void)!troth_client_request(b->client, &payload, &id);
}

static void client_up(void *ctx, const struct troth_identity *peer)
{
	struct bench *b = ctx;

	(void)peer;
	(void)pthread_mutex_lock(&kit_lock);
	b->up = true;
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
}

static void client_reply(void *ctx, uint32_t request, struct troth_span payload)
{
	struct bench *b = ctx;

	(void)request;
	(void)payload;
	b->replies++;
	if (b->replies % 64 != 0 || kit_now_ms() < b->end_ms) {
		ask(b);
		return;
	}
	(void)pthread_mutex_lock(&kit_lock);
	b->over = true;
	(void)pthread_cond_broadcast(&kit_news);
	(void)pthread_mutex_unlock(&kit_lock);
}

static void client_down(void *ctx, const struct troth_bus_report *r)
{
	(void)ctx;
	(void)r;
}

static double cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void run(size_t request_len, unsigned outstanding, unsigned seconds)
{
	struct bench b = { .request_len = request_len, .outstanding = outstanding };
	struct troth_why why;
	char url[64];
	struct troth_server_config sc = { .listen = "tcp://127.0.0.1:0",
					  .certs_dir = kit_certs("central"),
					  .trust_domain = KIT_DOMAIN,
					  .limits = troth_bus_limits(),
					  .callbacks = { &b, server_opened, server_asked,
							 server_closed, server_event } };
	struct troth_client_config cc = { .dial = url,
					  .certs_dir = kit_certs("gw-acme-s1"),
					  .trust_domain = KIT_DOMAIN,
					  .limits = troth_bus_limits(),
					  .callbacks = { &b, client_up, client_reply,
							 client_down } };
	uint64_t begin_ms;
	double s, cpu;

	if (troth_server_open(&b.server, &sc, &why) != TROTH_OK)
		fail_msg("%s", why.text);
	(void)snprintf(url, sizeof(url), "tcp://127.0.0.1:%u",
		       troth_server_port(b.server));
	if (troth_client_open(&b.client, &cc, &why) != TROTH_OK)
		fail_msg("%s", why.text);
	WAIT_FOR(b.up);
	begin_ms = kit_now_ms();
	cpu = cpu_s();
	b.end_ms = begin_ms + seconds * UINT64_C(1000);
	for (unsigned i = 0; i < outstanding; i++)
		ask(&b);
	WAIT_FOR(b.over);
	s = (double)(kit_now_ms() - begin_ms) / 1000;
	cpu = cpu_s() - cpu;
	troth_client_close(b.client);
	troth_server_close(b.server);
	printf("%7zu B x %2u outstanding  %9.0f msg/s  %7.1f MB/s  %5.2f us CPU/msg\n",
	       request_len, outstanding, (double)b.replies / s,
	       (double)b.replies * (double)request_len / s / 1e6,
	       cpu * 1e6 / (double)b.replies);
}

/* Peers that come up one after the other and stay; the peers are a child process. */
static void crowd(unsigned peers)
{
	struct bench b = { 0 };
	struct troth_why why;
	struct troth_server_config sc = { .listen = "tcp://127.0.0.1:0",
					  .certs_dir = kit_certs("central"),
					  .trust_domain = KIT_DOMAIN,
					  .limits = troth_bus_limits(),
					  .callbacks = { &b, server_opened, server_asked,
							 server_closed, server_event } };
	struct mallinfo2 before, after;
	uint64_t begin_ms, ms;
	int start[2], done[2];
	uint16_t port = 0;
	double cpu;
	pid_t pid;
	char c;

	if (pipe(start) != 0 || pipe(done) != 0)
		fail_msg("pipe");
	pid = fork(); /* Before nng has threads of this process. */
	if (pid == 0) {
		struct raw *raw = calloc(peers, sizeof(*raw));

		if (read(start[0], &port, sizeof(port)) != sizeof(port))
			_exit(1);
		for (unsigned i = 0; i < peers; i++)
			raw_open(&raw[i], port, kit_certs("gw-acme-s1"));
		if (write(done[1], "d", 1) != 1 || read(start[0], &c, 1) != 0)
			_exit(1);
		_exit(0);
	}
	if (troth_server_open(&b.server, &sc, &why) != TROTH_OK)
		fail_msg("%s", why.text);
	port = troth_server_port(b.server);
	before = mallinfo2();
	cpu = cpu_s();
	begin_ms = kit_now_ms();
	if (write(start[1], &port, sizeof(port)) != sizeof(port) ||
	    read(done[0], &c, 1) != 1)
		fail_msg("the peers did not come up");
	ms = kit_now_ms() - begin_ms;
	cpu = cpu_s() - cpu;
	after = mallinfo2();
	printf("%u peers came up in %lu ms, %.2f ms CPU and %zu bytes each (server)\n",
	       peers, (unsigned long)ms, cpu * 1000 / peers,
	       (after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / peers);
	(void)close(start[1]);
	troth_server_close(b.server);
}

int main(int argc, char **argv)
{
	unsigned seconds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 2;

	(void)kit_up(NULL);
	crowd(500);
	run(300, 1, seconds);
	run(300, 64, seconds);
	run(4096, 64, seconds);
	run(65536, 16, seconds);
	run(1 << 20, 1, seconds);
	(void)kit_down(NULL);
	return 0;
}
