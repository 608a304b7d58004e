/* TZif bytes, and the rules of their footers: any zone that is taken can be asked. */
#include "troth/policy/zone.h"

#include "fuzz.h"

#include <string.h>

static void ask(const struct troth_zone *z, int64_t ms)
{
	struct troth_time until = { 0 }, back;
	int32_t ahead = troth_zone_ahead(z, (struct troth_time){ ms }, &until);
	int32_t date, shown;

	MUST(until.ms > ms);
	MUST(ahead >= -200000 && ahead <= 200000);
	troth_zone_local(z, (struct troth_time){ ms }, &date, &shown);
	MUST(shown >= 0 && shown < 86400000);
	back = troth_zone_instant(z, date, shown / 60000);
	MUST(back.ms <= ms); /* The first of the instants that show it. */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct troth_zone z;
	struct troth_why why = { "" };
	char rule[256] = "";

	if (troth_zone_decode(&z, troth_span(data, len), &why) == TROTH_OK) {
		MUST(z.count <= TROTH_ZONE_TRANSITIONS_MAX);
		for (int64_t ms = 1; ms < TROTH_TIME_MAX_MS; ms = ms * 3 + 12345)
			ask(&z, ms);
		for (unsigned i = 0; i < z.count && z.at[i] < TROTH_TIME_MAX_MS / 1000;
		     i++)
			ask(&z, z.at[i] * 1000);
	} else {
		MUST(why.text[0] != '\0');
	}
	memcpy(rule, data, len < sizeof(rule) - 1 ? len : sizeof(rule) - 1);
	z = (struct troth_zone){ .count = 0 };
	if (troth_zone_rule(&z, rule))
		ask(&z, INT64_C(1790000000000));
	(void)troth_zone_name_ok(rule);
	return 0;
}
