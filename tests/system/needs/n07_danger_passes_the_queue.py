#!/usr/bin/env python3
"""A safety emergency sat in an outsourced queue.

Whoever hears of danger raises an alarm, whatever the party may promise. Who is on duty
is told at once, and if nobody takes it, the next; timed here with real clocks, and
without a policy, and from a driver's side.
"""

import time

from needs_kit import CARRIER, SELLER, VENDOR, Needs, main, must
from authority_kit import order_seen_by_all, publish
from recovery_kit import POLICY, federation, open_case, start, wait_alarm

NEXT_S = 2.0  # As the policy's ladder has it.


def nobody_answers_and_the_next_is_told_in_time(directory):
    with federation(directory, clock=None) as fed:
        ann, hq = start(fed)
        case = open_case(ann)
        began = time.monotonic()
        raised = ann.must_post(case + "/alarms", {"code": "smoke",
                                                  "words": "There is smoke from the set."})
        must(raised["id"].startswith("alm_"), raised)
        wait_alarm(ann, case, "safety", state="told", rung=1)
        at_once = time.monotonic() - began
        told = wait_alarm(hq, case, "safety", rung=2, party="brand")
        took = time.monotonic() - began
        must(at_once < 1.5, "the first was told after %.1f s" % at_once)
        must(NEXT_S <= took < NEXT_S + 2, "the next was told after %.1f s" % took)
        hq.must_post("/v1/alarms/" + told["id"] + "/take")
        taken = wait_alarm(ann, case, "safety", state="taken")
        must(taken["taken_by"] == "max" and "next" not in taken, taken)
        hq.must_post("/v1/alarms/" + told["id"] + "/end", {"reason": "all_well"})
        wait_alarm(ann, case, "safety", state="ended", reason="all_well")


def once_hq_has_it_nobody_else_is_told(directory):
    with federation(directory, clock=None) as fed:
        ann, hq = start(fed)
        case = open_case(ann)
        ann.must_post(case + "/alarms", {"code": "threat"})
        first = wait_alarm(hq, case, "safety", rung=1)
        with hq.events() as told:
            hq.must_post("/v1/alarms/" + first["id"] + "/take")
            told.wait_for(lambda e: e.type == "alarm_taken")
            # A case that is opened after the next one was due is behind all of it.
            deadline = time.monotonic() + NEXT_S + 0.5
            while time.monotonic() < deadline:
                told.wait_any(deadline - time.monotonic())
            behind = open_case(ann)
            told.wait_for(lambda e: e.data["subject"] == behind.rsplit("/", 1)[1])
            must(not [e for e in told.seen if e.type == "alarm_told"
                      and e.data["payload"]["rung"] > 1], told.seen)


def who_takes_it_at_once_does_not_keep_it_from_hq(directory):
    with Needs(directory, sites=(VENDOR, SELLER, CARRIER)) as fed:
        ann, hq = start(fed)
        order = order_seen_by_all(fed, fed.person(SELLER, "sam"), [ann])
        driver = fed.person(CARRIER, "dan", "dispatcher")
        driver.wait_get(order, lambda a: a.status == 200)
        # Nobody else has heard of it when he says that it is in his hands.
        fed.cut(CARRIER)
        alarm = driver.must_post(order + "/alarms", {"code": "gas"})["id"]
        driver.must_post("/v1/alarms/" + alarm + "/take")
        fed.heal(CARRIER)
        told = wait_alarm(hq, order, "safety", rung=2, party="brand")
        must((told["state"], told["taken_by"]) == ("taken", "dan"), told)
        no = driver.post("/v1/alarms/" + alarm + "/end", {"reason": "all_well"})
        must(no.status == 403 and no.body["type"].endswith("not_entitled"), no)
        hq.must_post("/v1/alarms/" + alarm + "/take")
        wait_alarm(driver, order, "safety", state="taken", taken_by="max")
        hq.must_post("/v1/alarms/" + alarm + "/end", {"reason": "all_well"})
        wait_alarm(driver, order, "safety", state="ended")


def neither_suspension_nor_a_missing_policy_is_in_the_way(directory):
    with Needs(directory, sites=(VENDOR,)) as fed:
        ann, hq = fed.person(VENDOR, "ann"), fed.person("central", "max")
        case = open_case(ann)
        ann.must_post(case + "/alarms", {"code": "smoke"})
        wait_alarm(ann, case, "safety", state="told", party="brand")
        publish(fed, POLICY)
        hq.must_post("/v1/suspensions", {"party": "acme", "reason": "audit"})
        fed.settle()
        ann.must_post(case + "/alarms", {"code": "smoke"})
        wait_alarm(ann, case, "safety", state="told", rung=1, code="smoke")


def a_driver_at_the_door_and_an_agent_cut_off_are_heard(directory):
    with Needs(directory, sites=(VENDOR, SELLER, CARRIER)) as fed:
        ann = fed.person(VENDOR, "ann")
        publish(fed, POLICY)
        order = order_seen_by_all(fed, fed.person(SELLER, "sam"), [ann])
        driver = fed.person(CARRIER, "dan", "dispatcher")
        driver.wait_get(order, lambda a: a.status == 200)
        fed.cut(CARRIER)
        alarm = driver.must_post(order + "/alarms", {"code": "dog"})["id"]
        must(driver.must_get("/v1/alarms/" + alarm)["alarm"]["state"] == "raised", alarm)
        fed.heal(CARRIER)
        got = ann.wait_get("/v1/alarms/" + alarm, lambda a: a.status == 200
                           and a.body["alarm"]["state"] == "told")
        must(got.body["alarm"]["cause"] == "safety", got)
        ann.must_post("/v1/alarms/" + alarm + "/take")
        driver.wait_get("/v1/alarms/" + alarm,
                        lambda a: a.body["alarm"]["state"] == "taken")


def all_may_take_it_and_hq_alone_says_that_it_is_over(directory):
    with Needs(directory, sites=(SELLER, CARRIER)) as fed:
        sam, dan = fed.person(SELLER, "sam"), fed.person(CARRIER, "dan", "dispatcher")
        hq = fed.person("central", "max")
        order = order_seen_by_all(fed, sam, [])
        dan.wait_get(order, lambda a: a.status == 200)
        alarm = "/v1/alarms/" + sam.must_post(order + "/alarms", {"code": "threat"})["id"]
        dan.wait_get(alarm, lambda a: a.status == 200 and a.body["alarm"]["state"] == "told")
        dan.must_post(alarm + "/take")
        for person in dan, sam:
            person.wait_get(alarm, lambda a: a.body["alarm"].get("taken_by") == "dan")
            no = person.post(alarm + "/end", {"reason": "all_well"})
            must(no.status == 403 and no.body["type"].endswith("not_entitled"), no)
        fed.settle()
        must(hq.must_get(alarm)["alarm"]["state"] == "taken", hq.must_get(alarm))
        hq.must_post(alarm + "/end", {"reason": "all_well"})
        dan.wait_get(alarm, lambda a: a.body["alarm"]["state"] == "ended")


if __name__ == "__main__":
    main()
