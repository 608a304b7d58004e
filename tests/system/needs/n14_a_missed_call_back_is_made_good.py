#!/usr/bin/env python3
"""A call-back only after insisting; "department XX will call you".

A call-back is a promise with a debtor and a due. Missed, it is broken by central's
clock, by nobody's leave, and somebody looks after it from that instant.
"""

from needs_kit import main, must
from recovery_kit import (MORNING, call_back, federation, later, open_case, start,
                          wait_alarm, wait_recovery)


def a_call_back_without_a_due_is_not_taken(directory):
    with federation(directory) as fed:
        ann, _ = start(fed)
        got = ann.post(open_case(ann) + "/promises", {
            "kind": "callback", "reason": "no_picture",
            "commitments": [{"debtor": "acme", "action": "call_back",
                             "due": later(MORNING, hours=1)}]})
        must(got.status == 422 and got.body["field"] == "due", got)


def missed_it_is_broken_and_a_recovery_is_open(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case = open_case(ann)
        promise = call_back(ann, case, later(MORNING, minutes=30))
        fed.settle()
        fed.set_clock(later(MORNING, minutes=21))
        wait_alarm(hq, case, "at_risk", promise=promise, to="ann", party="acme")
        fed.set_clock(later(MORNING, minutes=34))  # Within the grace of five minutes.
        fed.settle()
        must(hq.must_get("/v1/promises/" + promise)["promise"]["state"] == "active", "grace")
        fed.set_clock(later(MORNING, minutes=35, seconds=1))
        opened = wait_recovery(ann, promise, state="open")
        must(opened["owner"] == "acme" and opened["failure"] == "no_callback", opened)
        must(opened["policy_version"] == 1, opened)
        wait_alarm(hq, case, "broken", promise=promise, to="dora", party="acme")
        wait_alarm(hq, case, "at_risk", state="ended")


def kept_in_time_nobody_is_told(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case = open_case(ann)
        promise = call_back(ann, case, later(MORNING, minutes=30))
        one = ann.must_get("/v1/promises/" + promise)["promise"]["commitments"][0]["id"]
        ann.must_post("/v1/commitments/" + one + "/fulfil",
                      {"evidence": {"kind": "note", "text": "spoke with her"}})
        fed.settle()
        fed.set_clock(later(MORNING, minutes=29))
        fed.settle()
        got = hq.must_get(case)
        must(got["recoveries"] == [] and got["alarms"] == [], got)


if __name__ == "__main__":
    main()
