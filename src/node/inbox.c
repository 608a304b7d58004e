#include "troth/node/inbox.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

/* A wait that is longer says no more: the caller asks again. */
#define WAIT_MAX_MS (INT64_C(24) * 3600 * 1000)

void troth_inbox_init(struct troth_inbox *inbox, size_t len_max)
{
	pthread_condattr_t attr;

	*inbox = (struct troth_inbox){ .len_max = len_max };
	inbox->end = &inbox->first;
	(void)pthread_mutex_init(&inbox->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&inbox->came, &attr);
	(void)pthread_condattr_destroy(&attr);
}

void troth_inbox_fini(struct troth_inbox *inbox)
{
	(void)pthread_cond_destroy(&inbox->came);
	(void)pthread_mutex_destroy(&inbox->lock);
}

/* A sleeper is woken after the lock is free, else it would wake to wait for it. */
static void unlock_and_wake(struct troth_inbox *inbox)
{
	bool wake = inbox->waiting;

	inbox->waiting = false;
	(void)pthread_mutex_unlock(&inbox->lock);
	if (wake)
		(void)pthread_cond_signal(&inbox->came);
}

static void hang(struct troth_inbox *inbox, struct troth_mail *mail)
{
	mail->next = NULL;
	*inbox->end = mail;
	inbox->end = &mail->next;
	inbox->len += mail->len;
}

bool troth_inbox_put(struct troth_inbox *inbox, struct troth_mail *mail)
{
	bool fits;

	(void)pthread_mutex_lock(&inbox->lock);
	fits = inbox->len == 0 ||
	       (inbox->len <= inbox->len_max && mail->len <= inbox->len_max - inbox->len);
	if (fits)
		hang(inbox, mail);
	unlock_and_wake(inbox);
	return fits;
}

void troth_inbox_put_all(struct troth_inbox *inbox, struct troth_mail *list)
{
	struct troth_mail *next;

	(void)pthread_mutex_lock(&inbox->lock);
	for (; list != NULL; list = next) {
		next = list->next;
		hang(inbox, list);
	}
	unlock_and_wake(inbox);
}

void troth_inbox_nudge(struct troth_inbox *inbox)
{
	(void)pthread_mutex_lock(&inbox->lock);
	inbox->nudged = true;
	unlock_and_wake(inbox);
}

static struct timespec in_ms(int64_t wait_ms)
{
	struct timespec ts;

	if (wait_ms > WAIT_MAX_MS)
		wait_ms = WAIT_MAX_MS;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += wait_ms / 1000;
	ts.tv_nsec += (wait_ms % 1000) * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_sec++;
		ts.tv_nsec -= 1000000000;
	}
	return ts;
}

struct troth_mail *troth_inbox_take(struct troth_inbox *inbox, int64_t wait_ms)
{
	struct troth_mail *list;
	struct timespec until;
	int rc = 0;

	(void)pthread_mutex_lock(&inbox->lock);
	if (wait_ms > 0 && inbox->first == NULL) {
		until = in_ms(wait_ms);
		while (inbox->first == NULL && !inbox->nudged && rc == 0) {
			inbox->waiting = true;
			rc = pthread_cond_timedwait(&inbox->came, &inbox->lock, &until);
		}
		assert(rc == 0 || rc == ETIMEDOUT);
		inbox->waiting = false;
	}
	inbox->nudged = false;
	list = inbox->first;
	inbox->first = NULL;
	inbox->end = &inbox->first;
	inbox->len = 0;
	(void)pthread_mutex_unlock(&inbox->lock);
	return list;
}
