#!/usr/bin/env python3
"""15 minutes of haggling over 20 to 30 yuan.

A remedy inside the authority is offered at once: one question, answered while the
customer waits, without anybody's approval and without a link to HQ.
"""

from authority_kit import ask, available, delegate, order_seen_by_all, publish
from needs_kit import Needs, SELLER, VENDOR, main, must

POLICY = """
rules: ( { kind = "credit"; most = 10000; earliest = "5 minutes"; offer = "30 minutes";
	say = "sorry"; } );
routes: ( { kind = "credit"; owed: ( { debtor = "brand"; action = "pay"; } ); } );
phrases: { sorry: { zh-CN = "我们马上把差价退到您的账户。"; en = "We credit the difference."; }; };
"""
GRANT = {"grant": "remedies", "kinds": ["credit"], "currency": "CNY", "most": 3000,
         "per_customer": 6000, "period_s": 86400}
POOL = {"pool": "remedies", "currency": "CNY", "total": 1000000, "share": 100000}
REMEDY = {"kind": "credit", "amount": 2500, "currency": "CNY", "reason": "price_difference",
          "channel": "phone", "language": "zh-CN"}


def cut_off(fed):
    """An agent of the vendor, with authority and without a link, and an order's path."""
    ann = fed.person(VENDOR, "ann", "agent")
    path = order_seen_by_all(fed, fed.person(SELLER, "sam", "agent"), [ann])
    publish(fed, POLICY)
    delegate(fed, ["acme"], GRANT, POOL)
    fed.cut()
    return ann, path


def one_call_and_no_approval(directory):
    with Needs(directory) as fed:
        ann, path = cut_off(fed)

        yes = ask(ann, path, REMEDY, "yes")
        must(yes["words"] == "我们马上把差价退到您的账户。", yes)
        must(yes["left"] == {"promise": 3000, "customer": 6000, "share": 100000}, yes)
        ann.must_post("/v1/promises/%s/activate" % yes["promise"])
        must(ann.must_get("/v1/approvals")["items"] == [], "somebody was asked")

        # The same customer once more, and then it is enough for today.
        again = ask(ann, path, REMEDY, "yes")
        must(again["left"]["customer"] == 3500 and again["left"]["share"] == 97500, again)
        ask(ann, path, REMEDY, "ask", "over_customer_limit")

        fed.heal()
        fed.settle()
        said = fed.central.must_get("/v1/promises/" + yes["promise"])["promise"]
        must(said["state"] == "active" and said["flags"] == [], said)


def a_question_that_is_repeated_is_answered_alike_and_reserves_once(directory):
    with Needs(directory) as fed:
        ann, path = cut_off(fed)
        first = ask(ann, path, REMEDY, "yes", key="the-line-was-bad")
        again = ask(ann, path, REMEDY, "yes", key="the-line-was-bad")
        for moving in ("pending", "as_of", "position"):
            first.pop(moving), again.pop(moving)
        must(first == again, first, again)
        must(available(fed, VENDOR, "remedies") == 97500, "it was reserved again")
        other = ann.post(path + "/may-i", {**REMEDY, "amount": 1}, key="the-line-was-bad")
        must(other.status == 422 and other.body["type"].endswith(":key_reused"), other)


def an_offer_that_was_not_taken_costs_nothing(directory):
    with Needs(directory) as fed:
        ann, path = cut_off(fed)
        offered = ask(ann, path, REMEDY, "yes")
        ann.must_post("/v1/promises/%s/expire" % offered["promise"])
        again = ask(ann, path, REMEDY, "yes")
        must(again["left"]["share"] == 100000, again)
        fed.heal()
        fed.settle()
        state = fed.central.must_get("/v1/promises/" + offered["promise"])["promise"]["state"]
        must(state == "expired", state)


if __name__ == "__main__":
    main()
