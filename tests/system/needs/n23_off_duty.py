#!/usr/bin/env python3
"""The person in charge is off duty.

The policy says who is on duty at which hours. On shift it is dora at the vendor; off
shift the substitute is told, by the same rule, and sees what it is about.
"""

from needs_kit import VENDOR, VENDOR_2, main, must
from authority_kit import publish
from recovery_kit import (EVENING, MORNING, POLICY, federation, later, open_case, start,
                          wait_alarm)

# Off shift it goes to the other vendor, which has never heard of the case.
ELSEWHERE = POLICY.replace('actor = "nick"; party = "brand"', 'actor = "nick"; party = "bolt"')


def by_the_time_of_day_one_or_the_other_is_told(directory):
    for clock, to, party in ((MORNING, "dora", "acme"), (EVENING, "nick", "brand")):
        with federation(directory / to, clock=clock) as fed:
            ann, hq = start(fed)
            case = open_case(ann)
            ann.must_post(case + "/alarms", {"code": "smoke"})
            told = wait_alarm(hq, case, "safety", rung=1)
            must((told["to"], told["party"]) == (to, party), told)


def who_goes_off_shift_meanwhile_is_not_told(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case = open_case(ann)
        fed.settle()
        fed.set_clock(later(MORNING, minutes=30, seconds=1))
        wait_alarm(hq, case, "untouched", rung=1)
        fed.set_clock(later(MORNING, hours=9))  # The next rung is due now, at seven.
        told = wait_alarm(hq, case, "untouched", rung=2)
        must((told["to"], told["party"]) == ("nick", "brand"), told)


def the_substitute_sees_what_it_is_about_and_takes_it(directory):
    with federation(directory, sites=(VENDOR, VENDOR_2), clock=EVENING) as fed:
        ann, nick = fed.person(VENDOR, "ann"), fed.person(VENDOR_2, "nick")
        publish(fed, ELSEWHERE)
        case = open_case(ann)
        fed.settle()
        must(nick.get(case).status == 404, "sees it beforehand")
        ann.must_post(case + "/alarms", {"code": "smoke", "words": "There is smoke."})
        told = wait_alarm(nick, case, "safety", to="nick", party="bolt")
        history = nick.must_get(case + "/history")["items"]
        must([e["type"] for e in history][:2] == ["case_opened", "alarm_raised"], history)
        nick.must_post("/v1/alarms/" + told["id"] + "/take")
        wait_alarm(ann, case, "safety", state="taken", taken_party="bolt")


if __name__ == "__main__":
    main()
