#!/usr/bin/env python3
"""Three sites that cannot reach HQ promise out of one pool, and not one gift too many.

Each holds a share of the pool and spends it alone. What all of them have said yes to is
exactly what the shares held; the rest is asked. Once HQ can be reached again, what came
to nothing is promised anew.
"""

from authority_kit import GIFT, ask, available, delegate, publish
from needs_kit import HQ, Needs, main, must, wait_until

SITES = ("acme/manila", "acme/cebu", "bolt/pune")
TOTAL, SHARE, EACH = 100, 30, 100
POOL = {"pool": "cables", "sku": "HDMI-2M", "total": TOTAL, "share": SHARE, "low": 10}
GRANT = {"grant": "gifts", "kinds": ["gift"], "skus": ["HDMI-2M"], "most": 1}
PER_CASE = 50  # A case holds at most 64 promises,
UNSPOKEN = 8  # and an agent so many offers that were not told.


def books(fed):
    return fed.central.must_get("/v1/pools")["items"][0]


def offers(agent, count):
    """Asks `count` times over several cases; the promises that were answered yes."""
    yes = []
    for i in range(count):
        if i % PER_CASE == 0:
            case = agent.must_post("/v1/cases", {"customer": "c-%d" % i, "reason": "fault"})
        got = agent.post("/v1/cases/%s/may-i" % case["id"],
                         {**GIFT, "actor": "agent-%d" % (i // UNSPOKEN)})
        must(got.status == 201, got)
        must(got.body["answer"] == "yes" or got.body["reason"] == "share_empty", got.body)
        if got.body["answer"] == "yes":
            yes.append(got.body["promise"])
    return yes


def what_the_shares_hold_is_promised_and_not_one_more(directory):
    with Needs(directory, sites=SITES) as fed:
        agents = {site: fed.person(site, "desk", "integration") for site in SITES}
        publish(fed)
        delegate(fed, ("acme", "bolt"), GRANT, POOL)
        fed.settle()
        held = {site: available(fed, site, "cables") for site in SITES}
        must(set(held.values()) == {SHARE} and books(fed)["free"] == TOTAL - 3 * SHARE, held)
        fed.cut()

        promised = {}
        for site, agent in agents.items():
            promised[site] = offers(agent, EACH)
            must(len(promised[site]) == held[site], site, len(promised[site]), held)
            must(available(fed, site, "cables") == 0, site)
        # Half of the customers take it; the rest of the offers come to nothing.
        for site, agent in agents.items():
            for n, promise in enumerate(promised[site]):
                agent.must_post("/v1/promises/%s/%s" % (
                    promise, "activate" if n % 2 == 0 else "expire"))
        taken = sum((len(p) + 1) // 2 for p in promised.values())

        fed.heal()
        fed.settle()
        wait_until("HQ's books show what was taken", lambda: books(fed)["spent"] == taken)
        must(books(fed)["out"] <= TOTAL, books(fed))
        # What came to nothing, and what the pool still held, can be promised.
        rest = TOTAL - taken
        for agent in agents.values():
            rest -= len(offers(agent, 20))
        must(0 <= rest < TOTAL - taken, rest)
        fed.settle()
        wait_until("HQ's books agree", lambda: books(fed)["spent"] == TOTAL - rest)
        must(books(fed)["out"] <= TOTAL, books(fed))
        for site in SITES:
            for p in promised[site]:
                said = fed.central.must_get("/v1/promises/" + p)["promise"]
                must(said["flags"] == [], said)


def who_asks_and_never_speaks_leaves_the_share_to_the_others(directory):
    with Needs(directory, sites=SITES[:1]) as fed:
        ann, bob = (fed.person(SITES[0], name, "agent") for name in ("ann", "bob"))
        publish(fed)
        delegate(fed, ("acme",), GRANT, POOL)
        case = "/v1/cases/" + ann.must_post(
            "/v1/cases", {"customer": "c-1", "reason": "fault"})["id"]
        held = [ask(ann, case, GIFT, "yes")["promise"] for _ in range(UNSPOKEN)]
        ask(ann, case, GIFT, "no", "unspoken_offers")
        cited = ann.post(case + "/promises", {
            **GIFT, "due": "2099-01-02T08:00:00Z", "grant": "gifts", "spoken": False,
            "commitments": [{"debtor": "acme", "action": "other"}]})
        must(cited.status == 409 and cited.body["type"].endswith(":unspoken_offers"), cited)
        must(available(fed, SITES[0], "cables") == SHARE - UNSPOKEN, "more is held back")
        ask(bob, case, GIFT, "yes")
        fed.gateway(SITES[0]).stop()
        fed.gateway(SITES[0]).start()
        ask(ann, case, GIFT, "no", "unspoken_offers")
        # What is told, or taken back, is not held any more.
        for promise, step in zip(held, ("activate", "expire")):
            ann.must_post("/v1/promises/%s/%s" % (promise, step))
            ask(ann, case, GIFT, "yes")
            ask(ann, case, GIFT, "no", "unspoken_offers")


def the_site_central_of_the_brand_is_centrals_own_and_no_gateways(directory):
    with Needs(directory, sites=(HQ,)) as fed:
        hq, key = fed.person("central", "max"), fed.sign_key(fed.hq.certs)
        mine = {"party": "brand", "site": "central", "sign_key": key,
                "origin": fed.hq.origin.replace("/hq", "/central")}
        no = hq.post("/v1/sites", mine)
        must(no.status == 409 and no.body["type"].endswith(":exists"), no)
        hq.must_post("/v1/sites", {**mine, "site": "centre",
                                   "origin": fed.hq.origin.replace("/hq", "/centre")})


if __name__ == "__main__":
    main()
