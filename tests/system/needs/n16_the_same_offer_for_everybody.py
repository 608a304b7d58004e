#!/usr/bin/env python3
"""Service by looks and status.

What makes good for a failure is asked by the failure alone. Whoever the customer is,
whoever asks, wherever, and in whatever order: the offer is the same.
"""

import itertools

from needs_kit import VENDOR, VENDOR_2, main, must
from recovery_kit import broken_call_back, federation, refused, start, wait_recovery

CUSTOMERS = ["c-1", "vip-0001", "anon", "c-00000000000000000000000000000042", "Z.9-x/y"]


def offers(agent, failure, language):
    return [{k: v for k, v in o.items() if k != "due"}
            for item in agent.must_get("/v1/remedies?failure=%s&language=%s"
                                       % (failure, language))["items"]
            for o in item["offers"]]


def permuted_customers_are_offered_the_same(directory):
    with federation(directory, sites=(VENDOR, VENDOR_2)) as fed:
        ann, hq = start(fed)
        bob = fed.person(VENDOR_2, "bob")
        seen = set()
        for order in itertools.permutations(CUSTOMERS, 3):
            for customer, agent in zip(order, (ann, bob, ann)):
                case = agent.must_post("/v1/cases", {"customer": customer,
                                                     "reason": "rude_agent"})
                made = agent.must_post("/v1/cases/%s/complaints" % case["id"],
                                       {"failure": "rude"})
                got = agent.must_post("/v1/recoveries/%s/choose" % made["id"], {"offer": 1})
                must(got["etag"] > 0, got)
                chosen = agent.must_get("/v1/recoveries/" + made["id"])["recovery"]
                must(not chosen["differs"], chosen)
                seen.add((str(sorted(chosen["chosen"].items())),
                          str(offers(agent, "rude", "en"))))
        must(len(seen) == 1, seen)
        must(offers(hq, "no_callback", "en") == offers(bob, "no_callback", "en"), "differs")


def nothing_of_a_customer_can_be_asked(directory):
    with federation(directory) as fed:
        ann, _ = start(fed)
        got = ann.get("/v1/remedies?failure=rude&customer=vip-0001")
        refused(got, 400, "bad_request")
        words = {lang: offers(ann, "no_callback", lang)[0]["words"]
                 for lang in ("en", "zh-CN", "te", "xx")}
        must(words == {"en": "We are sorry.", "zh-CN": "非常抱歉。", "te": "క్షమించండి.",
                       "xx": "We are sorry."}, words)


def another_remedy_is_allowed_and_hq_sees_it(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        _, promise = broken_call_back(fed, ann)
        ann.must_post("/v1/promises/" + promise + "/recovery/choose",
                      {"choice": "money", "kind": "refund", "amount": 99900,
                       "currency": "EUR"})
        wait_recovery(hq, promise, differs=True)
        seen = hq.must_get("/v1/recoveries?differs=true")["items"]
        must([r["promise"] for r in seen] == [promise], seen)


if __name__ == "__main__":
    main()
