#!/usr/bin/env python3
"""A site whose store was put back from a copy does not know what it has promised since.

So it promises nothing out of its share, not even while HQ cannot be reached, until HQ has
counted what was lost; and the pool is not promised twice. Other sites go on meanwhile.
"""

import shutil

from authority_kit import GIFT, ask, available, delegate, publish
from needs_kit import Needs, VENDOR, VENDOR_2, main, must, wait_until

POOL = {"pool": "cables", "sku": "HDMI-2M", "total": 60, "share": 30, "low": 5}
GRANT = {"grant": "gifts", "kinds": ["gift"], "skus": ["HDMI-2M"], "most": 1}
FORGOTTEN = 3


def start(fed):
    agents = {}
    for site in (VENDOR, VENDOR_2):
        agent = fed.person(site, "agent", "agent")
        case = agent.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
        agents[site] = (agent, "/v1/cases/" + case["id"])
    publish(fed)
    delegate(fed, ("acme", "bolt"), GRANT, POOL)
    return agents


def tell(agent, path):
    """A gift that the customer is told of."""
    agent.must_post("/v1/promises/%s/activate" % ask(agent, path, GIFT, "yes")["promise"])


def share_at_hq(fed, site):
    party, name = site.split("/")
    return [s for s in fed.central.must_get("/v1/shares?party=" + party)["items"]
            if s["site"] == name][0]


def nothing_is_promised_until_hq_has_counted_what_was_lost(directory):
    with Needs(directory, sites=(VENDOR, VENDOR_2)) as fed:
        agents = start(fed)
        ann, bob = agents[VENDOR], agents[VENDOR_2]
        tell(*ann)
        fed.settle()
        vendor = fed.vendor
        vendor.stop()
        shutil.copytree(vendor.data, directory / "copy")
        vendor.start()
        fed.heal(VENDOR)

        fed.cut(VENDOR)
        for _ in range(FORGOTTEN):
            tell(*ann)
        vendor.stop()
        shutil.rmtree(vendor.data)
        shutil.copytree(directory / "copy", vendor.data)
        vendor.start(options=["--restored"])
        # It is told so, and believes nothing of its share while it is cut off.
        ask(*ann, GIFT, "ask", "share_frozen")
        fed.heal(VENDOR)
        wait_until("HQ has frozen the share", lambda: share_at_hq(fed, VENDOR)["frozen"])
        ask(*ann, GIFT, "ask", "share_frozen")
        tell(*bob)

        hq = fed.person("central", "max")
        hq.must_post("/v1/shares/thaw", {"party": "acme", "site": "manila",
                                         "pool": "cables", "lost": FORGOTTEN})
        wait_until("the share is thawed", lambda: available(fed, VENDOR, "cables")
                   == POOL["share"] - 1 - FORGOTTEN)
        tell(*ann)
        fed.settle()
        books = fed.central.must_get("/v1/pools")["items"][0]
        must((books["spent"], books["lost"], books["out"]) == (3, FORGOTTEN, 60), books)
        again = hq.post("/v1/shares/thaw", {"party": "acme", "site": "manila",
                                            "pool": "cables"})
        must(again.status == 409, again)


def more_cannot_be_lost_than_the_share_held(directory):
    with Needs(directory, sites=(VENDOR, VENDOR_2)) as fed:
        start(fed)
        hq = fed.person("central", "max")
        of = {"party": "acme", "site": "manila", "pool": "cables"}
        hq.must_post("/v1/shares/freeze", {**of, "reason": "suspected"})
        got = hq.post("/v1/shares/thaw", {**of, "lost": POOL["share"] + 1})
        must(got.status == 409 and got.body["type"].endswith(":share_empty"), got)
        hq.must_post("/v1/shares/thaw", {**of, "lost": POOL["share"]})
        must(share_at_hq(fed, VENDOR)["available"] == 0, share_at_hq(fed, VENDOR))


if __name__ == "__main__":
    main()
