#!/usr/bin/env python3
"""Nobody checks whether it helped.

The follow-up asks the customer. "No" reopens the recovery, which is counted; a remedy
that is broken does the same. If nobody asks in time, who looks after it is told, then HQ.
"""

from authority_kit import as_documented
from needs_kit import main, must, VENDOR, VENDOR_2
from recovery_kit import (
    broken_call_back, federation, later, MORNING, refused, start, wait_alarm, wait_recovery)


def remedy(fed, ann, hq, case, promise, due):
    """A credit as the remedy, promised on the case and owed by the brand. Its commitment."""
    ann.must_post("/v1/promises/" + promise + "/recovery/choose", {"offer": 3})
    made = ann.must_post(case + "/promises", {
        "kind": "credit", "amount": 900, "currency": "EUR", "reason": "no_callback",
        "due": due, "policy_version": 1, "recovers": promise,
        "commitments": [{"debtor": "brand", "action": "pay", "acceptance_s": 0}]})
    hq.wait_get("/v1/promises/" + made["id"], lambda a: a.status == 200)
    return made["commitments"][0]


def pay(hq, commitment):
    hq.must_post("/v1/commitments/" + commitment + "/fulfil",
                 {"evidence": {"kind": "code", "text": "TX-1"}})


def no_reopens_it_and_is_counted(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case, promise = broken_call_back(fed, ann)
        recovery = "/v1/promises/" + promise + "/recovery/"
        for count in (1, 2):
            pay(hq, remedy(fed, ann, hq, case, promise, later(MORNING, hours=9)))
            good = wait_recovery(ann, promise, state="made_good")
            must(good["follow_up_due"] > good["made_good"], good)
            ann.must_post(recovery + "follow_up", {"answer": "no"})
            got = wait_recovery(hq, promise, state="reopened")
            must(got["reopened"] == count and got["answer"] == "no", got)
        pay(hq, remedy(fed, ann, hq, case, promise, later(MORNING, hours=9)))
        wait_recovery(ann, promise, state="made_good")
        ann.must_post(recovery + "follow_up", {"answer": "yes"})
        wait_recovery(hq, promise, state="follow_up", reopened=2)


def who_owes_the_remedy_does_not_say_that_it_helped(directory):
    with federation(directory, sites=(VENDOR, VENDOR_2)) as fed:
        ann, hq = start(fed)
        bob = fed.person(VENDOR_2, "bob")
        case, promise = broken_call_back(fed, ann)
        recovery = "/v1/promises/" + promise + "/recovery/"
        made = ann.must_post(case + "/promises", {
            "kind": "credit", "amount": 900, "currency": "EUR", "reason": "no_callback",
            "due": later(MORNING, hours=9), "policy_version": 1, "recovers": promise,
            "commitments": [{"debtor": "bolt", "action": "pay", "acceptance_s": 0}]})
        bob.wait_get("/v1/promises/" + made["id"], lambda a: a.status == 200)
        refused(bob.post(recovery + "waive"), 403, "not_entitled")
        refused(bob.post("/v1/promises/" + made["id"] + "/release", {"reason": "waived"}),
                403, "not_entitled")
        pay(bob, made["commitments"][0])
        wait_recovery(bob, promise, state="made_good")
        refused(bob.post(recovery + "follow_up", {"answer": "yes"}), 403, "not_entitled")
        wait_recovery(ann, promise, state="made_good")
        ann.must_post(recovery + "follow_up", {"answer": "yes"})
        wait_recovery(hq, promise, state="follow_up")


def who_does_not_ask_in_time_is_told_and_then_hq(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case, promise = broken_call_back(fed, ann)
        ann.must_post("/v1/promises/" + promise + "/recovery/waive")
        good = wait_recovery(hq, promise, state="made_good")
        fed.settle()
        fed.set_clock(later(good["follow_up_due"], seconds=0))
        fed.settle()
        must(not [a for a in hq.must_get(case)["alarms"] if a["cause"] == "follow_up"],
             "told before it was due")
        for rung, party, late in ((1, "acme", 1), (2, "brand", 86400 + 3)):
            fed.set_clock(later(good["follow_up_due"], seconds=late))
            told = wait_alarm(hq, case, "follow_up", rung=rung, party=party)
            must(told["recovery"] == good["id"] and "promise" not in told, told)
            as_documented(hq.node, "Alarm", told)
        raised = [e for e in hq.must_get(case + "/history")["items"]
                  if e["type"] == "alarm_raised" and e["payload"]["cause"] == "follow_up"]
        must([e["payload"]["recovery"] for e in raised] == [good["id"]], raised)
        ann.wait_get(case, lambda a: a.status == 200)
        ann.must_post("/v1/promises/" + promise + "/recovery/follow_up", {"answer": "yes"})
        wait_alarm(hq, case, "follow_up", state="ended")


def a_broken_remedy_reopens_it_too(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        case, promise = broken_call_back(fed, ann)
        remedy(fed, ann, hq, case, promise, later(MORNING, hours=2))
        fed.settle()
        fed.set_clock(later(MORNING, hours=2, seconds=1))
        got = wait_recovery(hq, promise, state="reopened")
        must(got["failed"] == 1 and got["reopened"] == 1, got)
        must(len(hq.must_get(case)["recoveries"]) == 1, "a second one was opened")


if __name__ == "__main__":
    main()
