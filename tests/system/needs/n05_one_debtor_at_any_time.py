#!/usr/bin/env python3
"""Swinging the pot: the customer is passed from one to the next.

What is owed is owed by exactly one party at any time. A delegation that is declined
returns; a commitment that is declined is nobody's until somebody else is asked, and the
promise breaks all the same, so that somebody has to answer for it.
"""

from needs_kit import Needs, VENDOR, VENDOR_2, main, must


def owed(node, promise):
    return node.must_get("/v1/promises/" + promise)["promise"]["commitments"]


def step(answer):
    return answer.body["item"]["commitment"]


def a_declined_delegation_returns_and_there_is_one_debtor_all_the_time(directory):
    with Needs(directory, sites=(VENDOR, VENDOR_2)) as fed:
        ann, bob = fed.person(VENDOR, "ann"), fed.person(VENDOR_2, "bob")
        case = "/v1/cases/" + ann.must_post(
            "/v1/cases", {"customer": "c-1", "reason": "no_picture"})["id"]
        made = ann.must_post(case + "/promises", {
            "kind": "callback", "reason": "no_picture", "due": "2031-01-02T12:00:00Z",
            "commitments": [{"debtor": "acme", "action": "call_back"}]})
        one = "/v1/commitments/" + made["commitments"][0]
        debtors = []
        with fed.person("central", "max").events() as told:
            ann.must_post(one + "/accept")
            for answer in ("decline", "accept"):
                ann.must_post(one + "/delegate", {"party": "bolt"})
                bob.wait_get(one, lambda a: a.status == 200
                             and step(a).get("delegate") == "bolt")
                must(owed(bob.node, made["id"])[0]["debtor"] == "acme", "owes too early")
                bob.must_post(one + "/" + answer, {"reason": "no_staff"}
                              if answer == "decline" else {})
                want = "acme" if answer == "decline" else "bolt"
                got = step(ann.wait_get(one, lambda a, w=want: "delegate" not in step(a)
                                        and step(a)["debtor"] == w))
                must(got["state"] == "accepted", got)
                debtors.append(got["debtor"])
            told.wait_for(lambda e: e.type == "commitment_step"
                          and e.data["payload"]["action"] == "accept"
                          and e.data["party"] == "bolt")
        must(debtors == ["acme", "bolt"], debtors)
        for node in (fed.central, fed.vendor, fed.gateway(VENDOR_2)):
            must([c["debtor"] for c in owed(node, made["id"])] == ["bolt"], node.name)


def who_declines_owes_nothing_but_somebody_answers_for_the_promise(directory):
    with Needs(directory, sites=(VENDOR, VENDOR_2), clock="2026-11-16T10:00:00Z") as fed:
        ann, bob = fed.person(VENDOR, "ann"), fed.person(VENDOR_2, "bob")
        case = "/v1/cases/" + ann.must_post(
            "/v1/cases", {"customer": "c-1", "reason": "no_picture"})["id"]
        made = ann.must_post(case + "/promises", {
            "kind": "callback", "reason": "no_picture", "due": "2026-11-16T11:00:00Z",
            "commitments": [{"debtor": "bolt", "action": "call_back"}]})
        one = "/v1/commitments/" + made["commitments"][0]
        bob.wait_get(one, lambda a: a.status == 200)
        bob.must_post(one + "/decline", {"reason": "not_ours"})
        fed.settle()
        fed.set_clock("2026-11-16T11:00:01Z")
        got = ann.wait_get("/v1/promises/" + made["id"],
                           lambda a: a.body["promise"]["state"] == "broken").body["promise"]
        must([c["state"] for c in got["commitments"]] == ["declined"], got)
        opened = ann.wait_get(case, lambda a: a.body["recoveries"]).body["recoveries"]
        must(opened[0]["owner"] == "acme" and opened[0]["promise"] == made["id"], opened)


if __name__ == "__main__":
    main()
