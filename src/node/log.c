#include "troth/node/log.h"

#include "troth/base/time.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
	const char *name;
	enum troth_log_level level;
	const char *meaning;
} events[] = {
#define TROTH_LOG_EVENT(name, level, meaning) { #name, TROTH_LEVEL_##level, meaning },
#include "troth/node/events.def"
#undef TROTH_LOG_EVENT
};

static _Atomic int let_through = TROTH_LEVEL_INFO;

static bool in_journal;
static pthread_once_t journal_once = PTHREAD_ONCE_INIT;

/* systemd names the journal's stream; stderr may have been redirected since. */
static void find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return;
	(void)snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev,
		       (uintmax_t)st.st_ino);
	in_journal = strcmp(mine, stream) == 0;
}

const char *troth_log_level_name(enum troth_log_level level)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	return names[level];
}

const char *troth_log_event_name(enum troth_log_event event)
{
	assert(event < TROTH_LOG_EVENTS);
	return events[event].name;
}

enum troth_log_level troth_log_event_level(enum troth_log_event event)
{
	assert(event < TROTH_LOG_EVENTS);
	return events[event].level;
}

const char *troth_log_event_meaning(enum troth_log_event event)
{
	assert(event < TROTH_LOG_EVENTS);
	return events[event].meaning;
}

enum troth_log_event troth_log_event_named(const char *name)
{
	size_t i = 0;

	while (i < TROTH_LEN(events) && strcmp(events[i].name, name) != 0)
		i++;
	return (enum troth_log_event)i;
}

void troth_log_help(FILE *out)
{
	(void)fprintf(out, "| event | level | meaning |\n| --- | --- | --- |\n");
	for (size_t i = 0; i < TROTH_LEN(events); i++)
		(void)fprintf(out, "| `%s` | %s | %s |\n", events[i].name,
			      troth_log_level_name(events[i].level), events[i].meaning);
}

void troth_log_set_level(enum troth_log_level level)
{
	atomic_store_explicit(&let_through, (int)level, memory_order_relaxed);
}

/* Characters that need no quotes. Bytes of UTF-8 beyond ASCII are let stand. */
static bool is_plain(unsigned char c)
{
	return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
}

static void put_quoted(struct troth_buf *out, const char *text, size_t len)
{
	troth_buf_put_u8(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '"' || c == '\\')
			troth_buf_printf(out, "\\%c", c);
		else if (c == '\n')
			troth_buf_put_str(out, "\\n");
		else if (c < ' ' || c == 0x7f)
			troth_buf_printf(out, "\\x%02x", c);
		else
			troth_buf_put_u8(out, c);
	}
	troth_buf_put_u8(out, '"');
}

static void put_value(struct troth_buf *out, const char *text)
{
	char cut[TROTH_LOG_VALUE_MAX + 1];
	size_t len = strlen(text);
	bool plain = len > 0;

	if (len > TROTH_LOG_VALUE_MAX) {
		len = TROTH_LOG_VALUE_MAX - 3;
		while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--; /* Not in the middle of a character. */
		(void)snprintf(cut, sizeof(cut), "%.*s...", (int)len, text);
		text = cut;
		len += 3;
	}
	for (size_t i = 0; i < len; i++)
		plain = plain && is_plain((unsigned char)text[i]);
	if (plain)
		troth_buf_put(out, text, len);
	else
		put_quoted(out, text, len);
}

void troth_log_format(struct troth_buf *out, enum troth_log_event event, const char *at,
		      const struct troth_log_field *fields, size_t n)
{
	assert(event < TROTH_LOG_EVENTS);
	troth_buf_printf(out, "%s %s", troth_log_level_name(events[event].level),
			 events[event].name);
	if (at[0] != '\0')
		troth_buf_printf(out, " at=%s", at);
	for (size_t i = 0; i < n; i++) {
		troth_buf_printf(out, " %s=", fields[i].key);
		if (fields[i].text != NULL)
			put_value(out, fields[i].text);
		else
			troth_buf_printf(out, "%lld", (long long)fields[i].number);
	}
}

void troth_log_write(enum troth_log_event event, const struct troth_log_field *fields,
		     size_t n)
{
	static const char priority[] = { '3', '4', '6', '7' };
	struct troth_buf line = TROTH_BUF_INIT;
	char at[TROTH_TIME_TEXT] = "";
	enum troth_log_level level = troth_log_event_level(event);
	struct timespec ts;

	if ((int)level > atomic_load_explicit(&let_through, memory_order_relaxed))
		return;
	(void)pthread_once(&journal_once, find_journal);
	if (in_journal) {
		troth_buf_printf(&line, "<%c>", priority[level]);
	} else {
		(void)clock_gettime(CLOCK_REALTIME, &ts);
		troth_time_format(at, (struct troth_time){ (int64_t)ts.tv_sec * 1000 +
							   ts.tv_nsec / 1000000 });
	}
	troth_log_format(&line, event, at, fields, n);
	troth_buf_put_u8(&line, '\n');
	if (!line.failed) {
		if (line.len > TROTH_LOG_LINE_MAX) {
			line.len = TROTH_LOG_LINE_MAX;
			line.data[line.len - 1] = '\n';
		}
		/* There is nowhere to report that the log is gone. */
		if (write(STDERR_FILENO, line.data, line.len) < 0)
			line.len = 0;
	}
	troth_buf_fini(&line);
}
