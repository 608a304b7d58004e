#include "out.h"

#include <stdio.h>
#include <string.h>

/* What has to be escaped: the quote, the backslash, control characters. */
static void put_string(struct troth_buf *b, struct troth_span s)
{
	size_t from = 0;

	troth_buf_put_u8(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.data[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		troth_buf_put(b, s.data + from, i - from);
		from = i + 1;
		if (c == '"' || c == '\\') {
			troth_buf_put_u8(b, '\\');
			troth_buf_put_u8(b, c);
		} else if (c == '\n') {
			troth_buf_put(b, "\\n", 2);
		} else {
			troth_buf_printf(b, "\\u%04x", c);
		}
	}
	troth_buf_put(b, s.data + from, s.len - from);
	troth_buf_put_u8(b, '"');
}

/* Keys are ours: they need no escapes. */
static void begin(struct troth_out *o, const char *key)
{
	if (o->comma)
		troth_buf_put_u8(o->b, ',');
	o->comma = true;
	if (key == NULL)
		return;
	troth_buf_put_u8(o->b, '"');
	troth_buf_put_str(o->b, key);
	troth_buf_put(o->b, "\":", 2);
}

static void open(struct troth_out *o, const char *key, char bracket)
{
	begin(o, key);
	troth_buf_put_u8(o->b, (uint8_t)bracket);
	o->comma = false;
}

static void end(struct troth_out *o, char bracket)
{
	troth_buf_put_u8(o->b, (uint8_t)bracket);
	o->comma = true;
}

void troth_out_object(struct troth_out *o, const char *key)
{
	open(o, key, '{');
}

void troth_out_array(struct troth_out *o, const char *key)
{
	open(o, key, '[');
}

void troth_out_end_object(struct troth_out *o)
{
	end(o, '}');
}

void troth_out_end_array(struct troth_out *o)
{
	end(o, ']');
}

void troth_out_span(struct troth_out *o, const char *key, struct troth_span s)
{
	begin(o, key);
	put_string(o->b, s);
}

void troth_out_text(struct troth_out *o, const char *key, const char *s)
{
	troth_out_span(o, key, troth_span_str(s));
}

void troth_out_uint(struct troth_out *o, const char *key, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	begin(o, key);
	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	troth_buf_put(o->b, digits + at, sizeof(digits) - at);
}

void troth_out_int(struct troth_out *o, const char *key, int64_t v)
{
	begin(o, key);
	troth_buf_printf(o->b, "%lld", (long long)v);
}

void troth_out_bool(struct troth_out *o, const char *key, bool v)
{
	begin(o, key);
	troth_buf_put_str(o->b, v ? "true" : "false");
}

void troth_out_null(struct troth_out *o, const char *key)
{
	begin(o, key);
	troth_buf_put(o->b, "null", 4);
}

void troth_out_id(struct troth_out *o, const char *key, enum troth_id_kind kind,
		  const struct troth_id *id)
{
	char text[TROTH_ID_TEXT];

	troth_id_format(text, kind, id);
	troth_out_text(o, key, text);
}

void troth_out_time(struct troth_out *o, const char *key, struct troth_time t)
{
	char text[TROTH_TIME_TEXT];

	troth_time_format(text, t);
	troth_out_text(o, key, text);
}

void troth_out_hex(struct troth_out *o, const char *key, const void *data, size_t len)
{
	char text[2 * TROTH_DIGEST_LEN + 1];

	if (len > TROTH_DIGEST_LEN)
		len = TROTH_DIGEST_LEN;
	troth_hex(text, data, len);
	troth_out_text(o, key, text);
}

void troth_out_raw(struct troth_out *o, const char *key, struct troth_span json)
{
	begin(o, key);
	troth_buf_put_span(o->b, json);
}

void troth_out_some_text(struct troth_out *o, const char *key, const char *s)
{
	if (s[0] != '\0')
		troth_out_text(o, key, s);
}

void troth_out_some_int(struct troth_out *o, const char *key, int64_t v)
{
	if (v != 0)
		troth_out_int(o, key, v);
}

void troth_out_some_time(struct troth_out *o, const char *key, struct troth_time t)
{
	if (t.ms != 0)
		troth_out_time(o, key, t);
}
