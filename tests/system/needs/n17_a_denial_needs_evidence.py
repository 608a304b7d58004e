#!/usr/bin/env python3
""""It is your own fault", packaging disputes.

A complaint is denied with a reason and evidence or not at all, and HQ hears the appeal:
never the person who denied it.
"""

from needs_kit import main, must
from recovery_kit import federation, open_case, refused, start, wait_recovery

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


if __name__ == "__main__":
    main()
