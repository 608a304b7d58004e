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

#endif
