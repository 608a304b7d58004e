#include "troth/base/id.h"

#include <string.h>

static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

static const char *const prefixes[] = {
	[TROTH_ID_ORDER] = "ord_",    [TROTH_ID_CASE] = "cas_",
	[TROTH_ID_PROMISE] = "prm_",  [TROTH_ID_COMMITMENT] = "com_",
	[TROTH_ID_EVENT] = "evt_",    [TROTH_ID_ALARM] = "alm_",
	[TROTH_ID_RECOVERY] = "rec_", [TROTH_ID_AUTHORITY] = "aut_",
};

#define PREFIX_LEN 4
#define DIGITS     26 /* 26 * 5 = 130 bits: the first digit holds only three. */

struct troth_id troth_id_make(struct troth_time now, const uint8_t random[10])
{
	struct troth_id id;

	for (int i = 0; i < 6; i++)
		id.b[i] = (uint8_t)((uint64_t)now.ms >> (40 - 8 * i));
	memcpy(id.b + 6, random, 10);
	id.b[6] = (uint8_t)(0x70 | (id.b[6] & 0x0f));
	id.b[8] = (uint8_t)(0x80 | (id.b[8] & 0x3f));
	return id;
}

struct troth_time troth_id_time(const struct troth_id *id)
{
	int64_t ms = 0;

	for (int i = 0; i < 6; i++)
		ms = ms << 8 | id->b[i];
	return (struct troth_time){ ms };
}

bool troth_id_eq(const struct troth_id *a, const struct troth_id *b)
{
	return memcmp(a->b, b->b, TROTH_ID_LEN) == 0;
}

bool troth_id_is_zero(const struct troth_id *id)
{
	static const struct troth_id zero;

	return troth_id_eq(id, &zero);
}

/* Bit `i` of the 130-bit number whose two leading bits are zero. */
static unsigned bit(const struct troth_id *id, int i)
{
	i -= 2;
	return i < 0 ? 0 : (unsigned)id->b[i / 8] >> (7 - i % 8) & 1;
}

static unsigned digit(const struct troth_id *id, int n)
{
	unsigned v = 0;

	for (int i = 0; i < 5; i++)
		v = v << 1 | bit(id, n * 5 + i);
	return v;
}

void troth_id_format(char out[TROTH_ID_TEXT], enum troth_id_kind kind,
		     const struct troth_id *id)
{
	memcpy(out, prefixes[kind], PREFIX_LEN);
	for (int n = 0; n < DIGITS; n++)
		out[PREFIX_LEN + n] = alphabet[digit(id, n)];
	out[PREFIX_LEN + DIGITS] = '\0';
}

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c == 'o')
		c = '0';
	if (c == 'i' || c == 'l')
		c = '1';

	const char *at = c == '\0' ? NULL : strchr(alphabet, c);
	return at == NULL ? -1 : (int)(at - alphabet);
}

bool troth_id_parse(struct troth_id *out, enum troth_id_kind kind, const char *text)
{
	struct troth_id id = { { 0 } };

	if (strncmp(text, prefixes[kind], PREFIX_LEN) != 0 ||
	    strlen(text) != PREFIX_LEN + DIGITS)
		return false;
	for (int n = 0; n < DIGITS; n++) {
		int v = value(text[PREFIX_LEN + n]);

		if (v < 0 || (n == 0 && v > 7))
			return false;
		for (int i = 0; i < 5; i++) {
			int at = n * 5 + i - 2;

			if (at >= 0 && (v >> (4 - i) & 1) != 0)
				id.b[at / 8] |= (uint8_t)(1u << (7 - at % 8));
		}
	}
	*out = id;
	return true;
}

void troth_id_short(char out[TROTH_SHORT_CODE], const struct troth_id *id)
{
	for (int n = 0; n < 8; n++) {
		char c = alphabet[digit(id, DIGITS - 8 + n)];

		out[n + (n >= 4)] = c >= 'a' ? (char)(c - 'a' + 'A') : c;
	}
	out[4] = '-';
	out[9] = '\0';
}
