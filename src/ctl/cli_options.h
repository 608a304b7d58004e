/* What the tables of commands have in common. */
#ifndef TROTH_CTL_CLI_OPTIONS_H
#define TROTH_CTL_CLI_OPTIONS_H

#include "cli.h"

#define TEXT(n, f, req, h)                                                               \
	{                                                                                \
		(n), (f), CLI_TEXT, (req), (h)                                           \
	}
#define END                                                                              \
	{                                                                                \
		NULL, NULL, CLI_TEXT, false, NULL                                        \
	}

#define ON_BEHALF TEXT("on-behalf", "on_behalf", false, "Party that this site acts for")
#define ACTOR     TEXT("actor", NULL, false, "Who acts (only with an integration token)")
#define NOTE      TEXT("note", NULL, false, "Free text for people")
#define FRESH     TEXT("fresh", NULL, false, "true: as new as central knows it, or an error")

/* Of lists: one page of them. */
#define LIMIT TEXT("limit", NULL, false, "At most so many")
#define AFTER TEXT("after", NULL, false, "Where the last page ended (see `next`)")
#define PAGE                                                                             \
	LIMIT, TEXT("cursor", NULL, false, "Where the last page ended (see `next`)"),    \
		FRESH

#endif
