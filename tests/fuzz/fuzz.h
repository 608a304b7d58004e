/*
 * fuzz - what a fuzz target and its driver agree on.
 *
 * Each fuzz_<parser>.c holds one LLVMFuzzerTestOneInput. Linked with
 * replay_main.c it replays files, as every run of the tests does with
 * corpus/<parser>/; built with TROTH_FUZZ it is a libFuzzer program.
 */
#ifndef TROTH_FUZZ_H
#define TROTH_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Never returns other than 0; what must not happen ends the program. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Says what did not hold, and ends the program in a way that fuzzers notice. */
#define MUST(condition)                                                                  \
	do {                                                                             \
		if (!(condition)) {                                                      \
			(void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__,    \
				      __LINE__, #condition);                             \
			abort();                                                         \
		}                                                                        \
	} while (0)

#endif
