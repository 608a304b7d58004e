#!/usr/bin/env python3
"""Slow recovery costs more: twelve people hear of it.

A breach opens a recovery within the same tick of central's clock: the two stand next to
each other in the ledger and were accepted at the same instant. After downtime too.
"""

from needs_kit import main, must
from recovery_kit import (MORNING, broken_call_back, call_back, federation, later,
                          open_case, start, wait_recovery)


def steps(hq, case):
    return hq.must_get(case + "/history?limit=200")["items"]


def in_one_tick(hq, case):
    told = [e for e in steps(hq, case) if e["type"] in ("promise_step", "recovery_opened")]
    must([e["type"] for e in told] == ["promise_step", "recovery_opened"], told)
    must(told[0]["payload"]["action"] == "break", told)
    must(told[0]["accepted"] == told[1]["accepted"], told)
    must(told[0]["position"] + 1 == told[1]["position"], told)
    must({e["actor"] for e in told} == {"clock"}, told)


def a_recovery_opens_in_the_tick_that_breaks_the_promise(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case, promise = broken_call_back(fed, ann)
        wait_recovery(hq, promise, state="open", owner="acme")
        in_one_tick(hq, case)


def central_that_was_down_catches_up_at_once(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case = open_case(ann)
        promise = call_back(ann, case, later(MORNING, minutes=30))
        fed.settle()
        fed.central.kill()
        fed.central.config["clock_start"] = later(MORNING, hours=5)
        fed.central.start()
        wait_recovery(hq, promise, state="open")
        in_one_tick(hq, case)


if __name__ == "__main__":
    main()
