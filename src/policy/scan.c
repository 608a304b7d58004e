/*
 * What libconfig is not to see. It would read other files on @include; it goes down
 * a frame of its stack for each bracket that is open; it compares each key of a group
 * with all before it; and the text of a string that
 * does not end, or that stands where none may, it never gives back (libconfig 1.5).
 */
#include "read.h"

#include "troth/base/text.h"

#include <string.h>

#define OPEN_MAX 64
#define KEYS_MAX 256

struct scan {
	const char *text;
	size_t len, at;
	char open[OPEN_MAX]; /* Brackets, as they were opened. */
	unsigned depth;
	unsigned keys[OPEN_MAX + 1]; /* By depth, in the group that is open. */
	char before;                 /* The last token: its first character. */
};

static bool is_at(const struct scan *s, const char *what)
{
	size_t len = strlen(what);

	return s->len - s->at >= len && memcmp(s->text + s->at, what, len) == 0;
}

/* Goes behind the next `end`, or to the end of the text; false: there is none. */
static bool skip_to(struct scan *s, const char *end)
{
	while (s->at < s->len && !is_at(s, end))
		s->at++;
	if (s->at == s->len)
		return false;
	s->at += strlen(end);
	return true;
}

static bool string_may_stand(const struct scan *s)
{
	bool listed = s->depth > 0 && s->open[s->depth - 1] != '{';

	return s->before == '=' || s->before == ':' || s->before == '"' ||
	       (listed && strchr("([,", s->before) != NULL);
}

static const char *scan_string(struct scan *s)
{
	if (!string_may_stand(s))
		return "text in quotes where none may stand";
	s->before = '"';
	for (s->at++; s->at < s->len && s->text[s->at] != '"'; s->at++)
		if (s->text[s->at] == '\\')
			s->at++;
	if (s->at >= s->len)
		return "text in quotes that does not end";
	s->at++;
	return NULL;
}

static const char *scan_bracket(struct scan *s, char c)
{
	static const char opening[] = "{([", closing[] = "})]";
	const char *which = strchr(closing, c);

	s->before = c;
	s->at++;
	if (which == NULL) {
		if (s->depth == OPEN_MAX)
			return "more than 64 open brackets";
		s->open[s->depth++] = c;
		s->keys[s->depth] = 0;
		return NULL;
	}
	if (s->depth == 0 || s->open[s->depth - 1] != opening[which - closing])
		return "a bracket closes what is not open";
	s->depth--;
	return NULL;
}

/* The next token; NULL, or what is wrong with it. */
static const char *scan_token(struct scan *s)
{
	char c = s->text[s->at];

	if (c == '#' || is_at(s, "//")) {
		(void)skip_to(s, "\n");
		return NULL;
	}
	if (is_at(s, "/*")) {
		s->at += 2; /* Its own star ends no comment. */
		return skip_to(s, "*/") ? NULL : "a comment that does not end";
	}
	if (c == '"')
		return scan_string(s);
	if (strchr("{([})]", c) != NULL)
		return scan_bracket(s, c);
	if (strchr(" \t\n", c) == NULL)
		s->before = c;
	s->at++;
	if ((c == '=' || c == ':') && ++s->keys[s->depth] > KEYS_MAX)
		return "more than 256 keys in a group";
	return NULL;
}

unsigned read_line_of(const char *text, const char *at)
{
	unsigned line = 1;

	for (; text < at; text++)
		line += *text == '\n';
	return line;
}

static enum troth_err fail_at(struct troth_why *why, const char *text, const char *at,
			      const char *problem)
{
	return troth_fail(why, TROTH_ERR_INPUT, "line %u: %s", read_line_of(text, at),
			  problem);
}

enum troth_err read_scan(const char *text, size_t len, struct troth_why *why)
{
	struct scan s = { .text = text, .len = len };
	const char *found;

	if (len > TROTH_POLICY_TEXT_MAX)
		return troth_fail(why, TROTH_ERR_LIMIT,
				  "%zu bytes, and a policy has at most %zu", len,
				  TROTH_POLICY_TEXT_MAX);
	if (len == 0)
		return TROTH_OK;
	found = memchr(text, '\0', len);
	if (found != NULL)
		return fail_at(why, text, found, "a zero byte");
	found = memchr(text, '\r', len);
	if (found != NULL)
		return fail_at(why, text, found, "lines must end without CR");
	if (!troth_text_ok(troth_span(text, len), true))
		return troth_fail(why, TROTH_ERR_INPUT,
				  "not UTF-8, or with control characters");
	found = memmem(text, len, "@include", 8);
	if (found != NULL)
		return fail_at(why, text, found, "@include: a policy is one text");
	while (s.at < s.len) {
		size_t began = s.at;
		const char *problem = scan_token(&s);

		if (problem != NULL)
			return fail_at(why, text, text + began, problem);
	}
	return TROTH_OK;
}
