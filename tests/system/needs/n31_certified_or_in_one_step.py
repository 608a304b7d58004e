#!/usr/bin/env python3
"""Unskilled staff, no manager.

Authority goes with a certificate: who has none is sent to a supervisor, who decides in
one step, and the agent has the answer without asking again.
"""

from authority_kit import GIFT, as_documented, ask, delegate, publish
from needs_kit import HQ, Needs, VENDOR, main, must

GRANT = {"grant": "gifts", "kinds": ["gift"], "most": 2, "level": 2}


def start(fed):
    new = fed.person(VENDOR, "new", "agent")
    publish(fed)
    delegate(fed, ["acme"], GRANT)
    case = new.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
    path = "/v1/cases/" + case["id"]
    fed.hq.wait_get(path, lambda a: a.status == 200)
    return new, path


def who_is_not_certified_gets_a_supervisors_word_in_one_step(directory):
    with Needs(directory) as fed:
        new, path = start(fed)
        lead = fed.person(HQ, "lead", "approver")
        events = new.events()
        asked = ask(new, path, GIFT, "ask", "uncertified")
        waiting = lead.wait_get("/v1/approvals", lambda a: a.body["items"]).body
        as_documented(lead.node, "Approvals", waiting)
        waiting = waiting["items"][0]
        must(waiting["id"] == asked["promise"] and waiting["asked"] == "uncertified", waiting)
        must(waiting["made_by"]["actor"] == "new" and "lapses" in waiting, waiting)
        mine = new.must_get("/v1/approvals")["items"]
        must([p["id"] for p in mine] == [asked["promise"]], mine)

        lead.must_post("/v1/promises/%s/approve" % asked["promise"])
        events.wait_for(lambda e: e.data["type"] == "promise_step"
                        and e.data["payload"]["promise"] == asked["promise"]
                        and e.data["payload"]["action"] == "approve")
        new.must_post("/v1/promises/%s/speak" % asked["promise"])
        fed.settle()
        must(lead.must_get("/v1/approvals")["items"] == [], "it waits still")
        said = fed.central.must_get("/v1/promises/" + asked["promise"])["promise"]
        must(said["state"] == "active" and said["flags"] == [], said)


def a_no_comes_with_what_may_be_said_instead(directory):
    with Needs(directory) as fed:
        new, path = start(fed)
        lead = fed.person(HQ, "lead", "approver")
        events = new.events()
        asked = ask(new, path, {**GIFT, "quantity": 2}, "ask", "uncertified")
        lead.wait_get("/v1/approvals", lambda a: a.body["items"])
        lead.must_post("/v1/promises/%s/reject" % asked["promise"], {
            "reason": "too_much", "instead": {"kind": "gift", "sku": "HDMI-1M",
                                              "quantity": 1}})
        told = events.wait_for(lambda e: e.data["type"] == "promise_step"
                               and e.data["payload"]["action"] == "reject")
        must(told.data["payload"]["instead"] == {"kind": "gift", "sku": "HDMI-1M",
                                                 "quantity": 1}, told.data)


def a_supervisor_decides_within_a_grant_that_covers_all_of_it(directory):
    with Needs(directory, sites=(HQ, VENDOR)) as fed:
        new, lead = fed.person(VENDOR, "new", "agent"), fed.person(VENDOR, "lead", "approver")
        hq = fed.person("central", "max")
        publish(fed)
        hq.must_post("/v1/agents", {"party": "acme", "agent": "lead", "level": 2})
        # Given first, and over it in kind, but not in quantity.
        delegate(fed, ["acme"], {**GRANT, "grant": "first", "most": 1})
        delegate(fed, ["acme"], {**GRANT, "per_customer": 3, "period_s": 86400})
        lead.wait_get("/v1/agents?party=acme", lambda a: a.body["items"])
        case = new.must_post("/v1/cases", {"customer": "c-1", "reason": "fault"})
        path = "/v1/cases/" + case["id"]
        asked = [ask(new, path, {**GIFT, "quantity": 2}, "ask", "uncertified")["promise"]
                 for _ in range(2)]
        lead.must_post("/v1/promises/%s/approve" % asked[0])
        one = lead.must_get("/v1/promises/" + asked[0])["promise"]
        must(one["state"] == "approved" and one["grant"] == "gifts", one)
        no = lead.post("/v1/promises/%s/approve" % asked[1])
        must(no.status == 403 and no.body["type"].endswith(":over_customer_limit"), no)
        fed.settle()
        shown = fed.central.must_get("/v1/promises/" + asked[0])["promise"]
        must(shown["state"] == "approved", shown)
        # What is beyond the grant, HQ alone decides.
        hq.must_post("/v1/promises/%s/approve" % asked[1])


def who_asked_does_not_approve(directory):
    with Needs(directory, sites=(HQ, VENDOR)) as fed:
        publish(fed)
        delegate(fed, ["brand"], GRANT)
        both = fed.person(HQ, "both", "agent approver")
        other = fed.person(HQ, "other", "approver")
        case = fed.person(VENDOR, "new", "agent").must_post(
            "/v1/cases", {"customer": "c-1", "reason": "fault"})
        path = "/v1/cases/" + case["id"]
        both.wait_get(path, lambda a: a.status == 200)
        asked = ask(both, path, GIFT, "ask", "uncertified")
        got = both.post("/v1/promises/%s/approve" % asked["promise"])
        must(got.status == 403 and got.body["type"].endswith(":own_request"), got)
        other.must_post("/v1/promises/%s/approve" % asked["promise"])


def a_certificate_makes_it_a_yes_until_it_ends(directory):
    with Needs(directory) as fed:
        new, path = start(fed)
        hq = fed.person("central", "max")
        for level, answer, reason in ((1, "ask", "uncertified"), (2, "yes", None),
                                      (0, "ask", "uncertified")):
            hq.must_post("/v1/agents", {"party": "acme", "agent": "new", "level": level})
            new.wait_get("/v1/agents?party=acme", lambda a, level=level: [
                p["level"] for p in a.body["items"]] == [level])
            ask(new, path, GIFT, answer, reason)


if __name__ == "__main__":
    main()
