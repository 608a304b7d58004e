/* TZif bytes to a zone (RFC 9636 3). Pure. */
#include "troth/policy/zone.h"

#include <string.h>

#define HEADER_LEN  44
#define RULE_MAX    128   /* Bytes of a footer. */
#define AHEAD_MAX_S 93600 /* 26 hours, either way. */

/* ---- The footer: a POSIX TZ string ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

/* A number of one to three digits, at most `max`. */
static bool number(const char **p, int max, int *out)
{
	int n = 0, digits = 0;

	for (; digits < 3 && is_digit(**p); digits++)
		n = n * 10 + (*(*p)++ - '0');
	*out = n;
	return digits > 0 && n <= max && !is_digit(**p);
}

/* An abbreviation: three or more letters, or anything of the kind in < >. */
static bool abbreviation(const char **p)
{
	size_t len = 0;

	if (literal(p, '<')) {
		while (is_letter((*p)[len]) || is_digit((*p)[len]) || (*p)[len] == '+' ||
		       (*p)[len] == '-')
			len++;
		*p += len;
		return len >= 3 && literal(p, '>');
	}
	while (is_letter((*p)[len]))
		len++;
	*p += len;
	return len >= 3;
}

/* [+-]hh[:mm[:ss]] with at most `hours`. */
static bool clock_time(const char **p, int hours, int32_t *out_s)
{
	int sign = 1, h, m = 0, s = 0;

	if (literal(p, '-'))
		sign = -1;
	else
		(void)literal(p, '+');
	if (!number(p, hours, &h))
		return false;
	if (literal(p, ':')) {
		if (!number(p, 59, &m))
			return false;
		if (literal(p, ':') && !number(p, 59, &s))
			return false;
	}
	*out_s = sign * (h * 3600 + m * 60 + s);
	return true;
}

static bool change(const char **p, struct troth_zone_change *c)
{
	*c = (struct troth_zone_change){ .how = TROTH_ZONE_DAY, .at_s = 2 * 3600 };
	if (literal(p, 'M')) {
		c->how = TROTH_ZONE_WEEKDAY;
		if (!number(p, 12, &c->month) || c->month < 1 || !literal(p, '.') ||
		    !number(p, 5, &c->week) || c->week < 1 || !literal(p, '.') ||
		    !number(p, 6, &c->day))
			return false;
	} else if (literal(p, 'J')) {
		c->how = TROTH_ZONE_JULIAN;
		if (!number(p, 365, &c->day) || c->day < 1)
			return false;
	} else if (!number(p, 365, &c->day)) {
		return false;
	}
	return !literal(p, '/') || clock_time(p, 167, &c->at_s);
}

bool troth_zone_rule(struct troth_zone *z, const char *text)
{
	const char *p = text;
	struct troth_zone_change begins = { 0 }, ends = { 0 };
	int32_t standard, summer = 0;
	bool has_summer = false;

	if (!abbreviation(&p) || !clock_time(&p, 24, &standard))
		return false;
	if (*p != '\0') {
		has_summer = true;
		summer = standard - 3600; /* POSIX counts towards the west. */
		if (!abbreviation(&p) || (*p != ',' && !clock_time(&p, 24, &summer)))
			return false;
		if (!literal(&p, ',') || !change(&p, &begins) || !literal(&p, ',') ||
		    !change(&p, &ends) || *p != '\0')
			return false;
	}
	z->has_rule = true;
	z->has_summer = has_summer;
	z->standard_s = -standard;
	z->summer_s = -summer;
	z->begins = begins;
	z->ends = ends;
	return true;
}

/* ---- The file ---- */

struct header {
	uint8_t version;
	uint32_t isut, isstd, leap, times, types, chars;
};

static bool read_header(struct troth_reader *r, struct header *h)
{
	struct troth_span magic = troth_read_span(r, 4);

	h->version = troth_read_u8(r);
	(void)troth_read_span(r, 15);
	h->isut = troth_read_u32be(r);
	h->isstd = troth_read_u32be(r);
	h->leap = troth_read_u32be(r);
	h->times = troth_read_u32be(r);
	h->types = troth_read_u32be(r);
	h->chars = troth_read_u32be(r);
	return !r->failed && memcmp(magic.data, "TZif", 4) == 0;
}

/* No number of a file of TROTH_ZONE_FILE_MAX bytes can be greater, so sums fit. */
static bool sane(const struct header *h)
{
	const uint32_t max = TROTH_ZONE_FILE_MAX;

	return h->isut <= max && h->isstd <= max && h->leap <= max && h->times <= max &&
	       h->types <= max && h->chars <= max;
}

