/*
 * capacity - in which capacity somebody acts, and what becomes of a step.
 */
#ifndef TROTH_CORE_CAPACITY_H
#define TROTH_CORE_CAPACITY_H

/* On a promise, a commitment, an alarm or a recovery; a set of bits. */
enum troth_capacity {
	TROTH_AS_MAKER = 0x01,    /* The party that made the promise. */
	TROTH_AS_SERVICE = 0x02,  /* Any participant that speaks with the customer. */
	TROTH_AS_HQ = 0x04,       /* The brand. */
	TROTH_AS_CLOCK = 0x08,    /* Central's clock. */
	TROTH_AS_DEBTOR = 0x10,   /* Of the commitment. */
	TROTH_AS_CREDITOR = 0x20, /* Of the commitment. */
	TROTH_AS_DELEGATE = 0x40, /* Asked to take the commitment over. */
	TROTH_AS_STATE = 0x80,    /* Nobody: it follows from other steps. */
	TROTH_AS_TOLD = 0x100,    /* A party that the alarm has been told, */
	TROTH_AS_TAKER = 0x200,   /* and the one that has taken it. */
	TROTH_AS_OWNER = 0x400,   /* Of the recovery. */
	/* Certified to TROTH_LEVEL_SUPERVISOR, of the party whose agent was not. */
	TROTH_AS_SUPERVISOR = 0x800,
	/* A vendor that takes part, and neither made nor owes what the recovery is
	 * about, nor owes its remedy. */
	TROTH_AS_CONTACT = 0x1000,
};
#define TROTH_AS_ANY 0x1fffu

enum troth_step {
	TROTH_STEP_OK = 0,
	TROTH_STEP_WRONG_STATE,    /* There is no such step from this state. */
	TROTH_STEP_WRONG_CAPACITY, /* There is, but not for whom asks. */
};

#endif
