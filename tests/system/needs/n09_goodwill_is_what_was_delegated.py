#!/usr/bin/env python3
"""What vendors gave away, and what they told beyond their authority, is provable.

The scorecard's over_authority and goodwill, and the books of pools and shares, are
counted again from a dump of the ledger: who had been granted what, certified, suspended,
what was spent and freed. recount_authority.py knows nothing of troth's code.
"""

from authority_kit import CREDIT, GIFT, POLICY, ask, delegate, publish, withdraw
from n09_scorecards import Asked, ledger_of
from needs_kit import Needs, VENDOR, main, must, say
from recount_authority import FIGURES

RULES = POLICY.replace("rules: (", 'rules: ( { kind = "callback"; },')
CALL = {"kind": "callback", "reason": "late_delivery"}
CABLES = {"pool": "cables", "sku": "HDMI-2M", "total": 100, "share": 10, "low": 4}
MONEY = {"pool": "money", "currency": "EUR", "total": 100000, "share": 20000, "low": 5000}


def what_was_given_and_told_beyond_authority_is_that_of_a_recount_of_the_dump(directory):
    with Needs(directory, clock="2031-01-01T08:00:00Z") as fed:
        Story(fed).play()
        fed.settle()
        asked = Asked("2031-01-03T00:00:00Z")
        for node in (fed.central, fed.hq):
            asked.ask(node)
        asked.ask(fed.central, party="acme", kind="callback")
        cards = [r for a in asked.kept[0][2] for r in a["made"]]
        must(sum(c["over_authority"] for c in cards) == 13, cards)
        must(sum(c["count"] for c in cards) == 20, cards)
        shares, pools = shares_of(fed.central)
        ledger = ledger_of(fed, "brand")
        say(asked.compare(ledger), "figures are equal")
        want = ledger.authority.books()
        must((shares, pools) == want, "\n got", (shares, pools), "\nwant", want)
        must(pools["cables"]["spent"] == 1 + 3 + 1 + 1 + 1 and pools["money"]["spent"] == 4000,
             pools)


def shares_of(node):
    """Shares and pools as the node lists them, page by page."""
    path, items = "/v1/shares?limit=2", {}
    while path:
        page = node.must_get(path)
        for s in page["items"]:
            items[s["party"], s["site"], s["pool"]] = {
                f: s[f] for f in [*FIGURES, "available", "recalled", "frozen"]}
        path = page.get("next")
    must(len(items) > 2, "one page is no test of pages", items)
    return items, {p["pool"]: {f: p[f] for f in ("total", "out", "spent", "lost", "free")}
                   for p in page["pools"]}


