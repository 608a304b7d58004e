/*
 * mutant - bugs planted on purpose, to see that the simulator finds them.
 *
 * TROTH_MUTANT(name) is false in everything that is built for use; only the
 * simulator's own copy of the layers is built with TROTH_MUTANTS and can switch
 * one of them on. A mutant that lives is a hole in the simulator.
 */
#ifndef TROTH_BASE_MUTANT_H
#define TROTH_BASE_MUTANT_H

#ifdef TROTH_MUTANTS

/* What the planted bug does. */
#define TROTH_MUTANTS_ALL(X)                                                             \
	X(answer_before_commit)                                                          \
	X(end)

enum troth_mutant_number {
	TROTH_MUTANT_none = 0,
#define TROTH_MUTANT_NUMBER(name) TROTH_MUTANT_##name,
	TROTH_MUTANTS_ALL(TROTH_MUTANT_NUMBER)
#undef TROTH_MUTANT_NUMBER
		TROTH_MUTANT_COUNT
};

/* The one that is switched on, and how they are called. */
extern int troth_mutant;
extern const char *const troth_mutant_names[TROTH_MUTANT_COUNT];

#define TROTH_MUTANT(name) (troth_mutant == TROTH_MUTANT_##name)

#else
#define TROTH_MUTANT(name) 0
#endif

#endif
