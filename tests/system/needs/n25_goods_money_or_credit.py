#!/usr/bin/env python3
"""Coupons and points only make another purchase.

What makes good is the customer's choice between goods, money and credit: it is
recorded, it is a promise like any other, and each kind settles.
"""

from needs_kit import main, must
from recovery_kit import broken_call_back, federation, later, MORNING, start, wait_recovery


def each_choice_is_recorded_and_settles(directory):
    with federation(directory) as fed:
        ann, hq = start(fed)
        offers = ann.must_get("/v1/remedies?failure=no_callback")["items"][0]["offers"]
        must([o["choice"] for o in offers] == ["goods", "money", "credit"], offers)
        for offer in offers:
            case, promise = broken_call_back(fed, ann, 30 * offer["offer"])
            settle(fed, ann, hq, case, promise, offer)


def settle(fed, ann, hq, case, promise, offer):
    recovery = "/v1/promises/" + promise + "/recovery/"
    ann.must_post(recovery + "apologise")
    ann.must_post(recovery + "harms", {"practical": "lost_a_day", "felt": "let_down"})
    ann.must_post(recovery + "choose", {"offer": offer["offer"]})
    value = {k: offer[k] for k in ("kind", "sku", "quantity", "amount", "currency")
             if k in offer}
    made = ann.must_post(case + "/promises", {
        **value, "reason": "no_callback", "due": later(MORNING, hours=20),
        "policy_version": 1, "recovers": promise, "words": offer["words"], "language": "en",
        "commitments": [{"debtor": "brand", "action": "pay", "acceptance_s": 0}]})
    one = "/v1/commitments/" + made["commitments"][0]
    hq.wait_get(one, lambda a: a.status == 200)
    got = wait_recovery(hq, promise, remedy=made["id"])
    must(got["chosen"] == {"choice": offer["choice"], "offer": offer["offer"], **value}, got)
    must(not got["differs"] and got["state"] == "offered", got)
    hq.must_post(one + "/fulfil", {"evidence": {"kind": "code", "text": "TX-1"}})
    wait_recovery(ann, promise, state="made_good")
    must(ann.must_get("/v1/promises/" + promise)["promise"]["state"] == "remedied", promise)
    ann.must_post(recovery + "follow_up", {"answer": "yes"})
    ann.must_post(recovery + "finish")
    wait_recovery(hq, promise, state="done")


if __name__ == "__main__":
    main()