/* A file's second block, cut up but not understood. */
struct block {
	struct header h;
	struct troth_span times, which, types, footer;
};

static bool cut(struct block *b, struct troth_span in)
{
	struct troth_reader r = troth_reader(in);
	struct header *h = &b->h;

	if (!read_header(&r, h) || h->version < '2' || !sane(h))
		return false;
	(void)troth_read_span(&r, (size_t)h->times * 5 + (size_t)h->types * 6 + h->chars +
					  (size_t)h->leap * 8 + h->isstd + h->isut);
	if (!read_header(&r, h) || !sane(h) || h->types == 0 || h->types > 256)
		return false;
	b->times = troth_read_span(&r, (size_t)h->times * 8);
	b->which = troth_read_span(&r, h->times);
	b->types = troth_read_span(&r, (size_t)h->types * 6);
	(void)troth_read_span(&r, h->chars + (size_t)h->leap * 12 + h->isstd + h->isut);
	b->footer = troth_read_span(&r, in.len - r.pos);
	return !r.failed;
}

/* The offset of a type, or INT32_MIN where it is none that a zone has. */
static int32_t ahead_of(const struct block *b, uint8_t type)
{
	struct troth_reader r = troth_reader(b->types);
	int32_t ahead;

	if (type >= b->h.types)
		return INT32_MIN;
	(void)troth_read_span(&r, (size_t)type * 6);
	ahead = (int32_t)troth_read_u32be(&r);
	return ahead >= -AHEAD_MAX_S && ahead <= AHEAD_MAX_S ? ahead : INT32_MIN;
}

static enum troth_err take_times(struct troth_zone *z, const struct block *b,
				 struct troth_why *why)
{
	struct troth_reader r = troth_reader(b->times);
	int64_t last = INT64_MIN;
	int32_t before;

	z->first_s = before = ahead_of(b, 0);
	if (z->first_s == INT32_MIN)
		return troth_fail(why, TROTH_ERR_INPUT, "an offset beyond 26 hours");
	for (uint32_t i = 0; i < b->h.times; i++) {
		int64_t at = (int64_t)troth_read_u64be(&r);
		int32_t ahead = ahead_of(b, b->which.data[i]);

		if (ahead == INT32_MIN || (i > 0 && at <= last))
			return troth_fail(why, TROTH_ERR_INPUT,
					  "transition %u is not as TZif has it", i);
		last = at;
		if (at < 0) {
			z->first_s = ahead;
		} else if (ahead != before) {
			if (z->count == TROTH_ZONE_TRANSITIONS_MAX)
				return troth_fail(why, TROTH_ERR_LIMIT,
						  "more than %d transitions",
						  TROTH_ZONE_TRANSITIONS_MAX);
			z->at[z->count] = at;
			z->ahead_s[z->count++] = ahead;
		}
		before = ahead;
	}
	return TROTH_OK;
}

/* Newline, rule (perhaps none), newline, and nothing more. */
static bool take_footer(struct troth_zone *z, struct troth_span f)
{
	char text[RULE_MAX + 1];

	if (f.len < 2 || f.len - 2 > RULE_MAX || f.data[0] != '\n' ||
	    f.data[f.len - 1] != '\n' || memchr(f.data, '\0', f.len) != NULL)
		return false;
	memcpy(text, f.data + 1, f.len - 2);
	text[f.len - 2] = '\0';
	return text[0] == '\0' || troth_zone_rule(z, text);
}

enum troth_err troth_zone_decode(struct troth_zone *out, struct troth_span in,
				 struct troth_why *why)
{
	struct block b;
	enum troth_err err;

	*out = (struct troth_zone){ .count = 0 };
	if (in.len > TROTH_ZONE_FILE_MAX)
		return troth_fail(why, TROTH_ERR_LIMIT, "larger than %zu bytes",
				  TROTH_ZONE_FILE_MAX);
	if (!cut(&b, in))
		return troth_fail(why, TROTH_ERR_INPUT,
				  "not a TZif file of version 2 or later");
	if (b.h.leap > 0)
		return troth_fail(why, TROTH_ERR_INPUT, "counts leap seconds");
	err = take_times(out, &b, why);
	if (err == TROTH_OK && !take_footer(out, b.footer))
		err = troth_fail(why, TROTH_ERR_INPUT,
				 "its footer is not a rule for the time to come");
	return err;
}