class Story:
    """A day at a vendor to which HQ has delegated something."""

    def __init__(self, fed):
        self.fed = fed
        self.ann = fed.person(VENDOR, "ann", "agent")
        self.max = fed.person("central", "max")
        self.case = "/v1/cases/" + self.ann.must_post(
            "/v1/cases", {"customer": "c-1", "reason": "late"})["id"]
        self.version = publish(fed, RULES)
        delegate(fed, ["acme"], {"grant": "gifts", "kinds": ["gift"], "most": 2,
                                 "skus": ["HDMI-2M"]}, CABLES)
        delegate(fed, ["acme"], {"grant": "credits", "kinds": ["credit"], "most": 5000,
                                 "currency": "EUR"}, MONEY)
        delegate(fed, ["acme"], {"grant": "calls", "kinds": ["callback"], "most": 1,
                                 "per_customer": 2, "period_s": 86400})
        delegate(fed, ["acme"], {"grant": "late_calls", "kinds": ["callback"], "most": 1,
                                 "level": 1})

    def told(self, what, beyond, **more):
        """What was said already; flagged, if it was beyond the authority."""
        made = self.ann.must_post(self.case + "/promises", {
            **what, "due": "2031-01-02T08:00:00Z",
            "commitments": [{"debtor": "acme", "action": "other"}], **more})
        must(made.get("flagged") == beyond, made)
        return "/v1/promises/" + made["id"]

    def hq_says(self, path, **what):
        """The clock stands still: central has heard first of all that was before."""
        self.fed.settle()
        self.max.must_post(path, {"party": "acme", **what})

    def call(self, beyond, grant="calls", **more):
        return self.told(CALL, beyond, policy_version=self.version, grant=grant, **more)

    def asked(self, question, answer, reason=None):
        got = ask(self.ann, self.case, question, answer, reason)
        return "/v1/promises/" + got["promise"]

    def play(self):
        self.out_of_the_share()
        self.out_of_a_frozen_share()
        self.by_word_of_hq()
        self.told({**GIFT}, "uncited")
        self.told({**CREDIT, "amount": 100}, "no_grant", policy_version=self.version)
        self.told({"kind": "refund", "amount": 100, "currency": "EUR", "reason": "late"},
                  "forbidden", policy_version=self.version)
        self.call(None)
        self.call(None)
        self.call("over_customer_limit")
        # What it says of the time does not get it out of the day in which it was written.
        self.call("over_customer_limit", made="2030-11-30T08:00:00Z")
        self.call("over_customer_limit", made="2031-01-09T08:00:00Z")
        self.by_level()
        self.while_suspended()
        self.under_a_withdrawn_policy()

    def out_of_the_share(self):
        told = self.asked(GIFT, "yes")
        self.ann.must_post(told + "/activate", {})
        self.ann.must_post(self.asked(GIFT, "yes") + "/expire", {})
        money = self.asked({**CREDIT, "amount": 4000}, "yes")
        self.ann.must_post(money + "/activate", {})
        # As an integration does it: an offer that cites the grant, and then it is told.
        offer = self.told(GIFT, None, grant="gifts", spoken=False)
        self.ann.must_post(offer + "/activate", {})
        for grant, spoken in (("nosuch", False), ("gifts", True)):
            refused = self.ann.post(self.case + "/promises", {
                **GIFT, "due": "2031-01-02T08:00:00Z", "grant": grant, "spoken": spoken,
                "commitments": [{"debtor": "acme", "action": "other"}]})
            must(refused.status == 422 and refused.body["field"] == "grant", refused)
        # Not taken, and told after all: that stands, is paid for, and is flagged.
        late = self.asked(GIFT, "yes")
        self.ann.must_post(late + "/expire", {})
        self.fed.settle()
        self.ann.must_post(late + "/activate", {})

    def out_of_a_frozen_share(self):
        """A site that cannot hear of it spends what HQ has frozen: that is told, and flagged."""
        self.fed.settle()
        self.fed.cut(VENDOR)
        share = {"party": "acme", "site": VENDOR.split("/")[1], "pool": "cables"}
        self.max.must_post("/v1/shares/freeze", {**share, "reason": "suspected"})
        path = self.asked(GIFT, "yes")
        self.ann.must_post(path + "/activate", {})
        self.fed.heal(VENDOR)
        self.fed.settle()
        said = self.fed.central.must_get(path)["promise"]
        must(said["flags"] == ["over_authority"], said)
        self.max.must_post("/v1/shares/thaw", share)
        self.ann.wait_get("/v1/shares?party=acme", lambda a: not any(
            s["frozen"] for s in a.body["items"]))

    def by_word_of_hq(self):
        path = self.asked({**GIFT, "quantity": 3}, "ask", "over_promise_limit")
        self.fed.central.wait_get(path, lambda a: a.status == 200)
        boss = self.fed.person("central", "boss", "approver")
        boss.must_post(path + "/approve", {})
        self.ann.wait_get(path, lambda a: a.body["promise"]["state"] == "approved")
        self.ann.must_post(path + "/speak", {})

    def by_level(self):
        self.call("uncertified", "late_calls")
        self.hq_says("/v1/agents", agent="ann", level=1)
        self.ann.wait_get("/v1/agents?party=acme", lambda a: a.body["items"])
        self.call(None, "late_calls")

    def suspended(self, yes):
        self.ann.wait_get("/v1/grants?party=acme", lambda a: a.body["items"][0][
            "suspended"] is yes)

    def while_suspended(self):
        self.hq_says("/v1/suspensions", reason="audit")
        self.suspended(True)
        self.call("suspended", "late_calls")
        # Who had heard of it did not tell before.
        self.call("suspended", "late_calls", made="2031-01-01T07:00:00Z")
        self.hq_says("/v1/suspensions/lift")
        self.suspended(False)

    def under_a_withdrawn_policy(self):
        self.fed.settle()
        withdraw(self.fed, self.version)
        self.ann.wait_get("/v1/policies/%d" % self.version, lambda a: "withdrawn" in a.body)
        self.call("policy_withdrawn", "late_calls")
        self.call("policy_withdrawn", "late_calls", made="2031-01-01T07:00:00Z")


if __name__ == "__main__":
    main()
