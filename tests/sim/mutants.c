#include "troth/base/mutant.h"

int troth_mutant;

const char *const troth_mutant_names[TROTH_MUTANT_COUNT] = { [0] = "none",
#define NAME(name) [TROTH_MUTANT_##name] = #name,
							     TROTH_MUTANTS_ALL(NAME)
#undef NAME
};
