#!/usr/bin/env python3
""""As soon as possible", "within 24 hours", "3 to 7 working days".

What is promised has an instant by which it is due, always. Where the agent names none,
the calendar of HQ's policy does; where the agent names one that cannot be kept, the
answer is no, with the earliest that can.
"""

from authority_kit import ask, delegate, publish
from needs_kit import Needs, VENDOR, main, must

POLICY = """
calendars: { service: { zone = "Europe/Berlin"; hours: { mon-fri = "09:00-17:00"; };
	holidays = [ "2026-12-25", "2026-12-26" ]; }; };
rules: ( { kind = "callback"; earliest = "2 working days in service"; },
	{ kind = "answer"; earliest = "3 working hours in service"; } );
"""
GRANT = {"grant": "calls", "kinds": ["callback", "answer"], "most": 1}
CALLBACK = {"kind": "callback", "reason": "fault"}

# Wednesday. Two working days on: Thursday is the first, Friday is Christmas, then the
# weekend, so it is the close of Monday, 17:00 in Berlin.
NOW = "2026-12-23T15:00:00Z"
MONDAY = "2026-12-28T16:00:00.000Z"
# An hour is left of Wednesday, two are then of Thursday.
THURSDAY = "2026-12-24T10:00:00.000Z"


def a_promise_without_a_due_is_refused(directory):
    with Needs(directory, sites=(VENDOR,)) as fed:
        ann = fed.person(VENDOR, "ann", "agent")
        case = ann.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
        owed = [{"debtor": "acme", "action": "call_back"}]
        for due in ({}, {"due": None}, {"due": "as soon as possible"}, {"due": "24 hours"},
                    {"due": "2031-01-02"}):
            got = ann.post("/v1/cases/%s/promises" % case["id"],
                           {**CALLBACK, "commitments": owed, **due})
            must(got.status == 422 and got.body["field"].startswith("due"), due, got)
        must(ann.must_get("/v1/cases/" + case["id"])["promises"] == [], "something stands")


def the_calendar_names_the_due_that_the_agent_does_not(directory):
    with Needs(directory, sites=(VENDOR,), clock=NOW) as fed:
        ann = fed.person(VENDOR, "ann", "agent")
        publish(fed, POLICY)
        delegate(fed, ["acme"], GRANT)
        case = ann.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
        path = "/v1/cases/" + case["id"]
        fed.cut()  # It takes no word from HQ.
        yes = ask(ann, path, CALLBACK, "yes")
        must(yes["due"] == MONDAY and yes["earliest_due"] == MONDAY, yes)
        yes = ask(ann, path, {**CALLBACK, "kind": "answer"}, "yes")
        must(yes["due"] == THURSDAY, yes)
        # A minute before it cannot be kept; who asks is told what can.
        no = ask(ann, path, {**CALLBACK, "due": "2026-12-28T15:59:00Z"}, "no",
                 "due_too_early")
        must(no["earliest_due"] == MONDAY, no)
        later = ask(ann, path, {**CALLBACK, "due": "2026-12-29T09:00:00Z"}, "yes")
        must(later["due"] == "2026-12-29T09:00:00.000Z", later)
        said = ann.must_get("/v1/promises/" + yes["promise"])["promise"]
        must(said["due"] == THURSDAY and said["state"] == "proposed", said)
        fed.heal()
        fed.settle()


if __name__ == "__main__":
    main()
