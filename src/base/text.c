#include "troth/base/text.h"

#include <assert.h>
#include <string.h>

/* Decodes one character at `p`; returns its length, or 0 if it is malformed. */
static size_t decode(const uint8_t *p, size_t left, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = p[0] < 0x80             ? 1
		     : (p[0] & 0xe0) == 0xc0 ? 2
		     : (p[0] & 0xf0) == 0xe0 ? 3
		     : (p[0] & 0xf8) == 0xf0 ? 4
					     : 0;

	if (len == 0 || len > left)
		return 0;
	*c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	if (*c < least[len] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return len;
}

bool troth_text_ok(struct troth_span s, bool lines)
{
	for (size_t i = 0; i < s.len;) {
		uint32_t c;
		size_t len = decode(s.data + i, s.len - i, &c);

		if (len == 0 || c == 0xfffd)
			return false;
		if (c < 0x20 && !(lines && (c == '\n' || c == '\t')))
			return false;
		if (c >= 0x7f && c <= 0x9f)
			return false;
		i += len;
	}
	return true;
}

static bool alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool troth_text_is_name(const char *s, size_t max)
{
	size_t len = strnlen(s, max + 1);

	if (len == 0 || len > max || !alnum(s[0]))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!alnum(s[i]) && strchr("._-/", s[i]) == NULL)
			return false;
	return true;
}

bool troth_text_is_currency(const char *s)
{
	for (int i = 0; i < 3; i++)
		if (s[i] < 'A' || s[i] > 'Z')
			return false;
	return s[3] == '\0';
}

void troth_text_copy(char *out, size_t size, const char *s)
{
	size_t len = strlen(s);

	assert(len < size);
	memcpy(out, s, len + 1);
}
