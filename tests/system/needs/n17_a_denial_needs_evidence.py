#!/usr/bin/env python3
""""It is your own fault", packaging disputes.

A complaint is denied with a reason and evidence or not at all, and HQ hears the appeal:
never the person who denied it.
"""

from needs_kit import main, must
from recovery_kit import (
    federation, later, MORNING, open_case, refused, start, wait_recovery)

DENIAL = {"reason": "own_fault", "evidence": {"kind": "photo", "text": "seal was cut"}}


def complain(ann, case):
    return ann.must_post(case + "/complaints", {
        "failure": "rude", "words": "It was broken when I opened the box."})["id"]


def without_a_reason_or_evidence_nothing_is_denied(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        recovery = "/v1/recoveries/" + complain(ann, open_case(ann))
        for body, field in (({}, "reason"), ({"reason": "own_fault"}, "evidence"),
                            ({"evidence": DENIAL["evidence"]}, "reason"),
                            ({**DENIAL, "evidence": {"kind": "none"}}, "evidence")):
            got = ann.post(recovery + "/deny", body)
            must(got.status == 422 and got.body["field"] == field, body, got)
        must(ann.must_get(recovery)["recovery"]["state"] == "open", "denied")
        ann.must_post(recovery + "/deny", DENIAL)
        got = hq.wait_get(recovery, lambda a: a.status == 200
                          and a.body["recovery"]["state"] == "denied")
        must(got.body["recovery"]["denial"]["evidence"] == "photo", got)


def hq_hears_the_appeal_and_whoever_denied_it_does_not(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        eve = fed.person("central", "eve")
        for decision, state in (("overturn", "open"), ("uphold", "upheld")):
            one = complain(ann, open_case(ann))
            recovery = "/v1/recoveries/" + one
            hq.wait_get(recovery, lambda a: a.status == 200)
            hq.must_post(recovery + "/deny", DENIAL)
            wait_recovery(ann, one, state="denied")
            refused(ann.post(recovery + "/apologise"), 409, "wrong_state")
            ann.must_post(recovery + "/appeal")
            wait_recovery(eve, one, state="appealed")
            verdict = {"decision": decision, "reason": "photo_is_of_another"}
            refused(ann.post(recovery + "/decide", verdict), 403, "not_entitled")
            refused(hq.post(recovery + "/decide", verdict), 403, "own_request")
            eve.must_post(recovery + "/decide", verdict)
            wait_recovery(ann, one, state=state)


def what_is_overturned_is_made_good_though_the_case_was_closed(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        eve = fed.person("central", "eve")
        case = open_case(ann)
        one = complain(ann, case)
        recovery = "/v1/recoveries/" + one
        ann.must_post(recovery + "/deny", DENIAL)
        ann.must_post(case + "/close", {"outcome": "denied"})
        hq.wait_get(recovery, lambda a: a.status == 200
                    and a.body["recovery"]["state"] == "denied")
        ann.must_post(recovery + "/appeal")
        wait_recovery(eve, one, state="appealed")
        eve.must_post(recovery + "/decide",
                      {"decision": "overturn", "reason": "photo_is_of_another"})
        wait_recovery(ann, one, state="open")
        ann.must_post(recovery + "/choose", {"offer": 1})
        credit = {"kind": "credit", "amount": 300, "currency": "EUR", "reason": "rude",
                  "due": later(MORNING, hours=9), "policy_version": 1, "spoken": False,
                  "commitments": [{"debtor": "brand", "action": "pay", "acceptance_s": 0}]}
        refused(ann.post(case + "/promises", credit), 409, "subject_closed")
        made = ann.must_post(case + "/promises", {**credit, "spoken": True,
                                                  "recovers": one})
        hq.wait_get("/v1/promises/" + made["id"], lambda a: a.status == 200
                    and a.body["promise"]["state"] == "active"
                    and "subject_closed" not in str(a.body["promise"].get("flags")))
        hq.must_post("/v1/commitments/" + made["commitments"][0] + "/fulfil",
                     {"evidence": {"kind": "code", "text": "TX-1"}})
        got = wait_recovery(ann, one, state="made_good")
        must(not got["differs"] and not got["waived"], got)


if __name__ == "__main__":
    main()
