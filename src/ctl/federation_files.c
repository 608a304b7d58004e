#include "federation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Ports are taken from below those that the kernel gives to outgoing connections,
 * so that none of them is taken while a node is down.
 */
#define PORT_FIRST 20000u
#define PORT_COUNT 12000u

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

void federation_remove(const char *dir)
{
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/*
 * Our environment without what would override the nodes' configurations: an
 * operator may have TROTH_DATA_DIR set for a node that is not to be thrown away.
 * NULL: no memory. The texts are borrowed.
 */
static char **environment(bool for_certs)
{
	static const char certs[] = "TROTH_CERTS_DIR="; /* Where their script is. */
	size_t count = 0, kept = 0;
	char **out;

	while (environ[count] != NULL)
		count++;
	out = calloc(count + 1, sizeof(*out));
	for (size_t i = 0; i < count && out != NULL; i++)
		if (strncmp(environ[i], "TROTH_", 6) != 0 ||
		    (for_certs && strncmp(environ[i], certs, sizeof(certs) - 1) == 0))
			out[kept++] = environ[i];
	return out;
}

pid_t federation_run(const struct troth_federation *f, const char *const *args,
		     const char *log)
{
	const char *argv[TROTH_FEDERATION_NODES_MAX + 8] = { "troth" };
	char **env = environment(strcmp(args[0], "certs") == 0);
	pid_t parent = getpid(), pid;
	int out, n = 1;

	if (env == NULL)
		return -1;
	for (; *args != NULL && n + 1 < (int)TROTH_LEN(argv); args++)
		argv[n++] = *args;
	(void)fflush(NULL);
	pid = fork();
	if (pid != 0) {
		free(env);
		return pid;
	}
	/* The child: from here on only exec or _exit. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	(void)setpgid(0, 0); /* A Ctrl-C is for us; we stop them in order. */
	out = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (out < 0 || dup2(out, STDERR_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		_exit(127);
	(void)execve(f->program, (char *const *)argv, env);
	_exit(127);
}

/* ---- Ports ---- */

static bool port_is_free(unsigned port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	ok = bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	(void)close(fd);
	return ok;
}

/* The next free port behind *at, which moves on to it; 0: there is none. */
static unsigned next_port(unsigned *at)
{
	for (unsigned tries = 0; tries < PORT_COUNT; tries++) {
		*at = PORT_FIRST + (*at - PORT_FIRST + 1) % PORT_COUNT;
		if (port_is_free(*at))
			return *at;
	}
	return 0;
}

/* ---- Certificates and configurations ---- */

static enum troth_err make_certs(const struct troth_federation *f, const char *domain,
				 struct troth_why *why)
{
	const char *args[TROTH_FEDERATION_NODES_MAX + 6];
	char dir[PATH_MAX], log[PATH_MAX];
	int n = 0, status = 0;
	pid_t pid;

	(void)snprintf(dir, sizeof(dir), "%s/certs", f->dir);
	(void)snprintf(log, sizeof(log), "%s/certs.log", f->dir);
	args[n++] = "certs";
	args[n++] = "quick";
	args[n++] = "--domain";
	args[n++] = domain;
	args[n++] = dir;
	for (unsigned i = 0; i < f->count; i++)
		args[n++] = f->nodes[i].identity;
	args[n] = NULL;
	pid = federation_run(f, args, log);
	if (pid < 0)
		return troth_fail(why, TROTH_ERR_IO, "fork: %s", strerror(errno));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return troth_fail(why, TROTH_ERR_IO,
				  "certificates could not be made: see %s", log);
	return TROTH_OK;
}

static enum troth_err write_config(const struct troth_federation *f,
				   const struct troth_federation_spec *spec,
				   unsigned node, unsigned bus_port,
				   struct troth_why *why)
{
	const struct federation_node *n = &f->nodes[node];
	char path[PATH_MAX], start[TROTH_TIME_TEXT];
	FILE *out;

	(void)snprintf(path, sizeof(path), "%s/%s.conf", f->dir, n->name);
	out = fopen(path, "we");
	if (out == NULL)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
	(void)fprintf(out,
		      "data_dir = \"%s/%s\";\ncerts_dir = \"%s/certs/%s\";\n"
		      "trust_domain = \"%s\";\nadmin_token_file = \"%s/%s.token\";\n"
		      "api_listen = [\"127.0.0.1:%u\"];\n%s = \"127.0.0.1:%u\";\n",
		      f->dir, n->name, f->dir, n->name, spec->domain, f->dir, n->name,
		      n->api_port,
		      node == TROTH_FEDERATION_CENTRAL ? "listen" : "central", bus_port);
	if (node != TROTH_FEDERATION_CENTRAL) /* Central is as near as can be. */
		(void)fprintf(out, "reconnect_min_ms = 10;\nreconnect_max_ms = 200;\n");
	if (spec->clock_start.ms != 0) {
		troth_time_format(start, spec->clock_start);
		(void)fprintf(out, "clock = \"simulated\";\nclock_start = \"%s\";\n",
			      start);
	}
	(void)fprintf(out, "%s", spec->settings != NULL ? spec->settings : "");
	if (fclose(out) != 0)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
	return TROTH_OK;
}

static enum troth_err write_configs(struct troth_federation *f,
				    const struct troth_federation_spec *spec,
				    struct troth_why *why)
{
	unsigned at = PORT_FIRST + (unsigned)getpid() * 37 % PORT_COUNT;
	unsigned bus_port = next_port(&at);
	enum troth_err err = TROTH_OK;

	for (unsigned i = 0; i < f->count && err == TROTH_OK; i++) {
		struct federation_node *n = &f->nodes[i];

		n->api_port = next_port(&at);
		if (n->api_port == 0)
			return troth_fail(why, TROTH_ERR_IO,
					  "no free port from %u on loopback", PORT_FIRST);
		(void)snprintf(n->url, sizeof(n->url), "http://127.0.0.1:%u",
			       n->api_port);
		if (i > 0 && spec->sites[i - 1].cable)
			err = troth_relay_open(&n->cable, (uint16_t)bus_port, why);
		if (err == TROTH_OK)
			err = write_config(f, spec, i,
					   n->cable == NULL ? bus_port
							    : troth_relay_port(n->cable),
					   why);
	}
	return err;
}

static enum troth_err make_dir(struct troth_federation *f, const char *asked,
			       struct troth_why *why)
{
	const char *top = getenv("TMPDIR");
	char path[sizeof(f->dir)], *real = NULL;
	bool ok;

	if (asked == NULL)
		(void)snprintf(path, sizeof(path), "%s/troth-XXXXXX",
			       top != NULL && top[0] == '/' ? top : "/tmp");
	else if (strlen(asked) >= sizeof(path))
		return troth_fail(why, TROTH_ERR_INPUT, "%s: the path is too long",
				  asked);
	else
		memcpy(path, asked, strlen(asked) + 1);
	ok = asked == NULL ? mkdtemp(path) != NULL : mkdir(path, 0700) == 0;
	if (ok)
		real = realpath(path, NULL); /* Configurations want absolute paths. */
	if (real == NULL)
		return troth_fail(why, TROTH_ERR_IO, "%s: %s", path, strerror(errno));
	ok = strlen(real) < sizeof(f->dir);
	if (ok)
		memcpy(f->dir, real, strlen(real) + 1);
	free(real);
	f->throw_away = asked == NULL;
	return ok ? TROTH_OK
		  : troth_fail(why, TROTH_ERR_INPUT, "%s: the path is too long", path);
}

enum troth_err federation_lay_out(struct troth_federation *f,
				  const struct troth_federation_spec *spec,
				  struct troth_why *why)
{
	ssize_t n = readlink("/proc/self/exe", f->program, sizeof(f->program) - 1);
	enum troth_err err;

	if (n <= 0)
		return troth_fail(why, TROTH_ERR_IO, "/proc/self/exe: %s",
				  strerror(errno));
	f->program[n] = '\0';
	err = make_dir(f, spec->dir, why);
	if (err == TROTH_OK)
		err = make_certs(f, spec->domain, why);
	if (err == TROTH_OK)
		err = write_configs(f, spec, why);
	return err;
}
