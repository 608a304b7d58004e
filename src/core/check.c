#include "check.h"

#include "troth/base/text.h"

bool check_fail(struct troth_flaw *flaw, const char *field, const char *problem)
{
	*flaw = (struct troth_flaw){ field, problem };
	return false;
}

bool check_name(const char *s, size_t max, bool required, const char *field,
		struct troth_flaw *flaw)
{
	if (s[0] == '\0')
		return !required || check_fail(flaw, field, "is missing");
	return troth_text_is_name(s, max) ||
	       check_fail(flaw, field,
			  "must be letters, digits and . _ - / and begin with a letter "
			  "or digit");
}

bool check_time(struct troth_time t, bool required, const char *field,
		struct troth_flaw *flaw)
{
	if (t.ms == 0)
		return !required || check_fail(flaw, field, "is missing");
	return (t.ms > 0 && t.ms <= TROTH_TIME_MAX_MS) ||
	       check_fail(flaw, field, "must be an instant before the year 10000");
}
