#!/usr/bin/env python3
"""Only dealt with once it gets big.

A case on which nobody acts is told to one after the other, on time, up to HQ; whoever
takes it stops that, and if it is left alone again, it begins again.
"""

from needs_kit import main, must
from recovery_kit import MORNING, federation, later, open_case, start, wait_alarm


def a_case_that_nobody_touches_climbs_to_hq_on_time(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case = open_case(ann)
        fed.settle()
        fed.set_clock(later(MORNING, minutes=29))
        fed.settle()
        must(hq.must_get(case)["alarms"] == [], "too early")
        for minutes, rung, party, to in ((30, 1, "acme", None), (60, 2, "acme", "dora"),
                                         (120, 3, "brand", None)):
            fed.set_clock(later(MORNING, minutes=minutes, seconds=rung))
            told = wait_alarm(hq, case, "untouched", rung=rung)
            must(told["party"] == party and told.get("to") == to, told)
        must("next" not in told, told)
        stands = hq.must_get("/v1/alarms")["items"]
        must([a["id"] for a in stands] == [told["id"]], stands)
        ann.must_post(case + "/handover", {"to": "brand", "reason": "too_big"})
        wait_alarm(hq, case, "untouched", id=told["id"], state="ended")
        must(hq.must_get("/v1/alarms")["items"] == [], "still stands")


def whoever_takes_it_stops_the_climbing_until_it_is_left_alone_again(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case = open_case(ann)
        fed.settle()
        fed.set_clock(later(MORNING, minutes=30, seconds=1))
        first = wait_alarm(ann, case, "untouched", rung=1)
        ann.must_post("/v1/alarms/" + first["id"] + "/take")
        wait_alarm(hq, case, "untouched", id=first["id"], state="ended", taken_by="ann")
        fed.set_clock(later(MORNING, minutes=59))
        fed.settle()
        must(len(hq.must_get(case)["alarms"]) == 1, "climbs on")
        fed.set_clock(later(MORNING, minutes=61))
        again = wait_alarm(hq, case, "untouched", rung=1, state="told")
        must(again["id"] != first["id"], again)


if __name__ == "__main__":
    main()
