#!/usr/bin/env python3
""""Not our mistake."

Towards the customer the brand owes what was promised, whoever said it and whoever then
does the work. Nobody can put a vendor there: a promise has no debtor to choose, and
what parties owe they owe each other, never the customer.
"""

from needs_kit import CARRIER, Needs, SELLER, VENDOR, main, must

PROMISE = {"kind": "callback", "due": "2031-01-02T12:00:00Z", "reason": "fault",
           "commitments": [{"debtor": "acme", "action": "call_back"}]}


def no_vendor_can_be_made_the_debtor_towards_the_customer(directory):
    with Needs(directory) as fed:
        ann = fed.person(VENDOR, "ann", "agent")
        case = ann.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
        path = "/v1/cases/%s/promises" % case["id"]
        # There is no such member to fill in.
        for name in ("debtor", "creditor", "party", "made_by"):
            got = ann.post(path, {**PROMISE, name: "acme"})
            must(got.status == 422 and got.body["field"] == name, got)
        # Nor can a party's commitment be owed to the customer.
        owed = {**PROMISE["commitments"][0], "creditor": "c-1"}
        got = ann.post(path, {**PROMISE, "commitments": [owed]})
        must(got.status == 422 and got.body["type"].endswith(":no_party"), got)

        made = ann.must_post(path, PROMISE)
        for node in (fed.vendor, fed.central, fed.hq):
            said = node.wait_get("/v1/promises/" + made["id"],
                                 lambda a: a.status == 200).body["promise"]
            must(said["debtor"] == "brand", said)
            must(said["made_by"]["party"] == "acme", said)
            must([(c["debtor"], c["creditor"]) for c in said["commitments"]]
                 == [("acme", "brand")], said)


def whoever_made_the_promise_the_customer_has_the_brand_for_it(directory):
    with Needs(directory) as fed:
        sam, dan = fed.person(SELLER, "sam", "agent"), fed.person(CARRIER, "dan", "agent")
        placed = sam.must_post("/v1/orders", {"customer": "c-1", "seller": "shop",
                                              "carrier": "fastship"})
        path = "/v1/orders/" + placed["id"]
        dan.wait_get(path, lambda a: a.status == 200)
        for who, party in ((sam, "shop"), (dan, "fastship")):
            made = who.must_post(path + "/promises", {
                "kind": "redelivery", "due": "2031-01-02T12:00:00Z", "reason": "nobody_home",
                "commitments": [{"debtor": party, "action": "deliver"}]})
            said = fed.central.wait_get("/v1/promises/" + made["id"],
                                        lambda a: a.status == 200).body["promise"]
            must(said["debtor"] == "brand" and said["made_by"]["party"] == party, said)


if __name__ == "__main__":
    main()
