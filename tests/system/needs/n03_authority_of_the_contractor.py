#!/usr/bin/env python3
"""The contractor has little authority; brand and contractor are not coordinated.

HQ grants each party what it may promise without asking: up to the limit the answer is
yes, one cent more is asked, and what is forbidden stays so. The answer comes from the
gateway that is asked, whether the link to HQ is up or not.
"""

from authority_kit import CREDIT, ask, delegate, order_seen_by_all, publish
from needs_kit import Needs, SELLER, SITES, VENDOR, VENDOR_2, main, must, wait_until

MOST = 5000
GRANT = {"grant": "goodwill", "kinds": ["credit"], "currency": "EUR", "most": MOST}
POOL = {"pool": "goodwill", "currency": "EUR", "total": 1000000, "share": 100000}
PARTIES = ("brand", "acme", "bolt", "shop", "fastship")


def at_the_limit_yes_one_cent_more_ask_and_what_is_forbidden_no(directory):
    with Needs(directory) as fed:
        agents = {site: fed.person(site, "agent-" + site.split("/")[0], "agent read")
                  for site in SITES}
        path = order_seen_by_all(fed, agents[SELLER], [agents[VENDOR], agents[VENDOR_2]])
        publish(fed)
        delegate(fed, PARTIES, GRANT, POOL)
        spoken = []
        for linked in (True, False):
            if not linked:
                fed.settle()
                fed.cut()
            for site, agent in agents.items():
                yes = ask(agent, path, {**CREDIT, "amount": MOST}, "yes")
                must(yes["left"]["promise"] == MOST and yes["grant"] == "goodwill", yes)
                must(yes["commitments"][0]["debtor"] == "brand", yes)
                must(yes["link_up"] == linked, yes)
                ask(agent, path, {**CREDIT, "amount": MOST + 1}, "ask",
                    "over_promise_limit")
                ask(agent, path, {**CREDIT, "kind": "refund", "amount": 1}, "no",
                    "forbidden")
                agent.must_post("/v1/promises/%s/activate" % yes["promise"])
                spoken.append(yes["promise"])
        fed.heal()
        fed.settle()
        # HQ finds nothing wrong with what was said, and the books add up.
        for promise in spoken:
            said = fed.central.wait_get("/v1/promises/" + promise,
                                        lambda a: a.status == 200).body["promise"]
            must(said["state"] == "active" and said["flags"] == [], said)
            must(said["debtor"] == "brand" and said["cost"] == MOST, said)
        wait_until("the pool shows what was spent", lambda: [
            p["spent"] for p in fed.central.must_get("/v1/pools")["items"]
        ] == [len(spoken) * MOST])


def who_has_heard_of_a_suspension_did_not_tell_before_it(directory):
    with Needs(directory, sites=(VENDOR,)) as fed:
        ann, hq = fed.person(VENDOR, "ann"), fed.person("central", "max")
        version = publish(fed)
        delegate(fed, ["acme"], GRANT, POOL)
        case = ann.must_post("/v1/cases", {"customer": "c-1", "reason": "late_delivery"})
        path = "/v1/cases/" + case["id"]
        told = {**CREDIT, "amount": 1, "made": "2026-01-02T10:00:00.000Z",
                "due": "2036-01-02T10:00:00Z", "policy_version": version,
                "commitments": [{"debtor": "brand", "action": "pay"}]}
        with hq.events() as events:
            hq.must_post("/v1/suspensions", {"party": "acme", "reason": "audit"})
            ann.wait_get("/v1/grants", lambda a: a.body["items"][0]["suspended"])
            said = ann.must_post(path + "/promises", told)
            entry = events.wait_for(lambda e: e.type == "promise_made")
        must(entry.data["verdict"] == "flagged" and entry.data["reason"] == "suspended",
             entry.data)
        shown = fed.central.must_get("/v1/promises/" + said["id"])["promise"]
        must(shown["state"] == "active" and shown["made"] == told["made"]
             and shown["flags"] == ["over_authority"], shown)


if __name__ == "__main__":
    main()
