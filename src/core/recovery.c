/* The life of a recovery, and the names of its parts. */
#include "names.h"
#include "subject.h"

#define BIT(s) (1u << TROTH_RECOVERY_##s)
/* Who answers for it, */
#define OWNER (TROTH_AS_OWNER | TROTH_AS_HQ)
/* who may say what the customer wants or feels, which may end what others owe, */
#define CONTACT (OWNER | TROTH_AS_CONTACT)
/* and whoever helps. */
#define SERVICE (OWNER | TROTH_AS_SERVICE)
#define TO_DO   (BIT(OPEN) | BIT(OFFERED) | BIT(REOPENED))
#define OPEN    (TO_DO | BIT(MADE_GOOD) | BIT(FOLLOW_UP))
/* `to` of a step that changes no state. */
#define STAYS TROTH_RECOVERY_NONE

static const struct edge {
	unsigned from; /* A set of states. */
	enum troth_recovery_action action;
	unsigned as;
	enum troth_recovery_state to;
} edges[] = {
	{ OPEN, TROTH_RECOVERY_DO_APOLOGISE, SERVICE, STAYS },
	{ OPEN, TROTH_RECOVERY_DO_HARMS, SERVICE, STAYS },
	{ TO_DO, TROTH_RECOVERY_DO_CHOOSE, SERVICE, TROTH_RECOVERY_OFFERED },
	{ TO_DO, TROTH_RECOVERY_DO_WAIVE, CONTACT, TROTH_RECOVERY_MADE_GOOD },
	{ BIT(MADE_GOOD), TROTH_RECOVERY_DO_HELPED, CONTACT, TROTH_RECOVERY_FOLLOW_UP },
	{ BIT(MADE_GOOD), TROTH_RECOVERY_DO_UNREACHED, CONTACT,
	  TROTH_RECOVERY_FOLLOW_UP },
	{ BIT(MADE_GOOD) | BIT(FOLLOW_UP) | BIT(DONE), TROTH_RECOVERY_DO_NOT_HELPED,
	  CONTACT, TROTH_RECOVERY_REOPENED },
	{ BIT(FOLLOW_UP), TROTH_RECOVERY_DO_FINISH, SERVICE, TROTH_RECOVERY_DONE },
	{ TO_DO, TROTH_RECOVERY_DO_DENY, OWNER, TROTH_RECOVERY_DENIED },
	{ BIT(DENIED), TROTH_RECOVERY_DO_APPEAL, SERVICE, TROTH_RECOVERY_APPEALED },
	{ BIT(APPEALED), TROTH_RECOVERY_DO_UPHOLD, TROTH_AS_HQ, TROTH_RECOVERY_UPHELD },
	{ BIT(APPEALED), TROTH_RECOVERY_DO_OVERTURN, TROTH_AS_HQ, TROTH_RECOVERY_OPEN },
	{ TO_DO, TROTH_RECOVERY_DO_KEEP, TROTH_AS_STATE, TROTH_RECOVERY_MADE_GOOD },
	{ OPEN | BIT(DONE), TROTH_RECOVERY_DO_FAIL, TROTH_AS_STATE,
	  TROTH_RECOVERY_REOPENED },
};

/* A broken promise is a fact; only what somebody says of it can be denied. */
static bool is_of_complaints(enum troth_recovery_action action)
{
	return action >= TROTH_RECOVERY_DO_DENY && action <= TROTH_RECOVERY_DO_OVERTURN;
}

enum troth_step troth_recovery_next(enum troth_recovery_state from, bool complaint,
				    enum troth_recovery_action action, unsigned as,
				    enum troth_recovery_state *to)
{
	for (size_t i = 0; i < TROTH_LEN(edges); i++) {
		if ((edges[i].from & 1u << from) == 0 || edges[i].action != action)
			continue;
		if (!complaint && is_of_complaints(action))
			break;
		if ((edges[i].as & as) == 0)
			return TROTH_STEP_WRONG_CAPACITY;
		*to = edges[i].to == STAYS ? from : edges[i].to;
		return TROTH_STEP_OK;
	}
	return TROTH_STEP_WRONG_STATE;
}

unsigned troth_recovery_by(enum troth_recovery_action action)
{
	unsigned as = 0;

	for (size_t i = 0; i < TROTH_LEN(edges); i++)
		if (edges[i].action == action)
			as |= edges[i].as;
	return as;
}

bool troth_recovery_is_open(enum troth_recovery_state s)
{
	return ((OPEN | BIT(APPEALED)) & 1u << s) != 0;
}

static const char *const choices[] = { NULL, "goods", "money", "credit" };

static const char *const states[] = {
	"none", "open",     "offered", "made_good", "follow_up",
	"done", "reopened", "denied",  "appealed",  "upheld",
};

static const char *const actions[] = {
	NULL,     "apologise",  "harms",     "choose", "waive",
	"helped", "not_helped", "unreached", "finish", "deny",
	"appeal", "uphold",     "overturn",  "keep",   "fail",
};

const char *troth_choice_name(enum troth_choice v)
{
	return name_of(NAMES(choices), (unsigned)v);
}

int troth_choice_number(const char *text)
{
	return number_of(NAMES(choices), text);
}

const char *troth_recovery_state_name(enum troth_recovery_state v)
{
	return name_of(NAMES(states), (unsigned)v);
}

const char *troth_recovery_action_name(enum troth_recovery_action v)
{
	return name_of(NAMES(actions), (unsigned)v);
}

enum troth_recovery_action troth_recovery_action_of(const struct troth_event *e)
{
	if (e->type == TROTH_EVENT_COMPLAINT_DENIED)
		return TROTH_RECOVERY_DO_DENY;
	if (e->type == TROTH_EVENT_DENIAL_APPEALED)
		return TROTH_RECOVERY_DO_APPEAL;
	return e->u.recovery.action;
}
