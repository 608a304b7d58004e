#include "troth/node/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <semaphore.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sem_t stops, reloads;

static void on_stop(void *ctx)
{
	(void)ctx;
	(void)sem_post(&stops);
}

static void on_reload(void *ctx)
{
	(void)ctx;
	(void)sem_post(&reloads);
}

static const struct troth_service_callbacks callbacks = { NULL, on_stop, on_reload };

/* True if the semaphore is raised within ten seconds. */
static bool comes(sem_t *s)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	return sem_timedwait(s, &until) == 0;
}

static struct troth_service *opened(void)
{
	struct troth_service *s;
	struct troth_why why;

	assert_int_equal(sem_init(&stops, 0, 0), 0);
	assert_int_equal(sem_init(&reloads, 0, 0), 0);
	assert_int_equal(troth_service_open(&s, &callbacks, &why), TROTH_OK);
	return s;
}

static void hangup_reloads_and_term_stops_once(void **state)
{
	struct troth_service *s = opened();
	int left;

	(void)state;
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_true(comes(&reloads));
	assert_int_equal(kill(getpid(), SIGTERM), 0);
	assert_true(comes(&stops));
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_true(comes(&reloads));
	troth_service_close(s);
	assert_int_equal(sem_getvalue(&stops, &left), 0);
	assert_int_equal(left, 0);
}

static void a_second_term_ends_the_process_at_once_with_1(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		(void)alarm(20);
		(void)opened();
		(void)kill(getpid(), SIGINT);
		if (comes(&stops))
			(void)kill(getpid(), SIGTERM);
		for (;;)
			(void)pause();
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void a_stop_that_takes_too_long_ends_the_process_with_1(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	if (child == 0) {
		troth_service_stopping(opened(), 1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

/* A socket in systemd's place; its name is in the abstract space. */
static int notify_socket(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), n;
	char name[64];

	n = snprintf(name, sizeof(name), "@troth-test-%d", (int)getpid());
	memcpy(a.sun_path + 1, name + 1, (size_t)n - 1);
	assert_int_equal(
		bind(fd, (struct sockaddr *)&a,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)n)),
		0);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void assert_notified(int fd, const char *want)
{
	char got[256];
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	assert_true(n > 0);
	got[n] = '\0';
	assert_string_equal(got, want);
}

static void systemd_hears_ready_and_signs_of_life_but_not_too_many(void **state)
{
	int fd = notify_socket();
	struct troth_service *s;
	char pid[32], got[16];

	(void)state;
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	s = opened();
	troth_service_ready(s, "serves");
	assert_notified(fd, "READY=1\nSTATUS=serves");
	assert_in_range(troth_service_alive(s), 1, 15000);
	assert_notified(fd, "WATCHDOG=1");
	(void)troth_service_alive(s);
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
	troth_service_stopping(s, 60000);
	assert_notified(fd, "STOPPING=1");
	troth_service_close(s);
	assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
	assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
	(void)close(fd);

	s = opened();
	assert_true(troth_service_alive(s) == INT64_MAX);
	troth_service_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hangup_reloads_and_term_stops_once),
		cmocka_unit_test(a_second_term_ends_the_process_at_once_with_1),
		cmocka_unit_test(a_stop_that_takes_too_long_ends_the_process_with_1),
		cmocka_unit_test(systemd_hears_ready_and_signs_of_life_but_not_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
